"""How long things take: imports, loading, and an edit split by stage.

Knows nothing of quality. Figures are medians of a few runs on the machine at hand.
"""

from __future__ import annotations

import itertools
import json
import os
import platform
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from core.engine import Engine
from core.values.request import DecodeOptions, EditRequest, Task

STEPS = 8  # the bundled model's advice
IMPORTS = ("torch", "gradio", "core.engine", "editor.layout")


@dataclass(frozen=True)
class Timing:
    """Seconds by stage of one kind of work; "total" is always among them."""

    name: str
    seconds: dict[str, float]


def picture(width: int, height: int, *, seed: int = 0) -> NDArray[np.uint8]:
    """Return a synthetic photo: colour ramps, a horizon and seeded noise; (height, width, 3) uint8."""
    random = np.random.Generator(np.random.PCG64(seed))
    y, x = np.mgrid[0:height, 0:width] / max(width, height)
    ramps = np.stack([0.3 + 0.5 * y, 0.5 + 0.2 * np.sin(9.0 * x), 0.8 - 0.6 * y], axis=2)
    ramps[height // 2 :] *= 0.6
    return np.clip(ramps * 255.0 + random.normal(0.0, 6.0, ramps.shape), 0, 255).astype(np.uint8)


def square_hole(width: int, height: int) -> NDArray[np.bool_]:
    """Return a mask of a square of a fifth of the height, in the middle; (height, width) bool."""
    hole = height // 5
    mask = np.zeros((height, width), np.bool_)
    mask[2 * hole : 3 * hole, (width - hole) // 2 : (width + hole) // 2] = True
    return mask


def measure_imports(names: Sequence[str] = IMPORTS) -> Timing:
    """Return the seconds that a fresh interpreter spends on importing the packages one after another.

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


def measure_loading(load: Callable[[], Engine]) -> tuple[Engine, Timing]:
    """Return a freshly loaded engine and the seconds that took."""
    started = time.perf_counter()
    engine = load()
    return engine, Timing("start: load model", {"total": time.perf_counter() - started})


def measure_edits(
    engine: Engine, *, variations: Sequence[int] = (1, 4), width: int = 1280, height: int = 960, runs: int = 3
) -> list[Timing]:
    """Return the split of an edit at T = 8 of a picture with a square hole of a fifth of its height.

    Each number of variations is measured on pictures seen for the first time and on the same ones again, whose
    window the engine has encoded before. One more edit beforehand pays for the first use of every kernel.

    Args:
        engine: the engine to measure.
        variations: numbers of variations to measure.
        width, height: of the picture.
        runs: edits of each kind, of which the median is taken.
    """
    mask = square_hole(width, height)
    pictures = (picture(width, height, seed=seed) for seed in itertools.count())

    def edit(image: NDArray[np.uint8], count: int) -> dict[str, float]:
        options = DecodeOptions(steps=STEPS, variations=count)
        return engine.edit(EditRequest(Task.INPAINT, image, mask, options=options)).seconds

    edit(next(pictures), 1)
    timings = []
    for count in variations:
        fresh = list(itertools.islice(pictures, runs))
        kind = f"edit, {count} variation{'' if count == 1 else 's'}"
        timings.append(Timing(f"{kind}, new picture", _median([edit(image, count) for image in fresh])))
        timings.append(Timing(f"{kind}, same picture", _median([edit(fresh[-1], count) for _ in fresh])))
    return timings


def measure_reconstruction(engine: Engine) -> Timing:
    """Return the seconds of one encode and decode at the model's resolution."""
    pixels = engine.spec.pixels
    image = picture(pixels, pixels)
    seconds = []
    for _ in range(3):
        started = time.perf_counter()
        engine.reconstruct(image)
        seconds.append({"total": time.perf_counter() - started})
    return Timing(f"encode and decode, {pixels} px", _median(seconds))


def _median(runs: Sequence[dict[str, float]]) -> dict[str, float]:
    return {stage: statistics.median(run[stage] for run in runs) for stage in runs[0]}


def machine() -> dict[str, Any]:
    """Return what the figures depend on, besides the model."""
    return {"python": platform.python_version(), "torch": str(torch.__version__), "threads": torch.get_num_threads()}


def markdown(timings: Sequence[Timing]) -> str:
    """Return one line for each timing: its total, then its stages, in seconds."""
    lines = ["| what | seconds | by stage |", "| --- | ---: | --- |"]
    for timing in timings:
        stages = ", ".join(f"{name} {value:.3f}" for name, value in timing.seconds.items() if name != "total")
        lines.append(f"| {timing.name} | {timing.seconds['total']:.3f} | {stages} |")
    return "\n".join(lines) + "\n"
