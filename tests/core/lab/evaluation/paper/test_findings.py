"""What the figures say: every table and curve follows from them, none is fixed."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from core.lab.evaluation.model.questions import CENTRE, GENERATION
from core.lab.evaluation.paper.findings import FIGURES, STEPS, Found, Setting, are_installed, best, curve, drawn, report


def found(schedule: str, at: int, height: float = 0.1, *, order: str = "confidence", kind: str = GENERATION) -> Found:
    """Return a curve of KID with its lowest at a T."""
    return {
        Setting(kind, order, schedule, t): {
            "KID": height + 0.05 * abs(float(np.log2(t / at))),
            "its error": 0.001,
            "class seen": 0.5,
            "forwards": float(t),
            "seconds": 0.01 * t,
        }
        for t in STEPS
    }


def test_best_of_equals_takes_fewer_steps() -> None:
    points = {4: 0.3, 8: 0.1, 16: 0.5, 32: 0.1}
    assert (best(points), best(points, lowest=False)) == (8, 16)


@pytest.mark.parametrize("at", [6, 12])
def test_the_sweet_spot_is_read_from_the_figures_and_stands_beside_the_papers(at: int) -> None:
    figures = found("square", at) | found("arccos", 4, 0.4)
    text = report("A title", figures)
    (square,) = [line for line in text.splitlines() if line.startswith("| confidence, square |")][:1]
    cells = square.split(" | ")
    assert cells[1 + STEPS.index(at)] == "**0.1000 ± 0.0010, 50%**"
    assert square.endswith("| 10 | 6.35 |")
    assert sum(cell.startswith("**") for cell in cells) == 1
    assert any(line.startswith("| confidence, arccos |") and line.endswith("| - | - |") for line in text.splitlines())
    assert "**146 of 162 settings are not measured yet.**" in text
    assert curve(figures, CENTRE.name, ("confidence", "square")) == {}


def test_speed_up_of_parallel_decoding_is_computed() -> None:
    figures = found("cosine", 8) | found("cosine", 8, kind=CENTRE.name)
    for kind in (GENERATION, CENTRE.name):
        figures[Setting(kind)] = {
            **figures[Setting(kind, "confidence", "cosine", 8)],
            "forwards": 256.0,
            "seconds": 3.2,
        }
    text = report("A title", figures)
    assert "40 times faster, with 32 times fewer forwards" in text
    assert "| generation per class | raster | 256 | 3.20 | 0.1000 ± 0.0010, 50% |" in text


def test_both_orders_stand_in_one_table() -> None:
    text = report("A title", found("cosine", 8) | found("cosine", 32, order="halton"))
    part = text[text.index("### Confidence against Halton") :]
    assert part.index("| confidence, cosine |") < part.index("| halton, cosine |")


@pytest.mark.skipif(not are_installed(), reason="needs matplotlib, see requirements-eval.txt")
def test_panels_stand_in_lines_and_show_each_curve() -> None:
    methods = FIGURES["orders.png"][1]

    def pixels(figures: Found) -> np.ndarray:
        return np.asarray(Image.open(io.BytesIO(drawn(figures, methods))).convert("RGB"))

    one, two = found("cosine", 8), found("cosine", 8) | found("cosine", 32, order="halton")
    assert pixels(one).shape == (2 * 440, 2 * 780, 3)
    assert len({pixels(figures).tobytes() for figures in ({}, one, two, found("cosine", 10))}) == 4
    assert (pixels(one) == pixels(one)).all()
