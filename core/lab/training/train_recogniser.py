"""Fits the layer by which a model's classes are recognised in pictures, on the frozen classifier's features.

Knows nothing of what is recognised later. Each photo counts twice, as it is and as the model's tokenizer keeps it,
because whatever the model paints comes from tokens.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from tqdm import tqdm

from core.engine import Engine
from core.engine.recognising import square
from core.lab.features import MetricNet, Probe
from core.lab.training.data import PhotoFiles, centre_square, spread_over_classes
from core.models.checkpoints import read_spec
from core.models.config import ModelSpec
from core.models.recogniser import save_recogniser
from core.models.vision import BUNDLED_NET

MOST_PHOTOS = 110
"""Photos of each class. With 27, 55 and 110 the bundled layer names 84, 86 and 89 % of 204 other photos, and 74,
76 and 77 % as the tokenizer keeps them (75 % if it has not learnt from such); 1,000 take three minutes of one core."""
_SIDE = 256  # pixels at which they are looked at; the classifier sees 224


def train_recogniser(files: PhotoFiles, engine: Engine, model: Path) -> ModelSpec:
    """Fit the layer and write it into the model's folder; the same photos give the same layer.

    Args:
        files: photos of every class of the model; others are left out.
        engine: of that folder.
        model: the folder.

    Raises:
        ValueError: if the photos lack one of the model's classes, or one of them is damaged.
    """
    net = MetricNet(BUNDLED_NET).eval()
    chosen = spread_over_classes(files, engine.spec.classes, MOST_PHOTOS)
    features: list[Tensor] = []
    for index, _ in tqdm(chosen, desc="recogniser", unit="photo", disable=None):
        photo = centre_square(files, index, _SIDE)
        features.append(_features(net, [photo, engine.reconstruct(photo)]))
    labels = torch.tensor([class_id for _, class_id in chosen]).repeat_interleave(2)
    probe = Probe.fitted(torch.cat(features), labels, len(engine.spec.classes))
    return save_recogniser(model, read_spec(model), probe.w, probe.b)


@torch.inference_mode()
def _features(net: MetricNet, pictures: Sequence[NDArray[np.uint8]]) -> Tensor:
    """Compute the (n, 1280) features of pictures as the recogniser sees them."""
    squares = torch.from_numpy(np.stack([square(picture) for picture in pictures]))
    return net.features(squares.permute(0, 3, 1, 2).float() / 255.0)
