from __future__ import annotations

import json
from dataclasses import asdict, replace
from typing import Any

import pytest
import torch

from core.decoding.settings import MASK, NO_CLASS
from core.models.compact import CompactTokenizerConfig, CompactTransformerConfig
from core.models.config import ModelSpec
from core.models.families import FAMILIES, build
from core.models.google import GoogleTransformerConfig
from core.models.halton import HaltonTransformerConfig
from core.models.valeo import ValeoTransformerConfig
from core.models.vqgan import GoogleTokenizerConfig, LlamaGenTokenizerConfig, TamingTokenizerConfig

TINY_NET: dict[str, Any] = {"width": 16, "layers": 1, "heads": 2, "grid": 4, "classes": 3}
TINY_CONV: dict[str, Any] = {"base_channels": 8, "multipliers": (1, 1, 2), "groups": 4, "codebook_size": 32}
CONFIGS: dict[str, tuple[Any, Any]] = {
    "compact": (
        CompactTokenizerConfig(channels=(32, 32), blocks=(1, 1), code_dim=8, codebook_size=32),
        CompactTransformerConfig(**TINY_NET, hidden=16, codebook_size=32),
    ),
    "google": (
        GoogleTokenizerConfig(**TINY_CONV, code_dim=6),
        GoogleTransformerConfig(**TINY_NET, hidden=16, codebook_size=32),
    ),
    "valeo": (
        TamingTokenizerConfig(**TINY_CONV, code_dim=6, latent_channels=6),
        ValeoTransformerConfig(**TINY_NET, hidden=16, codebook_size=32),
    ),
    "halton": (
        LlamaGenTokenizerConfig(**TINY_CONV, code_dim=4, latent_channels=6),
        HaltonTransformerConfig(**TINY_NET, codebook_size=32),
    ),
}


def tiny(family: str) -> ModelSpec:
    tokenizer, transformer = CONFIGS[family]
    return ModelSpec(
        name="tiny",
        title="Tiny",
        family=family,
        pixels=16,
        grid=4,
        codebook_size=32,
        tokenizer=json.loads(json.dumps(asdict(tokenizer))),  # tuples have become lists, as in config.json
        transformer=json.loads(json.dumps(asdict(transformer))),
        classes=("a", "b", "c"),
        null_class=FAMILIES[family].null_class,
        licence="none",
    )


def test_every_family_is_tested_here() -> None:
    assert CONFIGS.keys() == FAMILIES.keys()
    assert all(name == family.name for name, family in FAMILIES.items())


@pytest.mark.parametrize("family", FAMILIES)
def test_both_nets_of_a_family_work_together(family: str) -> None:
    spec = tiny(family)
    tokenizer, transformer = build(spec)
    tokenizer.eval()
    transformer.eval()
    with torch.no_grad():
        tokens = tokenizer.encode(torch.rand(2, 3, spec.pixels, spec.pixels))
        assert tokens.shape == (2, spec.grid, spec.grid)
        flat = tokens.flatten(1)
        flat[:, ::2] = MASK
        class_ids = torch.tensor([2, NO_CLASS if FAMILIES[family].null_class else 0])
        logits = transformer(flat, class_ids)
        assert logits.shape == (2, spec.grid**2, spec.codebook_size)
        assert bool(logits.isfinite().all())
        picture = tokenizer.decode(logits.argmax(-1).view(2, spec.grid, spec.grid))
    assert picture.shape == (2, 3, spec.pixels, spec.pixels)


@pytest.mark.parametrize("family", FAMILIES)
def test_state_dicts_hold_no_tensor_twice(family: str) -> None:
    for net in build(tiny(family)):
        places = [value.data_ptr() for value in net.state_dict().values()]
        assert len(set(places)) == len(places)  # safetensors refuses shared memory


@pytest.mark.parametrize("family", FAMILIES)
def test_builds_on_the_meta_device(family: str) -> None:
    with torch.device("meta"):
        nets = build(tiny(family))
    assert all(value.is_meta for net in nets for value in net.state_dict().values())


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"family": "taming"}, "family 'taming' is unknown"),
        ({"codebook_size": 64}, "tokenizer has 32 codes, the transformer 32, the spec 64"),
        ({"grid": 8}, "grid is 4, the spec's 8"),
        ({"pixels": 32}, "32 px are not 4 tokens of 4 px each"),
        ({"classes": ("a",)}, "1 class names for 3 classes"),
        ({"null_class": True}, "google has no null class"),
        ({"tokenizer": {**TINY_CONV, "channels": 3}}, "tokenizer config has unknown fields channels"),
        ({"tokenizer": {**TINY_CONV, "groups": 5}}, "tokenizer config cannot be used"),
        ({"tokenizer": {**TINY_CONV, "multipliers": 4}}, "tokenizer config cannot be used"),
    ],
)
def test_parts_that_do_not_belong_together_are_refused(change: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        build(replace(tiny("google"), **change))
