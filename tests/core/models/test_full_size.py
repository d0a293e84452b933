"""Published models at full size, random numbers in the published form: converted, loaded, used on the command line.

Minutes and gigabytes: `python -m pytest -m slow -rP tests/core/models/test_full_size.py` shows what each step took.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from core.lab.evaluation.machine.edits import picture
from core.models.presets import PRESETS
from core.pictures.encoding import encode_png
from core.pictures.opening import open_picture
from tests.core.models import foreign

NAMES = ("google-256", "halton-256-small", "valeo-256", "google-512", "halton-384-small")
NEEDED_GB = {256: 6, 384: 6, 512: 8}  # of memory, while the files are written
SIDE = 120
ROOT = Path(__file__).parents[3]


PROGRAM = """
import json, sys, time
from core.cli import main

status = main(sys.argv[1:])
rows = open("/proc/self/status").read().splitlines()
peak = next(int(row.split()[1]) for row in rows if row.startswith("VmHWM"))  # getrusage would tell the parent's
print(json.dumps({"cpu": time.process_time(), "peak": peak}))
sys.exit(status)
"""


def spoken(*words: object) -> tuple[dict[str, Any], str]:
    """Run a command in a process of its own; its JSON line, and its seconds and peak of memory in words."""
    started = time.perf_counter()
    command = [sys.executable, "-c", PROGRAM, *map(str, words), "--json"]
    finished = subprocess.run(command, stdout=subprocess.PIPE, text=True, cwd=ROOT, check=True)
    seconds = time.perf_counter() - started
    facts, taken = (json.loads(line) for line in finished.stdout.splitlines()[-2:])
    return facts, f"{seconds:.1f} s ({taken['cpu']:.1f} s of processors), peak {taken['peak'] / 1000:.0f} MB"


@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="peaks of memory are read as Linux tells them")
@pytest.mark.parametrize("name", NAMES)
def test_a_published_model_is_converted_and_edits_and_extends(
    name: str,
    tmp_path: Path,
    published: foreign.Published,
    record_property: Callable[[str, object], None],
) -> None:
    free = os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 1e9
    if free < NEEDED_GB[PRESETS[name].pixels]:
        pytest.skip(f"{free:.1f} GB of memory are free, {NEEDED_GB[PRESETS[name].pixels]} are needed")

    def step(what: str, *words: object) -> dict[str, Any]:
        facts, took = spoken(*words)
        record_property(f"{name}: {what}", took)
        sys.stdout.write(f"{name}: {what} {took}\n")  # -rP shows it
        return facts

    model, photo, mask, edited, grown = (
        tmp_path / end for end in ("model", "photo.png", "mask.png", "edited.png", "grown.png")
    )
    files = foreign.write_full_size(tmp_path, name, published)
    assert step("convert", "convert", *files, "--out", model)["model"] == name
    for path in files:
        path.unlink()

    before = picture(SIDE, SIDE)
    hole = np.zeros((SIDE, SIDE), np.bool_)
    hole[40:80, 30:90] = True
    photo.write_bytes(encode_png(before))
    mask.write_bytes(encode_png(np.where(hole, 255, 0).astype(np.uint8)))
    settings = ("--model", model, "--class", "goldfish", "--steps", 2, "--device", "cpu")
    facts = step("edit", "edit", "--image", photo, "--mask", mask, "--output", edited, *settings)
    assert facts["model"] == name
    after = open_picture(edited)
    assert (after == before)[~hole].all()
    assert (after != before)[hole].any()

    step("extend", "extend", "--image", photo, "--right", 40, "--output", grown, *settings)
    after = open_picture(grown)
    assert after.shape == (SIDE, SIDE + 40, 3)
    assert (after[:, :SIDE] == before).all()
