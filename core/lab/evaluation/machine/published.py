"""What the published models take on this machine: seconds and memory of loading and of an edit, with random weights.

Knows nothing of quality, and needs no download: numbers of the right shapes cost as much as the right ones.
"""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import torch

from core.engine import load_engine
from core.engine.device import pick_device, pick_format
from core.errors import UnknownModel
from core.lab.evaluation.answers import markdown_table
from core.lab.evaluation.machine.memory import alone, watched
from core.lab.evaluation.machine.pictures import hole, picture
from core.models.checkpoints import read_spec, save_nets
from core.models.config import ModelSpec
from core.models.families import build
from core.models.presets import PRESETS
from core.values.geometry import Size
from core.values.groups import DecodeOptions, Painting
from core.values.labels import imagenet_classes
from core.values.region import Mask
from core.values.request import EditRequest


@dataclass(frozen=True)
class Cost:
    """What one model takes in a process of its own.

    Attributes:
        model: its name.
        parameters: numbers in both nets.
        weights_mb: of both nets in memory, 10^6 bytes.
        load_s, load_cpu_s: seconds of loading, packages imported before; on the clock, and of all processor threads
            together, which a busy machine does not stretch.
        edit_s, edit_cpu_s: seconds of the first edit, of one variation at the model's own settings.
        steps: decoding steps T of that edit.
        load_peak, edit_peak: the most memory held at once beyond what the process held before the model, over the
            weights; None where the system does not tell.
    """

    model: str
    parameters: int
    weights_mb: float
    load_s: float
    load_cpu_s: float
    edit_s: float
    edit_cpu_s: float
    steps: int
    load_peak: float | None
    edit_peak: float | None


def measure_published(name: str, *, device: str = "auto", dtype: str = "auto") -> Cost:
    """Return what a published model takes, with random weights in place of its own.

    Args:
        name: key of `core.models.presets.PRESETS`.
        device, dtype: as of `load_engine`.

    Raises:
        UnknownModel: where no published model is called that.
        BadRequest: for a device or number format that cannot be had.
    """
    pick_format(dtype, pick_device(device), None)  # refused before gigabytes are written
    if name not in PRESETS:
        raise UnknownModel(f"model {name!r} is not published: choose one of {', '.join(PRESETS)}.")
    with tempfile.TemporaryDirectory() as place:
        _write_random(Path(place), replace(PRESETS[name], classes=imagenet_classes()))
        return alone(load_and_edit, Path(place), device, dtype)


def load_and_edit(folder: Path, device: str, dtype: str) -> Cost:
    """Load a model folder and edit once, keeping accounts; meant for a process of its own.

    Args:
        folder: a model folder.
        device, dtype: as of `load_engine`.
    """
    spec = read_spec(folder)
    with torch.device("meta"):
        build(spec)  # what its first use imports is not the model's
    image, mask = picture(1280, 960), hole(Size(1280, 960), 192)
    loading, engine = watched(lambda: load_engine(folder=folder, device=device, dtype=dtype))
    held = [tensor for net in (engine.tokenizer, engine.transformer) for tensor in net.parameters()]
    weights = sum(tensor.nbytes for tensor in held)
    options = DecodeOptions(**asdict(spec.defaults))
    class_id = None if spec.null_class else 0
    # The nets alone: a finish takes as long whatever model it follows.
    request = EditRequest(image, Mask(mask), class_id, painting=Painting(finish="none"), decoding=options)
    editing, _ = watched(lambda: engine.edit(request))
    return Cost(
        model=spec.name,
        parameters=sum(tensor.numel() for tensor in held),
        weights_mb=weights / 1e6,
        load_s=loading.seconds,
        load_cpu_s=loading.cpu_seconds,
        edit_s=editing.seconds,
        edit_cpu_s=editing.cpu_seconds,
        steps=options.steps,
        load_peak=None if loading.added is None else loading.added / weights,
        # While it edits, the process holds the weights besides.
        edit_peak=None if editing.added is None else 1.0 + editing.added / weights,
    )


def _write_random(folder: Path, spec: ModelSpec) -> None:
    """Write a model of random weights that keep the size of what they see, biases 0 and norms 1."""
    with torch.device("meta"):
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


def markdown(costs: Sequence[Cost]) -> str:
    """Return a table, one line a model."""
    held = "peak / weights"
    head = ("model", "parameters", "weights, MB", "load, s (cpu)", held, "T", "edit, s (cpu)", held)
    rows = []
    for cost in costs:
        loading, editing = ("-" if peak is None else f"{peak:.2f}" for peak in (cost.load_peak, cost.edit_peak))
        size = (f"{cost.parameters / 1e6:.0f} M", f"{cost.weights_mb:.0f}")
        load, edit = f"{cost.load_s:.1f} ({cost.load_cpu_s:.1f})", f"{cost.edit_s:.1f} ({cost.edit_cpu_s:.1f})"
        rows.append((cost.model, *size, load, loading, str(cost.steps), edit, editing))
    return markdown_table(head, rows)
