"""Photos that stay in their files: those of a step are read and decoded while the step before is learnt.

Knows nothing of nets, nor in which order photos are visited.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from core.lab.training.data import ClassFile, FoundPhotos, Photos, centre_square, find_photos

logger = logging.getLogger(__name__)


class StreamedPhotos:
    """Photos like `Photos`, pixel for pixel, of which two batches are in memory at a time.

    Attributes:
        labels, classes, digest: see `Photos`.
    """

    def __init__(self, found: FoundPhotos, size: int) -> None:
        self.labels, self.classes, self.digest = found.labels, found.classes, found.digest
        self._found, self._size = found, size
        self._threads = ThreadPoolExecutor(os.cpu_count(), thread_name_prefix="photos")
        self._coming: tuple[list[int], list[Future[NDArray[np.uint8]]]] = [], []

    def __len__(self) -> int:
        """Return the number of photos."""
        return len(self.labels)

    def near(self, device: torch.device) -> StreamedPhotos:
        """Return these photos: no device holds them."""
        return self

    def soon(self, indices: Tensor) -> None:
        """Begin to read the photos that are asked for next."""
        self._coming = self._begun(indices.tolist())

    def at(self, indices: Tensor) -> Tensor:
        """Return photos by their indices, (b, S, S, 3) uint8.

        Raises:
            ValueError: if one is damaged, or changed since the start.
        """
        wanted, (known, coming) = indices.tolist(), self._coming
        if wanted != known:
            _, coming = self._begun(wanted)
        return torch.from_numpy(np.stack([each.result() for each in coming]))

    def _begun(self, indices: list[int]) -> tuple[list[int], list[Future[NDArray[np.uint8]]]]:
        return indices, [self._threads.submit(centre_square, self._found, index, self._size) for index in indices]


def photos_within(
    memory_gb: float, paths: Sequence[Path], size: int, listed: ClassFile | None = None
) -> Photos | StreamedPhotos:
    """Decode every photo once where they fit into memory; else leave them in their files.

    Args:
        memory_gb: gigabytes that decoded photos may take in each process.
        paths, size, listed: see `load_photos`.

    Raises:
        FileNotFoundError, ValueError: see `find_photos`.
    """
    found = find_photos(paths, listed)
    whole = len(found) * size * size * 3 / 1e9
    if whole <= memory_gb:
        return found.decoded(size)
    logger.info("%d photos would take %.1f GB: each is read when it is due", len(found), whole)
    return StreamedPhotos(found, size)
