"""Which memory of the known cells each row of a transformer pass may use, where its sample's settings allow one.

Knows nothing of what is remembered (core/models/memory.py). A row remembers through half of the steps: a whole pass in
the middle bounds the error, since until then memories are of an empty hole.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from core.decoding.decode import Sampling
from core.decoding.guidance import Row
from core.engine.painter import Job
from core.models.memory import Memory

_MIDDLE = 0.5
"""Place t / (T - 1) from which a new memory is used."""


class Recall:
    """The memories of one pass of one window.

    Args:
        samplings: B settings.
    """

    def __init__(self, samplings: Sequence[Sampling]) -> None:
        self._samplings = samplings
        self._kept: dict[tuple[int, bool, int], tuple[bool, Memory]] = {}

    @classmethod
    def of(cls, job: Job) -> Recall | None:
        """Make the memories of a job; None if no sample asks for one, or nothing is known."""
        asked = any(sampling.caching != "none" for sampling in job.samplings)
        return cls(job.samplings) if asked and not job.unknown.all() else None

    def memories(self, rows: Sequence[Row], class_ids: Iterable[int]) -> list[Memory | None]:
        """Find each row's memory, empty where it has none yet; None where its sample uses none."""
        return [self._memory(row, class_id) for row, class_id in zip(rows, class_ids, strict=True)]

    def keep(self, rows: Sequence[Row], class_ids: Iterable[int], memories: Iterable[Memory | None]) -> None:
        """Keep the rows' memories, filled now, for the next step."""
        for row, class_id, memory in zip(rows, class_ids, memories, strict=True):
            if memory is not None:
                self._kept[row.sample, row.alone, class_id] = (row.place >= _MIDDLE, memory)

    def _memory(self, row: Row, class_id: int) -> Memory | None:
        if self._samplings[row.sample].caching == "none":
            return None
        late, memory = self._kept.get((row.sample, row.alone, class_id), (False, None))
        return memory if memory is not None and late == (row.place >= _MIDDLE) else Memory()
