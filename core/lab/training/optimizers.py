"""Optimisers of stage two: Muon for the matrices inside the layers, AdamW for everything else.

Knows nothing of losses or schedules. Measured on the scenes at batch 32, Muon reaches a given loss in about 0.6 times
AdamW's steps.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

import torch
from torch import Tensor, nn

from core.models.compact import CompactTransformer


class Muon(torch.optim.Muon):
    """Muon whose orthogonalisation computes in a chosen number format.

    torch's own computes it in bf16. A processor without such products took three quarters of
    a training step for it: 26 times as long as in float32.
    """

    def __init__(self, params: list[Tensor], *, number: torch.dtype, rate: float, weight_decay: float) -> None:
        super().__init__(params, lr=rate, weight_decay=weight_decay, adjust_lr_fn="match_rms_adamw")
        self.number = number

    @torch.no_grad()
    def step(self, closure: Callable[[], float] | None = None) -> None:  # type: ignore[override]
        """Step along the orthogonalised momentum of each matrix."""
        assert closure is None
        for group in self.param_groups:
            for weight in group["params"]:
                momentum = self.state[weight].setdefault("momentum_buffer", torch.zeros_like(weight.grad))
                momentum.lerp_(weight.grad, 1.0 - group["momentum"])
                ahead = weight.grad.lerp(momentum, group["momentum"])  # Nesterov's
                direction = orthogonal(ahead.to(self.number), group["ns_coefficients"], group["ns_steps"])
                weight.mul_(1.0 - group["lr"] * group["weight_decay"])
                weight.add_(direction, alpha=-group["lr"] * 0.2 * max(weight.shape) ** 0.5)


def orthogonal(matrix: Tensor, coefficients: tuple[float, float, float], steps: int) -> Tensor:
    """Move a matrix towards U V^T of its decomposition U S V^T, by Newton and Schulz (Jordan et al. 2024).

    Args:
        matrix: (m, n) float, whose format computes.
        coefficients: of X, (X X^T) X and (X X^T)^2 X.
        steps: iterations. With five of them the singular values lie between 0.5 and 1.5, which serves as well as 1.
    """
    wide = matrix if matrix.shape[0] <= matrix.shape[1] else matrix.T
    a, b, c = coefficients
    x: Tensor = wide / wide.norm().clamp(min=1e-7)  # no singular value is above 1
    for _ in range(steps):
        gram = x @ x.T
        x = torch.addmm(x, torch.addmm(gram, gram, gram, beta=b, alpha=c), x, beta=a)
    return x if wide is matrix else x.T


def mvtm_optimizers(
    transformer: CompactTransformer,
    rate: float,
    weight_decay: float,
    number: torch.dtype,
    beside: Iterable[nn.Parameter] = (),
) -> dict[str, torch.optim.Optimizer]:
    """Make the optimisers, by name; both use the same rate.

    Muon (Jordan et al. 2024) steps along the orthogonalised momentum of each matrix, scaled to the root mean square of
    an AdamW step (Liu et al. 2025, equation 4). Tables, vectors and the head, whose rows have meanings of their own,
    stay with AdamW and without decay.

    Args:
        transformer: what learns.
        rate: learning rate of both.
        weight_decay: of the matrices.
        number: format of training, in which Muon computes if it has float32's range.
        beside: weights that learn with the transformer and are no part of it.
    """
    matrices = [p for m in transformer.layers.modules() if isinstance(m, nn.Linear) for p in [m.weight]]
    chosen = {id(p) for p in matrices}
    others = [*(p for p in transformer.parameters() if id(p) not in chosen), *beside]
    number = torch.bfloat16 if number is torch.bfloat16 else torch.float32
    fused = others[0].device.type == "cuda"
    return {
        "muon": Muon(matrices, number=number, rate=rate, weight_decay=weight_decay),
        "adamw": torch.optim.AdamW(others, lr=rate, betas=(0.9, 0.96), weight_decay=0.0, fused=fused),
    }


def set_rate(optimizer: torch.optim.Optimizer, rate: float) -> None:
    """Set the learning rate of every group."""
    for group in optimizer.param_groups:
        group["lr"] = rate
