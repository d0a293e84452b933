"""Ways of multiplying: packed weights say the same as plain ones, and the quickest way is taken only where it pays."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from core import load_engine
from core.engine import products
from core.engine.products import (
    HALF,
    PACKED,
    PLAIN,
    Layer,
    PackedLinear,
    can_pack,
    chosen,
    fastest,
    fastest_to_train,
    largest_layer,
    pack,
    unpack,
    worth_dividing,
)
from core.models.attention import GELULinear

packing = pytest.mark.skipif(not can_pack(), reason="this PyTorch has no packed products")


class Two(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        generator = torch.Generator().manual_seed(5)
        self.layers = nn.ModuleList([GELULinear(48, 96), nn.Linear(96, 48, bias=False)])
        for parameter in self.parameters():
            parameter.data = torch.randn(parameter.shape, generator=generator) / 7
        self.requires_grad_(False)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        first, second = self.layers
        y: torch.Tensor = second(first(x))
        return y


@packing
@pytest.mark.parametrize("shape", [(1, 48), (1, 16, 48), (3, 7, 48)])
def test_packed_layers_say_what_plain_ones_say(shape: tuple[int, ...]) -> None:
    net, x = Two(), torch.randn(shape, generator=torch.Generator().manual_seed(6))
    plain = net(x)
    pack(net, rows=16)
    assert sum(isinstance(module, PackedLinear) for module in net.modules()) == 2
    assert not list(net.parameters())
    packed = net(x)
    assert torch.allclose(packed, plain, rtol=0, atol=float(plain.abs().max()) * 1e-5)
    assert torch.equal(net(x), packed)


@pytest.mark.skipif(not can_pack(torch.bfloat16), reason="this processor has no packed products of halves")
def test_packed_halves_say_what_plain_ones_say_and_round_a_gelu_once() -> None:
    net, x = Two().bfloat16(), torch.randn(1, 16, 48, generator=torch.Generator().manual_seed(6))
    up, down = net.layers
    assert torch.equal(PackedLinear(down, 16)(up(x.bfloat16())), down(up(x.bfloat16()))), "without a GELU to the bit"
    exact = F.gelu(F.linear(x.bfloat16().float(), up.weight.float(), up.bias.float()), approximate="tanh")
    packed = PackedLinear(up, 16)(x)  # float32 is cast, as autocast does
    assert packed.dtype == torch.bfloat16
    assert (packed - exact).abs().max() <= (up(x.bfloat16()) - exact).abs().max()


@packing
def test_unpacking_gives_the_same_numbers_back() -> None:
    net = Two()
    before = {name: value.clone() for name, value in net.state_dict().items()}
    pack(net, rows=16)
    unpack(net)
    after = net.state_dict()
    assert before.keys() == after.keys()
    assert all(torch.equal(value, after[name]) for name, value in before.items())
    assert [type(layer) for layer in net.layers] == [GELULinear, nn.Linear]


def test_the_largest_layer_is_found_on_the_meta_device_too() -> None:
    with torch.device("meta"):
        net = Two()
    assert largest_layer(net, 9) in (Layer(48, 96, 9), Layer(96, 48, 9))
    assert largest_layer(nn.Sequential(nn.Conv2d(3, 3, 3)), 9) is None


@pytest.mark.parametrize(
    ("seconds", "way"),
    [
        ({PLAIN: 0.02, PACKED: 0.02, HALF: 0.02}, PLAIN),
        ({PLAIN: 0.02, PACKED: 0.018, HALF: 0.015}, PLAIN),  # as where plain products are quick
        ({PLAIN: 0.046, PACKED: 0.02, HALF: 0.015}, PACKED),
        ({PLAIN: 0.046, PACKED: 0.02, HALF: 0.01}, HALF),
        ({PLAIN: 0.0046, PACKED: 0.002, HALF: 0.001}, PACKED),  # a small net is quick enough as it is
        ({PLAIN: 0.02, HALF: 0.026}, PLAIN),
        ({PLAIN: 0.02, HALF: 0.004}, HALF),
    ],
)
def test_exact_ways_are_taken_unless_others_are_much_quicker(seconds: dict[str, float], way: str) -> None:
    assert chosen(seconds) == way


def test_a_hopeless_way_is_not_measured_to_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    taken = {torch.float32: 0.001, torch.bfloat16: 0.01}  # seconds of a layer, as where bf16 has no instructions
    clock, calls = [0.0], []

    def linear(x: torch.Tensor, weight: torch.Tensor) -> torch.Tensor:
        clock[0] += taken[x.dtype] / 2
        calls.append(x.dtype)
        return x @ weight.T

    monkeypatch.setattr(products.F, "linear", linear)
    monkeypatch.setattr(products, "can_pack", lambda number=torch.float32: False)
    monkeypatch.setattr(products.time, "perf_counter", lambda: clock[0])
    assert products._measured(Layer(8, 16, 4)) == pytest.approx({PLAIN: 0.001, HALF: 0.01})
    assert calls.count(torch.bfloat16) < calls.count(torch.float32) == 2 * products._ROUNDS


def test_every_way_is_measured_once() -> None:
    layer = Layer(32, 64, 16)
    first = fastest(layer)
    assert first in (PLAIN, PACKED, HALF)
    assert fastest(layer) == first
    assert fastest_to_train(layer) in (PLAIN, HALF)


def test_large_products_are_divided_among_threads_and_small_ones_leave_each_thread_a_sample() -> None:
    assert worth_dividing(Layer(768, 3072, 257)), "google-256"
    assert worth_dividing(None), "nothing is known of it"
    assert not worth_dividing(Layer(256, 1536, 256)), "the bundled model"
    engine = load_engine("scenes-128", device="cpu", dtype="fp32")
    assert engine.machine.threads == 1


@pytest.mark.parametrize(
    ("number", "packed"),
    [(torch.float32, False), (torch.bfloat16, False), pytest.param(torch.float32, True, marks=packing)],
)
def test_the_peak_is_that_of_a_product_in_the_format(
    number: torch.dtype, packed: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(products, "_PEAK_ROWS", 8)
    monkeypatch.setattr(products, "_PEAK_WIDTH", 16)
    ticks = iter(range(100))
    monkeypatch.setattr(products.time, "perf_counter", lambda: float(next(ticks)))
    assert products.measure_peak(number, packed=packed) == 2 * 8 * 16 * 16
