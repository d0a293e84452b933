"""The frozen classifier that a model folder may contain, so that its transformer sees surfaces and things.

Knows nothing of the uses of its feature maps (surroundings.py). The weights are EfficientNet-Lite0's with folded batch
norms, as fp16 safetensors; names and shapes are those of the published net and checked strictly.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from torch import Tensor

from core.models.bundled import BUNDLED
from core.models.checkpoints import VISION_FILE, require_digest, require_finite
from core.models.containers import tensor_shapes
from core.models.efficientnet import EfficientNetLite0, folded_shapes, read_folded
from core.models.keymaps import require_shapes
from core.models.surroundings import FEATURE_BLOCKS

BUNDLED_VISION = BUNDLED / "scenes-128"
"""The folder whose net every newly trained model copies."""

BUNDLED_NET = BUNDLED_VISION / VISION_FILE
"""That net's weights, read by training's perceptual terms and the evaluation, too."""


def load_vision(folder: Path, digests: Mapping[str, str]) -> EfficientNetLite0:
    """Load the frozen net of a model folder, float32 on the CPU.

    Raises:
        CheckpointError: if the file is missing, damaged, or of another net.
    """
    path = folder / VISION_FILE
    require_shapes(tensor_shapes(path), folded_shapes(), str(path))
    require_digest(path, digests)
    arrays = read_folded(path)
    for name, value in arrays.items():
        require_finite(value, value, f"{path}: {name!r}")
    return EfficientNetLite0(arrays).eval().requires_grad_(False)


def feature_maps(net: EfficientNetLite0, pictures: Tensor) -> list[Tensor]:
    """Compute the maps that `Surroundings` reads, (B, C, h, w) each, from (B, 3, S, S) pictures in [0, 1]."""
    outputs = net.blocks(pictures, FEATURE_BLOCKS[-1])
    return [outputs[block] for block in FEATURE_BLOCKS]
