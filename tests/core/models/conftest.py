"""What the tests of the published families share: their key lists, and nets whose every number matters."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from torch import nn

KEYS = json.loads((Path(__file__).parents[2] / "golden" / "checkpoint-keys.json").read_text())

Shapes = dict[str, tuple[int, ...]]


@pytest.fixture(autouse=True)
def seeded() -> None:
    torch.manual_seed(0)


@pytest.fixture
def published() -> Callable[[str, str], Shapes]:
    """Names and shapes of one published net at full size: (entry, "tokenizer" | "transformer") -> shapes."""

    def shapes(entry: str, net: str) -> Shapes:
        found: Shapes = {}
        for name, text in KEYS[entry][net].items():
            for i in range(KEYS[entry]["layers"]) if "{i}" in name else (0,):
                found[name.replace("{i}", str(i))] = tuple(int(n) for n in text.split("x"))
        return found

    return shapes


@pytest.fixture
def shapes_of() -> Callable[[nn.Module], Shapes]:
    return lambda net: {name: tuple(value.shape) for name, value in net.state_dict().items()}


@pytest.fixture
def shaken() -> Callable[[nn.Module], nn.Module]:
    """Replace every parameter by a seeded random one, norms and biases included, so that none can be forgotten."""

    def shake(net: nn.Module) -> nn.Module:
        generator = torch.Generator().manual_seed(7)
        for name, parameter in net.named_parameters():
            noise = torch.randn(parameter.shape, generator=generator)
            is_norm = parameter.ndim == 1 and name.endswith("weight")
            with torch.no_grad():
                parameter.copy_(1.0 + 0.3 * noise if is_norm else 0.3 * noise)
        return net.eval()

    return shake
