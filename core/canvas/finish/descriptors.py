"""Describes a patch by 24 numbers: its lowest cosines of lightness and of two colours.

Knows nothing of holes or searching. The basis is orthonormal: the squared difference of two descriptors is that of the
patches themselves without their finest pattern.
"""

from __future__ import annotations

import functools
import itertools

import cv2
import numpy as np
from numpy.typing import NDArray

from core.canvas.finish.pyramid import Picture
from core.plumbing.crew import Crew

_LUMA, _CHROMA = 16, 4
"""Cosines of lightness and of each colour, 24 in all; more are slower and no nearer (docs/finish.md, section 2)."""
_STRIP = 1 << 17
"""Pixels filtered at a time: their colours, 1.5 MB, stay in the processor's cache."""
OPPONENT: NDArray[np.float32] = np.array(
    [[1 / 3**0.5, 1 / 2**0.5, 1 / 6**0.5], [1 / 3**0.5, 0, -2 / 6**0.5], [1 / 3**0.5, -1 / 2**0.5, 1 / 6**0.5]],
    np.float32,
)
"""RGB (rows) -> lightness, red less blue, both less green (columns); orthonormal."""


@functools.cache
def _basis(patch: int) -> tuple[tuple[int, NDArray[np.float32], NDArray[np.float32]], ...]:
    """(channel, row kernel, column kernel) of each number, the three means first."""
    at = (np.arange(patch) + 0.5) * np.pi / patch
    cosines = np.stack([np.cos(u * at) for u in range(patch)]).astype(np.float32)
    cosines /= np.linalg.norm(cosines, axis=1, keepdims=True)
    lowest = sorted(itertools.product(range(patch), repeat=2), key=lambda uv: (uv[0] ** 2 + uv[1] ** 2, uv))
    wanted = [(0, lowest[0]), (1, lowest[0]), (2, lowest[0])]
    wanted += [(0, uv) for uv in lowest[1:_LUMA]]
    wanted += [(channel, uv) for channel in (1, 2) for uv in lowest[1:_CHROMA]]
    return tuple((channel, cosines[u], cosines[v]) for channel, (u, v) in wanted)


def describe(picture: Picture, places: NDArray[np.int32], patch: int, crew: Crew | None = None) -> NDArray[np.float32]:
    """Describe patches.

    Args:
        picture: (h, w, 3) float32 RGB.
        places: (n,) int32, ascending indices of their middles into h * w, each patch within the picture.
        patch: side in pixels.
        crew: threads that help; None for none.

    Returns:
        (n, 24) float32; the first three are the patch's mean in the channels of `OPPONENT`, times `patch`.
    """
    height, width = picture.shape[:2]
    output = np.empty((len(places), _LUMA + 2 * _CHROMA), np.float32)
    rows = max(1, _STRIP // width)

    crew = crew or Crew(1)

    def described(strips: slice) -> None:
        for strip in range(strips.start, strips.stop):
            crew.pause()
            first, last = np.searchsorted(places, (strip * rows * width, (strip + 1) * rows * width))
            if first < last:
                _describe(picture, places[first:last], patch, output[first:last])

    crew.share(-(-height // rows), described, least=1)
    return output


def _describe(picture: Picture, places: NDArray[np.int32], patch: int, output: NDArray[np.float32]) -> None:
    """Fill in the descriptors of neighbouring patches."""
    y, x = np.divmod(places, picture.shape[1])
    upper, lower = max(0, int(y[0]) - patch // 2), int(y[-1]) + patch // 2 + 1
    left, right = max(0, int(x.min()) - patch // 2), int(x.max()) + patch // 2 + 1
    near = picture[upper:lower, left:right]
    planes = cv2.split(cv2.transform(near, OPPONENT.T))  # not a matrix product, whose last bit may depend on threads
    here = (y - upper) * near.shape[1] + (x - left)
    for number, (channel, along, down) in enumerate(_basis(patch)):
        filtered = cv2.sepFilter2D(planes[channel], cv2.CV_32F, along, down, borderType=cv2.BORDER_REPLICATE)
        output[:, number] = filtered.ravel().take(here)


def mean_colours(descriptors: NDArray[np.float32], patch: int) -> NDArray[np.float32]:
    """Return the mean RGB colours (n, 3) float32 of patches of a given side."""
    means = np.ascontiguousarray(descriptors[:, None, :3])
    return np.asarray(cv2.transform(means, OPPONENT)[:, 0] / np.float32(patch), np.float32)


def low_pass(picture: Picture, known: NDArray[np.bool_] | None, sigma: float) -> Picture:
    """Blur a picture with a Gaussian, over its known pixels only if these are given.

    Args:
        picture: (h, w, 3) or (h, w) float32.
        known: (h, w) bool, or None.
        sigma: in pixels.
    """
    if known is None:
        return np.asarray(cv2.GaussianBlur(picture, (0, 0), sigma), np.float32)
    share = known.astype(np.float32)
    weight = np.maximum(cv2.GaussianBlur(share, (0, 0), sigma), np.float32(1e-6))
    if picture.ndim == 3:
        share, weight = share[..., None], weight[..., None]
    blurred = np.asarray(cv2.GaussianBlur(picture * share, (0, 0), sigma), np.float32)
    blurred /= weight
    return blurred
