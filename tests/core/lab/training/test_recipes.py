"""The presets, above all the pair tiny-64 and tiny-64-mended: what differs between them, and what they export."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from core.decoding.settings import Decoding
from core.engine import load_engine
from core.errors import BadRequest
from core.lab.training.data import PhotoFiles, Photos
from core.lab.training.recipes import PRESETS, with_settings
from core.lab.training.run import Setup
from core.lab.training.train_mvtm import train_mvtm
from core.lab.training.train_tokenizer import train_tokenizer
from core.models.checkpoints import load_tokenizer
from core.values.request import EditRequest
from tests.core.lab.training.tiny import MVTM, TOKENIZER, ticking

CPU = torch.device("cpu")
BASE, MENDED = PRESETS["tiny-64"], PRESETS["tiny-64-mended"]


def test_tiny_64_is_an_8x8_grid_of_64_pixels() -> None:
    for preset in (BASE, MENDED):
        assert preset.tokenizer.size == preset.tokenizer.net.downsample * 8 == 64
        assert preset.tokenizer.net.attention
        assert preset.mvtm.decoding.schedule == preset.mvtm.schedule == "arccos"
        assert preset.mvtm.decoding.steps == 9


def test_the_baseline_knows_squared_error_and_commitment_alone() -> None:
    recipe = BASE.tokenizer
    assert (recipe.l1, recipe.perceptual, recipe.adversarial) == (0.0, 0.0, 0.0)
    assert min(recipe.mse, recipe.commitment) > 0.0
    assert BASE.mvtm.net.class_token
    assert (BASE.mvtm.class_dropout, BASE.mvtm.decoding.guidance_scale) == (0.0, 1.0)


def test_the_mended_preset_changes_what_it_says_and_nothing_else() -> None:
    stage_one = replace(
        MENDED.tokenizer,
        perceptual=0.0,
        perceptual_block=BASE.tokenizer.perceptual_block,
        decoder_only=False,
    )
    assert stage_one == BASE.tokenizer
    net = replace(MENDED.mvtm.net, class_token=True)
    stage_two = replace(MENDED.mvtm, net=net, class_dropout=0.0, decoding=BASE.mvtm.decoding)
    assert stage_two == BASE.mvtm


def test_settings_reach_the_advice_of_the_exported_model() -> None:
    recipe = with_settings(BASE.mvtm, ["decoding.steps=12", "decoding.guidance_scale=2"])
    assert recipe.decoding == Decoding.standard(schedule="arccos", steps=12, guidance_scale=2.0)


def test_both_tiny_models_train_and_share_their_codes(
    photos: Photos, files: PhotoFiles, metric_net: Path, tmp_path: Path
) -> None:
    def stage_one(folder: str, preset: str, start: Path | None) -> Path:
        net = replace(TOKENIZER.net, blocks=(0, 2), attention=True)
        recipe = replace(PRESETS[preset].tokenizer, net=net, size=32, stored=36, batch=4, perceptual_block=2)
        recipe = replace(recipe, continuous_steps=1)
        train_tokenizer(recipe, photos, Setup(tmp_path / folder, ticking(3)), metric_net=metric_net, start=start)
        return tmp_path / folder

    base = stage_one("base", "tiny-64", None)
    mended = stage_one("mended", "tiny-64-mended", base)
    pixels = torch.rand(2, 3, 32, 32)
    one, other = load_tokenizer(base)[0], load_tokenizer(mended)[0]
    codes = one.encode(pixels)
    assert torch.equal(codes, other.encode(pixels)), "a new decoder of the same codes"
    assert not torch.equal(one.decode(codes), other.decode(codes))

    for preset in ("tiny-64", "tiny-64-mended"):
        recipe = PRESETS[preset].mvtm
        recipe = replace(recipe, net=replace(MVTM.net, class_token=recipe.net.class_token), batch=4)
        out = tmp_path / preset
        train_mvtm(recipe, files, Setup(out, ticking(2), compiled=False), tokenizer=base, name=preset)
        engine = load_engine(folder=out / "model", device="cpu")
        assert engine.spec.defaults == recipe.decoding
        assert engine.edit(EditRequest(class_id=1)).images[0].shape == (32, 32, 3)
        if preset == "tiny-64":
            with pytest.raises(BadRequest):
                engine.edit(EditRequest())
        else:
            assert engine.edit(EditRequest()).images[0].shape == (32, 32, 3)
