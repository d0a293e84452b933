from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict, replace
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from core.decoding.decode import DecodeStep, Sampling, decode
from core.decoding.guidance import Condition, predictor
from core.decoding.settings import MASK, NO_CLASS
from core.models.compact import CompactTokenizerConfig, CompactTransformerConfig
from core.models.config import ModelSpec
from core.models.families import FAMILIES, build, unfilled
from core.models.google import GoogleTransformerConfig
from core.models.halton import HaltonTransformerConfig
from core.models.interfaces import MaskTransformer
from core.models.memory import Memory
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


def random_transformer(family: str, **changes: Any) -> MaskTransformer:
    """Build a transformer with nothing left at zero, so that every part shows in the logits."""
    torch.manual_seed(0)
    spec = tiny(family)
    transformer = build(replace(spec, transformer={**spec.transformer, "layers": 2, **changes}))[1].eval()
    for parameter in transformer.parameters():
        torch.nn.init.normal_(parameter, std=0.3)
    return transformer


ASKED = [("compact", {}), ("compact", {"class_token": True}), ("google", {}), ("valeo", {}), ("halton", {})]


@pytest.mark.parametrize(("family", "changes"), ASKED)
@pytest.mark.parametrize("cells", [[6], [1, 2, 9, 15], list(range(16))])
@torch.no_grad()
def test_cells_asked_for_alone_get_the_logits_of_a_full_pass(
    family: str, changes: dict[str, Any], cells: list[int]
) -> None:
    net, asked = random_transformer(family, **changes), torch.tensor(cells)
    tokens = torch.randint(32, (2, 16)).index_fill(1, asked, MASK)
    class_ids = torch.tensor([2, 0])
    every = net(tokens, class_ids)
    assert every.shape == (2, 16, 32)
    torch.testing.assert_close(net(tokens, class_ids, cells=asked), every[:, asked], rtol=0.0, atol=1e-5)


@pytest.mark.parametrize(("family", "changes"), ASKED)
@torch.no_grad()
def test_the_same_tokens_are_drawn_whether_the_hole_is_asked_for_or_everything(
    family: str, changes: dict[str, Any]
) -> None:
    net, hole = random_transformer(family, **changes), torch.arange(5, 14)
    tokens = torch.randint(32, (3, 16)).index_fill(1, hole, MASK)
    tokens[1, 7] = 4  # a start that knows more
    conditions = [Condition(i, 2.0 if FAMILIES[family].null_class else 1.0) for i in range(3)]
    samplings = [Sampling(steps=4, seed=i) for i in range(3)]

    def drawn(cells: Tensor | None) -> list[DecodeStep]:
        return list(decode(tokens, predictor(lambda t, c, _: net(t, c, cells=cells), conditions), samplings, cells))

    for every, asked in zip(drawn(None), drawn(hole), strict=True):
        assert torch.equal(every.guess, asked.guess)
        assert torch.equal(every.tokens, asked.tokens)
        torch.testing.assert_close(every.confidence, asked.confidence, rtol=0.0, atol=1e-5)


@pytest.mark.parametrize(("family", "changes"), ASKED)
@torch.no_grad()
def test_a_memory_is_filled_by_a_whole_pass_and_says_the_same_of_the_same_tokens(
    family: str, changes: dict[str, Any]
) -> None:
    net, hole, memory = random_transformer(family, **changes), torch.tensor([1, 2, 9, 15]), Memory()
    tokens = torch.randint(32, (2, 16)).index_fill(1, hole, MASK)
    class_ids = torch.tensor([2, 0])
    plain = net(tokens, class_ids, cells=hole)
    assert torch.equal(net(tokens, class_ids, cells=hole, memory=memory), plain)
    again = net(tokens, class_ids, cells=hole, memory=memory)
    assert again.shape == plain.shape
    torch.testing.assert_close(again, plain, rtol=0.0, atol=1e-5)


@pytest.mark.parametrize(("family", "changes"), ASKED)
@torch.no_grad()
def test_with_a_memory_a_changed_hole_is_seen_nearly_as_without(family: str, changes: dict[str, Any]) -> None:
    net, hole, memory = random_transformer(family, **changes), torch.tensor([1, 2, 9, 15]), Memory()
    empty = torch.randint(32, (1, 16)).index_fill(1, hole, MASK)
    partly = empty.index_copy(1, hole[:2], torch.tensor([[3, 4]]))
    class_ids = torch.tensor([2])
    before = net(empty, class_ids, cells=hole, memory=memory)
    plain, near = net(partly, class_ids, cells=hole), net(partly, class_ids, cells=hole, memory=memory)
    moved = (plain - before).abs().mean()
    assert 0 < (near - plain).abs().mean() < 0.9 * moved, "1 if it saw nothing of what was drawn"


@pytest.mark.parametrize("family", ["google", "valeo", "halton"])
@torch.no_grad()
def test_of_a_single_layer_a_memory_loses_nothing(family: str) -> None:
    net, hole, memory = random_transformer(family, layers=1), torch.tensor([1, 2, 9, 15]), Memory()
    empty = torch.randint(32, (1, 16)).index_fill(1, hole, MASK)
    net(empty, torch.tensor([2]), cells=hole, memory=memory)
    drawn = empty.index_copy(1, hole, torch.tensor([[3, 4, 5, 6]]))
    near = net(drawn, torch.tensor([2]), cells=hole, memory=memory)
    torch.testing.assert_close(near, net(drawn, torch.tensor([2]), cells=hole), rtol=0.0, atol=1e-5)


@pytest.mark.parametrize("family", FAMILIES)
def test_state_dicts_hold_no_tensor_twice(family: str) -> None:
    for net in build(tiny(family)):
        places = [value.data_ptr() for value in net.state_dict().values()]
        assert len(set(places)) == len(places)  # safetensors refuses shared memory


@pytest.mark.parametrize("family", FAMILIES)
def test_unfilled_nets_have_every_tensor_of_filled_ones_and_no_numbers(family: str) -> None:
    with unfilled():
        nets = build(tiny(family))
    for net, filled in zip(nets, build(tiny(family)), strict=True):
        assert {name: (value.shape, value.dtype) for name, value in tensors(net)} == {
            name: (value.shape, value.dtype) for name, value in tensors(filled)
        }
        assert all(value.is_meta for _, value in tensors(net))


def tensors(net: nn.Module) -> Iterator[tuple[str, Tensor]]:
    """All parameters and buffers, those that are not saved as well."""
    yield from net.named_parameters()
    yield from net.named_buffers()


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
