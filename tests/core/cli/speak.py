"""Speaking to the command line as other programs do: run a command, or be refused; and the picture they are about."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from core.cli import main

WIDTH, HEIGHT = 48, 40

Door = Callable[[Sequence[str]], int]
"""The `main` of a command line."""


def hole() -> NDArray[np.bool_]:
    marked = np.zeros((HEIGHT, WIDTH), bool)
    marked[12:24, 16:30] = True
    return marked


def run(*words: object, capsys: pytest.CaptureFixture[str], door: Door = main) -> dict[str, Any]:
    """Run a command that must succeed and return its JSON line."""
    status = door([*map(str, words), "--json"])
    caught = capsys.readouterr()
    assert status == 0, caught.err
    line: dict[str, Any] = json.loads(caught.out.splitlines()[-1])
    return line


def refusal(*words: object, capsys: pytest.CaptureFixture[str], door: Door = main) -> str:
    """Run a command that must fail and return its one sentence."""
    status = door([*map(str, words)])
    caught = capsys.readouterr()
    assert status == 2
    assert caught.out == ""
    assert caught.err.endswith("\n")
    assert caught.err.count("\n") == 1
    assert "Traceback" not in caught.err
    return caught.err.strip()
