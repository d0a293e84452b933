"""The open entry of SECURITY.md: Pillow 13 is taken on the day that Gradio allows it."""

from __future__ import annotations

from importlib.metadata import requires
from pathlib import Path

from packaging.requirements import Requirement

ROOT = Path(__file__).resolve().parent.parent
MENDED = "13.0.0"


def test_pillow_13_is_taken_as_soon_as_gradio_allows_it() -> None:
    asked = [Requirement(line) for line in requires("gradio") or ()]
    allowed = all(MENDED in each.specifier for each in asked if each.name == "pillow")
    ours = next(
        Requirement(line)
        for line in (ROOT / "requirements.txt").read_text(encoding="utf-8").splitlines()
        if line.startswith("pillow")
    )
    taken = MENDED in ours.specifier
    open_entry = "**Pillow 12.3.**" in (ROOT / "SECURITY.md").read_text(encoding="utf-8")
    assert allowed == taken, "Gradio allows Pillow 13 now: raise it in requirements.txt, close the entry in SECURITY.md"
    assert open_entry == (not taken)
