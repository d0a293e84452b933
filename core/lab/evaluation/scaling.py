"""What an edit costs beside the size of its picture: the same hole in pictures of 256 px to 50 megapixels.

Knows nothing of quality. Each size is measured in a process of its own, so that the peak of memory is its own, too.
"""

from __future__ import annotations

import multiprocessing
import statistics
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from core.engine import load_engine
from core.lab.evaluation.metrics import Mask, Picture
from core.values.geometry import Size
from core.values.request import DecodeOptions, EditRequest, Task

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
        peak: bytes of memory that the process held at most during the edits, everything included.
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
    costs = []
    for load in loads:
        # Spawned, not forked: a fork would begin with this process's memory.
        with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
            costs.append(pool.submit(measure, load, tile, model, folder, device, dtype).result())
    return costs


def measure(load: Load, tile: Picture, model: str, folder: Path | None, device: str, dtype: str) -> Cost:
    """Return the cost of an edit in this process, which should do nothing else; see `measure_loads`."""
    engine = load_engine(model, device=device, dtype=dtype, folder=folder)
    options = DecodeOptions(**engine.spec.defaults.plain)
    class_id = None if engine.spec.null_class else 0

    def edit(picture: Picture, mask: Mask) -> dict[str, float]:
        started = time.perf_counter()
        request = EditRequest(Task.INPAINT, picture, mask, class_id=class_id, options=options)
        seconds = engine.edit(request).seconds
        return {**seconds, "total": time.perf_counter() - started}

    # The first use of every kernel is paid for by a small picture.
    edit(tiled(tile, Size(64, 64)), hole(Size(64, 64), 16, 0))
    picture = tiled(tile, load.size)
    before = memory("VmRSS")
    reset_peak()
    # A hole somewhere else each time: a window seen before would not be encoded again.
    runs = [edit(picture, hole(load.size, load.hole, i)) for i in range(_RUNS)]
    seconds = {stage: statistics.median(run[stage] for run in runs) for stage in runs[0]}
    peak = memory("VmHWM")
    return Cost(load, seconds, peak, max(0, peak - before))


def tiled(tile: Picture, size: Size) -> Picture:
    """Return a picture of any size laid of copies of a tile; needs no more memory than the picture itself."""
    picture = np.empty((size.height, size.width, 3), np.uint8)
    height, width = tile.shape[:2]
    for top in range(0, size.height, height):
        for left in range(0, size.width, width):
            part = picture[top : top + height, left : left + width]
            part[:] = tile[: part.shape[0], : part.shape[1], :3]
    return picture


def hole(size: Size, side: int, place: int) -> Mask:
    """Return a square hole near the picture's middle; each place is another."""
    mask = np.zeros((size.height, size.width), bool)
    left, top = (size.width - side) // 2 - 5 * place, (size.height - side) // 2 - 3 * place
    mask[top : top + side, left : left + side] = True
    return mask


def reset_peak() -> None:
    """Let the peak of this process's memory begin anew, where Linux can do that."""
    try:
        Path("/proc/self/clear_refs").write_text("5")
    except OSError:
        return


def memory(name: str) -> int:
    """Return VmRSS (memory held now) or VmHWM (at most so far) of this process in bytes; 0 where there is no /proc."""
    status = Path("/proc/self/status")
    if not status.is_file():
        return 0
    line = next(line for line in status.read_text().splitlines() if line.startswith(f"{name}:"))
    return int(line.split()[1]) * 1024
