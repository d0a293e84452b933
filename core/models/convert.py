"""Converts other programs' files to a model folder of ours: recognised, paired, checked strictly, written once.

Knows nothing of downloads. This is the only room that opens pickles which people bring, and the folders it writes
contain none. Our own folders and files go through it too, to be written in another number format.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from core.errors import CheckpointError
from core.models.checkpoints import (
    CONFIG_FILE,
    TOKENIZER_FILE,
    TRANSFORMER_FILE,
    add_sharpener,
    copy_beside,
    load_sharpener,
    read_spec,
    require_digest,
    require_finite,
    save_nets,
    write_spec,
)
from core.models.config import ModelSpec
from core.models.containers import container_of, read_pickle, read_tensors
from core.models.families import FAMILIES, build, unfilled
from core.models.keymaps import require_shapes, shapes_of
from core.models.origins import origin_of, shared
from core.models.presets import PRESETS
from core.models.recognise import Part, Recognised, recognise
from core.models.sizes import tokenizer_config, transformer_config
from core.values.labels import imagenet_classes

logger = logging.getLogger(__name__)

Tell = Callable[[str], None]
"""Called with a sentence about a file that was recognised."""


@dataclass(frozen=True)
class _File:
    """One opened file: its kind and its tensors by our names, still in the file if that can be mapped."""

    path: Path
    found: Recognised
    state: Mapping[str, Tensor]


def convert(
    files: Sequence[Path], out: Path, dtype: torch.dtype = torch.float32, tell: Tell = logger.info
) -> ModelSpec:
    """Write the model folder of a tokenizer file and a transformer file.

    Args:
        files: both, in any order and container; or one folder of ours. A config.json of ours among them tells what
            shapes cannot (heads, class names), and is needed for nets of unpublished sizes.
        out: the folder to write, made if missing.
        dtype: of its floats; float32 keeps every number as published.
        tell: hears which published file each is, as far as a sha256 or the shapes show.

    Returns:
        The spec as written.

    Raises:
        CheckpointError: if a file is damaged, changed since its download, of no known family or not safe to open, the
            two do not belong together, or names, shapes or numbers are not those of the model.
    """
    weights, described = _sorted(files)
    parts = _opened(weights, tell)
    spec = described if described is not None else _own_spec(parts)
    if spec is None:
        spec = _derived_spec(parts, out.name)
    _check_against(spec, parts)
    written = save_nets(out, spec, parts["tokenizer"].state, parts["transformer"].state, dtype)
    ours = next((path for path in files if path.is_dir()), None)
    if ours is None:
        return written
    if beside := copy_beside(ours, spec, out):
        written = replace(written, sha256={**written.sha256, **beside})
        write_spec(out, written)
    sharpener = load_sharpener(ours, spec)
    return written if sharpener is None else add_sharpener(out, written, sharpener, dtype)


def _sorted(files: Sequence[Path]) -> tuple[list[Path], ModelSpec | None]:
    """Separate the weight files from the description in a config.json, if there is one."""
    weights: list[Path] = []
    described: ModelSpec | None = None
    for path in files:
        if path.is_dir():
            described = read_spec(path)
            weights += [path / TOKENIZER_FILE, path / TRANSFORMER_FILE]
        elif path.suffix == ".json":
            if path.name != CONFIG_FILE:
                raise CheckpointError(
                    "{path} is no weight file: give weights, and a model's own {config}.", path=path, config=CONFIG_FILE
                )
            described = read_spec(path.parent)
        else:
            weights.append(path)
    return weights, described


def _opened(weights: Sequence[Path], tell: Tell) -> dict[Part, _File]:
    """Open tokenizer and transformer, which belong together as far as their names show."""
    parts: dict[Part, _File] = {}
    for path in weights:
        file = _read(path, tell)
        if (part := file.found.part) in parts:
            raise CheckpointError(
                "{first} and {path} are both a {part}: give one tokenizer and one transformer.",
                first=parts[part].path,
                path=path,
                part=part,
            )
        parts[part] = file
    for part in ("tokenizer", "transformer"):
        if part not in parts:
            given = " and ".join(f"{file.path} is {file.found.form.title}" for file in parts.values()) or "nothing"
            raise CheckpointError(
                "no {part} was given ({given}): a model needs a tokenizer and a transformer.", part=part, given=given
            )
    tokenizer, transformer = parts["tokenizer"], parts["transformer"]
    if tokenizer.found.family != transformer.found.family:
        given = " and ".join(f"{file.path} is {file.found.form.title}" for file in (tokenizer, transformer))
        raise CheckpointError(
            "{given}, which were not trained together: equal numbers of codes do not make a pair.", given=given
        )
    _require_pair(tokenizer, transformer, tell)
    return parts


def _read(path: Path, tell: Tell) -> _File:
    """Open one file; a sha256 that is known narrows the published models that its shapes leave possible."""
    origin = origin_of(path)
    tensors = read_pickle(path) if container_of(path) == "pickle" else read_tensors(path)
    found = recognise(shapes_of(tensors), str(path))
    if origin is not None:
        tell(f"{path} is {origin.file.name} of {' and '.join(origin.models)}, as its sha256 shows.")
        found = replace(found, presets=origin.models)
    return _File(path, found, found.form.to_ours(tensors, str(path)))


def _require_pair(tokenizer: _File, transformer: _File, tell: Tell) -> None:
    """Raise CheckpointError if two files are parts of different published models, and say so if shapes cannot tell."""
    first, second = tokenizer.found.presets, transformer.found.presets
    if first and second and not set(first) & set(second):
        raise CheckpointError(
            "{tokenizer} is the tokenizer of {first} and {transformer} the transformer of {second}, "
            "which were not trained together: take the tokenizer of {wanted}.",
            tokenizer=tokenizer.path,
            first=" and ".join(first),
            transformer=transformer.path,
            second=" and ".join(second),
            wanted=second[0],
        )
    if second and not shared(first):
        tell(
            f"{tokenizer.path} may be the tokenizer of {' or '.join(first)}, which have the same shapes and no sha256 "
            f"known here: make sure that it is the one of {' or '.join(second)}."
        )


def _own_spec(parts: Mapping[Part, _File]) -> ModelSpec | None:
    """Read the spec beside files with our own names; None for other programs' files."""
    own = [file.path.parent for file in parts.values() if file.found.form.own]
    return read_spec(own[0]) if own else None


def _derived_spec(parts: Mapping[Part, _File], name: str) -> ModelSpec:
    """Find the published model with these shapes, or describe a size of its own."""
    tokenizer, transformer = parts["tokenizer"], parts["transformer"]
    family = tokenizer.found.family
    first = tokenizer_config(family, shapes_of(tokenizer.state), str(tokenizer.path))
    second = transformer_config(family, shapes_of(transformer.state), str(transformer.path), codes=first.codebook_size)
    if first.codebook_size != second.codebook_size:
        raise CheckpointError(
            "{tokenizer} has {codes} codes and {transformer} {others}: they do not belong together.",
            tokenizer=tokenizer.path,
            codes=first.codebook_size,
            transformer=transformer.path,
            others=second.codebook_size,
        )
    nets: dict[str, Any] = {"tokenizer": asdict(first), "transformer": asdict(second)}
    alike = [spec for spec in PRESETS.values() if spec.family == family]
    spec = next((s for s in alike if {"tokenizer": s.tokenizer, "transformer": s.transformer} == nets), None)
    if spec is None:
        spec = replace(
            alike[0],
            **nets,
            name=name,
            title=f"{name}, a model of the {family} family",
            pixels=second.grid * first.downsample,
            grid=second.grid,
            codebook_size=first.codebook_size,
            licence="unknown: that of the files it was converted from",
        )
    return replace(spec, classes=imagenet_classes()) if second.classes == len(imagenet_classes()) else spec


def _check_against(spec: ModelSpec, parts: Mapping[Part, _File]) -> None:
    """Raise CheckpointError unless all names and shapes are those of the model that the spec describes."""
    family = parts["tokenizer"].found.family
    if spec.family != family:
        raise CheckpointError(
            "{config} describes a {described} model but {path} is of the {family} family: give the "
            "config that belongs to the files.",
            config=CONFIG_FILE,
            described=spec.family,
            path=parts["tokenizer"].path,
            family=family,
        )
    try:
        with unfilled():
            nets = build(spec)
    except (TypeError, ValueError) as error:
        raise CheckpointError(
            "the files make no model of the {family} family: {error}.", family=FAMILIES[family].name, error=error
        ) from error
    for file, net in zip((parts["tokenizer"], parts["transformer"]), nets, strict=True):
        require_shapes(shapes_of(file.state), shapes_of(net.state_dict()), str(file.path))
        if (file.path.parent / CONFIG_FILE).is_file():
            require_digest(file.path, spec.sha256)
        for name, value in file.state.items():
            require_finite(value, value, f"{file.path}: {name!r}")
