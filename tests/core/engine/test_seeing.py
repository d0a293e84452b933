"""A transformer that sees known pixels: what it sees, how often it looks, and that nothing removed comes through."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
import torch

import core.engine.nets
from core.engine import LocalEngine, load_engine
from core.errors import CheckpointError
from core.models.checkpoints import VISION_FILE, load_nets, read_spec
from core.values.groups import DecodeOptions, Painting
from core.values.region import Mask
from core.values.request import EditRequest
from tests.fakes import engine_of

PHOTO = np.random.default_rng(0).integers(0, 256, (48, 40, 3)).astype(np.uint8)
MASK = np.zeros((48, 40), np.bool_)
MASK[12:30, 10:24] = True
OPTIONS = DecodeOptions(steps=3, seed=4, guidance_scale=2.0)


@pytest.fixture
def engine(seeing_model: Path) -> LocalEngine:
    return load_engine(folder=seeing_model, device="cpu")


def test_nothing_of_what_is_removed_is_seen(engine: LocalEngine) -> None:
    other = np.where(MASK[..., None], 255 - PHOTO, PHOTO)
    request = EditRequest(PHOTO, Mask(MASK), class_id=1, painting=Painting(feather_px=0), decoding=OPTIONS)
    changed = EditRequest(other, Mask(MASK), class_id=1, painting=Painting(feather_px=0), decoding=OPTIONS)
    assert np.array_equal(engine.edit(request).images, engine.edit(changed).images)


def test_known_pixels_are_seen_beside_their_tokens(engine: LocalEngine) -> None:
    window, unseen = PHOTO[:32, :32], MASK[:32, :32]
    look = engine._nets.see(window, unseen)
    assert look is not None
    assert look.shape == (64, 32)
    altered = window.copy()
    altered[0, 0] = 255 - altered[0, 0]
    other = engine._nets.see(altered, unseen)
    assert other is not None
    assert not torch.equal(look, other), "one pixel changed and nothing was seen of it"


def test_where_nothing_is_known_nothing_is_seen(engine: LocalEngine) -> None:
    look = engine._nets.see(PHOTO[:32, :32], np.ones((32, 32), np.bool_))
    assert look is not None
    assert not look.any()


def test_it_looks_once_a_window_and_not_once_a_step(engine: LocalEngine, monkeypatch: pytest.MonkeyPatch) -> None:
    looks: list[int] = []
    maps = core.engine.nets.feature_maps
    monkeypatch.setattr("core.engine.nets.feature_maps", lambda net, pixels: looks.append(1) or maps(net, pixels))
    request = EditRequest(
        PHOTO, Mask(MASK, new=True), class_id=2, decoding=DecodeOptions(steps=5, variations=3, guidance_scale=2.0)
    )
    engine.edit(request)
    assert len(looks) == len(engine.plan(request)) == 1


def test_a_variation_drawn_alone_equals_itself_among_others(engine: LocalEngine) -> None:
    def drawn(seed: int, variations: int) -> np.ndarray:
        options = DecodeOptions(steps=3, seed=seed, variations=variations, guidance_scale=2.0)
        return engine.edit(EditRequest(PHOTO, Mask(MASK, new=True), class_id=0, decoding=options)).images

    assert np.array_equal(drawn(5, 3)[2], drawn(7, 1)[0])


def test_the_frozen_net_is_read_strictly(seeing_model: Path, tmp_path: Path) -> None:
    folder = tmp_path / "copy"
    shutil.copytree(seeing_model, folder)
    file = folder / VISION_FILE
    whole = file.read_bytes()
    file.write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
    with pytest.raises(CheckpointError, match="sha256"):
        load_engine(folder=folder)
    shutil.copy(folder / "tokenizer.safetensors", file)
    with pytest.raises(CheckpointError, match=r"features\.safetensors"):
        load_engine(folder=folder)
    file.unlink()
    with pytest.raises(CheckpointError, match=r"features\.safetensors"):
        load_engine(folder=folder)


def test_an_engine_of_such_a_model_needs_the_frozen_net(seeing_model: Path) -> None:
    spec = read_spec(seeing_model)
    with pytest.raises(ValueError, match="needs its frozen classifier"):
        engine_of(spec, *load_nets(seeing_model, spec))
