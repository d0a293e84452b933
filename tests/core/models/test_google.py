from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from core.decoding.settings import MASK, NO_CLASS
from core.errors import CheckpointError
from core.models.google import GoogleTransformer, GoogleTransformerConfig
from core.models.google_keys import (
    tokenizer_from_flax,
    tokenizer_from_maskgit_torch,
    transformer_from_flax,
    transformer_from_maskgit_torch,
)
from core.models.vqgan import GoogleTokenizer, GoogleTokenizerConfig

# Eleven layers, because layer 10 sorts before layer 2 where names are sorted as text.
TINY = GoogleTransformerConfig(width=12, layers=11, heads=3, hidden=20, grid=3, codebook_size=7, classes=4)
BARE = GoogleTransformerConfig(width=12, layers=0, heads=3, hidden=20, grid=3, codebook_size=7, classes=4)
TOKENIZER = GoogleTokenizerConfig(base_channels=4, code_dim=6, codebook_size=9, groups=2)

Flat = dict[str, np.ndarray[Any, Any]]


def random_flax(shapes: dict[str, tuple[int, ...]]) -> Flat:
    rng = np.random.default_rng(3)
    flat = {}
    for name, shape in shapes.items():
        noise = 0.4 * rng.standard_normal(shape).astype(np.float32)
        flat[name] = 1.0 + noise if name.endswith("scale") else noise
    return flat


def tensors(flat: Flat) -> dict[str, Tensor]:
    return {name: torch.tensor(value) for name, value in flat.items()}


def tiny_flax(published: Callable[[str, str], dict[str, tuple[int, ...]]]) -> Flat:
    """The published transformer's names at the shapes of TINY."""
    sizes = {768: 12, 16: 3, 48: 4, 3072: 20, 257: 10, 2025: 12}
    shapes = {
        name: tuple(sizes[n] for n in shape)
        for name, shape in published("google-jax", "transformer").items()
        if not name.startswith("TransformerLayer_") or int(name.split("_")[1].split(".")[0]) < TINY.layers
    }
    return random_flax(shapes)


def norm(x: Tensor, flat: Flat, name: str) -> Tensor:
    centred = x - x.mean(-1, keepdim=True)
    scaled = centred / torch.sqrt(centred.square().mean(-1, keepdim=True) + 1e-12)
    return scaled * torch.tensor(flat[f"{name}.scale"]) + torch.tensor(flat[f"{name}.bias"])


def dense(x: Tensor, flat: Flat, name: str) -> Tensor:
    return x @ torch.tensor(flat[f"{name}.kernel"]) + torch.tensor(flat[f"{name}.bias"])


def gelu(x: Tensor) -> Tensor:
    return 0.5 * x * (1.0 + torch.tanh(0.7978845608028654 * (x + 0.044715 * x**3)))


def plain_transformer(flat: Flat, tokens: Tensor, class_ids: Tensor) -> Tensor:
    """The reference's formulas over the flax arrays, one head at a time."""
    words = torch.tensor(flat["Embed_0.word_embeddings.embedding"])
    ids = torch.cat((TINY.codebook_size + class_ids[:, None], tokens), 1)  # MASK = -1 reads the last row
    x = norm(words[ids] + torch.tensor(flat["Embed_0.position_embeddings.embedding"]), flat, "Embed_0.embeddings_ln")
    for i in range(TINY.layers):
        name = f"TransformerLayer_{i}.Attention_0.self_attention"
        mixed = torch.zeros_like(x)
        for head in range(TINY.heads):
            q, k, v = (
                x @ torch.tensor(flat[f"{name}.{part}.kernel"][:, head])
                + torch.tensor(flat[f"{name}.{part}.bias"][head])
                for part in ("query", "key", "value")
            )
            weights = torch.softmax(q @ k.transpose(1, 2) / 4**0.5, -1)
            mixed = mixed + weights @ v @ torch.tensor(flat[f"{name}.out.kernel"][head])
        mixed = mixed + torch.tensor(flat[f"{name}.out.bias"])
        x = norm(x + mixed, flat, f"TransformerLayer_{i}.Attention_0.attention_output_ln")
        mlp = f"TransformerLayer_{i}.Mlp_0"
        y = dense(gelu(dense(x, flat, f"{mlp}.intermediate_output")), flat, f"{mlp}.layer_output")
        x = norm(x + y, flat, f"{mlp}.layer_output_ln")
    h = norm(gelu(dense(x, flat, "MlmLayer_0.mlm_dense")), flat, "MlmLayer_0.mlm_ln")
    logits = h @ words.T + torch.tensor(flat["MlmLayer_0.mlm_bias.bias"])
    return logits[:, 1:, : TINY.codebook_size]


@pytest.fixture
def tokens() -> Tensor:
    drawn = torch.randint(0, TINY.codebook_size, (2, 9))
    drawn[0, ::2] = MASK
    return drawn


@pytest.mark.parametrize(("grid", "parameters"), [(16, 172_457_193), (32, 173_047_017)])
def test_full_size_has_the_quoted_number_of_parameters(grid: int, parameters: int) -> None:
    with torch.device("meta"):
        net = GoogleTransformer(GoogleTransformerConfig(grid=grid))
    assert sum(p.numel() for p in net.parameters()) == parameters


def test_full_size_names_of_every_container_map_onto_the_nets(published: Any, shapes_of: Any) -> None:
    with torch.device("meta"):
        nets = (GoogleTokenizer(GoogleTokenizerConfig()), GoogleTransformer(GoogleTransformerConfig()))

        def empty(entry: str, net: str) -> dict[str, Tensor]:
            return {name: torch.empty(shape) for name, shape in published(entry, net).items()}

        states = (
            (nets[0], tokenizer_from_flax(empty("google-jax", "tokenizer"))),
            (nets[0], tokenizer_from_maskgit_torch(empty("maskgit-torch", "tokenizer"))),
            (nets[1], transformer_from_flax(empty("google-jax", "transformer"))),
            (nets[1], transformer_from_maskgit_torch(empty("maskgit-torch", "transformer"))),
        )
    for net, state in states:
        assert shapes_of(net) == {name: tuple(value.shape) for name, value in state.items()}


def test_a_flax_file_loads_and_gives_the_reference_formulas_numbers(published: Any, tokens: Tensor) -> None:
    flat = tiny_flax(published)
    net = GoogleTransformer(TINY).eval()
    net.load_state_dict(transformer_from_flax(tensors(flat)), strict=True)
    class_ids = torch.tensor([3, 0])
    with torch.no_grad():
        logits = net(tokens, class_ids)
        wanted = plain_transformer(flat, tokens, class_ids)
    assert logits.shape == (2, 9, TINY.codebook_size)
    torch.testing.assert_close(logits, wanted, rtol=2e-4, atol=3e-4)
    for part in net.modules():  # exact GELU would pass unseen in a net this small, so would another eps
        assert not isinstance(part, nn.LayerNorm) or part.eps == 1e-12


def exact_gelu(net: nn.Module, monkeypatch: pytest.MonkeyPatch) -> None:
    plain = nn.functional.gelu
    monkeypatch.setattr(nn.functional, "gelu", lambda x, approximate="none": plain(x))


def usual_eps(net: nn.Module, monkeypatch: pytest.MonkeyPatch) -> None:
    for part in net.modules():
        if isinstance(part, nn.LayerNorm):
            part.eps = 1e-5


def six_heads(net: nn.Module, monkeypatch: pytest.MonkeyPatch) -> None:
    for layer in net.get_submodule("layers").children():
        layer.heads = 6  # type: ignore[assignment]


def class_last(net: GoogleTransformer, monkeypatch: pytest.MonkeyPatch) -> None:
    net.positions.data = net.positions.data.roll(-1, 0)


def mask_after_the_codes(net: GoogleTransformer, monkeypatch: pytest.MonkeyPatch) -> None:
    net.tokens.weight.data[-1] = net.tokens.weight.data[TINY.codebook_size]


@pytest.mark.parametrize("fault", [None, exact_gelu, usual_eps, six_heads, class_last, mask_after_the_codes])
def test_each_pitfall_is_seen_beside_the_reference_formulas(
    fault: Any, published: Any, tokens: Tensor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In float64, where an agreement is exact to 1e-9 and any other formula is not."""
    flat = {name: value.astype(np.float64) for name, value in tiny_flax(published).items()}
    net = GoogleTransformer(TINY).eval().double()
    net.load_state_dict(transformer_from_flax(tensors(flat)), strict=True)
    class_ids = torch.tensor([3, 0])
    if fault is not None:
        fault(net, monkeypatch)
    with torch.no_grad():
        off = (net(tokens, class_ids) - plain_transformer(flat, tokens, class_ids)).abs().max()
    assert float(off) < 1e-9 if fault is None else float(off) > 1e-6


def test_tanh_gelu_is_what_the_net_computes(shaken: Any) -> None:
    layer = shaken(GoogleTransformer(TINY)).layers[0]
    x = torch.randn(1, 3, 12) * 3.0
    with torch.no_grad():
        layer.out.weight.zero_()
        layer.out.bias.zero_()
        y = layer.attention_norm(x)
        wanted, exact = (
            layer.mlp_norm(y + layer.down(f(nn.Linear.forward(layer.up, y)))) for f in (gelu, nn.functional.gelu)
        )
        torch.testing.assert_close(layer(x), wanted, rtol=0, atol=2e-6)
    assert float((wanted - exact).abs().max()) > 2e-5


def test_the_two_containers_give_the_same_state(published: Any) -> None:
    flat = tiny_flax(published)
    ours = transformer_from_flax(tensors(flat))
    theirs = {"tok_emb.weight": ours["tokens.weight"], "pos_emb": ours["positions"], "bias": ours["bias"]}
    parts = {"norm": "emb_ln", "head": "Token_Prediction.0", "head_norm": "Token_Prediction.2"}
    inner = {"out": "MultiHeadAttention.out_proj", "attention_norm": "AttentionLN", "up": "MLP.0", "down": "MLP.2"}
    inner |= {"mlp_norm": "MlpLN"}
    for i in range(TINY.layers):
        parts |= {f"layers.{i}.{a}": f"blocks.{i}.{b}" for a, b in inner.items()}
        for end in ("weight", "bias"):
            theirs[f"blocks.{i}.MultiHeadAttention.in_proj_{end}"] = ours[f"layers.{i}.qkv.{end}"]
    for a, b in parts.items():
        for end in ("weight", "bias"):
            theirs[f"{b}.{end}"] = ours[f"{a}.{end}"]
    again = transformer_from_maskgit_torch(theirs)
    assert again.keys() == ours.keys()
    assert all(torch.equal(again[name], value) for name, value in ours.items())


def test_every_number_of_a_flax_tokenizer_arrives_once(published: Any) -> None:
    sizes = {128: 4, 256: 8, 512: 16}  # the levels' widths; codes and colours are apart
    shapes = {}
    for name, shape in published("google-jax", "tokenizer").items():
        small = [sizes.get(n, n) for n in shape]
        if name in ("encoder.Conv_1.kernel", "encoder.Conv_1.bias"):
            small[-1] = 6
        if name == "decoder.Conv_0.kernel":
            small[-2] = 6
        shapes[name] = (9, 6) if name == "quantizer.codebook" else tuple(small)
    flat = random_flax(shapes)
    state = tokenizer_from_flax(tensors(flat))
    GoogleTokenizer(TOKENIZER).load_state_dict(state, strict=True)
    numbers = np.sort(np.concatenate([value.numpy().ravel() for value in state.values()]))
    assert np.array_equal(numbers, np.sort(np.concatenate([value.ravel() for value in flat.values()])))
    kernel = flat["decoder.ResBlock_4.Conv_2.kernel"]  # (1, 1, in, out)
    assert np.array_equal(state["decoder.up.3.block.0.nin_shortcut.weight"].numpy()[:, :, 0, 0], kernel[0, 0].T)
    kernel = flat["encoder.Conv_0.kernel"]  # (height, width, in, out)
    assert float(state["encoder.conv_in.weight"][3, 1, 0, 2]) == float(kernel[0, 2, 1, 3])


@pytest.mark.parametrize(
    ("convert", "entry", "net"),
    [
        (tokenizer_from_flax, "google-jax", "tokenizer"),
        (transformer_from_flax, "google-jax", "transformer"),
    ],
)
def test_a_flax_file_with_a_missing_or_an_unknown_entry_is_refused(
    convert: Any, entry: str, net: str, published: Any
) -> None:
    flat = {name: torch.empty(shape, device="meta") for name, shape in published(entry, net).items()}
    name = sorted(flat)[5]
    with pytest.raises(CheckpointError, match=name):
        convert({k: v for k, v in flat.items() if k != name})
    with pytest.raises(CheckpointError, match="stray"):
        convert({**flat, "stray": torch.empty(1)})


@pytest.mark.parametrize("convert", [tokenizer_from_maskgit_torch, transformer_from_maskgit_torch])
def test_a_maskgit_torch_file_with_an_unknown_entry_is_refused(convert: Any) -> None:
    with pytest.raises(CheckpointError, match=r"encoder\.stray"):
        convert({"encoder.stray": torch.empty(1)})


def test_mask_reads_the_last_row_and_no_other(shaken: Any, tokens: Tensor) -> None:
    net = shaken(GoogleTransformer(BARE))
    class_ids = torch.tensor([1, 2])
    with torch.no_grad():
        before = net(tokens, class_ids)
        net.tokens.weight[-1] += 1.0
        after = net(tokens, class_ids)
    assert torch.equal((before != after).any(-1), tokens == MASK)


def test_slots_keep_their_order_and_the_class_slot_is_dropped(shaken: Any, tokens: Tensor) -> None:
    # Without layers each slot sees itself alone.
    net = shaken(GoogleTransformer(BARE))
    class_ids = torch.tensor([1, 2])
    with torch.no_grad():
        before = net(tokens, class_ids)
        assert torch.equal(net(tokens, torch.tensor([0, 3])), before)
        net.positions[1 + 4] += 1.0
        after = net(tokens, class_ids)
    assert (before != after).any(-1).nonzero().tolist() == [[0, 4], [1, 4]]


def test_the_class_matters(shaken: Any, tokens: Tensor) -> None:
    net = shaken(GoogleTransformer(TINY))
    with torch.no_grad():
        assert not torch.equal(net(tokens, torch.tensor([0, 0])), net(tokens, torch.tensor([1, 1])))
        assert torch.equal(net(tokens, torch.tensor([0, 1])), net(tokens, torch.tensor([0, 1])))


@pytest.mark.parametrize("class_id", [NO_CLASS, TINY.classes])
def test_a_class_that_would_read_another_row_is_refused(class_id: int, tokens: Tensor) -> None:
    with pytest.raises(ValueError, match="no null class"):
        GoogleTransformer(TINY)(tokens, torch.tensor([0, class_id]))


def test_heads_must_divide_the_width() -> None:
    with pytest.raises(ValueError, match="768 is not a multiple of heads 7"):
        GoogleTransformerConfig(heads=7)
