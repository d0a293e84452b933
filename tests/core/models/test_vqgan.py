from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from core.models import vqgan
from core.models.halton import tokenizer_from_published
from core.models.interfaces import VQTokenizer
from core.models.valeo import tokenizer_from_lightning
from core.models.vqgan import (
    GoogleTokenizer,
    GoogleTokenizerConfig,
    LlamaGenTokenizer,
    LlamaGenTokenizerConfig,
    TamingTokenizer,
    TamingTokenizerConfig,
)
from tests.core.models import plain

GOOGLE = GoogleTokenizerConfig(base_channels=8, multipliers=(1, 2, 2), code_dim=6, codebook_size=32, groups=4)
TAMING = TamingTokenizerConfig(
    base_channels=8, multipliers=(1, 2, 2), code_dim=6, codebook_size=32, groups=4, latent_channels=10
)
LLAMAGEN = LlamaGenTokenizerConfig(
    base_channels=8, multipliers=(1, 2, 2), code_dim=4, codebook_size=64, groups=4, latent_channels=10
)
TINY: dict[str, Callable[[], VQTokenizer]] = {
    "google": lambda: GoogleTokenizer(GOOGLE),
    "taming": lambda: TamingTokenizer(TAMING),
    "llamagen": lambda: LlamaGenTokenizer(LLAMAGEN),
}


@pytest.fixture(params=TINY)
def tokenizer(request: pytest.FixtureRequest, shaken: Callable[[nn.Module], nn.Module]) -> VQTokenizer:
    net = shaken(TINY[request.param]())
    assert isinstance(net, VQTokenizer)
    return net


@pytest.mark.parametrize(
    ("net", "config", "entry", "beside", "parameters"),
    [
        (GoogleTokenizer, GoogleTokenizerConfig(), "titok-openmuse tokenizer", set(), 54_515_587),
        (TamingTokenizer, TamingTokenizerConfig(), "valeo-v1", set(), 72_141_699),
        # 71 948 939 with the usage count of 65 536
        (LlamaGenTokenizer, LlamaGenTokenizerConfig(), "halton (small 256)", {"quantize.codebook_used"}, 71_883_403),
    ],
)
def test_full_size_names_and_shapes_are_the_published_ones(
    net: Any, config: Any, entry: str, beside: set[str], parameters: int, published: Any, shapes_of: Any
) -> None:
    with torch.device("meta"):
        made = net(config)
    wanted = published(entry, "tokenizer")
    assert beside <= set(wanted)
    assert shapes_of(made) == {name: shape for name, shape in wanted.items() if name not in beside}
    assert sum(p.numel() for p in made.parameters()) == parameters
    assert made.downsample == 16


def test_encode_gives_codes_on_the_grid_and_decode_a_picture(tokenizer: VQTokenizer) -> None:
    pixels = torch.rand(2, 3, 16, 16)
    with torch.no_grad():
        tokens = tokenizer.encode(pixels)
        picture = tokenizer.decode(tokens)
    assert tokenizer.downsample == 4
    assert tokens.shape == (2, 4, 4)
    assert tokens.dtype == torch.int64
    assert int(tokens.min()) >= 0
    assert int(tokens.max()) < tokenizer.codebook_size
    assert len(tokens.unique()) > 1
    assert picture.shape == (2, 3, 16, 16)
    assert picture.dtype == torch.float32
    assert float(picture.std()) > 0.0


def test_decode_clips(tokenizer: VQTokenizer) -> None:
    bias = tokenizer.get_submodule("decoder.conv_out").bias
    assert isinstance(bias, nn.Parameter)
    with torch.no_grad():
        bias.copy_(torch.tensor([1000.0, -1000.0, 0.0]))
        picture = tokenizer.decode(torch.zeros(1, 2, 2, dtype=torch.int64))
    assert torch.equal(picture[:, 0], torch.ones(1, 8, 8))
    assert torch.equal(picture[:, 1], torch.zeros(1, 8, 8))


def test_the_same_input_gives_the_same_output(tokenizer: VQTokenizer) -> None:
    pixels = torch.rand(1, 3, 16, 16)
    with torch.no_grad():
        tokens = tokenizer.encode(pixels)
        assert torch.equal(tokens, tokenizer.encode(pixels))
        assert torch.equal(tokenizer.decode(tokens), tokenizer.decode(tokens))


def test_works_in_bfloat16_with_float32_pixels(tokenizer: VQTokenizer) -> None:
    tokenizer = tokenizer.bfloat16()
    with torch.no_grad():
        picture = tokenizer.decode(tokenizer.encode(torch.rand(1, 3, 16, 16)))
    assert picture.dtype == torch.float32
    assert bool(picture.isfinite().all())


def test_any_grid_runs(tokenizer: VQTokenizer) -> None:
    with torch.no_grad():
        assert tokenizer.encode(torch.rand(1, 3, 24, 24)).shape == (1, 6, 6)


def test_every_group_norm_has_the_reference_eps(tokenizer: VQTokenizer) -> None:
    assert {m.eps for m in tokenizer.modules() if isinstance(m, nn.GroupNorm)} == {1e-6}


def test_google_shortcut_reads_the_blocks_own_output(shaken: Any) -> None:
    net = shaken(GoogleTokenizer(GOOGLE))
    block = net.get_submodule("encoder.down.1.block.0")
    x = torch.randn(1, 8, 4, 4)
    with torch.no_grad():
        h = block.conv1(F.silu(F.group_norm(x, 4, block.norm1.weight, block.norm1.bias, 1e-6)))
        h = block.conv2(F.silu(F.group_norm(h, 4, block.norm2.weight, block.norm2.bias, 1e-6)))
        wanted = h + torch.einsum("oi,bihw->bohw", block.nin_shortcut.weight[:, :, 0, 0], h)
        torch.testing.assert_close(block(x), wanted)
        block.conv2.weight.zero_()
        assert float(block(x).abs().max()) == 0.0  # the input is dropped where the width changes ...
        same = net.get_submodule("encoder.down.1.block.1")
        same.conv2.weight.zero_()
        y = torch.randn(1, 16, 4, 4)
        assert torch.equal(same(y), y)  # ... and only there


def test_taming_shortcut_reads_the_input(shaken: Any) -> None:
    block = shaken(TamingTokenizer(TAMING)).get_submodule("encoder.down.1.block.0")
    x = torch.randn(1, 8, 4, 4)
    with torch.no_grad():
        block.conv2.weight.zero_()
        block.conv2.bias.zero_()
        assert torch.equal(block(x), block.nin_shortcut(x))


@pytest.mark.parametrize(
    ("net", "config", "down"),
    [
        (TamingTokenizer, TAMING, "encoder.down.0.downsample"),
        (LlamaGenTokenizer, LLAMAGEN, "encoder.conv_blocks.0.downsample"),
    ],
)
def test_downsampling_pads_right_and_bottom_only(net: Any, config: Any, down: str, shaken: Any) -> None:
    resize = shaken(net(config)).get_submodule(down)
    x = torch.randn(1, 8, 6, 6)
    padded = torch.zeros(1, 8, 7, 7)
    padded[:, :, :6, :6] = x
    with torch.no_grad():
        wanted = F.conv2d(padded, resize.conv.weight, resize.conv.bias, stride=2)
        assert torch.equal(resize(x), wanted)
    assert wanted.shape == (1, 8, 3, 3)


def test_google_halves_by_averages_and_doubles_by_repeating(shaken: Any) -> None:
    net = shaken(GoogleTokenizer(GOOGLE))
    x = torch.randn(1, 8, 4, 4)
    with torch.no_grad():
        blocks = x.view(1, 8, 2, 2, 2, 2)  # (B, C, row, y, column, x)
        torch.testing.assert_close(net.get_submodule("encoder.down.0.pool")(x), blocks.mean((3, 5)))
        up = net.get_submodule("decoder.up.1.upsample_conv")
        x = torch.randn(1, 16, 2, 2)
        repeated = x.repeat_interleave(2, 2).repeat_interleave(2, 3)
        assert torch.equal(up(x), F.conv2d(repeated, up.weight, up.bias, padding=1))


@pytest.mark.parametrize(
    ("family", "scale", "shift"), [("google", 1.0, 0.0), ("taming", 0.5, 0.5), ("llamagen", 0.5, 0.5)]
)
def test_decode_brings_the_decoders_range_to_zero_to_one(family: str, scale: float, shift: float, shaken: Any) -> None:
    net = shaken(TINY[family]())
    made: list[torch.Tensor] = []
    net.get_submodule("decoder").register_forward_hook(lambda *given: made.append(given[2]))
    with torch.no_grad():
        picture = net.decode(torch.arange(4).view(1, 2, 2))
    assert torch.equal(picture, (made[0] * scale + shift).clamp(0.0, 1.0))
    assert len(picture.unique()) > 10


def test_attention_is_one_head_with_scale_and_residual(shaken: Any) -> None:
    attention = shaken(TamingTokenizer(TAMING)).get_submodule("encoder.mid.attn_1")
    x = torch.randn(2, 16, 3, 3)
    with torch.no_grad():
        h = attention.norm(x)
        q, k, v = (conv(h).flatten(2) for conv in (attention.q, attention.k, attention.v))  # (B, C, n)
        weights = torch.softmax(torch.einsum("bci,bcj->bij", q, k) * 16**-0.5, dim=-1)
        mixed = torch.einsum("bij,bcj->bci", weights, v).view(2, 16, 3, 3)
        torch.testing.assert_close(attention(x), x + attention.proj_out(mixed), rtol=1e-5, atol=1e-5)


def test_attention_sits_at_the_deepest_level_only() -> None:
    names = set(TamingTokenizer(TAMING).state_dict())
    assert {name.split(".attn.")[0] for name in names if ".attn." in name} == {"encoder.down.2", "decoder.up.2"}
    names = set(LlamaGenTokenizer(LLAMAGEN).state_dict())
    places = {name.split(".attn.")[0] for name in names if ".attn." in name}
    assert places == {"encoder.conv_blocks.2", "decoder.conv_blocks.0"}


def test_google_sees_zero_to_one_and_the_others_minus_one_to_one(shaken: Any) -> None:
    pixels = torch.rand(1, 3, 16, 16)
    with torch.no_grad():
        for net, seen in ((GoogleTokenizer(GOOGLE), pixels), (TamingTokenizer(TAMING), pixels * 2.0 - 1.0)):
            shaken(net)
            given: list[torch.Tensor] = []
            net.get_submodule("encoder").register_forward_pre_hook(lambda _, inputs, to=given: to.append(inputs[0]))
            net.encode(pixels)
            assert torch.equal(given[0], seen)


def test_google_codes_are_the_nearest_raw_vectors(shaken: Any) -> None:
    net = shaken(GoogleTokenizer(GOOGLE))
    pixels = torch.rand(2, 3, 16, 16)
    with torch.no_grad():
        z = net.encoder(pixels).permute(0, 2, 3, 1).reshape(-1, 1, 6)
        wanted = (z - net.quantize.embedding.weight).square().sum(-1).argmin(1).view(2, 4, 4)
        assert torch.equal(net.encode(pixels), wanted)


def test_llamagen_codes_are_the_nearest_directions_and_their_lengths_do_not_matter(shaken: Any) -> None:
    net = shaken(LlamaGenTokenizer(LLAMAGEN))
    pixels = torch.rand(2, 3, 16, 16)
    rows = net.quantize.embedding.weight
    with torch.no_grad():
        z = net.quant_conv(net.encoder(pixels * 2.0 - 1.0)).permute(0, 2, 3, 1)
        tokens = net.encode(pixels)
        assert torch.equal(tokens, F.cosine_similarity(z.unsqueeze(3), rows, dim=-1).argmax(-1))
        picture = net.decode(tokens)
        rows.mul_(torch.rand(64, 1) * 5.0 + 0.5)
        assert torch.equal(net.encode(pixels), tokens)
        torch.testing.assert_close(net.decode(tokens), picture)


PLAIN: dict[str, tuple[Any, Any, bool]] = {
    "google": (plain.google_features, plain.google_picture, False),
    "taming": (plain.taming_features, plain.taming_picture, False),
    "llamagen": (
        partial(plain.taming_features, llamagen=True),
        partial(plain.taming_picture, llamagen=True),
        True,
    ),
}


def off_by(family: str, net: VQTokenizer, state: dict[str, torch.Tensor]) -> tuple[float, float]:
    """How far a net is from the plain formulas: excess distance of its codes, difference of its pictures."""
    features, picture, unit = PLAIN[family]
    pixels = torch.rand(2, 3, 16, 16, generator=torch.Generator().manual_seed(5))
    tokens = torch.arange(16, dtype=torch.int64).view(1, 4, 4) * 2
    with torch.no_grad():
        far = plain.distances(features(state, pixels, 4, 3), plain.rows(state, unit=unit))
        chosen = far.gather(-1, net.encode(pixels).unsqueeze(-1)).squeeze(-1)
        excess = float((chosen - far.amin(-1)).max() / far.mean())
        difference = float((net.decode(tokens) - picture(state, tokens, 4, 3)).abs().max())
    return excess, difference


def calm(net: nn.Module, size: float = 1e-3) -> None:
    """Bring the picture into the middle of its range, so that clipping hides nothing, and make the first norm's eps
    count, which large values hide."""
    with torch.no_grad():
        net.get_parameter("decoder.conv_out.weight").mul_(0.02)
        for end in ("weight", "bias"):
            net.get_parameter(f"decoder.conv_in.{end}").mul_(size)


@pytest.mark.parametrize("family", TINY)
@pytest.mark.parametrize("size", [1.0, 1e-3])
def test_gives_the_reference_formulas_codes_and_pictures(family: str, size: float, shaken: Any) -> None:
    net = shaken(TINY[family]())
    calm(net, size)
    assert off_by(family, net, net.state_dict()) == pytest.approx((0.0, 0.0), abs=2e-5)


def usual_eps(net: nn.Module, monkeypatch: pytest.MonkeyPatch) -> None:
    for part in net.modules():
        if isinstance(part, nn.GroupNorm):
            part.eps = 1e-5


def other_range(net: nn.Module, monkeypatch: pytest.MonkeyPatch) -> None:
    google = isinstance(net, GoogleTokenizer)
    net.get_submodule("encoder").register_forward_pre_hook(
        lambda _, given: (given[0] * 2.0 - 1.0 if google else given[0] * 0.5 + 0.5,)
    )
    net.get_submodule("decoder").register_forward_hook(lambda _, __, made: made * 0.5 + 0.5 if google else made * 2 - 1)


def usual_shortcut(net: nn.Module, monkeypatch: pytest.MonkeyPatch) -> None:
    """x + h where the width stays is no fault: y = h + W x where it changes is, W cut to fit."""

    def forward(self: Any, x: torch.Tensor) -> torch.Tensor:
        h = self.conv2(F.silu(self.norm2(self.conv1(F.silu(self.norm1(x))))))
        if self.nin_shortcut is None:
            return h + x
        kernel = self.nin_shortcut.weight
        given = h if kernel.shape[1] == x.shape[1] != h.shape[1] else x  # each family's mistake is the other's rule
        if given.shape[1] != kernel.shape[1]:
            kernel = kernel.repeat(1, 2, 1, 1)[:, : given.shape[1]]
        return h + F.conv2d(given, kernel, self.nin_shortcut.bias)

    for kind in (vqgan._GoogleResBlock, vqgan._ResBlock):
        monkeypatch.setattr(kind, "forward", forward)


def padded_all_around(net: nn.Module, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(vqgan._Downsample, "forward", lambda self, x: nn.Conv2d.forward(self, F.pad(x, (1, 0, 1, 0))))
    monkeypatch.setattr(vqgan._Upsample, "forward", lambda self, x: nn.Conv2d.forward(self, F.interpolate(
        x, scale_factor=2.0, mode="bilinear")))  # fmt: skip


def lengths_count(net: nn.Module, monkeypatch: pytest.MonkeyPatch) -> None:
    quantize = net.get_submodule("quantize")
    quantize.unit = not quantize.unit  # type: ignore[assignment, operator]


def no_attention(net: nn.Module, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(vqgan._Attention, "forward", lambda self, x: x)


FAULTS = [
    *((family, usual_eps) for family in TINY),
    *((family, other_range) for family in TINY),
    *((family, usual_shortcut) for family in TINY),
    *((family, lengths_count) for family in TINY),
    *((family, padded_all_around) for family in TINY),
    *((family, no_attention) for family in ("taming", "llamagen")),
]


@pytest.mark.parametrize(("family", "fault"), FAULTS)
def test_each_pitfall_is_seen_beside_the_reference_formulas(
    family: str, fault: Any, shaken: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    net = shaken(TINY[family]())
    calm(net)
    state = {name: value.clone() for name, value in net.state_dict().items()}
    fault(net, monkeypatch)
    assert max(off_by(family, net, state)) > 1e-3


def test_what_lies_beside_the_net_in_a_container_is_dropped() -> None:
    taming, llamagen = TamingTokenizer(TAMING), LlamaGenTokenizer(LLAMAGEN)
    extra = torch.zeros(3)
    taming.load_state_dict(tokenizer_from_lightning({**taming.state_dict(), "loss.discriminator.main.0.weight": extra}))
    llamagen.load_state_dict(tokenizer_from_published({**llamagen.state_dict(), "quantize.codebook_used": extra}))


@pytest.mark.parametrize("change", [{"groups": 5}, {"multipliers": ()}, {"blocks": 0}])
def test_impossible_configs_are_refused(change: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"groups|group norm|at least 1"):
        replace(GOOGLE, **change)
