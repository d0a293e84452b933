"""Model folders: config.json beside tokenizer.safetensors and transformer.safetensors, read strictly, written whole.

Knows nothing of where folders come from. Only safetensors are opened here, so that nothing in a file is executed.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from core.errors import CheckpointError
from core.models.compact import CompactTokenizer, CompactTokenizerConfig
from core.models.config import Defaults, ModelSpec
from core.models.families import build
from core.models.interfaces import MaskTransformer, VQTokenizer

TOKENIZER_FILE = "tokenizer.safetensors"
TRANSFORMER_FILE = "transformer.safetensors"
CONFIG_FILE = "config.json"
TOKENIZER_CONFIG_FILE = "tokenizer.json"  # of stage one alone


def read_spec(folder: Path) -> ModelSpec:
    """Return the model that a folder describes.

    Raises:
        CheckpointError: where config.json is missing or does not describe a model.
    """
    path = folder / CONFIG_FILE
    try:
        values = json.loads(path.read_text())
        known = {f.name for f in dataclasses.fields(ModelSpec)}
        unknown = sorted(set(values) - known)
        if unknown:
            raise TypeError(f"unknown entries {', '.join(unknown)}")
        defaults = Defaults(**values.pop("defaults", {}))
        return ModelSpec(**{**values, "classes": tuple(values["classes"])}, defaults=defaults)
    except FileNotFoundError as error:
        raise CheckpointError(f"{folder} holds no {CONFIG_FILE}: choose a folder that train-mvtm wrote.") from error
    except (ValueError, TypeError, KeyError) as error:
        raise CheckpointError(f"{path} does not describe a model ({error}): write it again with train-mvtm.") from error


def load_nets(folder: Path, spec: ModelSpec) -> tuple[VQTokenizer, MaskTransformer]:
    """Build both nets and fill them, checking every key, shape and, where the spec gives it, sha256.

    Returns:
        The tokenizer and the transformer on the CPU, float32, in evaluation mode, without gradients.

    Raises:
        CheckpointError: where a file is missing, damaged, or of another model.
    """
    try:
        with torch.device("meta"):
            tokenizer, transformer = build(spec)
    except (TypeError, ValueError) as error:
        raise CheckpointError(f"{folder / CONFIG_FILE} does not make a model: {error}.") from error
    _fill(tokenizer, folder / TOKENIZER_FILE, spec.sha256)
    _fill(transformer, folder / TRANSFORMER_FILE, spec.sha256)
    return tokenizer, transformer


def _fill(net: nn.Module, path: Path, digests: Mapping[str, str]) -> None:
    """Load a file into a net built on the meta device."""
    if not path.is_file():
        raise CheckpointError(f"{path} is missing: fetch the model's files again.")
    wanted = digests.get(path.name)
    if wanted is not None and (seen := file_digest(path)) != wanted:
        raise CheckpointError(f"{path} has sha256 {seen[:12]}..., expected {wanted[:12]}...: fetch the file again.")
    try:
        weights = load_file(path)
    except (SafetensorError, OSError) as error:
        raise CheckpointError(f"{path} is not a whole safetensors file ({error}): fetch the file again.") from error
    expected = net.state_dict()
    for kind, keys in (
        ("lacks", sorted(set(expected) - set(weights))),
        ("has unknown", sorted(set(weights) - set(expected))),
    ):
        if keys:
            raise CheckpointError(f"{path} {kind} {keys[0]!r} ({len(keys)} in all): it belongs to another model.")
    for key, value in weights.items():
        if value.shape != expected[key].shape:
            shapes = f"{tuple(value.shape)}, expected {tuple(expected[key].shape)}"
            raise CheckpointError(f"{path}: {key!r} has shape {shapes}: it belongs to another model.")
        if value.is_floating_point() and not torch.isfinite(value).all():
            raise CheckpointError(f"{path}: {key!r} holds numbers that are not finite: train or fetch it again.")
    net.load_state_dict({k: v.float() if v.is_floating_point() else v for k, v in weights.items()}, assign=True)
    net.eval().requires_grad_(False)


def load_tokenizer(folder: Path) -> tuple[CompactTokenizer, int]:
    """Return the tokenizer of a `train-tokenizer` run or of a compact model folder, and the pixels it is made for.

    Raises:
        CheckpointError: where the folder holds neither, or a damaged one.
    """
    described = folder / TOKENIZER_CONFIG_FILE
    if described.is_file():
        values = json.loads(described.read_text())
        pixels = values.pop("pixels")
    else:
        spec = read_spec(folder)
        if spec.family != "compact":
            raise CheckpointError(f"{folder} is of the {spec.family} family: only compact tokenizers are trained here.")
        values, pixels = spec.tokenizer, spec.pixels
    arguments: dict[str, Any] = {k: tuple(v) if isinstance(v, list) else v for k, v in values.items()}
    config = CompactTokenizerConfig(**arguments)
    with torch.device("meta"):
        tokenizer = CompactTokenizer(config)
    _fill(tokenizer, folder / TOKENIZER_FILE, {})
    return tokenizer, pixels


def save_tokenizer(folder: Path, tokenizer: CompactTokenizer, pixels: int) -> None:
    """Write what `load_tokenizer` reads, with fp16 weights; each file appears whole or not at all."""
    partial = folder / f"{TOKENIZER_FILE}.partial"
    save_file({k: _half(v) for k, v in tokenizer.state_dict().items()}, partial)
    partial.chmod(0o644)
    os.replace(partial, folder / TOKENIZER_FILE)
    described = {"pixels": pixels, **net_description(tokenizer.config)}
    (folder / TOKENIZER_CONFIG_FILE).write_text(json.dumps(described, indent=1) + "\n")


def save_nets(
    folder: Path, spec: ModelSpec, tokenizer: Mapping[str, Tensor], transformer: Mapping[str, Tensor]
) -> ModelSpec:
    """Write a model folder with fp16 weights; each file appears whole or not at all.

    Args:
        folder: made if missing.
        spec: what to describe; its sha256 entries are set to the files' own.
        tokenizer, transformer: state dicts.

    Returns:
        The spec as written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for name, weights in ((TOKENIZER_FILE, tokenizer), (TRANSFORMER_FILE, transformer)):
        partial = folder / f"{name}.partial"
        save_file({k: _half(v) for k, v in weights.items()}, partial)
        partial.chmod(0o644)  # safetensors writes files that only their owner can read
        os.replace(partial, folder / name)
    digests = {name: file_digest(folder / name) for name in (TOKENIZER_FILE, TRANSFORMER_FILE)}
    spec = dataclasses.replace(spec, sha256=digests)
    partial = folder / f"{CONFIG_FILE}.partial"
    partial.write_text(json.dumps(dataclasses.asdict(spec), indent=1) + "\n")
    os.replace(partial, folder / CONFIG_FILE)
    return spec


def _half(value: Tensor) -> Tensor:
    """Return a contiguous CPU copy, floats as fp16."""
    return (value.detach().half() if value.is_floating_point() else value.detach()).contiguous().cpu()


def file_digest(path: Path) -> str:
    """Return a file's sha256 as hex digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def net_description(config: Any) -> dict[str, Any]:
    """Return a net's config dataclass as JSON values, as `ModelSpec.tokenizer` and `.transformer` hold them."""
    return dict(json.loads(json.dumps(dataclasses.asdict(config))))
