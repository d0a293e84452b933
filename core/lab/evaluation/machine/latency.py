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

import torch

from core.engine import Engine
from core.lab.evaluation.answers import markdown_table
from core.lab.evaluation.machine.pictures import hole, picture
from core.lab.evaluation.metrics import Picture
from core.values.geometry import Size
from core.values.groups import DecodeOptions
from core.values.region import Mask
from core.values.request import EditRequest

STEPS = 8  # the bundled model's advice
IMPORTS = ("torch", "gradio", "core.engine", "editor.page.layout")


@dataclass(frozen=True)
class Timing:
    """Seconds by stage of one kind of work; "total" is always among them."""

    name: str
    seconds: dict[str, float]


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
    mask = hole(Size(width, height), height // 5)
    pictures = (picture(width, height, seed=seed) for seed in itertools.count())

    def edit(image: Picture, count: int) -> dict[str, float]:
        options = DecodeOptions(steps=STEPS, variations=count)
        return engine.edit(EditRequest(image, Mask(mask), decoding=options)).seconds

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
    rows = []
    for timing in timings:
        stages = ", ".join(f"{name} {value:.3f}" for name, value in timing.seconds.items() if name != "total")
        rows.append((timing.name, f"{timing.seconds['total']:.3f}", stages))
    return markdown_table(("what", "seconds", "by stage"), rows)
