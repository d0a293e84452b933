"""Measures how a processor multiplies fastest: plainly, with packed weights, or in bf16; its name does not tell.

Knows nothing of models except the width of their layers. PyTorch's plain float32 product is Intel's, which is slow on
other processors: 105 GFLOP/s on one thread of an AMD EPYC, where oneDNN reaches 245 with weights packed for it once,
and 465 in bf16. Only this file calls the private operators for that.
"""

from __future__ import annotations

import functools
import logging
import time
from collections.abc import Callable, Mapping
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from core.models.attention import GELULinear

logger = logging.getLogger(__name__)

PLAIN, PACKED, HALF = "fp32", "packed", "bf16"
"""Ways of multiplying, by their names in `--dtype`."""

_PACKED_GAIN = 1.3
"""How many times faster packed products must be than plain ones: the last bits of a picture depend on the way, so noise
must not decide it (2.3 on the EPYC at rest, 1.6 to 2.0 beside ten busy processes)."""
_HALF_GAIN = 1.5
"""How many times faster bf16 must be than the best of float32, because it moves the bundled model's logits by 4 % of
their spread (first choices equal in 92 %): 1.7 to 2.1 for the published models on the EPYC."""
_LEAST_S = 0.006
"""Seconds of a layer in float32 below which bf16 is not worth it. The bundled model's layer takes 2 to 4 ms; bf16 would
save a fifth of an edit, because the rest of a small net takes as long as its products."""
_WORTH_DIVIDING = 5e8
"""Floating point operations of a product below which threads are better given a sample each. A layer wakes them about
twenty times: on two threads a step of the bundled model (2e8) was 1.15 times as fast as on one, and two samples side by
side 1.6 times; in Google's (1.2e9) both are twice as fast. A measurement would not tell on a busy machine (a layer of
either model, divided or side by side: 0.7 to 1.2 and 0.9 to 2.2), and last bits of pictures depend on the choice."""
_ROUNDS = 8
"""Measurements of each way, in turn: the quickest of each counts, whatever else the machine does."""
_SURE_AFTER, _HOPELESS = 2, 4
"""Rounds after which a way that takes this many times as long as the quickest is measured no more: where a processor
has no instructions for bf16 it takes ten times as long, and most of the seconds of a load."""
_PEAK_ROWS, _PEAK_WIDTH = 512, 2048
"""Of a product of 4.3 GFLOP, beyond the caches of a core."""
_NEAR = {torch.float32: 1e-4, torch.bfloat16: 1e-2}
"""Largest allowed difference of a packed product from a plain one, as a share of its largest number; seen: 3e-6, 0."""


class Layer(NamedTuple):
    """A linear layer: its input and output widths, and the tokens it gets at a time."""

    width: int
    hidden: int
    tokens: int


Product = Callable[[Tensor, Tensor], Tensor]
"""((b, n, i), weights (o, i) in the layout of the way) -> (b, n, o)."""


class PackedLinear(nn.Module):
    """A linear layer with weights packed once for oneDNN, in the number format that they have.

    Args:
        linear: the layer to replace, float32 or bfloat16; on the CPU.
        rows: usual number of rows of its input.
    """

    def __init__(self, linear: nn.Linear, rows: int) -> None:
        super().__init__()
        self._number = linear.weight.dtype
        self._weight = _packed(linear.weight.detach(), rows)
        self._bias = None if linear.bias is None else linear.bias.detach()
        self._gelu = isinstance(linear, GELULinear)

    def forward(self, x: Tensor) -> Tensor:
        """Map (..., i) to (..., o), in the weights' number format."""
        return _packed_product(x.to(self._number), self._weight, self._bias, gelu=self._gelu)

    def plain(self) -> nn.Linear:
        """Restore the layer that this one replaced."""
        weight = self._weight.to_dense()
        kind = GELULinear if self._gelu else nn.Linear
        linear = kind(weight.shape[1], weight.shape[0], bias=self._bias is not None, device="meta")
        linear.weight = nn.Parameter(weight, requires_grad=False)
        if self._bias is not None:
            linear.bias = nn.Parameter(self._bias, requires_grad=False)
        return linear


def pack(net: nn.Module, rows: int) -> None:
    """Replace a net's linear layers on the CPU by packed ones, in place; plain weights are freed one by one."""
    _replace(net, nn.Linear, lambda layer: PackedLinear(layer, rows))


def unpack(net: nn.Module) -> None:
    """Undo `pack`."""
    _replace(net, PackedLinear, PackedLinear.plain)


def _replace(net: nn.Module, kind: type[nn.Module], made: Callable[..., nn.Module]) -> None:
    for module in list(net.modules()):
        for name, child in list(module.named_children()):
            if isinstance(child, kind):
                setattr(module, name, made(child))


def largest_layer(net: nn.Module, tokens: int) -> Layer | None:
    """Find a net's largest linear layer; None if it has none."""
    layers = [module for module in net.modules() if isinstance(module, nn.Linear)]
    largest = max(layers, key=lambda layer: layer.weight.numel(), default=None)
    return None if largest is None else Layer(largest.in_features, largest.out_features, tokens)


def worth_dividing(layer: Layer | None) -> bool:
    """Tell whether a net with that largest layer should divide its products among threads.

    If not, each thread computes samples of its own: several of them then take less time, one by itself a little more.
    """
    return layer is None or 2.0 * layer.width * layer.hidden * layer.tokens >= _WORTH_DIVIDING


@functools.cache
def fastest(layer: Layer) -> str:
    """Choose the fastest way on this processor for a net with that largest layer; measured once.

    Returns:
        `PLAIN`, `PACKED` or `HALF`.
    """
    return _told(layer, _measured(layer), chosen)


@functools.cache
def fastest_to_train(layer: Layer) -> str:
    """Choose the faster of `PLAIN` and `HALF` likewise: weights that change are not packed."""
    return _told(layer, _measured(layer), lambda seconds: min((PLAIN, HALF), key=seconds.__getitem__))


def _told(layer: Layer, seconds: Mapping[str, float], choose: Callable[[Mapping[str, float]], str]) -> str:
    """Choose a way and log the measurements."""
    way = choose(seconds)
    told = ", ".join(f"{name} {1000 * value:.2f} ms" for name, value in seconds.items())
    logger.info("%d tokens through a layer from %d to %d take %s: %s", layer.tokens, *layer[:2], told, way)
    return way


def chosen(seconds: Mapping[str, float]) -> str:
    """Choose a way by the seconds of each: exact ones before bf16, plain before packed."""
    exact = PLAIN
    if PACKED in seconds and seconds[PLAIN] >= _PACKED_GAIN * seconds[PACKED]:
        exact = PACKED
    return HALF if seconds[exact] >= max(_LEAST_S, _HALF_GAIN * seconds[HALF]) else exact


@torch.no_grad()
def _measured(layer: Layer) -> dict[str, float]:
    """Measure the seconds of a feed-forward layer in each way available."""
    width, hidden, rows = layer
    generator = torch.Generator().manual_seed(0)
    up = torch.randn(hidden, width, generator=generator) / width**0.5
    down = torch.randn(width, hidden, generator=generator) / hidden**0.5
    x = torch.randn(1, rows, width, generator=generator)
    ways: dict[str, tuple[Tensor, Tensor, Product, torch.dtype]] = {
        PLAIN: (up, down, F.linear, torch.float32),
        HALF: (up.bfloat16(), down.bfloat16(), F.linear, torch.bfloat16),
    }
    for name, number in ((PACKED, torch.float32), (HALF, torch.bfloat16)):
        if can_pack(number):
            ways[name] = (_packed(up.to(number), rows), _packed(down.to(number), rows), _packed_product, number)
    best = dict.fromkeys(ways, float("inf"))
    for round_ in range(_ROUNDS):
        for name, (first, second, product, number) in ways.items():
            if round_ >= _SURE_AFTER and best[name] > _HOPELESS * min(best.values()):
                continue
            started = time.perf_counter()
            inner = product(F.layer_norm(x, (width,)).to(number), first)
            x.add(product(F.gelu(inner), second))
            best[name] = min(best[name], time.perf_counter() - started)
    return best


@functools.cache
def can_pack(number: torch.dtype = torch.float32) -> bool:
    """Tell whether this PyTorch has packed products in a number format that agree with plain ones."""
    generator = torch.Generator().manual_seed(0)
    weight, x = (torch.randn(*shape, generator=generator).to(number) for shape in ((48, 32), (1, 5, 32)))
    plain = F.linear(x, weight)
    try:
        packed = _packed_product(x, _packed(weight, 5))
    except (AttributeError, NotImplementedError, RuntimeError) as error:
        logger.info("no packed products here: %s", error)
        return False
    return bool((packed - plain).abs().max() <= _NEAR[number] * plain.abs().max())


def _packed(weight: Tensor, rows: int) -> Tensor:
    """Pack (o, i) weights for oneDNN and a number of rows; only `_packed_product` reads the result."""
    laid: Tensor = torch.ops.mkldnn._reorder_linear_weight(weight.contiguous(), rows)
    return laid


def _packed_product(x: Tensor, weight: Tensor, bias: Tensor | None = None, *, gelu: bool = False) -> Tensor:
    """Compute x W^T + b with packed weights, and its tanh GELU if wanted."""
    after, how = ("gelu", "tanh") if gelu else ("none", "")
    product: Tensor = torch.ops.mkldnn._linear_pointwise(x, weight, bias, after, [], how)
    return product


@torch.no_grad()
def measure_peak(number: torch.dtype, *, packed: bool = False, device: str = "cpu") -> float:
    """Measure the operations a second of a large product in a number format; the quickest of several counts."""
    linear = nn.Linear(_PEAK_WIDTH, _PEAK_WIDTH, bias=False).to(device, number)
    product = PackedLinear(linear, _PEAK_ROWS) if packed else linear
    x, best = torch.randn(_PEAK_ROWS, _PEAK_WIDTH).to(device, number), float("inf")
    for _ in range(_ROUNDS):
        started = time.perf_counter()
        product(x)[0, 0].item()  # which waits for a GPU
        best = min(best, time.perf_counter() - started)
    return 2.0 * _PEAK_ROWS * _PEAK_WIDTH**2 / best
