"""The switches of the compact family: attention between residual blocks, and the class as a token."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from core.decoding.settings import MASK, NO_CLASS
from core.models.checkpoints import load_tokenizer, save_tokenizer
from core.models.compact import CompactTokenizer, CompactTokenizerConfig, CompactTransformer, CompactTransformerConfig

PLAIN = CompactTokenizerConfig(channels=(32, 32), blocks=(1, 2), code_dim=8, codebook_size=16)
ATTENTIVE = replace(PLAIN, attention=True)
TABLE = CompactTransformerConfig(width=32, layers=2, heads=2, hidden=32, grid=4, codebook_size=16, classes=3)
TOKEN = replace(TABLE, class_token=True)


def awake(config: CompactTransformerConfig) -> CompactTransformer:
    """Return a net whose layers, which start at zero, do something."""
    torch.manual_seed(0)
    net = CompactTransformer(config).eval()
    for parameter in net.parameters():
        torch.nn.init.normal_(parameter, std=0.2)
    return net


def test_silent_attention_leaves_the_plain_tokenizer() -> None:
    torch.manual_seed(0)
    attentive = CompactTokenizer(ATTENTIVE).eval()
    added = [m for m in attentive.modules() if type(m).__name__ == "_Attention"]
    assert len(added) == 2, "one between the last size's two blocks in the encoder, one in the decoder"
    inside = {id(p) for m in added for p in m.parameters()}
    plain = CompactTokenizer(PLAIN).eval()
    shared = [p for p in attentive.parameters() if id(p) not in inside]
    for mine, theirs in zip(plain.parameters(), shared, strict=True):
        mine.data.copy_(theirs)
    pixels = torch.rand(2, 3, 32, 32)
    vectors = plain.vectors(pixels)
    assert not torch.allclose(attentive.vectors(pixels), vectors, atol=1e-4)
    for attention in added:
        for parameter in attention.out.parameters():
            torch.nn.init.zeros_(parameter)
    assert torch.allclose(attentive.vectors(pixels), vectors, atol=1e-6)
    assert torch.allclose(attentive.pixels(vectors), plain.pixels(vectors), atol=1e-6)


def test_attention_needs_blocks_to_lie_between() -> None:
    with pytest.raises(ValueError, match="at least 2"):
        CompactTokenizerConfig(channels=(32, 32), blocks=(2, 1), attention=True)


def test_an_attentive_tokenizer_survives_its_file(tmp_path: Path) -> None:
    torch.manual_seed(0)
    tokenizer = CompactTokenizer(ATTENTIVE)
    save_tokenizer(tmp_path, tokenizer, 32)
    loaded, pixels = load_tokenizer(tmp_path)
    assert (loaded.config, pixels) == (ATTENTIVE, 32)
    assert all(
        torch.allclose(a, b, atol=1e-3) for a, b in zip(tokenizer.parameters(), loaded.parameters(), strict=True)
    )


def test_a_decoder_may_have_more_blocks_than_its_encoder(tmp_path: Path) -> None:
    config = CompactTokenizerConfig(channels=(32, 32), blocks=(0, 1), codebook_size=16, decoder_blocks=(1, 2))
    tokenizer = CompactTokenizer(config)
    plain = CompactTokenizer(replace(config, decoder_blocks=()))
    assert len(tokenizer.encoder) == len(plain.encoder)
    assert len(tokenizer.decoder) == len(plain.decoder) + 2
    save_tokenizer(tmp_path, tokenizer, 16)
    loaded, _ = load_tokenizer(tmp_path)
    assert loaded.config == config
    with pytest.raises(ValueError, match="differ in length"):
        replace(config, decoder_blocks=(1,))


@pytest.mark.parametrize("config", [TABLE, TOKEN])
def test_the_class_reaches_every_position(config: CompactTransformerConfig) -> None:
    net = awake(config)
    tokens = torch.randint(0, 16, (1, 16)).masked_fill(torch.arange(16) % 2 == 0, MASK).expand(4, 16)
    logits = net(tokens, torch.tensor([0, 1, 2, NO_CLASS]))
    assert logits.shape == (4, 16, 16)
    for other in logits[1:]:
        assert ((other - logits[0]).abs().amax(-1) > 1e-4).all()


def test_a_class_token_is_a_row_after_the_codes_and_mask() -> None:
    net = awake(TOKEN)
    assert net.tokens.weight.shape == (16 + 1 + 3 + 1, 32)
    assert not hasattr(net, "classes"), "no second table"
    net(torch.full((1, 16), MASK), torch.tensor([1])).sum().backward()
    assert net.tokens.weight.grad is not None
    used = net.tokens.weight.grad.abs().sum(1).nonzero()[:, 0].tolist()
    assert used == [16, 16 + 1 + 1], "MASK's row and that of class 1"


def test_starting_from_the_codebook_leaves_mask_and_classes() -> None:
    net = awake(TOKEN)
    before = net.tokens.weight.detach().clone()
    net.start_from_codebook(torch.nn.functional.normalize(torch.randn(16, 8), dim=1))
    changed = (net.tokens.weight != before).any(1)
    assert changed.tolist() == [True] * 16 + [False] * 5


def test_the_convolution_after_the_shuffle_begins_as_nothing_and_is_painted_with() -> None:
    torch.manual_seed(0)
    plain, smooth = CompactTokenizer(PLAIN).eval(), CompactTokenizer(replace(PLAIN, smooth=True)).eval()
    smooth.load_state_dict(plain.state_dict(), strict=False)
    tokens = torch.randint(0, 16, (2, 8, 8))
    assert torch.allclose(smooth.decode(tokens), plain.decode(tokens), atol=1e-6)
    assert smooth.last_weight.shape == plain.last_weight.shape == (12, 32, 3, 3)
    vectors = smooth.codebook[tokens].permute(0, 3, 1, 2)
    with torch.no_grad():
        smooth.decoder[-1].get_parameter("weight").zero_()
    assert torch.allclose(smooth.paint(smooth.features(vectors)), torch.full((2, 3, 32, 32), 0.5))
