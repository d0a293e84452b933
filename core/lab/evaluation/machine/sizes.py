"""What an edit costs beside the size of its picture: the same hole in pictures of 256 px to 50 megapixels.

Knows nothing of quality. Each size is measured in a process of its own, so that the peak of memory is its own, too.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from core.engine import load_engine
from core.lab.evaluation.answers import markdown_table
from core.lab.evaluation.machine.memory import alone, watched
from core.lab.evaluation.machine.pictures import hole, tiled
from core.lab.evaluation.metrics import Mask, Picture
from core.values import region
from core.values.geometry import Size
from core.values.groups import DecodeOptions
from core.values.request import EditRequest

SMALL_HOLE, LARGE_HOLE = 96, 600
"""Side of the square hole in pixels: one that fits into every size, and one as large as an object."""
_RUNS = 3  # edits, of which the median of each stage counts


@dataclass(frozen=True)
class Load:
    """One size to measure.

    Attributes:
        name: as in the report.
        size: of the picture.
        hole: side of the hole in pixels.
    """

    name: str
    size: Size
    hole: int


LOADS = (
    Load("256 px", Size(256, 256), SMALL_HOLE),
    Load("1 MP", Size(1152, 864), SMALL_HOLE),
    Load("4 MP", Size(2304, 1728), SMALL_HOLE),
    Load("12 MP", Size(4000, 3000), SMALL_HOLE),
    Load("50 MP", Size(8160, 6120), SMALL_HOLE),
    Load("12 MP, large hole", Size(4000, 3000), LARGE_HOLE),
)


@dataclass(frozen=True)
class Cost:
    """The cost of an edit.

    Attributes:
        load: what was measured.
        seconds: median by stage, "total" among them.
        peak: bytes of memory that the process held at most during the edits, everything included; 0 where the system
            does not tell.
        added: bytes of that beyond what it held before the first edit, with model and picture loaded.
    """

    load: Load
    seconds: dict[str, float]
    peak: int
    added: int

    @property
    def overhead(self) -> float:
        """Seconds that neither the nets nor the finish took: planning, encoding, compositing, the rest."""
        apart = ("transformer", "decode", "finish")  # the nets, and what goes with the hole and not with the photo
        return self.seconds["total"] - sum(self.seconds.get(stage, 0.0) for stage in apart)


def measure_loads(
    tile: Picture, *, model: str, folder: Path | None, device: str, dtype: str, loads: Sequence[Load] = LOADS
) -> list[Cost]:
    """Return the cost of an edit for each size, one after another, each in a fresh process.

    Args:
        tile: (h, w, 3) uint8, part of a real photo, of which the pictures are laid.
        model, folder, device, dtype: as for `load_engine`.
        loads: the sizes.
    """
    return [alone(measure, load, tile, model, folder, device, dtype) for load in loads]


def measure(load: Load, tile: Picture, model: str, folder: Path | None, device: str, dtype: str) -> Cost:
    """Return the cost of an edit in this process, which should do nothing else; see `measure_loads`."""
    engine = load_engine(model, device=device, dtype=dtype, folder=folder)
    options = DecodeOptions(**engine.spec.defaults.plain)
    class_id = None if engine.spec.null_class else 0

    def edit(picture: Picture, mask: Mask) -> dict[str, float]:
        started = time.perf_counter()
        request = EditRequest(picture, region.Mask(mask), class_id, decoding=options)
        seconds = engine.edit(request).seconds
        return {**seconds, "total": time.perf_counter() - started}

    # The first use of every kernel is paid for by a small picture.
    edit(tiled(tile, Size(64, 64)), hole(Size(64, 64), 16, 0))
    picture = tiled(tile, load.size)
    # A hole somewhere else each time: a window seen before would not be encoded again.
    taken, runs = watched(lambda: [edit(picture, hole(load.size, load.hole, i)) for i in range(_RUNS)])
    seconds = {stage: statistics.median(run[stage] for run in runs) for stage in runs[0]}
    return Cost(load, seconds, taken.peak or 0, taken.added or 0)


def cost_table(costs: Sequence[Cost]) -> str:
    """Return what an edit costs by size of picture, and what 50 MP cost beside 1 MP, in Markdown."""
    stages = [stage for stage in costs[0].seconds if stage != "total"]
    rows = []
    for cost in costs:
        seconds = (f"{cost.seconds['total']:.2f}", f"{cost.overhead:.2f}", *(f"{cost.seconds[s]:.3f}" for s in stages))
        memory = (f"{cost.peak / 1e6:.0f}", f"{cost.added / 1e6:.0f}")
        rows.append((cost.load.name, str(cost.load.hole), *seconds, *memory))
    head = ("picture", "hole, px", "seconds", "overhead", *stages, "peak memory, MB", "added, MB")
    text = (
        "### Cost of an edit against the picture's size\n\n"
        "Each size in a process of its own. Overhead: all but the transformer and the decoder. Added memory: beyond "
        f"the model and the picture that is edited, once loaded.\n\n{markdown_table(head, rows)}"
    )
    by_name = {cost.load.name: cost for cost in costs}
    if not {"1 MP", "50 MP"} <= set(by_name):
        return text
    large, small = by_name["50 MP"], by_name["1 MP"]
    ratio, over = large.seconds["total"] / small.seconds["total"], large.overhead / max(small.overhead, 1e-9)
    return f"{text}\n50 MP beside 1 MP, the same hole: {ratio:.2f} times the seconds, {over:.1f} times the overhead.\n"
