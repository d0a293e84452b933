"""How a CUDA GPU is kept busy: passes are recorded and replayed, and pictures are drawn in a second stream.

Knows nothing of what nets compute. A replay is one launch instead of one for each of a pass's hundreds of kernels. A
recording holds for one shape of inputs; where none can be made, or where it does not say the very same as the net, the
net is called as ever.
"""

from __future__ import annotations

import functools
import logging
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import torch
from torch import Tensor

logger = logging.getLogger(__name__)

Net = Callable[..., Tensor]
"""Takes tensors, and returns one; equal inputs give equal results."""
Shape = tuple[tuple[torch.Size, torch.dtype], ...]
"""Shapes and number formats of a net's inputs."""

_WORTH_AFTER = 16
"""Passes of a shape after which it is recorded, which takes as long as five: more than most edits have."""
_WARM_UPS = 3
"""Passes before a recording, in which libraries choose their kernels and take their memory."""


class Recorded:
    """A net whose passes are replayed once they are worth recording. One thread calls it at a time.

    Args:
        net: on one GPU; it neither moves nor changes its weights before `forget`.
        record: makes a net that replays a pass with such inputs, see `recorded`; None to record none.
    """

    def __init__(self, net: Net, record: Callable[[Net, Sequence[Tensor]], Net] | None) -> None:
        self._net, self._record = net, record
        self._asked = Counter[Shape]()
        self._replays: dict[Shape, Net] = {}

    def __call__(self, *parts: Tensor) -> Tensor:
        """Call the net, or its recording."""
        shape = tuple((part.shape, part.dtype) for part in parts)
        if (replay := self._replays.get(shape)) is not None:  # another thread may `forget` at any time
            return replay(*parts)
        answer = self._net(*parts)
        if self._record is not None:
            self._asked[shape] += 1
            if self._asked[shape] == _WORTH_AFTER:
                self._replays[shape] = self._replayed(self._record, parts, answer)
        return answer

    def forget(self) -> None:
        """Drop all recordings, and the memory that they hold."""
        self._asked.clear()
        self._replays.clear()

    def _replayed(self, record: Callable[[Net, Sequence[Tensor]], Net], parts: Sequence[Tensor], answer: Tensor) -> Net:
        """Record a pass; the net itself where that fails, or says anything but the answer."""
        try:
            replay = record(self._net, parts)
            same = torch.equal(replay(*parts), answer)
        except RuntimeError as error:
            logger.warning("passes are not recorded (%s): each launches its kernels.", str(error).partition("\n")[0])
            return self._net
        if not same:
            logger.warning("a recorded pass says something else: each launches its kernels.")
        return replay if same else self._net


def recorded(net: Net, parts: Sequence[Tensor]) -> Net:
    """Record a net's pass on the CUDA GPU that its inputs are on.

    Args:
        net: as `Net`; it asks for no number on the way.
        parts: its inputs.

    Returns:
        A net for inputs of the same shapes.

    Raises:
        RuntimeError: if the net does something that cannot be recorded, or memory runs out.
    """
    device = parts[0].device
    given = [part.clone() for part in parts]
    aside, graph = torch.cuda.Stream(device), torch.cuda.CUDAGraph()
    aside.wait_stream(torch.cuda.current_stream(device))
    with torch.cuda.device(device), _uncached(device):
        with torch.cuda.stream(aside):
            for _ in range(_WARM_UPS):
                net(*given)
        torch.cuda.current_stream(device).wait_stream(aside)
        with torch.cuda.graph(graph, capture_error_mode="thread_local"):  # other threads go on with theirs
            answer = net(*given)

    def replay(*fresh: Tensor) -> Tensor:
        for place, part in zip(given, fresh, strict=True):
            place.copy_(part)
        graph.replay()
        return answer.clone()

    return replay


@contextmanager
def beside(device: torch.device) -> Iterator[None]:
    """Context of work that a CUDA GPU does beside what other threads ask for; elsewhere there is one stream for all.

    It begins after all that this thread asked for before, and its results have to be read in it.
    """
    if device.type != "cuda":
        yield
        return
    stream = _second_stream(device)
    stream.wait_stream(torch.cuda.current_stream(device))
    with torch.cuda.stream(stream):
        yield


@functools.cache
def _second_stream(device: torch.device) -> torch.cuda.Stream:
    return torch.cuda.Stream(device)


def _uncached(device: torch.device) -> torch.autocast:
    """The number format as it is, but without autocast's memory of weights, which a recording would outlive."""
    kind = device.type
    return torch.autocast(
        kind, torch.get_autocast_dtype(kind), enabled=torch.is_autocast_enabled(kind), cache_enabled=False
    )
