from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
import torch
from torch import Tensor

from core.decoding.settings import MASK, NO_CLASS
from core.errors import CheckpointError
from core.models import halton
from core.models.halton import SIZES, HaltonTransformer, HaltonTransformerConfig, transformer_from_published

# Three heads of four leave one of thirteen channels out, as the published small leaves two of 512.
TINY = HaltonTransformerConfig(width=13, layers=2, heads=3, grid=3, codebook_size=7, classes=4)
BARE = replace(TINY, layers=0)


@pytest.fixture
def tokens() -> Tensor:
    drawn = torch.randint(0, TINY.codebook_size, (2, 9))
    drawn[0, ::2] = MASK
    return drawn


def plain_transformer(state: dict[str, Tensor], rows: Tensor, labels: Tensor) -> Tensor:
    """The reference's formulas over the published names, one head at a time."""

    def rms(x: Tensor) -> Tensor:
        return x / torch.sqrt(x.square().mean(-1, keepdim=True) + 1e-5)

    def swish(x: Tensor) -> Tensor:
        return x * torch.sigmoid(x)

    def modulation(name: str, parts: int) -> list[Tensor]:
        y = swish(c) @ state[f"{name}.mlp.1.weight"].T + state[f"{name}.mlp.1.bias"]
        return [y[:, None, j * 13 : (j + 1) * 13] for j in range(parts)]

    c = state["cls_emb.weight"][labels]
    x = state["tok_emb.weight"][rows] + state["pos_emb.weight"]
    x = torch.cat((x, state["reg_tokens.weight"][None].repeat(len(x), 1, 1)), 1)
    for i in range(TINY.layers):
        name = f"transformer.layers.{i}"
        shift1, scale1, gate1, shift2, scale2, gate2 = modulation(name, 6)
        y = rms(x) * state[f"{name}.ln1.weight"] * (1 + scale1) + shift1
        q, k, v = (y @ state[f"{name}.attn.{w}.weight"].T for w in ("wq", "wk", "wv"))
        q, k = rms(q), rms(k)
        heads = []
        for part in (slice(0, 4), slice(4, 8), slice(8, 12)):
            weights = torch.softmax(q[..., part] @ k[..., part].transpose(1, 2) / 4**0.5, -1)
            heads.append(weights @ v[..., part])
        x = x + gate1 * (torch.cat(heads, -1) @ state[f"{name}.attn.wo.weight"].T)
        y = rms(x) * state[f"{name}.ln2.weight"] * (1 + scale2) + shift2
        w1, w2, w3 = (state[f"{name}.ff.w{j}.weight"] for j in (1, 2, 3))
        x = x + gate2 * ((swish(y @ w1.T) * (y @ w3.T)) @ w2.T)
    shift, scale = modulation("last_norm", 2)
    norm = rms(x[:, :9]) * state["last_norm.norm_final.weight"] + state["last_norm.norm_final.bias"]
    logits = (norm * (1 + scale) + shift) @ state["tok_emb.weight"].T + state["head.bias"]
    return logits[..., : TINY.codebook_size]


@pytest.mark.parametrize(
    ("entry", "size", "grid"),
    [
        ("halton (small 256)", "small", 16),
        ("halton (base 384)", "base", 24),
    ],
)
def test_full_size_names_and_shapes_are_the_published_ones_less_the_tied_head(
    entry: str, size: str, grid: int, published: Any, shapes_of: Any
) -> None:
    with torch.device("meta"):
        net = HaltonTransformer(replace(SIZES[size], grid=grid))
    wanted = published(entry, "transformer")
    assert wanted.pop("head.weight") == wanted["tok_emb.weight"]
    assert shapes_of(net) == wanted


@pytest.mark.parametrize(
    ("size", "parameters", "keys", "hidden"),
    [
        ("tiny", 23_031_425, 76, 1024),
        ("small", 69_344_769, 142, 1536),
        ("base", 142_224_641, 142, 2048),
        ("large", 479_656_961, 274, 2816),
    ],
)
def test_full_sizes_have_the_numbers_quoted_at_grid_16(size: str, parameters: int, keys: int, hidden: int) -> None:
    config = SIZES[size]
    with torch.device("meta"):
        net = HaltonTransformer(config)
    assert sum(p.numel() for p in net.parameters()) == parameters
    assert len(net.state_dict()) + 1 == keys  # head.weight
    assert config.hidden == hidden


def test_small_attends_with_six_heads_of_85() -> None:
    assert SIZES["small"].heads == 6
    assert SIZES["small"].attended == 510


@pytest.mark.parametrize("size", [1.0, 1e-3])  # eps counts where values are small
@pytest.mark.parametrize(("class_ids", "labels"), [((3, 0), (3, 0)), ((NO_CLASS, 1), (4, 1))])
def test_gives_the_reference_formulas_numbers(
    class_ids: tuple[int, int], labels: tuple[int, int], size: float, shaken: Any, tokens: Tensor
) -> None:
    net = shaken(HaltonTransformer(TINY))
    with torch.no_grad():
        net.transformer.layers[0].attn.wq.weight.mul_(size)
        net.pos_emb.weight.mul_(size)
        net.tok_emb.weight.mul_(size)
        net.reg_tokens.weight.mul_(size)
        logits = net(tokens, torch.tensor(class_ids))
        wanted = plain_transformer(net.state_dict(), torch.where(tokens == MASK, 7, tokens), torch.tensor(labels))
    assert logits.shape == (2, 9, TINY.codebook_size)
    torch.testing.assert_close(logits, wanted, rtol=2e-4, atol=3e-4)


def scale_before_shift(net: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    for layer in net.transformer.layers:
        linear = layer.mlp[1]
        for value in (linear.weight, linear.bias):
            parts = list(value.data.chunk(6))
            value.data = torch.cat([parts[1], parts[0], *parts[2:]])


def norm_per_head(net: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    plain = halton._rms_norm

    def by_head(x: Tensor) -> Tensor:
        return plain(x.unflatten(-1, (3, 4))).flatten(-2) if x.shape[-1] == TINY.attended else plain(x)

    monkeypatch.setattr(halton, "_rms_norm", by_head)


def six_heads(net: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    for layer in net.transformer.layers:
        layer.attn.heads = 6


def tanh_swish(net: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.nn.functional, "silu", lambda x, inplace=False: torch.nn.functional.gelu(x))


def register_first(net: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    net.pos_emb.weight.data = net.pos_emb.weight.data.roll(1, 0)


@pytest.mark.parametrize("fault", [None, scale_before_shift, norm_per_head, six_heads, tanh_swish, register_first])
def test_each_pitfall_is_seen_beside_the_reference_formulas(
    fault: Any, shaken: Any, tokens: Tensor, monkeypatch: pytest.MonkeyPatch
) -> None:
    net = shaken(HaltonTransformer(TINY))
    state = {name: value.clone() for name, value in net.state_dict().items()}
    if fault is not None:
        fault(net, monkeypatch)
    with torch.no_grad():
        logits = net(tokens, torch.tensor([3, 0]))
        wanted = plain_transformer(state, torch.where(tokens == MASK, 7, tokens), torch.tensor([3, 0]))
    off = float((logits - wanted).abs().max() / wanted.std())
    assert off < 1e-5 if fault is None else off > 1e-2


def test_mask_reads_its_own_row_and_no_other(shaken: Any, tokens: Tensor) -> None:
    net = shaken(HaltonTransformer(BARE))
    with torch.no_grad():
        before = net(tokens, torch.tensor([1, 2]))
        net.tok_emb.weight[TINY.codebook_size] += torch.randn(13)
        after = net(tokens, torch.tensor([1, 2]))
    assert torch.equal((before != after).any(-1), tokens == MASK)


def test_slots_keep_their_order_and_the_register_is_dropped(shaken: Any, tokens: Tensor) -> None:
    # Without layers each slot sees itself alone.
    net = shaken(HaltonTransformer(BARE))
    with torch.no_grad():
        before = net(tokens, torch.tensor([1, 2]))
        net.pos_emb.weight[4] += torch.randn(13)
        net.reg_tokens.weight += torch.randn(13)
        after = net(tokens, torch.tensor([1, 2]))
    assert (before != after).any(-1).nonzero().tolist() == [[0, 4], [1, 4]]


def test_a_fresh_net_ignores_the_class_because_adaln_starts_at_zero(tokens: Tensor) -> None:
    net = HaltonTransformer(TINY).eval()
    with torch.no_grad():
        assert torch.equal(net(tokens, torch.tensor([0, 0])), net(tokens, torch.tensor([1, NO_CLASS])))


def test_a_published_state_loads_and_its_second_table_must_equal_the_first(shaken: Any) -> None:
    state = shaken(HaltonTransformer(TINY)).state_dict()
    table = state["tok_emb.weight"]
    HaltonTransformer(TINY).load_state_dict(
        transformer_from_published({**state, "head.weight": table.clone()}), strict=True
    )
    with pytest.raises(CheckpointError, match="differ"):
        transformer_from_published({**state, "head.weight": table + 1.0})


def test_heads_must_fit_the_width() -> None:
    with pytest.raises(ValueError, match="heads 0 cannot share width 768"):
        HaltonTransformerConfig(heads=0)
