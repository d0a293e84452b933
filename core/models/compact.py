"""Our own family: a small tokenizer and transformer that learn fast from little data and run on two CPU cores.

Knows nothing of training: losses, codebook updates and schedules are the lab's. To MaskGIT's bidirectional net the
transformer adds what a small net with few photos lacks: locality (a depthwise 3x3 convolution on the token grid before
each attention) and class conditioning by one AdaLN projection that all layers share (adaLN-Zero of DiT, Peebles & Xie
2023, with per-layer offsets as in PixArt-alpha). It can also see the known pixels of a window (surroundings.py).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from core.decoding.settings import MASK, NO_CLASS
from core.models.attention import attend
from core.models.interfaces import MaskTransformer, VQTokenizer, nearest_code
from core.models.memory import FORGETFUL, LayerMemory, Memory, rows_at, through
from core.models.surroundings import Surroundings


@dataclass(frozen=True)
class CompactTokenizerConfig:
    """Shape of a `CompactTokenizer`: one channel count per halving of the picture side.

    Attributes:
        blocks: residual blocks at each size, largest size first.
        decoder_blocks: the same for the decoder; empty for as many as the encoder has. More cost little time: a
            decoder runs once per edit and an encoder once per photo, the transformer T times.
        attention: self-attention between the residual blocks of the smallest size, in encoder and decoder.
        smooth: a 3x3 convolution after the decoder's last pixel shuffle. A bare shuffle leaves a lattice with a period
            of 2 px (2.8 times its neighbours' power in rows of decoded pictures; photos have 0.96).
    """

    channels: tuple[int, ...] = (32, 64, 160)
    blocks: tuple[int, ...] = (1, 2, 2)
    decoder_blocks: tuple[int, ...] = ()
    code_dim: int = 32
    codebook_size: int = 1024
    attention: bool = False
    smooth: bool = False

    def __post_init__(self) -> None:
        """Raise ValueError if the numbers cannot make a net."""
        for blocks in (self.blocks, self.decoder_blocks or self.blocks):
            if len(self.channels) != len(blocks):
                raise ValueError(f"channels {self.channels} and blocks {blocks} differ in length")
        if any(c % 32 for c in self.channels):
            raise ValueError(f"channels {self.channels}: group norm needs multiples of 32")
        if self.attention and self.blocks[-1] < 2:
            raise ValueError(f"blocks {self.blocks}: attention lies between blocks, the last size needs at least 2")

    @property
    def downsample(self) -> int:
        """Pixels per token side."""
        return int(2 ** len(self.channels))


@dataclass(frozen=True)
class CompactTransformerConfig:
    """Shape of a `CompactTransformer`.

    Attributes:
        class_token: the class enters as one more row of the token table, put before the sequence, instead of through
            a table of its own and AdaLN.
        sees_pixels: known pixels and their features enter beside the tokens; needs `downsample`.
        downsample: pixels per token side, as in the tokenizer.
    """

    width: int = 256
    layers: int = 6
    heads: int = 8
    hidden: int = 512
    grid: int = 16
    codebook_size: int = 1024
    classes: int = 11
    class_token: bool = False
    sees_pixels: bool = False
    downsample: int = 8

    def __post_init__(self) -> None:
        """Raise ValueError if the width does not split into heads, or cells are too small to be seen into."""
        if self.width % self.heads:
            raise ValueError(f"width {self.width} is not a multiple of heads {self.heads}")
        if self.sees_pixels and self.downsample < 4:
            raise ValueError(f"downsample {self.downsample}: seeing pixels needs cells of at least 4 px")


class _GroupNorm(nn.GroupNorm):
    """Group norm that keeps its input's dtype: under CPU autocast the standard one falls back to float32."""

    def forward(self, input: Tensor) -> Tensor:
        with torch.autocast(input.device.type, enabled=False):
            return F.group_norm(
                input, self.num_groups, self.weight.to(input.dtype), self.bias.to(input.dtype), self.eps
            )


class _ResBlock(nn.Module):
    """norm - swish - conv3x3, twice, added to the input."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.norm1 = _GroupNorm(channels // 16, channels, eps=1e-6)
        self.conv1 = nn.Conv2d(channels, channels, 3, padding=1)
        self.norm2 = _GroupNorm(channels // 16, channels, eps=1e-6)
        self.conv2 = nn.Conv2d(channels, channels, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        h: Tensor = self.conv1(F.silu(self.norm1(x)))
        h = self.conv2(F.silu(self.norm2(h)))
        return x + h


class _Attention(nn.Module):
    """One head over all positions: norm - qkv - mix - out, added to the input."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.norm = _GroupNorm(channels // 16, channels, eps=1e-6)
        self.qkv = nn.Conv2d(channels, 3 * channels, 1)
        self.out = nn.Conv2d(channels, channels, 1)

    def forward(self, x: Tensor) -> Tensor:
        q, k, v = self.qkv(self.norm(x)).flatten(2).transpose(1, 2).chunk(3, dim=-1)  # (B, h*w, C)
        mixed: Tensor = F.scaled_dot_product_attention(q, k, v).transpose(1, 2).reshape(x.shape)
        y: Tensor = self.out(mixed)
        return x + y


def _blocks_at(channels: int, blocks: int, attention: bool) -> list[nn.Module]:
    """Build the residual blocks of one size, with attention between them if wanted."""
    layers: list[nn.Module] = []
    for i in range(blocks):
        if i and attention:
            layers.append(_Attention(channels))
        layers.append(_ResBlock(channels))
    return layers


class _Encoder(nn.Sequential):
    """Stride-2 stem, then residual blocks at each size; ends on unit vectors of code_dim."""

    def __init__(self, config: CompactTokenizerConfig) -> None:
        layers: list[nn.Module] = []
        before = 3
        for i, (channels, blocks) in enumerate(zip(config.channels, config.blocks, strict=True), 1):
            layers.append(nn.Conv2d(before, channels, 4, stride=2, padding=1))
            layers += _blocks_at(channels, blocks, config.attention and i == len(config.blocks))
            before = channels
        layers += [_GroupNorm(before // 16, before, eps=1e-6), nn.SiLU(), nn.Conv2d(before, config.code_dim, 1)]
        super().__init__(*layers)


class _Decoder(nn.Sequential):
    """The encoder mirrored: residual blocks, nearest x2 and a convolution; the last doubling is a pixel shuffle."""

    def __init__(self, config: CompactTokenizerConfig) -> None:
        deepest = config.channels[-1]
        layers: list[nn.Module] = [nn.Conv2d(config.code_dim, deepest, 3, padding=1)]
        sizes = tuple(zip(config.channels, config.decoder_blocks or config.blocks, strict=True))[::-1]
        for i, (channels, blocks) in enumerate(sizes):
            layers += _blocks_at(channels, blocks, config.attention and i == 0)
            if i + 1 < len(sizes):
                layers += [
                    nn.Upsample(scale_factor=2.0, mode="nearest"),
                    nn.Conv2d(channels, sizes[i + 1][0], 3, padding=1),
                ]
        layers += [
            _GroupNorm(config.channels[0] // 16, config.channels[0], eps=1e-6),
            nn.SiLU(),
            nn.Conv2d(config.channels[0], 3 * 4, 3, padding=1),
            nn.PixelShuffle(2),
        ]
        if config.smooth:
            layers.append(_unchanging(nn.Conv2d(3, 3, 3, padding=1)))
        super().__init__(*layers)


def _unchanging(convolution: nn.Conv2d) -> nn.Conv2d:
    """Start a convolution as the identity."""
    assert convolution.bias is not None
    nn.init.dirac_(convolution.weight)
    nn.init.zeros_(convolution.bias)
    return convolution


class CompactTokenizer(VQTokenizer):
    """A VQ tokenizer of about 2.4 M parameters whose codes are unit vectors (ViT-VQGAN's l2-normalised codes)."""

    codebook: Tensor

    def __init__(self, config: CompactTokenizerConfig) -> None:
        super().__init__()
        self.config = config
        self.codebook_size = config.codebook_size
        self.downsample = config.downsample
        self.encoder = _Encoder(config)
        self.decoder = _Decoder(config)
        self.register_buffer("codebook", F.normalize(torch.randn(config.codebook_size, config.code_dim), dim=1))

    def vectors(self, pixels: Tensor) -> Tensor:
        """Encode to unit vectors before quantisation: (B, 3, S, S) in [0, 1] -> (B, D, h, w) float32."""
        return F.normalize(self.encoder(pixels * 2.0 - 1.0).float(), dim=1)

    def pixels(self, vectors: Tensor) -> Tensor:
        """Decode code vectors to a picture, not clipped: (B, D, h, w) -> (B, 3, S, S), [0, 1] nominal."""
        return self.paint(self.features(vectors))

    @property
    def _painting(self) -> int:
        """Number of the decoder's last layers that turn features into pixels."""
        return 3 if self.config.smooth else 2

    @property
    def last_weight(self) -> nn.Parameter:
        """The weight of the last convolution at half the picture's side."""
        return self.decoder[-self._painting].get_parameter("weight")

    def features(self, vectors: Tensor) -> Tensor:
        """Decode up to the input of the last convolutions: (B, D, h, w) -> (B, C, S/2, S/2)."""
        for layer in list(self.decoder)[: -self._painting]:
            vectors = layer(vectors)
        return vectors

    def paint(self, features: Tensor) -> Tensor:
        """Turn `features` into a picture, not clipped: (B, 3, S, S) float32, [0, 1] nominal."""
        for layer in list(self.decoder)[-self._painting :]:
            features = layer(features)
        return features.float() * 0.5 + 0.5

    def encode(self, pixels: Tensor) -> Tensor:
        vectors = self.vectors(pixels)
        b, d, h, w = vectors.shape
        return nearest_code(vectors.permute(0, 2, 3, 1).reshape(-1, d), self.codebook).view(b, h, w)

    def decode(self, tokens: Tensor) -> Tensor:
        return self.pixels(self.codebook[tokens].permute(0, 3, 1, 2).contiguous()).clamp(0.0, 1.0)

    def code_vectors(self) -> Tensor:
        return self.codebook.float()


class _RMSNorm(nn.Module):
    """Root-mean-square norm without weights; the scale comes from AdaLN or, for q and k, is one."""

    def forward(self, x: Tensor) -> Tensor:
        return F.rms_norm(x, (x.shape[-1],), eps=1e-6)


class _Layer(nn.Module):
    """Depthwise convolution, attention, SwiGLU: each normed, modulated by AdaLN and started at zero."""

    def __init__(self, config: CompactTransformerConfig) -> None:
        super().__init__()
        width = config.width
        self.heads, self.grid = config.heads, config.grid
        self.norm = _RMSNorm()
        self.local = nn.Conv2d(width, width, 3, padding=1, groups=width)
        self.qkv = nn.Linear(width, 3 * width, bias=False)
        self.out = nn.Linear(width, width, bias=False)
        self.gate_up = nn.Linear(width, 2 * config.hidden, bias=False)
        self.down = nn.Linear(config.hidden, width, bias=False)
        self.sharpness = nn.Parameter(torch.full((config.heads, 1, 1), 0.25))  # scale of q.k, both of unit rms
        self.offset = nn.Parameter(torch.zeros(6, width))  # this layer's deviation from the shared AdaLN projection
        for zero in (self.local.weight, self.local.bias, self.out.weight, self.down.weight):
            assert zero is not None
            nn.init.zeros_(zero)

    def _attend(self, x: Tensor, places: Tensor | None, held: LayerMemory) -> Tensor:
        b, n, width = x.shape
        q, k, v = self.qkv(x).view(b, n, 3, self.heads, width // self.heads).permute(2, 0, 3, 1, 4)  # (B, heads, N, d)
        q = self.norm(rows_at(q, places)) * self.sharpness.to(q.dtype)
        k, v = held.whole("k", self.norm(k)), held.whole("v", v)
        mixed = attend(q, k, v, scale=1.0)
        attended: Tensor = self.out(mixed.transpose(1, 2).flatten(2))
        return attended

    def _convolve(self, x: Tensor) -> Tensor:
        """Add what each cell's neighbours make of it; a class token before the grid has none."""
        leading = x.shape[1] - self.grid**2
        if leading:
            return torch.cat([x[:, :leading], self._convolve(x[:, leading:])], 1)
        b, n, width = x.shape
        on_grid = x.transpose(1, 2).reshape(b, width, self.grid, self.grid)
        mixed: Tensor = self.local(on_grid).view(b, width, n).transpose(1, 2)
        return x + mixed

    def forward(
        self, x: Tensor, modulation: Tensor, places: Tensor | None = None, held: LayerMemory = FORGETFUL
    ) -> Tensor:
        """Map (B, n, width) to (B, n, width), or to (B, m, width) for (m,) places of the sequence.

        A class token, if there is one, comes first of n = grid^2 + 1.
        """
        shift1, scale1, gate1, shift2, scale2, gate2 = (modulation + self.offset).to(x.dtype).unsqueeze(2).unbind(1)
        x = held.changing(self._convolve(held.whole("x", x)))
        attended = self._attend(self.norm(x) * (1.0 + scale1) + shift1, places, held)
        x = rows_at(x, places) + (1.0 + gate1) * attended
        gate, up = self.gate_up(self.norm(x) * (1.0 + scale2) + shift2).chunk(2, dim=-1)
        fed: Tensor = self.down(F.silu(gate) * up)
        return x + (1.0 + gate2) * fed


class CompactTransformer(MaskTransformer):
    """A bidirectional transformer of about 5 M parameters with a separate class table and a null class.

    With `config.class_token` the classes are rows of the token table, after the codes and MASK, as in Tiny MaskGIT, a
    course project; of AdaLN only the layers' own offsets are then left.
    """

    def __init__(self, config: CompactTransformerConfig) -> None:
        super().__init__()
        self.config = config
        self.codebook_size, self.grid = config.codebook_size, config.grid
        width = config.width
        class_rows = config.classes + 1 if config.class_token else 0
        self.tokens = nn.Embedding(config.codebook_size + 1 + class_rows, width)  # row codebook_size = MASK
        self.positions = nn.Parameter(torch.randn(config.grid**2, width) * 0.02)
        if not config.class_token:
            self.classes = nn.Embedding(config.classes + 1, width)  # last row = NO_CLASS
            self.modulate = nn.Linear(width, 6 * width)
        self.layers = nn.ModuleList(_Layer(config) for _ in range(config.layers))
        self.norm = _RMSNorm()
        self.head = nn.Linear(width, config.codebook_size)
        self.sees_pixels = config.sees_pixels
        if config.sees_pixels:
            self.surroundings = Surroundings(width, config.grid, config.downsample)
        nn.init.normal_(self.tokens.weight, std=0.5)
        if not config.class_token:
            nn.init.normal_(self.classes.weight, std=0.5)
            nn.init.zeros_(self.modulate.weight)
            nn.init.zeros_(self.modulate.bias)

    def start_from_codebook(self, codebook: Tensor) -> None:
        """Set token rows and head rows to a random isometry of the code vectors, so that similar codes start similar.

        Args:
            codebook: (K, D) float unit vectors, D at most the width.
        """
        width = self.config.width
        basis = torch.linalg.qr(torch.randn(width, width))[0][: codebook.shape[1]]  # (D, width), orthonormal rows
        rows = codebook.float() @ basis
        with torch.no_grad():
            self.tokens.weight[: len(rows)].copy_(rows * math.sqrt(width) * 0.5)
            self.head.weight.copy_(rows)
            self.head.bias.zero_()

    def see(self, pictures: Tensor, known: Tensor, maps: Sequence[Tensor]) -> Tensor:
        seen: Tensor = self.surroundings(pictures, known, maps)
        return seen

    def forward(
        self,
        tokens: Tensor,
        class_ids: Tensor,
        seen: Tensor | None = None,
        *,
        cells: Tensor | None = None,
        memory: Memory | None = None,
    ) -> Tensor:
        logits: Tensor = self.head(self.states(tokens, class_ids, seen, cells=cells, memory=memory))
        return logits

    def states(
        self,
        tokens: Tensor,
        class_ids: Tensor,
        seen: Tensor | None = None,
        *,
        cells: Tensor | None = None,
        memory: Memory | None = None,
    ) -> Tensor:
        """Compute what the head reads, (B, M, width); the arguments are those of `forward`."""
        config = self.config
        rows = torch.where(tokens == MASK, config.codebook_size, tokens)
        labels = torch.where(class_ids == NO_CLASS, config.classes, class_ids)
        x = self.tokens(rows) + self.positions  # (B, N, width)
        if seen is not None:
            x = x + seen
        if config.class_token:
            c = x.new_zeros(1, 6, config.width)
            x = torch.cat([self.tokens(config.codebook_size + 1 + labels).unsqueeze(1), x], 1)
        else:
            c = self.modulate(F.silu(self.classes(labels))).float().view(-1, 6, config.width)
        leading = x.shape[1] - config.grid**2
        places = None if cells is None else leading + cells
        x = through(self.layers, x, c, places=places, memory=memory)
        normed: Tensor = self.norm(x[:, leading:] if cells is None else x)
        return normed
