from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from core.lab.evaluation.machine.memory import process_bytes
from core.lab.evaluation.machine.pictures import hole, tiled
from core.lab.evaluation.machine.sizes import LOADS, Load, measure_loads
from core.values.geometry import Box, Size

MEGABYTE = 2**20


def test_a_tiled_picture_is_made_of_its_tile_alone() -> None:
    tile = np.random.default_rng(0).integers(0, 256, (5, 7, 3)).astype(np.uint8)
    picture = tiled(tile, Size(16, 12))
    assert picture.shape == (12, 16, 3)
    assert (picture[5:10, 7:14] == tile).all()
    assert (picture[10:, 14:] == tile[:2, :2]).all()


def test_every_load_holds_its_holes_and_each_is_somewhere_else() -> None:
    for load in LOADS:
        bounds = [Box.around(hole(load.size, load.hole, place)) for place in range(3)]
        assert len(set(bounds)) == 3
        assert all(box is not None and box.size == Size(load.hole, load.hole) for box in bounds)
    megapixels = {load.name: load.size.width * load.size.height / 1e6 for load in LOADS}
    assert megapixels["12 MP"] == 12.0
    assert megapixels["50 MP"] == pytest.approx(50.0, rel=0.01)


@pytest.mark.skipif(process_bytes("VmHWM") is None, reason="no /proc to read a peak from")
def test_a_load_is_measured_in_a_process_of_its_own(tiny_model: Path) -> None:
    """The large picture needs its own copy of the result at least; what this process holds plays no part."""
    ballast = np.ones(512 * MEGABYTE, np.uint8)
    tile = np.random.default_rng(0).integers(0, 256, (64, 64, 3)).astype(np.uint8)
    loads = (Load("small", Size(128, 128), 32), Load("large", Size(4000, 3000), 32))
    small, large = measure_loads(tile, model="tiny", folder=tiny_model, device="cpu", dtype="auto", loads=loads)
    assert small.load.name == "small"
    here = process_bytes("VmRSS")
    assert here is not None
    assert small.peak < here
    assert large.added > small.added
    assert large.added >= 4000 * 3000 * 3
    assert large.added < 500 * MEGABYTE
    for cost in (small, large):
        stages = {name for name in cost.seconds if ": " not in name}  # the finish has stages of its own
        assert stages == {"plan", "encode", "transformer", "decode", "composite", "finish", "total"}
        assert 0.0 < cost.overhead < cost.seconds["total"]
    assert ballast[-1] == 1
