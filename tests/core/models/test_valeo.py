from __future__ import annotations

from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from core.decoding.settings import MASK, NO_CLASS
from core.models.valeo import ValeoTransformer, ValeoTransformerConfig

TINY = ValeoTransformerConfig(width=12, layers=2, heads=3, hidden=20, grid=3, codebook_size=7, classes=4)
BARE = ValeoTransformerConfig(width=12, layers=0, heads=3, hidden=20, grid=3, codebook_size=7, classes=4)


@pytest.fixture
def tokens() -> Tensor:
    drawn = torch.randint(0, TINY.codebook_size, (2, 9))
    drawn[0, ::2] = MASK
    return drawn


def plain_transformer(state: dict[str, Tensor], rows: Tensor) -> Tensor:
    """The reference's formulas over the published names, with torch's own encoder layer for the middle."""
    table = state["tok_emb.weight"]
    x = table[rows] + state["pos_emb"]

    def norm(x: Tensor, name: str) -> Tensor:
        return F.layer_norm(x, (TINY.width,), state[f"{name}.weight"], state[f"{name}.bias"], eps=1e-12)

    def linear(x: Tensor, name: str) -> Tensor:
        return F.linear(x, state[f"{name}.weight"], state[f"{name}.bias"])

    x = norm(F.gelu(linear(norm(x, "first_layer.0"), "first_layer.2")), "first_layer.4")
    x = linear(x, "first_layer.6")
    names = {
        "norm1": "0.norm", "norm2": "1.norm", "linear1": "1.fn.net.0", "linear2": "1.fn.net.3",
        "self_attn.out_proj": "0.fn.mha.out_proj",
    }  # fmt: skip
    for i in range(TINY.layers):
        layer = nn.TransformerEncoderLayer(
            TINY.width, TINY.heads, TINY.hidden, 0.0, "gelu", batch_first=True, norm_first=True
        )
        prefix = f"transformer.layers.{i}"
        given = {f"self_attn.in_proj_{end}": state[f"{prefix}.0.fn.mha.in_proj_{end}"] for end in ("weight", "bias")}
        for theirs, ours in names.items():
            given |= {f"{theirs}.{end}": state[f"{prefix}.{ours}.{end}"] for end in ("weight", "bias")}
        layer.load_state_dict(given, strict=True)
        x = layer(x)
    x = norm(F.gelu(linear(norm(x, "last_layer.0"), "last_layer.2")), "last_layer.4")
    return (x @ table.T + state["bias"])[:, :9, : TINY.codebook_size]


@pytest.mark.parametrize(("grid", "positions"), [(16, 257), (32, 1025)])
def test_full_size_names_and_shapes_are_the_published_ones(
    grid: int, positions: int, published: Any, shapes_of: Any
) -> None:
    with torch.device("meta"):
        net = ValeoTransformer(ValeoTransformerConfig(grid=grid))
    wanted = published("valeo-v1", "transformer")
    assert len(wanted) == 305
    wanted |= {"pos_emb": (1, positions, 768), "bias": (positions, 2026)}
    assert shapes_of(net) == wanted
    if grid == 16:
        assert sum(p.numel() for p in net.parameters()) == 174_160_874


@pytest.mark.parametrize(("class_ids", "labels"), [((3, 0), (11, 8)), ((NO_CLASS, 1), (12, 9))])
def test_gives_the_reference_formulas_numbers(
    class_ids: tuple[int, int], labels: tuple[int, int], shaken: Any, tokens: Tensor
) -> None:
    net = shaken(ValeoTransformer(TINY))
    rows = torch.cat((torch.where(tokens == MASK, 7, tokens), torch.tensor(labels)[:, None]), 1)
    with torch.no_grad():
        logits = net(tokens, torch.tensor(class_ids))
        wanted = plain_transformer(net.state_dict(), rows)
    assert logits.shape == (2, 9, TINY.codebook_size)
    torch.testing.assert_close(logits, wanted, rtol=2e-4, atol=3e-4)


def tanh_gelu(net: ValeoTransformer) -> None:
    for part in net.modules():
        if isinstance(part, nn.GELU):
            part.approximate = "tanh"


def one_eps(net: ValeoTransformer) -> None:
    for part in net.modules():
        if isinstance(part, nn.LayerNorm):
            part.eps = 1e-5


def six_heads(net: ValeoTransformer) -> None:
    for part in net.modules():
        if hasattr(part, "heads"):
            part.heads = 6


def class_first(net: ValeoTransformer) -> None:
    net.pos_emb.data = net.pos_emb.data.roll(1, 1)


def one_bias(net: ValeoTransformer) -> None:
    net.bias.data = net.bias.data[:1].expand_as(net.bias)


@pytest.mark.parametrize("fault", [None, tanh_gelu, one_eps, six_heads, class_first, one_bias])
def test_each_pitfall_is_seen_beside_the_reference_formulas(fault: Any, shaken: Any, tokens: Tensor) -> None:
    """In float64, where an agreement is exact to 1e-9 and any other formula is not."""
    net = shaken(ValeoTransformer(TINY)).double()
    state = {name: value.clone() for name, value in net.state_dict().items()}
    rows = torch.cat((torch.where(tokens == MASK, 7, tokens), torch.tensor([[11], [8]])), 1)
    if fault is not None:
        fault(net)
    with torch.no_grad():
        torch.set_default_dtype(torch.float64)
        try:
            off = (net(tokens, torch.tensor([3, 0])) - plain_transformer(state, rows)).abs().max()
        finally:
            torch.set_default_dtype(torch.float32)
    assert float(off) < 1e-9 if fault is None else float(off) > 1e-6


def test_norms_have_the_reference_eps() -> None:
    eps = {name: m.eps for name, m in ValeoTransformer(TINY).named_modules() if isinstance(m, nn.LayerNorm)}
    assert {e for name, e in eps.items() if name.startswith("transformer.")} == {1e-5}
    assert {e for name, e in eps.items() if not name.startswith("transformer.")} == {1e-12}


def test_mask_reads_its_own_row_and_no_other(shaken: Any, tokens: Tensor) -> None:
    net = shaken(ValeoTransformer(BARE))
    with torch.no_grad():
        before = net(tokens, torch.tensor([1, 2]))
        net.tok_emb.weight[TINY.codebook_size] += torch.randn(12)  # a constant would be normed away
        after = net(tokens, torch.tensor([1, 2]))
    assert torch.equal((before != after).any(-1), tokens == MASK)


def test_slots_keep_their_order_and_the_class_slot_at_the_end_is_dropped(shaken: Any, tokens: Tensor) -> None:
    # Without layers each slot sees itself alone.
    net = shaken(ValeoTransformer(BARE))
    with torch.no_grad():
        before = net(tokens, torch.tensor([1, 2]))
        assert torch.equal(net(tokens, torch.tensor([NO_CLASS, 3])), before)
        net.pos_emb[0, 4] += torch.randn(12)
        after = net(tokens, torch.tensor([1, 2]))
    assert (before != after).any(-1).nonzero().tolist() == [[0, 4], [1, 4]]


def test_the_bias_belongs_to_a_position(shaken: Any, tokens: Tensor) -> None:
    net = shaken(ValeoTransformer(TINY))
    with torch.no_grad():
        before = net(tokens, torch.tensor([1, 2]))
        net.bias[3, 5] += 100.0
        net.bias[:, TINY.codebook_size :] += 100.0  # columns that are dropped
        net.bias[-1] += 100.0  # the class slot
        change = net(tokens, torch.tensor([1, 2])) - before
    assert change.nonzero().tolist() == [[0, 3, 5], [1, 3, 5]]


@pytest.mark.parametrize("class_id", [-2, TINY.classes])
def test_a_class_that_would_read_another_row_is_refused(class_id: int, tokens: Tensor) -> None:
    with pytest.raises(ValueError, match=r"0\.\.3, or NO_CLASS"):
        ValeoTransformer(TINY)(tokens, torch.tensor([0, class_id]))


def test_heads_must_divide_the_width() -> None:
    with pytest.raises(ValueError, match="768 is not a multiple of heads 7"):
        ValeoTransformerConfig(heads=7)
