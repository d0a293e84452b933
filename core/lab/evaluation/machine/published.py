"""Measures published models on this machine: seconds and memory of loading and of an edit, with random weights.

Knows nothing of quality, and needs no download: numbers of the right shapes cost as much as the right ones.
"""

from __future__ import annotations

import tempfile
from dataclasses import replace
from pathlib import Path

import torch

from core.engine import load_engine
from core.engine.device import FORMATS, format_called, pick_device, pick_format
from core.errors import UnknownModel
from core.lab.evaluation.machine.edits import SIZE, hole, picture
from core.lab.evaluation.machine.watching import Timing, alone, watched
from core.lab.evaluation.requests import advised
from core.models.checkpoints import empty_nets, halve, read_spec, save_nets
from core.models.config import ModelSpec
from core.models.families import build, unfilled
from core.models.presets import PRESETS
from core.values.groups import Painting
from core.values.labels import imagenet_classes
from core.values.region import Mask
from core.values.request import EditRequest


def measure_published(name: str, *, device: str = "auto", dtype: str = "auto") -> tuple[Timing, Timing]:
    """Measure loading a published model and one edit at its own settings, with random weights.

    Added memory is beyond what the process held before; while it edits, it holds the weights besides.

    Args:
        name: key of `core.models.presets.PRESETS`.
        device, dtype: as of `load_engine`.

    Raises:
        UnknownModel: where no published model is called that.
        BadRequest: for a device or number format that is not available.
    """
    pick_format(dtype, pick_device(device), None)  # refused before gigabytes are written
    if name not in PRESETS:
        raise UnknownModel(f"model {name!r} is not published: choose one of {', '.join(PRESETS)}.")
    with tempfile.TemporaryDirectory() as place:
        _write_random(Path(place), replace(PRESETS[name], classes=imagenet_classes()))
        return alone(_load_and_edit, Path(place), device, dtype)


def _load_and_edit(folder: Path, device: str, dtype: str) -> tuple[Timing, Timing]:
    spec = read_spec(folder)
    nets = empty_nets(folder, spec)  # now: what its first use imports is not the model's
    image, mask = picture(*SIZE), hole(SIZE, SIZE.height // 5)
    loading, engine = watched(spec.name, lambda: load_engine(folder=folder, device=device, dtype=dtype))
    name = format_called(engine.dtype)
    assert name is not None, "the engine computes in one of the formats"
    for net in nets:
        halve(net, FORMATS[name].dtype)
    held = [tensor for net in nets for tensor in net.parameters()]
    count, weights = sum(tensor.numel() for tensor in held), sum(tensor.nbytes for tensor in held)
    # The nets alone: a finish takes as long whatever model it follows.
    request = EditRequest(image, Mask(mask), painting=Painting(finish="none"), **advised(spec))
    editing, _ = watched(f"{spec.name}, edit at T = {request.decoding.steps}", lambda: engine.edit(request))
    size = f"{count / 1e6:.0f} M parameters, {weights / 1e6:.0f} MB"
    return replace(loading, name=f"{spec.name}, load: {size}"), editing


def _write_random(folder: Path, spec: ModelSpec) -> None:
    """Write a model of random weights that preserve the scale of their inputs, biases 0 and norms 1."""
    with unfilled():
        nets = build(spec)
    draw = torch.Generator().manual_seed(0)
    states = [
        {
            name: torch.randn(value.shape, generator=draw) / value[0].numel() ** 0.5
            if value.ndim > 1
            else torch.full(value.shape, float(name.endswith("weight")))
            for name, value in net.state_dict().items()
        }
        for net in nets
    ]
    save_nets(folder, spec, states[0], states[1], torch.float32)
