from __future__ import annotations

import json
from dataclasses import asdict
from itertools import pairwise

import pytest
import torch

from core.decoding.schedule import masked_counts
from core.models.config import ModelSpec
from core.models.families import FAMILIES, build
from core.models.presets import PRESETS
from core.values.finishing import FOLLOW
from core.values.groups import DecodeOptions


def test_every_published_model_has_a_preset() -> None:
    assert set(PRESETS) == {
        "google-256", "google-512", "valeo-256", "valeo-512",
        "halton-256-tiny", "halton-256-small", "halton-256-base",
        "halton-384-small", "halton-384-base", "halton-384-large",
    }  # fmt: skip
    assert len({spec.title for spec in PRESETS.values()}) == len(PRESETS)


@pytest.mark.parametrize("name", PRESETS)
def test_a_preset_builds_at_full_size_after_a_trip_through_json(name: str) -> None:
    spec = PRESETS[name]
    assert spec.name == name
    assert str(spec.pixels) in name
    assert spec.pixels == 16 * spec.grid
    assert spec.null_class is FAMILIES[spec.family].null_class
    plain = json.loads(json.dumps(asdict(spec)))
    again = ModelSpec(**{**plain, "classes": tuple(plain["classes"]), "defaults": spec.defaults})
    with torch.device("meta"):
        tokenizer, transformer = build(again)
    assert (tokenizer.downsample, transformer.grid) == (16, spec.grid)
    assert tokenizer.codebook_size == transformer.codebook_size == spec.codebook_size


@pytest.mark.parametrize("name", PRESETS)
def test_defaults_are_options_that_a_request_accepts(name: str) -> None:
    defaults = asdict(PRESETS[name].defaults)
    options = asdict(DecodeOptions(**defaults))
    assert {key: options[key] for key in defaults} == defaults


def test_the_published_models_are_followed_more_than_the_bundled_one() -> None:
    assert all(spec.follow is not None and spec.follow > FOLLOW for spec in PRESETS.values())


def test_guidance_is_off_without_a_null_class_and_w_plus_one_with() -> None:
    scales = {name: spec.defaults.guidance_scale for name, spec in PRESETS.items()}
    assert scales["google-256"] == scales["google-512"] == 1.0
    assert scales["valeo-256"] == pytest.approx(4.0)
    assert scales["valeo-512"] == pytest.approx(3.8)
    assert scales["halton-256-tiny"] == pytest.approx(2.5)
    assert scales["halton-384-large"] == pytest.approx(1.5)


@pytest.mark.parametrize(("name", "first"), [("valeo-256", [1, 18, 26]), ("valeo-512", [1, 26, 38])])
def test_valeo_reveals_what_its_authors_code_does(name: str, first: list[int]) -> None:
    spec = PRESETS[name]
    counts = (spec.grid**2, *masked_counts(spec.grid**2, spec.defaults.steps, spec.defaults.schedule))
    assert [before - after for before, after in pairwise(counts)][:3] == first
