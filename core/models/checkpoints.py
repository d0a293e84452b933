"""Model folders: config.json beside the weights as safetensors, read strictly, written whole.

Knows nothing of where folders come from. Only safetensors are opened here, so that no file's content is executed. Nets
are made on the meta device and filled one tensor at a time from mapped files, so that loading takes hardly more memory
than the weights in the requested number format.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from core.errors import CheckpointError
from core.models.compact import CompactTokenizer, CompactTokenizerConfig
from core.models.config import RECOGNISER_FILE, ModelSpec, spec_of, whole_of
from core.models.containers import each_tensor, tensor_shapes, write_tensors
from core.models.families import NO_NET, build, net_config, unfilled
from core.models.interfaces import MaskTransformer, VQTokenizer
from core.models.keymaps import require_shapes, shapes_of
from core.models.sharpener import Sharpener, SharpenerConfig
from core.plumbing.json_text import json_object

TOKENIZER_FILE = "tokenizer.safetensors"
TRANSFORMER_FILE = "transformer.safetensors"
SHARPENER_FILE = "sharpener.safetensors"
VISION_FILE = "features.safetensors"  # the frozen classifier of models that see pixels
CONFIG_FILE = "config.json"
TOKENIZER_CONFIG_FILE = "tokenizer.json"  # of stage one alone


def read_spec(folder: Path) -> ModelSpec:
    """Read the model that a folder describes.

    Raises:
        CheckpointError: if config.json is missing, another program's, or does not describe a model.
    """
    path = folder / CONFIG_FILE
    try:
        values = json_object(path.read_bytes())
        if values and not {"family", "tokenizer", "transformer"} & values.keys():
            raise CheckpointError(
                "{path} is another program's description of a net (its first entry is {first!r}): give the "
                "weight files alone to python -m core convert.",
                path=path,
                first=next(iter(values)),
            )
        return spec_of(values)
    except FileNotFoundError as error:
        raise CheckpointError(
            "{folder} holds no {config}: choose a folder that train-mvtm wrote.", folder=folder, config=CONFIG_FILE
        ) from error
    except (ValueError, OSError) as error:
        raise CheckpointError(
            "{path} does not describe a model ({error}): write it again with train-mvtm.", path=path, error=error
        ) from error


def load_nets(folder: Path, spec: ModelSpec, dtype: torch.dtype = torch.float32) -> tuple[VQTokenizer, MaskTransformer]:
    """Build both nets and fill them, checking every key, shape and, if the spec has it, sha256.

    Args:
        folder: holds both weight files.
        spec: from `read_spec`.
        dtype: of the weights that `torch.autocast(dtype=dtype)` would cast at each use anyway, those of linear and
            convolution layers; norms, tables and codebooks stay float32, so that results under autocast are those of
            float32 nets.

    Returns:
        The tokenizer and the transformer on the CPU in evaluation mode, without gradients.

    Raises:
        CheckpointError: if a file is missing, damaged, or of another model.
    """
    tokenizer, transformer = nets = empty_nets(folder, spec)
    fill_nets(nets, folder, spec, dtype)
    return tokenizer, transformer


def fill_nets(
    nets: tuple[VQTokenizer, MaskTransformer], folder: Path, spec: ModelSpec, dtype: torch.dtype = torch.float32
) -> None:
    """Fill both nets of `empty_nets` in place, as `load_nets` does.

    Raises:
        CheckpointError: as `load_nets`.
    """
    for net, name in zip(nets, (TOKENIZER_FILE, TRANSFORMER_FILE), strict=True):
        _fill(net, folder / name, spec.sha256, dtype)


def empty_nets(folder: Path, spec: ModelSpec) -> tuple[VQTokenizer, MaskTransformer]:
    """Build both nets of a folder's description, on the meta device and without weights.

    Raises:
        CheckpointError: if it makes no nets.
    """
    try:
        with unfilled():
            return build(spec)
    except ValueError as error:
        raise CheckpointError(
            "{path} does not make a model: {error}.", path=folder / CONFIG_FILE, error=error
        ) from error


def load_sharpener(folder: Path, spec: ModelSpec, dtype: torch.dtype = torch.float32) -> Sharpener | None:
    """Load a model's sharpener as `load_nets` loads its nets; None if it has none.

    Raises:
        CheckpointError: if its file is missing, damaged, or of another net.
    """
    if not spec.sharpener:
        return None
    try:
        with unfilled():
            sharpener = Sharpener(net_config(SharpenerConfig, spec.sharpener, "sharpener"))
    except ValueError as error:
        raise CheckpointError(
            "{path} does not make a model: {error}.", path=folder / CONFIG_FILE, error=error
        ) from error
    _fill(sharpener, folder / SHARPENER_FILE, spec.sha256, dtype)
    return sharpener


def _fill(net: nn.Module, path: Path, digests: Mapping[str, str], dtype: torch.dtype = torch.float32) -> None:
    """Load a file into a net built on the meta device."""
    expected = net.state_dict()
    require_shapes(tensor_shapes(path), shapes_of(expected), str(path))
    require_digest(path, digests)
    autocast = _autocast_names(net)
    weights: dict[str, Tensor] = {}
    for name, value in each_tensor(path):
        kind = expected[name].dtype
        if value.is_floating_point() != kind.is_floating_point:
            raise CheckpointError(
                "{path}: {name!r} holds {dtype}, expected {kind}: it belongs to another model.",
                path=path,
                name=name,
                dtype=value.dtype,
                kind=kind,
            )
        if kind.is_floating_point:
            kind = dtype if name in autocast else torch.float32
        weights[name] = torch.empty(value.shape, dtype=kind).copy_(value)  # the mapped file may be replaced later
        require_finite(weights[name], value, f"{path}: {name!r}")
    net.load_state_dict(weights, assign=True)
    net.eval().requires_grad_(False)


def halve(net: nn.Module, dtype: torch.dtype) -> None:
    """Cast a net's weights in place to a smaller number format, the same weights that `load_nets` would cast.

    Args:
        net: filled, in evaluation mode.
        dtype: of the autocast under which the net will run.
    """
    names = _autocast_names(net)
    for name, value in net.named_parameters():
        if name in names:
            value.data = value.data.to(dtype)


def require_digest(path: Path, digests: Mapping[str, str]) -> None:
    """Raise CheckpointError if a file's sha256 differs from the one listed under its name."""
    wanted = digests.get(path.name)
    if wanted is not None and (seen := file_digest(path)) != wanted:
        raise CheckpointError(
            "{path} has sha256 {seen}..., expected {wanted}...: fetch the file again.",
            path=path,
            seen=seen[:12],
            wanted=wanted[:12],
        )


def _autocast_names(net: nn.Module) -> set[str]:
    """List the parameters that autocast casts at each use."""
    layers = [name for name, module in net.named_modules() if isinstance(module, (nn.Linear, nn.Conv2d))]
    return {f"{layer}.{end}" for layer in layers for end in ("weight", "bias")} | {
        name for name, _ in net.named_parameters() if name.endswith(("in_proj_weight", "in_proj_bias"))
    }


def require_finite(value: Tensor, read: Tensor, what: str) -> None:
    """Raise CheckpointError if a tensor holds NaN or infinity, before or after its cast."""
    if not value.is_floating_point() or _all_finite(value):
        return
    if _all_finite(read):
        raise CheckpointError(
            "{what} holds numbers beyond {dtype}: choose bf16 or fp32 instead.", what=what, dtype=value.dtype
        )
    raise CheckpointError("{what} holds numbers that are not finite: train or fetch it again.", what=what)


def _all_finite(value: Tensor) -> bool:
    # In small parts: the test makes copies, and large ones between the weights would fragment the heap.
    return all(bool(torch.isfinite(part).all()) for part in value.reshape(-1).split(1 << 16))


def load_tokenizer(folder: Path) -> tuple[CompactTokenizer, int]:
    """Load the tokenizer of a `train-tokenizer` run or of a compact model folder, and its pixels.

    Raises:
        CheckpointError: if the folder holds neither, or a damaged one.
    """
    described = folder / TOKENIZER_CONFIG_FILE
    values: Mapping[str, Any]
    if described.is_file():
        values, pixels = _described_tokenizer(described)
    else:
        spec = read_spec(folder)
        if spec.family != "compact":
            raise CheckpointError(
                "{folder} is of the {described} family: only compact tokenizers are trained here.",
                folder=folder,
                described=spec.family,
            )
        values, pixels = spec.tokenizer, spec.pixels
    try:
        with unfilled():
            tokenizer = CompactTokenizer(net_config(CompactTokenizerConfig, values, "tokenizer"))
    except (TypeError, ValueError, *NO_NET) as error:
        raise CheckpointError(
            "{folder} describes no tokenizer ({error}): train it again.", folder=folder, error=error
        ) from error
    _fill(tokenizer, folder / TOKENIZER_FILE, {})
    return tokenizer, pixels


def _described_tokenizer(path: Path) -> tuple[Mapping[str, Any], int]:
    """Read the config values and pixels of a `train-tokenizer` run."""
    try:
        values = json_object(path.read_bytes())
        return values, whole_of("pixels", values.pop("pixels", None), 1)
    except (ValueError, OSError) as error:
        raise CheckpointError(
            "{path} describes no tokenizer ({error}): train it again.", path=path, error=error
        ) from error


def save_tokenizer(folder: Path, tokenizer: CompactTokenizer, pixels: int) -> None:
    """Write the files that `load_tokenizer` reads, with fp16 weights; each file appears whole or not at all."""
    partial = folder / f"{TOKENIZER_FILE}.partial"
    _write(partial, tokenizer.state_dict(), torch.float16, TOKENIZER_FILE)
    os.replace(partial, folder / TOKENIZER_FILE)
    described = {"pixels": pixels, **net_description(tokenizer.config)}
    (folder / TOKENIZER_CONFIG_FILE).write_text(json.dumps(described, indent=1) + "\n")


def save_nets(
    folder: Path,
    spec: ModelSpec,
    tokenizer: Mapping[str, Tensor],
    transformer: Mapping[str, Tensor],
    dtype: torch.dtype = torch.float16,
    vision: Path | None = None,
) -> ModelSpec:
    """Write a model folder; each file appears whole or not at all.

    Args:
        folder: made if missing.
        spec: describes the model; its sha256 entries are replaced by those of the files.
        tokenizer, transformer: state dicts.
        dtype: of all floats in the files.
        vision: the frozen classifier's file, for a transformer that sees pixels; copied unchanged.

    Returns:
        The spec as written.

    Raises:
        CheckpointError: if a number is not finite, or too large for the dtype.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for name, weights in ((TOKENIZER_FILE, tokenizer), (TRANSFORMER_FILE, transformer)):
        partial = folder / f"{name}.partial"
        _write(partial, weights, dtype, name)
        os.replace(partial, folder / name)
    names = [TOKENIZER_FILE, TRANSFORMER_FILE]
    if vision is not None:
        _copy(vision, folder / VISION_FILE)
        names.append(VISION_FILE)
    digests = {name: file_digest(folder / name) for name in names}
    spec = dataclasses.replace(spec, sha256=digests, sharpener={})  # an earlier one was taught by other pictures
    write_spec(folder, spec)
    return spec


def save_with_sharpener(model: Path, folder: Path, sharpener: Sharpener) -> ModelSpec:
    """Copy a model folder and add this sharpener, as fp16; each file appears whole or not at all.

    Args:
        model: the folder to copy: its nets, what lies beside them, and config.json.
        folder: made if missing.
        sharpener: the net.

    Returns:
        The spec as written.

    Raises:
        CheckpointError: if `model` holds no model, or a number is not finite.
    """
    spec = read_spec(model)
    folder.mkdir(parents=True, exist_ok=True)
    for name in (TOKENIZER_FILE, TRANSFORMER_FILE):
        if not (folder / name).is_file():
            _copy(model / name, folder / name)
    copy_beside(model, spec, folder)
    return add_sharpener(folder, spec, sharpener)


def copy_beside(model: Path, spec: ModelSpec, folder: Path) -> dict[str, str]:
    """Copy what lies beside a model's nets in a format of its own.

    Args:
        model, spec: of the model that has it.
        folder: of the model that gets it; its config.json is left as it is.

    Returns:
        Their sha256 by name, for that config.json.
    """
    names = [name for name in (VISION_FILE, RECOGNISER_FILE) if name in spec.sha256]
    for name in names:
        _copy(model / name, folder / name)
    return {name: spec.sha256[name] for name in names}


def _copy(file: Path, to: Path) -> None:
    """Copy a file; the copy appears whole or not at all."""
    partial = to.with_name(f"{to.name}.partial")
    shutil.copyfile(file, partial)
    os.replace(partial, to)


def add_sharpener(folder: Path, spec: ModelSpec, sharpener: Sharpener, dtype: torch.dtype = torch.float16) -> ModelSpec:
    """Write a sharpener, all its floats in the dtype, beside a folder's nets, and enter it in config.json."""
    partial = folder / f"{SHARPENER_FILE}.partial"
    _write(partial, sharpener.state_dict(), dtype, SHARPENER_FILE)
    os.replace(partial, folder / SHARPENER_FILE)
    digests = {**spec.sha256, SHARPENER_FILE: file_digest(folder / SHARPENER_FILE)}
    spec = dataclasses.replace(spec, sha256=digests, sharpener=net_description(sharpener.config))
    write_spec(folder, spec)
    return spec


def write_spec(folder: Path, spec: ModelSpec) -> None:
    """Write config.json; it appears whole or not at all."""
    partial = folder / f"{CONFIG_FILE}.partial"
    partial.write_text(json.dumps(dataclasses.asdict(spec), indent=1) + "\n")
    os.replace(partial, folder / CONFIG_FILE)


def _write(path: Path, weights: Mapping[str, Tensor], dtype: torch.dtype, what: str) -> None:
    """Write a state dict with finite floats, all in the dtype; at most one tensor is copied at a time."""

    def stored(name: str) -> Tensor:
        value = weights[name].detach()
        brought = value.to(dtype) if value.is_floating_point() else value
        require_finite(brought, value, f"{what}: {name!r}")
        return brought

    kinds = {k: (dtype if v.is_floating_point() else v.dtype, tuple(v.shape)) for k, v in weights.items()}
    write_tensors(path, kinds, stored)


def file_digest(path: Path) -> str:
    """Compute a file's sha256 as hex digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def net_description(config: Any) -> dict[str, Any]:
    """Convert a net's config dataclass to JSON values, the form of `ModelSpec.tokenizer` and `.transformer`."""
    return dict(json.loads(json.dumps(dataclasses.asdict(config))))
