"""Recognises a model's classes in pictures: what the frozen classifier makes of them, and a linear layer over that.

Knows nothing of edits. A model folder may hold the layer for its own classes (`weight` (C, 1280) and
`bias` (C,), fp16); for ImageNet's the classifier has one.
"""

from __future__ import annotations

import functools
import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from core.errors import BadRequest
from core.models.checkpoints import file_digest, require_digest, require_finite, write_spec
from core.models.config import RECOGNISER_FILE, ModelSpec
from core.models.containers import each_tensor, tensor_shapes, write_tensors
from core.models.efficientnet import FEATURES, EfficientNetLite0
from core.models.keymaps import require_shapes
from core.models.vision import BUNDLED_VISION, load_vision
from core.values.labels import class_id, imagenet_classes


@dataclass(frozen=True, eq=False)
class Recogniser:
    """Tells how surely a picture shows each of a model's classes.

    Attributes:
        classes: C, the model's number of classes.
        rows: class id -> row of the layer; classes without one are never recognised.
        layer: weight (R, 1280) and bias (R,), float32; None for the classifier's own, of ImageNet's classes.
    """

    classes: int
    rows: Mapping[int, int]
    layer: tuple[Tensor, Tensor] | None = None

    @torch.inference_mode()
    def log_shares(self, squares: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Compute log probabilities (B, C) of the classes in B pictures.

        Args:
            squares: (B, 224, 224, 3) uint8 RGB; `core.models.efficientnet.SIDE` is that side.

        Returns:
            float32, -inf for classes that are never recognised. Those of ImageNet are compared among all 1000.
        """
        net = _net()
        features = net.features(torch.from_numpy(squares).permute(0, 3, 1, 2).float() / 255.0)
        logits = net.logits(features) if self.layer is None else features @ self.layer[0].T + self.layer[1]
        found = np.full((len(squares), self.classes), -np.inf, np.float32)
        found[:, list(self.rows)] = torch.log_softmax(logits, 1)[:, list(self.rows.values())].numpy()
        return found


def load_recogniser(folder: Path, spec: ModelSpec) -> Recogniser | None:
    """Load what recognises a model's classes; None if nothing does.

    Raises:
        CheckpointError: if the folder's file is missing, damaged, or of another model.
    """
    path = folder / RECOGNISER_FILE
    if RECOGNISER_FILE not in spec.sha256:
        return imagenet_recogniser(spec.classes)
    count = len(spec.classes)
    require_shapes(tensor_shapes(path), {"weight": (count, FEATURES), "bias": (count,)}, str(path))
    require_digest(path, spec.sha256)
    values = {name: value.to(torch.float32) for name, value in each_tensor(path)}
    for name, value in values.items():
        require_finite(value, value, f"{path}: {name!r}")
    return Recogniser(count, {i: i for i in range(count)}, (values["weight"], values["bias"]))


def save_recogniser(folder: Path, spec: ModelSpec, weight: Tensor, bias: Tensor) -> ModelSpec:
    """Write a layer beside a folder's nets, and enter it in config.json.

    Args:
        folder: of the model.
        spec: its description, returned with the file's sha256.
        weight: (C, 1280) float.
        bias: (C,) float.
    """
    values = {"weight": weight.to(torch.float16), "bias": bias.to(torch.float16)}
    for name, value in values.items():
        require_finite(value, value, f"{RECOGNISER_FILE}: {name!r}")
    partial = folder / f"{RECOGNISER_FILE}.partial"
    write_tensors(partial, {n: (v.dtype, tuple(v.shape)) for n, v in values.items()}, values.__getitem__)
    os.replace(partial, folder / RECOGNISER_FILE)
    spec = replace(spec, sha256={**spec.sha256, RECOGNISER_FILE: file_digest(folder / RECOGNISER_FILE)})
    write_spec(folder, spec)
    return spec


@functools.cache
def imagenet_recogniser(classes: tuple[str, ...]) -> Recogniser | None:
    """Make what recognises those of a model's classes that are ImageNet's, too; None if none is."""
    known = imagenet_classes()
    by_name = {name: i for i, name in enumerate(known)}
    rows: dict[int, int] = {}
    for i, name in enumerate(classes):
        try:
            found = by_name[name] if name in by_name else class_id(known, name)
        except BadRequest:  # unknown to ImageNet, or the name of several
            continue
        if found is not None:
            rows[i] = found
    return Recogniser(len(classes), rows) if rows else None


@functools.cache
def _net() -> EfficientNetLite0:
    """Load the classifier when it is first asked."""
    return load_vision(BUNDLED_VISION, {})
