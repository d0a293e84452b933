"""What it costs on this machine: timed by stage, in processes of their own where memory counts, and tabled."""

from __future__ import annotations

from dataclasses import asdict, replace
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import nn

from core.canvas.finish.finish import STAGES
from core.engine import Engine, load_engine
from core.engine.products import can_pack
from core.errors import BadRequest, UnknownModel
from core.lab.evaluation.machine import edits
from core.lab.evaluation.machine.edits import (
    LOADS,
    Load,
    hole,
    measure_edits,
    measure_imports,
    measure_loads,
    measure_shares,
    measure_stream,
    tiled,
)
from core.lab.evaluation.machine.operations import counted, operations
from core.lab.evaluation.machine.published import measure_published
from core.lab.evaluation.machine.watching import Timing, process_bytes, table
from core.models.families import count_parameters
from core.models.presets import PRESETS
from core.values.geometry import Box, Size
from tests.core.models import foreign

MEGABYTE = 2**20
packing = pytest.mark.skipif(not can_pack(), reason="this PyTorch cannot pack")


def test_timings_split_an_edit_by_stage(engine: Engine) -> None:
    timings = measure_edits(engine, variations=(1, 2), size=Size(64, 48))
    assert [timing.name for timing in timings] == [
        "edit, 1 variation, new picture",
        "edit, 1 variation, same picture",
        "edit, 2 variations, new picture",
        "edit, 2 variations, same picture",
    ]
    for timing in timings:
        finish = [name for name in timing.seconds if name.startswith("finish: ")]
        assert set(timing.seconds) - set(finish) == {
            *("plan", "encode", "transformer", "decode", "composite", "finish", "total")
        }
        assert finish == [f"finish: {stage}" for stage in STAGES]


def test_a_stream_is_timed_to_its_first_preview_and_to_its_result(engine: Engine) -> None:
    seconds = measure_stream(engine, Size(64, 48)).seconds
    assert 0.0 < seconds["first preview"] < seconds["total"]


def test_operations_are_counted_with_attention() -> None:
    linear, x = nn.Linear(8, 12), torch.zeros(5, 8)
    assert counted(lambda: linear(x)) == 2 * 5 * 8 * 12
    q = torch.zeros(1, 2, 5, 8)
    assert counted(lambda: F.scaled_dot_product_attention(q, q, q)) == 2 * (2 * 2 * 5 * 5 * 8)
    kernel = nn.Conv2d(3, 4, 3, padding=1)
    assert counted(lambda: kernel(torch.zeros(1, 3, 6, 6))) == 2 * 36 * 4 * 3 * 9


def test_fewer_cells_are_less_work_for_the_transformer_alone(engine: Engine) -> None:
    one = np.zeros((engine.spec.grid, engine.spec.grid), bool)
    one[0, 0] = True
    few, all_of_them = operations(engine.spec, one), operations(engine.spec, np.ones_like(one))
    assert 0 < few["transformer"] < all_of_them["transformer"]
    assert (few["encode"], few["decode"]) == (all_of_them["encode"], all_of_them["decode"])


def test_shares_are_operations_done_over_those_possible(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(edits, "operations", lambda *_: {"encode": 60, "transformer": 70, "decode": 80})
    edit = engine.edit
    taken = {"encode": 3.0, "transformer": 7.0, "decode": 2.0}
    monkeypatch.setattr(engine, "edit", lambda request: replace(edit(request), seconds=taken))
    shares = measure_shares(engine, peak=100.0, size=Size(64, 48))
    forwards = 8 * (1 if engine.spec.defaults.guidance_scale == 1.0 else 2)
    assert shares == {"encode": 60 / 300, "transformer": forwards * 70 / 700, "decode": 80 / 200}


def test_imports_are_timed_one_after_another_and_absent_ones_left_out() -> None:
    timing = measure_imports(("json", "no_such_package", "core.errors"))
    assert set(timing.seconds) == {"json", "core.errors", "total"}


def test_the_table_has_a_line_for_each_and_leaves_out_what_nobody_knows() -> None:
    full = Timing("b", {"decode": 0.25, "total": 0.5}, 1.25, 500_000_000, 90_400_000)
    assert table([Timing("a", {"total": 1.0}), full]).splitlines()[2:] == [
        "| a | 1.000 |  |  |  |  |",
        "| b | 0.500 | 1.250 | 500 | 90 | decode 0.250 |",
    ]


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
    ballast = np.ones(1024 * MEGABYTE, np.uint8)
    loads = (Load("small", Size(128, 128), 32), Load("large", Size(4000, 3000), 32))
    small, large = measure_loads(partial(load_engine, folder=tiny_model, device="cpu"), loads)
    assert small.name == "small"
    here = process_bytes("VmRSS")
    assert here is not None
    assert small.peak is not None
    assert small.added is not None
    assert large.added is not None
    assert small.peak < here
    assert large.added > small.added
    assert 4000 * 3000 * 3 <= large.added < 500 * MEGABYTE
    for timing in (small, large):
        stages = {name for name in timing.seconds if ": " not in name}  # the finish has stages of its own
        own = {"plan", "encode", "transformer", "decode", "composite", "finish"}
        assert stages == {*own, "total", "overhead"}
        assert 0.0 < timing.seconds["overhead"] < timing.seconds["total"]
    assert ballast[-1] == 1


@pytest.mark.parametrize(
    "dtype",
    ["fp32", pytest.param("packed", marks=packing)],
)
def test_a_published_model_of_random_weights_is_loaded_and_edits(dtype: str, monkeypatch: pytest.MonkeyPatch) -> None:
    tokenizer, transformer = foreign.CONFIGS["google"]
    spec = replace(
        PRESETS["google-256"],
        name="small",
        tokenizer=asdict(tokenizer),
        transformer=asdict(replace(transformer, classes=1000)),
        pixels=64,
        grid=4,
        codebook_size=32,
        defaults=replace(PRESETS["google-256"].defaults, steps=3, start_step=1),
    )
    monkeypatch.setitem(PRESETS, "small", spec)
    loading, editing = measure_published("small", device="cpu", dtype=dtype)
    count = count_parameters(spec)
    assert loading.name == f"small, load: {count / 1e6:.0f} M parameters, {count * 4 / 1e6:.0f} MB"
    assert editing.name == "small, edit at T = 3"
    for timing in (loading, editing):
        assert timing.seconds["total"] > 0
        assert timing.cpu is not None
        assert timing.cpu > 0
        assert timing.added is None or timing.added >= 0


def test_what_cannot_be_measured_is_refused_before_anything_is_written(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("core.lab.evaluation.machine.published.save_nets", lambda *parts: pytest.fail("written"))
    with pytest.raises(UnknownModel, match="'google-1024' is not published: choose one of google-256, "):
        measure_published("google-1024")
    with pytest.raises(BadRequest, match="number format 'int3' is unknown"):
        measure_published("google-256", device="cpu", dtype="int3")
