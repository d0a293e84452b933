"""Loads an engine, or the painter in it, by its model's name.

Knows nothing of requests or pictures.
"""

from __future__ import annotations

from pathlib import Path
from typing import overload

from core.engine.device import pick_device, pick_format
from core.engine.engine import Engine
from core.engine.lent import Lend, LentLine
from core.engine.local import LocalPainter
from core.engine.nets import Nets
from core.engine.products import largest_layer, worth_dividing
from core.engine.remote import RemotePainter
from core.errors import UnknownModel
from core.models.bundled import BUNDLED, list_models
from core.models.catalog import CATALOG
from core.models.checkpoints import CONFIG_FILE, empty_nets, fill_nets, load_sharpener, read_spec
from core.models.config import ModelSpec
from core.models.recogniser import Recogniser, load_recogniser
from core.models.vision import load_vision


class LocalEngine(Engine):
    """One model whose nets are in this process."""

    def __init__(self, spec: ModelSpec, painter: LocalPainter, *, recogniser: Recogniser | None = None) -> None:
        super().__init__(spec, painter, recogniser=recogniser)
        self._nets = painter.nets

    @property
    def forwards(self) -> int:
        """Transformer passes so far, one per sample and guidance branch."""
        return self._nets.forwards

    @property
    def encodes(self) -> int:
        """Windows encoded so far; a window seen before is not encoded again."""
        return self._nets.encodes

    def divide_among(self, threads: int) -> None:
        """Divide each product among this many threads from now on; another number may move pixels by a level.

        On a CPU that has more of them, samples go through the nets side by side, which no picture depends on.
        """
        self._nets.divide_among(threads)


@overload
def load_engine(model: str = ..., *, lend: Lend, folder: Path | None = ...) -> Engine: ...


@overload
def load_engine(model: str = ..., *, device: str = ..., dtype: str = ..., folder: Path | None = ...) -> LocalEngine: ...


def load_engine(
    model: str = "scenes-128",
    *,
    device: str = "auto",
    dtype: str = "auto",
    folder: Path | None = None,
    lend: Lend | None = None,
) -> Engine:
    """Load a model once; edit with it many times.

    Args:
        model: name of a bundled model, or of a published one that was downloaded and converted.
        device: one of `core.values.DEVICES`: "auto", "cpu", "cuda", "cuda:1", "mps" or "xpu".
        dtype: "auto", which measures, or one of `core.engine.device.FORMATS`: "fp32", "packed", "bf16" or "fp16".
        folder: a model folder of one's own, instead of `model`.
        lend: lends a CUDA GPU for one question at a time, on which the nets compute in bf16; see `core.engine.lent`.

    Raises:
        UnknownModel: if no model has that name, or it is not on this disk.
        CheckpointError: if its files cannot be used.
        BadRequest: if the device or number format is not available.
    """
    folder = folder_of(model) if folder is None else folder
    spec = read_spec(folder)
    recogniser = load_recogniser(folder, spec)
    if lend is not None:
        line = LentLine(load_painter(folder, spec, device="cpu", dtype="bf16"), lend)
        return Engine(spec, RemotePainter(line), recogniser=recogniser)
    return LocalEngine(spec, load_painter(folder, spec, device=device, dtype=dtype), recogniser=recogniser)


def load_painter(folder: Path, spec: ModelSpec, *, device: str, dtype: str) -> LocalPainter:
    """Load a model's nets.

    Args:
        folder: of the model.
        spec: the model.
        device, dtype: see `load_engine`.

    Raises:
        CheckpointError: if its files cannot be used.
        BadRequest: if the device or number format is not available.
    """
    chosen_device = pick_device(device)
    tokenizer, transformer = nets = empty_nets(folder, spec)
    layer = largest_layer(transformer, spec.grid**2)
    number = pick_format(dtype, chosen_device, layer)
    fill_nets(nets, folder, spec, number.dtype)
    sharpener = load_sharpener(folder, spec, number.dtype)
    vision = load_vision(folder, spec.sha256) if transformer.sees_pixels else None
    held = Nets(spec, tokenizer, transformer, vision=vision, device=chosen_device, number=number)
    if not worth_dividing(layer):
        held.divide_among(1)
    return LocalPainter(spec, held, sharpener)


def folder_of(model: str) -> Path:
    """Find the folder of a bundled model, or of a published one that was downloaded and converted.

    Raises:
        UnknownModel: if no model has that name, or it is not on this disk.
    """
    bundled = [spec.name for spec in list_models()]
    if model in bundled:
        return BUNDLED / model
    if model not in CATALOG:
        names = ", ".join((*bundled, *CATALOG))
        raise UnknownModel("model {model!r} is unknown: choose one of {names}.", model=model, names=names)
    from core.models.library import converted_folder  # imports huggingface_hub, which the bundled model does not need

    folder = converted_folder(model)
    if not (folder / CONFIG_FILE).is_file():
        gigabytes = CATALOG[model].bytes / 1e9
        raise UnknownModel(
            "model {model!r} ({gigabytes:.2f} GB, {licence}) is not on this disk: `python -m core "
            "download {model}` fetches it.",
            model=model,
            gigabytes=gigabytes,
            licence=CATALOG[model].licence,
        )
    return folder
