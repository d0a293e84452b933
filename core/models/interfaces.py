"""The interface of every tokenizer and every transformer, of any family.

Knows nothing of tasks, canvases or decoding. Beside real codes and classes, MASK and NO_CLASS are the only ids that
enter a net; which embedding row they read is decided in each family's file (docs/algorithm.md, section 1, lists the
rows). Only families with a null class accept NO_CLASS.
"""

from __future__ import annotations

import abc
from collections.abc import Sequence

import torch
from torch import Tensor, nn

from core.models.memory import Memory


class VQTokenizer(nn.Module, abc.ABC):
    """Stage one: pixels <-> codebook indices on a square token grid."""

    codebook_size: int
    """K, the number of codes."""
    downsample: int
    """f, pixels per token side."""

    @abc.abstractmethod
    def encode(self, pixels: Tensor) -> Tensor:
        """Find the nearest codes of a picture.

        Args:
            pixels: (B, 3, S, S) float, RGB in [0, 1], S a multiple of `downsample`.

        Returns:
            (B, S/f, S/f) int64 in [0, K).
        """

    @abc.abstractmethod
    def decode(self, tokens: Tensor) -> Tensor:
        """Draw the picture of codes.

        Args:
            tokens: (B, h, w) int64 in [0, K); MASK is not allowed.

        Returns:
            (B, 3, h*f, w*f) float, RGB clipped to [0, 1].
        """

    @abc.abstractmethod
    def code_vectors(self) -> Tensor:
        """Return the codes as the decoder reads them: (K, D) float32."""


class MaskTransformer(nn.Module, abc.ABC):
    """Stage two: a bidirectional transformer over one token grid."""

    codebook_size: int
    """K, the width of the logits."""
    grid: int
    """Token rows (= columns) that the positions were trained for."""
    sees_pixels: bool = False
    """Whether `see` shows it known pixels; `forward` then takes the result of `see`."""

    def see(self, pictures: Tensor, known: Tensor, maps: Sequence[Tensor]) -> Tensor:
        """Compute what the net sees of known pixels beside their tokens, once per window and not once per step.

        Args:
            pictures: (B, 3, S, S) float, RGB in [0, 1], the hole filled neutrally.
            known: (B, 1, S, S) bool, True = the photo's own pixel.
            maps: the frozen classifier's feature maps of `pictures`, as core/models/surroundings.py lists them.

        Returns:
            (B, N, width) float, the third argument of `forward`.

        Raises:
            TypeError: if the net sees tokens alone.
        """
        raise TypeError(f"{type(self).__name__} sees tokens alone")

    @abc.abstractmethod
    def forward(
        self, tokens: Tensor, class_ids: Tensor, *, cells: Tensor | None = None, memory: Memory | None = None
    ) -> Tensor:
        """Compute logits for the cells that are asked for, or for every cell, known ones included.

        A net that sees pixels takes a third argument, the result of `see`; without it nothing is seen. In the last
        layer the cells not asked for are keys and values alone.

        Args:
            tokens: (B, N) int64 in [0, K), or MASK where unknown; N = grid * grid, row-major.
            class_ids: (B,) int64 class index, or NO_CLASS if the family has a null class.
            cells: (M,) int64 in [0, N), whose logits are wanted, the same for all samples; None for all N.
            memory: of the other cells, which have not changed since it was filled; it needs `cells`. The first pass
                with it fills it, the later ones are cheaper and nearly equal.

        Returns:
            (B, M, K) float logits; families whose output includes their own mask id drop that column.
        """


def check_classes(class_ids: Tensor, least: int, classes: int, advice: str) -> None:
    """Check class ids where one table has other rows, too, of which a wrong id would silently read one.

    While a CUDA GPU records a pass nothing can be read back; the same net has had such a pass before.

    Args:
        class_ids: (B,) int64.
        least: lowest id.
        classes: number of classes.
        advice: ends the sentence of the error.

    Raises:
        ValueError: for an id out of [least, classes).
    """
    if class_ids.is_cuda and torch.cuda.is_current_stream_capturing():
        return
    if bool(((class_ids < least) | (class_ids >= classes)).any()):
        raise ValueError(f"class ids {class_ids.tolist()}: {advice}")


def nearest_code(vectors: Tensor, codebook: Tensor) -> Tensor:
    """Find the closest code by squared Euclidean distance, ties to the lower index.

    Args:
        vectors: (M, D) float.
        codebook: (K, D) float.

    Returns:
        (M,) int64. Computed in float32 as a^2 - 2ab + b^2 without a^2 (constant per row), like the original.
    """
    vectors, codebook = vectors.float(), codebook.float()
    with torch.autocast(vectors.device.type, enabled=False):
        return (codebook.square().sum(1) - 2.0 * vectors @ codebook.T).argmin(1)
