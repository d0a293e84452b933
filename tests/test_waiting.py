"""How OpenMP's threads wait, at every door through which torch comes in."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent

AT_TORCH = """
import os, runpy, sys
class Watch:
    def find_spec(self, name, *_):
        if name == "torch":
            print(os.environ.get("OMP_WAIT_POLICY"), os.environ.get("GOMP_SPINCOUNT"), flush=True)
            os._exit(0)
sys.meta_path.insert(0, Watch())
kind, name, *sys.argv[1:] = sys.argv[1:]
(runpy.run_path if kind == "file" else runpy.run_module)(name, run_name="__main__")
"""
"""Goes through a door and says, at the first import of torch, what OpenMP will be told; torch is never loaded."""

DOORS = {
    "app": ("file", "app.py", "--port", "0"),
    "command line": ("module", "core", "models"),
    "trainer": ("module", "core.lab", "train-mvtm", "--data", "none", "--tokenizer", "none", "--out", "none"),
    "conversion": ("module", "core", "convert", "none", "--out", "none"),
    "engine": ("module", "core.engine"),
}


def said(door: tuple[str, ...], **settings: str) -> str:
    """Return wait policy and spin count at the first import of torch."""
    own = {name: value for name, value in os.environ.items() if not name.startswith(("OMP_", "GOMP_", "KMP_"))}
    command = [sys.executable, "-c", AT_TORCH, *door]
    done = subprocess.run(command, cwd=ROOT, env=own | settings, capture_output=True, text=True, check=True)
    return done.stdout.strip()


@pytest.mark.parametrize("door", DOORS.values(), ids=DOORS)
def test_threads_sleep_while_they_wait(door: tuple[str, ...]) -> None:
    assert said(door) == "PASSIVE None"


def test_what_the_user_chose_stays() -> None:
    assert said(DOORS["command line"], OMP_WAIT_POLICY="ACTIVE") == "ACTIVE None"
    assert said(DOORS["command line"], GOMP_SPINCOUNT="100") == "None 100"


def test_the_tests_themselves_wait_so() -> None:
    assert os.environ.get("OMP_WAIT_POLICY") or os.environ.get("GOMP_SPINCOUNT") or os.environ.get("KMP_BLOCKTIME")
