"""FID and IS on the standard Inception net, if its weights are given: torchmetrics' implementation.

Knows nothing of questions or models. Nothing of either figure is written here, and nothing is downloaded.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch

from core.lab.evaluation.metrics import Picture

_BATCH = 16  # pictures at a time, 17 MB of pixels at 299 px: bounds the memory of their activations


class Inception:
    """The Frechet Inception distance (Heusel et al. 2017) and the Inception score (Salimans et al. 2016).

    Args:
        weights: torch-fidelity's file of the TensorFlow weights, pt_inception-2015-12-05-6726825d.pth.

    Raises:
        ImportError: if torchmetrics or torch-fidelity is not installed.
        OSError, RuntimeError, KeyError, ValueError, EOFError, pickle.UnpicklingError: for a file without these weights.
    """

    def __init__(self, weights: Path) -> None:
        from torchmetrics.image.fid import FrechetInceptionDistance, NoTrainInceptionV3
        from torchmetrics.image.inception import InceptionScore

        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # that it keeps features in memory: there are a few hundred
            self._distance = FrechetInceptionDistance(2048, feature_extractor_weights_path=str(weights))
            net = NoTrainInceptionV3("inception-v3-compat", ["logits_unbiased"], str(weights))
            self._score = InceptionScore(net, splits=1)

    @torch.inference_mode()
    def figures(self, real: Sequence[Picture], made: Sequence[Picture]) -> dict[str, float]:
        """Compute FID and IS of made pictures; both are biased, because an evaluation has few pictures.

        Args:
            real, made: at least two pictures each, all of one size.
        """
        for metric in (self._distance, self._score):
            metric.reset()
        for pictures, is_real in ((real, True), (made, False)):
            for start in range(0, len(pictures), _BATCH):
                stacked = torch.from_numpy(np.stack(list(pictures[start : start + _BATCH])))
                batch = stacked.permute(0, 3, 1, 2).contiguous()
                self._distance.update(batch, real=is_real)
                if not is_real:
                    self._score.update(batch)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # that one split has no standard deviation
            score, _ = self._score.compute()
        return {"FID": float(self._distance.compute()), "IS": float(score)}
