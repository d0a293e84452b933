"""Which class a picture shows, to a linear probe on the metric net's features that was fitted on photos.

Knows nothing of pictures: features and labels come in.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

_PENALTY = 2e-3  # L2, as of the fixed probe which the model card's figures were judged by
_ROUNDS = 100  # of L-BFGS at most


@dataclass(frozen=True, eq=False)
class Probe:
    """Linear probe on `MetricNet.features`: w (C, 1280) and b (C,), float32."""

    w: Tensor
    b: Tensor

    @classmethod
    def read(cls, path: Path) -> Probe:
        """Return the probe of an .npz file with arrays `w` and `b`.

        Raises:
            FileNotFoundError: where the file is missing.
            ValueError, BadZipFile: where it is no such file.
        """
        with np.load(path) as arrays:
            if not {"w", "b"} <= set(arrays.files):
                raise ValueError(f"{path} is no probe: give an .npz file with w (classes, 1280) and b (classes)")
            return cls(*(torch.from_numpy(arrays[name].astype(np.float32)) for name in "wb"))

    @classmethod
    def fitted(cls, features: Tensor, labels: Tensor, classes: int) -> Probe:
        """Return the logistic regression of classes on features; the same photos give the same probe.

        Args:
            features: (n, 1280) float32.
            labels: (n,) int64 in [0, classes).
            classes: C.
        """
        w = torch.zeros(classes, features.shape[1], requires_grad=True)
        b = torch.zeros(classes, requires_grad=True)
        optimizer = torch.optim.LBFGS([w, b], max_iter=_ROUNDS, line_search_fn="strong_wolfe")

        def closure() -> Tensor:
            optimizer.zero_grad()
            loss = F.cross_entropy(features @ w.T + b, labels) + _PENALTY * w.square().sum()
            torch.autograd.backward([loss])
            return loss

        optimizer.step(closure)
        return cls(w.detach(), b.detach())

    def logits(self, features: Tensor) -> Tensor:
        """Return (B, C) logits of (B, 1280) features."""
        return features @ self.w.to(features.device).T + self.b.to(features.device)
