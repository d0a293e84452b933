"""Times imports, and edits by stage, of one picture and of pictures of 256 px to 50 megapixels.

Knows nothing of quality. Figures are medians of a few runs on the machine at hand.
"""

from __future__ import annotations

import itertools
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from core.engine import Engine, LocalEngine
from core.lab.evaluation.machine.operations import operations
from core.lab.evaluation.machine.watching import Timing, alone, watched
from core.lab.evaluation.metrics import Mask, Picture
from core.lab.evaluation.requests import advised
from core.values import region
from core.values.geometry import Size
from core.values.groups import Painting
from core.values.request import EditRequest

STEPS = 8  # the bundled model's advice
IMPORTS = ("torch", "gradio", "core.engine", "editor.page.layout")
SIZE = Size(1280, 960)  # of the picture that is edited: a photo as it is sent by mail
_RUNS = 3  # of each kind, of which the median counts
_TILE_PX = 1024  # side of the synthetic photo that large pictures are laid of: 50 MP of its own would take gigabytes
_APART = ("transformer", "decode", "finish")  # no overhead: the nets, and what goes with the hole, not with the photo


@dataclass(frozen=True)
class Load:
    """One size to measure: its name, the picture's size, and the side of its square hole in pixels."""

    name: str
    size: Size
    hole: int = 96


LOADS = (
    Load("256 px", Size(256, 256)),
    Load("1 MP", Size(1152, 864)),
    Load("4 MP", Size(2304, 1728)),
    Load("12 MP", Size(4000, 3000)),
    Load("50 MP", Size(8160, 6120)),
    Load("12 MP, large hole", Size(4000, 3000), 600),
)
"""One hole that fits into every size, and one as large as an object."""


def picture(width: int, height: int, *, seed: int = 0) -> Picture:
    """Draw a synthetic photo: colour ramps, a horizon and seeded noise; (height, width, 3) uint8."""
    random = np.random.Generator(np.random.PCG64(seed))
    y, x = np.mgrid[0:height, 0:width] / max(width, height)
    ramps = np.stack([0.3 + 0.5 * y, 0.5 + 0.2 * np.sin(9.0 * x), 0.8 - 0.6 * y], axis=2)
    ramps[height // 2 :] *= 0.6
    return np.clip(ramps * 255.0 + random.normal(0.0, 6.0, ramps.shape), 0, 255).astype(np.uint8)


def tiled(tile: Picture, size: Size) -> Picture:
    """Make a picture of any size from copies of a tile."""
    down, across = (-(-whole // part) for whole, part in zip((size.height, size.width), tile.shape, strict=False))
    return np.ascontiguousarray(np.tile(tile, (down, across, 1))[: size.height, : size.width])


def hole(size: Size, side: int, place: int = 0) -> Mask:
    """Make a square hole near the picture's middle; each `place` is a different one."""
    mask = np.zeros((size.height, size.width), bool)
    left, top = (size.width - side) // 2 - 5 * place, (size.height - side) // 2 - 3 * place
    mask[top : top + side, left : left + side] = True
    return mask


def measure_imports(names: Sequence[str] = IMPORTS) -> Timing:
    """Time the imports of packages, one after another, in a fresh interpreter.

    Packages that are not installed are left out.
    """
    program = (
        "import importlib, importlib.util, json, sys, time\n"
        "seconds = {}\n"
        "for name in sys.argv[1:]:\n"
        "    if importlib.util.find_spec(name):\n"
        "        started = time.perf_counter()\n"
        "        importlib.import_module(name)\n"
        "        seconds[name] = time.perf_counter() - started\n"
        "print(json.dumps(seconds))\n"
    )
    environment = {**os.environ, "GRADIO_ANALYTICS_ENABLED": "False"}
    finished = subprocess.run(
        [sys.executable, "-c", program, *names], capture_output=True, text=True, check=True, env=environment
    )
    seconds: dict[str, float] = json.loads(finished.stdout.splitlines()[-1])
    return Timing("start: imports", {**seconds, "total": sum(seconds.values())})


def measure_edits(engine: Engine, *, variations: Sequence[int] = (1, 4), size: Size = SIZE) -> list[Timing]:
    """Time an edit at T = 8 by stage, of a picture with a square hole of a fifth of its height.

    Each number of variations is measured on pictures seen for the first time and on the same ones again, whose
    window the engine has encoded before. One more edit beforehand pays for the first use of every kernel.
    """
    mask = hole(size, size.height // 5)
    pictures = (picture(*size, seed=seed) for seed in itertools.count())

    def edit(image: Picture, count: int) -> Mapping[str, float]:
        return _seconds(engine, image, mask, steps=STEPS, variations=count)

    edit(next(pictures), 1)
    timings = []
    for count in variations:
        fresh = list(itertools.islice(pictures, _RUNS))
        kind = f"edit, {count} variation{'' if count == 1 else 's'}"
        timings.append(Timing(f"{kind}, new picture", _medians([edit(image, count) for image in fresh])))
        timings.append(Timing(f"{kind}, same picture", _medians([edit(fresh[-1], count) for _ in fresh])))
    return timings


def measure_stream(engine: Engine, size: Size = SIZE) -> Timing:
    """Time four variations as the page asks for them: until the first preview is there, and until the result is."""
    mask = region.Mask(hole(size, size.height // 5))
    request = EditRequest(picture(*size), mask, **advised(engine.spec, variations=4))
    started = time.perf_counter()
    reached = [time.perf_counter() - started for _ in engine.stream(request)]
    return Timing("stream, 4 variations, as on the page", {"first preview": reached[0], "total": reached[-1]})


def measure_shares(engine: LocalEngine, peak: float, size: Size = SIZE) -> dict[str, float]:
    """Measure what share of the peak, in operations a second, an edit's stages reach."""
    request = EditRequest(
        picture(*size, seed=99),  # never seen: it is encoded
        region.Mask(hole(size, size.height // 5)),
        painting=Painting(finish="none", detail="none"),
        **advised(engine.spec, steps=STEPS),
    )
    done = operations(engine.spec, engine.plan(request)[0].unknown)
    before = engine.encodes, engine.forwards
    seconds = engine.edit(request).seconds
    times = {"encode": engine.encodes - before[0], "transformer": engine.forwards - before[1], "decode": 1}
    return {stage: times[stage] * done[stage] / (seconds[stage] * peak) for stage in done}


def measure_loads(load_model: Callable[[], Engine], loads: Sequence[Load] = LOADS) -> list[Timing]:
    """Measure an edit in pictures of each size, each in a fresh process, so that the peak of memory is its own.

    Added memory is what the edits take beyond the model and their picture.

    Args:
        load_model: picklable, since each process loads its own engine.
        loads: the sizes.
    """
    return [alone(_measure, load, load_model) for load in loads]


def _measure(load: Load, load_model: Callable[[], Engine]) -> Timing:
    engine = load_model()

    def edit(image: Picture, mask: Mask) -> Mapping[str, float]:
        started = time.perf_counter()
        seconds = {**_seconds(engine, image, mask), "total": time.perf_counter() - started}
        # Of each edit: medians of several do not add up.
        return {"overhead": seconds["total"] - sum(seconds.get(stage, 0.0) for stage in _APART), **seconds}

    tile = picture(_TILE_PX, _TILE_PX)
    # The first use of every kernel is paid for by a small picture.
    edit(tiled(tile, Size(64, 64)), hole(Size(64, 64), 16))
    image = tiled(tile, load.size)
    # A hole somewhere else each time: a window seen before would not be encoded again.
    timing, runs = watched(load.name, lambda: [edit(image, hole(load.size, load.hole, i)) for i in range(_RUNS)])
    return replace(timing, seconds=_medians(runs), cpu=None)


def _seconds(engine: Engine, image: Picture, mask: Mask, **options: int) -> Mapping[str, float]:
    return engine.edit(EditRequest(image, region.Mask(mask), **advised(engine.spec, **options))).seconds


def _medians(runs: Sequence[Mapping[str, float]]) -> dict[str, float]:
    return {stage: statistics.median(run[stage] for run in runs) for stage in runs[0]}
