"""Sweet spots, and what of the curves stands on a panel."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from core.lab.evaluation.curves import Curve, Panel, are_installed, drawn

CURVE = Curve("cosine", ((4, 0.3), (8, 0.1), (16, 0.5), (32, 0.4)))


@pytest.mark.parametrize(("lowest", "best"), [(True, (8, 0.1)), (False, (16, 0.5))])
def test_best_is_the_sweet_spot(lowest: bool, best: tuple[int, float]) -> None:
    assert CURVE.best(lowest=lowest) == best


def test_best_of_equals_takes_fewer_steps_and_skips_what_is_not_finite() -> None:
    assert Curve("a", ((4, float("nan")), (8, 0.2), (16, 0.2))).best(lowest=True) == (8, 0.2)
    assert Curve("a", ((4, 0.2), (8, 0.2))).best(lowest=False) == (4, 0.2)
    assert Curve("a", ((4, float("nan")),)).best(lowest=True) is None


@pytest.mark.skipif(not are_installed(), reason="needs matplotlib, see requirements-eval.txt")
def test_panels_stand_in_lines_and_show_each_curve_its_sweet_spot_and_the_level() -> None:
    def pixels(*panels: Panel) -> np.ndarray:
        return np.asarray(Image.open(io.BytesIO(drawn([panels]))).convert("RGB"))

    empty = Panel("t", "KID", True, [Curve("a", ())])
    one = Panel("t", "KID", True, [CURVE])
    assert pixels(one, one).shape == (440, 1560, 3)
    others = [
        empty,
        Panel("t", "KID", False, [CURVE]),
        Panel("t", "KID", True, [CURVE], ("photos", 0.2)),
        Panel("t", "KID", True, [CURVE, Curve("linear", ((4, 0.2), (32, 0.3)))]),
    ]
    drawings = {pixels(panel).tobytes() for panel in (one, *others)}
    assert len(drawings) == 5
    assert (pixels(one) == pixels(one)).all()
