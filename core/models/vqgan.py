"""The published families' convolutional VQ tokenizers: Google MaskGIT's, taming-transformers' and LlamaGen's.

Knows nothing of files: the state-dict names are those of the published torch files (TiTok / openMUSE for Google's
weights), so strict loading is direct; other contents of a container are dropped by the key maps in google.py, valeo.py
and halton.py. All three share one skeleton (docs/architectures.md, sections 1, 4 and 5): a convolution, levels of
residual blocks with a change of size between them, a middle, group norm, swish, a convolution.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from core.models.interfaces import VQTokenizer, nearest_code


@dataclass(frozen=True)
class GoogleTokenizerConfig:
    """Shape of a `GoogleTokenizer`; the defaults are the released 256 and 512 px nets (both f16, 1024 x 256).

    Attributes:
        base_channels: width of the first level.
        multipliers: width of each level as a multiple of the first; the picture is halved between levels.
        blocks: residual blocks per level.
        code_dim: D, width of a code.
        codebook_size: K.
        groups: of every group norm.
    """

    base_channels: int = 128
    multipliers: tuple[int, ...] = (1, 1, 2, 2, 4)
    blocks: int = 2
    code_dim: int = 256
    codebook_size: int = 1024
    groups: int = 32

    def __post_init__(self) -> None:
        """Raise ValueError if the numbers cannot make a net."""
        if not self.multipliers or min(self.base_channels, self.blocks, *self.multipliers) < 1:
            raise ValueError(f"{self}: channels, multipliers and blocks must be at least 1")
        if any(width % self.groups for width in self.widths):
            raise ValueError(f"level widths {self.widths}: group norm needs multiples of {self.groups}")

    @property
    def widths(self) -> tuple[int, ...]:
        """Channels of each level, shallowest first."""
        return tuple(self.base_channels * m for m in self.multipliers)

    @property
    def downsample(self) -> int:
        """Pixels per token side."""
        return int(2 ** (len(self.multipliers) - 1))


@dataclass(frozen=True)
class TamingTokenizerConfig(GoogleTokenizerConfig):
    """Shape of a `TamingTokenizer`; the defaults are valeo v1.0's VQGAN.

    Attributes:
        latent_channels: width between the encoder and quant_conv, and between post_quant_conv and the decoder.
    """

    latent_channels: int = 256


@dataclass(frozen=True)
class LlamaGenTokenizerConfig(TamingTokenizerConfig):
    """Shape of a `LlamaGenTokenizer`; the defaults are LlamaGen's VQ-16 (16384 x 8)."""

    code_dim: int = 8
    codebook_size: int = 16384


class _ResBlock(nn.Module):
    """norm - swish - conv3x3, twice, added to the input, whose width a 1x1 convolution changes."""

    def __init__(self, before: int, after: int, groups: int) -> None:
        super().__init__()
        self.norm1 = nn.GroupNorm(groups, before, eps=1e-6)
        self.conv1 = nn.Conv2d(before, after, 3, padding=1)
        self.norm2 = nn.GroupNorm(groups, after, eps=1e-6)
        self.conv2 = nn.Conv2d(after, after, 3, padding=1)
        self.nin_shortcut = nn.Conv2d(before, after, 1) if before != after else None

    def forward(self, x: Tensor) -> Tensor:
        h: Tensor = self.conv1(F.silu(self.norm1(x)))
        h = self.conv2(F.silu(self.norm2(h)))
        return h + (x if self.nin_shortcut is None else self.nin_shortcut(x))


class _GoogleResBlock(nn.Module):
    """Google's block: no biases, and if the width changes the shortcut reads the block's own output.

    In the original the 1x1 shortcut is applied to h, so y = h + W h and the input is dropped; the released weights
    were trained that way (docs/architectures.md, section 1).
    """

    def __init__(self, before: int, after: int, groups: int) -> None:
        super().__init__()
        self.norm1 = nn.GroupNorm(groups, before, eps=1e-6)
        self.conv1 = nn.Conv2d(before, after, 3, padding=1, bias=False)
        self.norm2 = nn.GroupNorm(groups, after, eps=1e-6)
        self.conv2 = nn.Conv2d(after, after, 3, padding=1, bias=False)
        self.nin_shortcut = nn.Conv2d(after, after, 1, bias=False) if before != after else None

    def forward(self, x: Tensor) -> Tensor:
        h: Tensor = self.conv1(F.silu(self.norm1(x)))
        h = self.conv2(F.silu(self.norm2(h)))
        return h + (x if self.nin_shortcut is None else self.nin_shortcut(h))


class _Attention(nn.Module):
    """One head over all positions with 1x1 convolutions, scale 1/sqrt(width); norm before, input added after."""

    def __init__(self, width: int, groups: int) -> None:
        super().__init__()
        self.norm = nn.GroupNorm(groups, width, eps=1e-6)
        self.q = nn.Conv2d(width, width, 1)
        self.k = nn.Conv2d(width, width, 1)
        self.v = nn.Conv2d(width, width, 1)
        self.proj_out = nn.Conv2d(width, width, 1)

    def forward(self, x: Tensor) -> Tensor:
        h = self.norm(x)
        q, k, v = (conv(h).flatten(2).transpose(1, 2) for conv in (self.q, self.k, self.v))  # (B, h*w, C)
        mixed: Tensor = F.scaled_dot_product_attention(q, k, v).transpose(1, 2).reshape(x.shape)
        y: Tensor = self.proj_out(mixed)
        return x + y


class _Downsample(nn.Conv2d):
    """Stride-2 convolution that pads the right and the bottom only, as taming-transformers does."""

    def __init__(self, width: int) -> None:
        super().__init__(width, width, 3, stride=2)

    def forward(self, input: Tensor) -> Tensor:
        return super().forward(F.pad(input, (0, 1, 0, 1)))


class _Upsample(nn.Conv2d):
    """Nearest x2, then a convolution."""

    def __init__(self, width: int) -> None:
        super().__init__(width, width, 3, padding=1)

    def forward(self, input: Tensor) -> Tensor:
        return super().forward(F.interpolate(input, scale_factor=2.0, mode="nearest"))


class _Level(nn.ModuleDict):
    """Residual blocks, each followed by attention if the level has any, then the change of size."""

    def __init__(
        self, names: tuple[str, str], blocks: list[nn.Module], attention: list[nn.Module], resize: nn.Module
    ) -> None:
        super().__init__({names[0]: nn.ModuleList(blocks), "attn": nn.ModuleList(attention), names[1]: resize})

    def forward(self, x: Tensor) -> Tensor:
        blocks, attention, resize = self.values()
        assert isinstance(blocks, nn.ModuleList)
        assert isinstance(attention, nn.ModuleList)
        for i, block in enumerate(blocks):
            x = block(x)
            if len(attention):
                x = attention[i](x)
        y: Tensor = resize(x)
        return y


class _DeepestFirst(nn.Sequential):
    """Levels numbered from the shallowest, run from the deepest."""

    def forward(self, input: Tensor) -> Tensor:
        for level in reversed(list(self)):
            input = level(input)
        return input


class _Quantizer(nn.Module):
    """The codebook; `unit` compares and returns l2-normalised vectors, whatever the stored rows."""

    def __init__(self, codebook_size: int, code_dim: int, *, unit: bool) -> None:
        super().__init__()
        self.embedding = nn.Embedding(codebook_size, code_dim)
        self.unit = unit

    def codebook(self) -> Tensor:
        """The codes as they are compared and decoded: (K, D) float32."""
        rows = self.embedding.weight.float()
        return F.normalize(rows, dim=1) if self.unit else rows

    def nearest(self, vectors: Tensor) -> Tensor:
        """Find the closest code of each cell: (B, D, h, w) -> (B, h, w) int64."""
        b, d, h, w = vectors.shape
        flat = vectors.float().permute(0, 2, 3, 1).reshape(-1, d)
        return nearest_code(F.normalize(flat, dim=1) if self.unit else flat, self.codebook()).view(b, h, w)

    def vectors(self, tokens: Tensor) -> Tensor:
        """Look up the codes of a token grid: (B, h, w) int64 -> (B, D, h, w) float32."""
        return self.codebook()[tokens].permute(0, 3, 1, 2).contiguous()


def _sequence(**modules: nn.Module) -> nn.Sequential:
    """Build a sequence whose state-dict names are the keywords."""
    return nn.Sequential(OrderedDict(modules))


def _stack(block: Callable[[int, int], nn.Module], before: int, width: int, count: int) -> list[nn.Module]:
    """Build `count` residual blocks of which the first changes the width."""
    return [block(before if i == 0 else width, width) for i in range(count)]


class GoogleTokenizer(VQTokenizer):
    """Google MaskGIT's tokenizer, 54.5 M parameters: no attention, no quantising convolution, raw distances, [0, 1]."""

    def __init__(self, config: GoogleTokenizerConfig) -> None:
        super().__init__()
        self.config = config
        self.codebook_size, self.downsample = config.codebook_size, config.downsample
        widths, groups = config.widths, config.groups
        deepest, last = widths[-1], len(widths) - 1

        def block(before: int, after: int) -> nn.Module:
            return _GoogleResBlock(before, after, groups)

        def level(i: int, before: int, name: str, resize: nn.Module) -> nn.Module:
            return _Level(("block", name), _stack(block, before, widths[i], config.blocks), [], resize)

        self.encoder = _sequence(
            conv_in=nn.Conv2d(3, widths[0], 3, padding=1, bias=False),
            down=nn.Sequential(
                *(
                    level(i, widths[max(i - 1, 0)], "pool", nn.AvgPool2d(2) if i < last else nn.Identity())
                    for i in range(len(widths))
                )
            ),
            mid=nn.Sequential(block(deepest, deepest), block(deepest, deepest)),
            norm_out=nn.GroupNorm(groups, deepest, eps=1e-6),
            swish=nn.SiLU(),
            conv_out=nn.Conv2d(deepest, config.code_dim, 1),
        )
        self.decoder = _sequence(
            conv_in=nn.Conv2d(config.code_dim, deepest, 3, padding=1),
            mid=nn.Sequential(block(deepest, deepest), block(deepest, deepest)),
            up=_DeepestFirst(
                *(
                    level(i, widths[min(i + 1, last)], "upsample_conv", _Upsample(widths[i]) if i else nn.Identity())
                    for i in range(len(widths))
                )
            ),
            norm_out=nn.GroupNorm(groups, widths[0], eps=1e-6),
            swish=nn.SiLU(),
            conv_out=nn.Conv2d(widths[0], 3, 3, padding=1),
        )
        self.quantize = _Quantizer(config.codebook_size, config.code_dim, unit=False)

    def encode(self, pixels: Tensor) -> Tensor:
        return self.quantize.nearest(self.encoder(pixels.to(_dtype(self))))

    def decode(self, tokens: Tensor) -> Tensor:
        picture: Tensor = self.decoder(self.quantize.vectors(tokens).to(_dtype(self)))
        return picture.float().clamp(0.0, 1.0)

    def code_vectors(self) -> Tensor:
        return self.quantize.codebook()


class TamingTokenizer(VQTokenizer):
    """The taming-transformers VQGAN of valeo v1.0, 72.1 M parameters; [-1, 1] inside.

    Attention sits at the deepest level whatever the picture's size: the original places it by resolution 256, and
    the 512 px model keeps that (docs/architectures.md, section 4). The decoder has one block per level more than the
    encoder.
    """

    _UNIT_CODES = False
    _LEVELS = ("down", "up")
    _BLOCKS = "block"
    _MIDDLE = ("block_1", "attn_1", "block_2")

    def __init__(self, config: TamingTokenizerConfig) -> None:
        super().__init__()
        self.config = config
        self.codebook_size, self.downsample = config.codebook_size, config.downsample
        widths, latent, code_dim = config.widths, config.latent_channels, config.code_dim
        self.encoder = _sequence(
            conv_in=nn.Conv2d(3, widths[0], 3, padding=1),
            **{self._LEVELS[0]: nn.Sequential(*(self._down(i) for i in range(len(widths))))},
            mid=self._middle(),
            norm_out=nn.GroupNorm(config.groups, widths[-1], eps=1e-6),
            swish=nn.SiLU(),
            conv_out=nn.Conv2d(widths[-1], latent, 3, padding=1),
        )
        self.quant_conv = nn.Conv2d(latent, code_dim, 1)
        self.quantize = _Quantizer(config.codebook_size, code_dim, unit=self._UNIT_CODES)
        self.post_quant_conv = nn.Conv2d(code_dim, latent, 1)
        self.decoder = _sequence(
            conv_in=nn.Conv2d(latent, widths[-1], 3, padding=1),
            mid=self._middle(),
            **{self._LEVELS[1]: self._up_levels()},
            norm_out=nn.GroupNorm(config.groups, widths[0], eps=1e-6),
            swish=nn.SiLU(),
            conv_out=nn.Conv2d(widths[0], 3, 3, padding=1),
        )

    def _block(self, before: int, after: int) -> nn.Module:
        return _ResBlock(before, after, self.config.groups)

    def _attention(self, level: int, count: int) -> list[nn.Module]:
        if level < len(self.config.widths) - 1:
            return []
        return [_Attention(self.config.widths[-1], self.config.groups) for _ in range(count)]

    def _middle(self) -> nn.Module:
        deepest = self.config.widths[-1]
        parts = (self._block(deepest, deepest), _Attention(deepest, self.config.groups), self._block(deepest, deepest))
        return _sequence(**dict(zip(self._MIDDLE, parts, strict=True)))

    def _down(self, level: int) -> nn.Module:
        widths, blocks = self.config.widths, self.config.blocks
        deepest = level == len(widths) - 1
        return _Level(
            (self._BLOCKS, "downsample"),
            _stack(self._block, widths[max(level - 1, 0)], widths[level], blocks),
            self._attention(level, blocks),
            nn.Identity() if deepest else _sequence(conv=_Downsample(widths[level])),
        )

    def _up(self, level: int) -> nn.Module:
        widths, blocks = self.config.widths, self.config.blocks + 1
        return _Level(
            (self._BLOCKS, "upsample"),
            _stack(self._block, widths[min(level + 1, len(widths) - 1)], widths[level], blocks),
            self._attention(level, blocks),
            _sequence(conv=_Upsample(widths[level])) if level else nn.Identity(),
        )

    def _up_levels(self) -> nn.Module:
        return _DeepestFirst(*(self._up(i) for i in range(len(self.config.widths))))

    def encode(self, pixels: Tensor) -> Tensor:
        return self.quantize.nearest(self.quant_conv(self.encoder(pixels.to(_dtype(self)) * 2.0 - 1.0)))

    def decode(self, tokens: Tensor) -> Tensor:
        picture: Tensor = self.decoder(self.post_quant_conv(self.quantize.vectors(tokens).to(_dtype(self))))
        return (picture.float() * 0.5 + 0.5).clamp(0.0, 1.0)

    def code_vectors(self) -> Tensor:
        return self.quantize.codebook()


class LlamaGenTokenizer(TamingTokenizer):
    """LlamaGen's VQ-16, 71.9 M parameters: taming's net with few, unit-length codes and names of its own.

    Vectors and codes are l2-normalised before the distance and before decoding (docs/architectures.md, section 5).
    """

    _UNIT_CODES = True
    _LEVELS = ("conv_blocks", "conv_blocks")
    _BLOCKS = "res"
    _MIDDLE = ("0", "1", "2")

    def _up_levels(self) -> nn.Module:
        # Number 0 is the deepest level, the reverse of taming's.
        return nn.Sequential(*(self._up(i) for i in reversed(range(len(self.config.widths)))))


def _dtype(tokenizer: GoogleTokenizer | TamingTokenizer) -> torch.dtype:
    """Dtype in which the convolutions compute."""
    return tokenizer.quantize.embedding.weight.dtype
