"""The sharpener's data: pictures decoded by a model, each with the teacher's sharp version.

Knows nothing of losses. Pairs are numbered PNG files in a folder, so that an interrupted run continues with the next
number. Every prefix is balanced: generated pictures (each class in turn) and reconstructions (each data path in turn)
alternate.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from tqdm import tqdm

from core.engine import Engine
from core.lab.training.data import Photos
from core.values.groups import DecodeOptions, Painting
from core.values.request import EditRequest

Picture = NDArray[np.uint8]
Sharpen = Callable[[Picture], Picture]
"""(S, S, 3) uint8 -> (4 S, 4 S, 3) uint8."""

_GUIDANCE = (3.0, 5.0)
"""Guidance of the generated pictures, in turn: one that suits whole pictures, and the model's advice."""
_TEMPERATURES = (0.85, 1.0)
"""Token temperatures of the generated pictures, likewise: the model's advice, and plain sampling."""
_SEED = 1 << 40  # beyond the seeds of the evaluation


@dataclass(frozen=True, eq=False)
class Pairs:
    """decoded: (n, 3, S, S) and sharp: (n, 3, 4 S, 4 S), both uint8."""

    decoded: Tensor
    sharp: Tensor

    def __len__(self) -> int:
        """Return the number of pairs."""
        return len(self.decoded)


def decoded_picture(engine: Engine, groups: Sequence[Photos], index: int) -> Picture:
    """Make the picture of one pair, (S, S, 3) uint8: generated if the index is even, else a reconstruction.

    Args:
        engine: the model.
        groups: photos at the model's own size, one group per data path.
        index: of the pair; with the model and the photos it determines the picture.
    """
    turn = index // 2
    if index % 2 == 0:
        class_id, round_ = turn % len(engine.spec.classes), turn // len(engine.spec.classes)
        options = DecodeOptions(
            guidance_scale=_GUIDANCE[round_ % 2] if engine.spec.null_class else 1.0,
            token_temperature=_TEMPERATURES[round_ // 2 % 2],
            seed=_SEED + turn,
        )
        # Not sharpened by an earlier net.
        return engine.edit(EditRequest(class_id=class_id, painting=Painting(sharpen=0.0), decoding=options)).image(0)
    photos = groups[turn % len(groups)]
    drawn = np.random.Generator(np.random.PCG64(_SEED + turn)).integers(len(photos))
    return engine.reconstruct(photos.pixels[int(drawn)].numpy())


def make_pairs(
    folder: Path, count: int, engine: Engine, groups: Sequence[Photos], teacher: Callable[[], Sharpen]
) -> None:
    """Write the missing pairs, up to `count`; each appears whole or not at all.

    Args:
        folder: made if missing.
        count: of all pairs.
        engine, groups: see `decoded_picture`.
        teacher: makes the teacher, if a pair is missing.
    """
    folder.mkdir(parents=True, exist_ok=True)
    missing = [index for index in range(count) if not _sharp_file(folder, index).is_file()]
    sharpen = teacher() if missing else None
    for index in tqdm(missing, desc="pairs", disable=None):
        assert sharpen is not None, "a pair is missing"
        picture = decoded_picture(engine, groups, index)
        _write(_decoded_file(folder, index), picture)
        _write(_sharp_file(folder, index), sharpen(picture))  # last: with it the pair is complete


def load_pairs(folder: Path, count: int) -> Pairs:
    """Read the first `count` pairs of a folder filled by `make_pairs`."""
    decoded = [_read(_decoded_file(folder, index)) for index in range(count)]
    sharp = [_read(_sharp_file(folder, index)) for index in range(count)]
    return Pairs(_stacked(decoded), _stacked(sharp))


def _decoded_file(folder: Path, index: int) -> Path:
    return folder / f"{index:05d}-decoded.png"


def _sharp_file(folder: Path, index: int) -> Path:
    return folder / f"{index:05d}-sharp.png"


def _stacked(pictures: Sequence[Picture]) -> Tensor:
    return torch.from_numpy(np.stack(pictures)).permute(0, 3, 1, 2).contiguous()


def _read(path: Path) -> Picture:
    picture = cv2.imread(str(path))
    assert picture is not None, "whole, for it was written whole"
    return np.asarray(picture[..., ::-1], np.uint8)


def _write(path: Path, picture: Picture) -> None:
    """Write a PNG whole or not at all."""
    _, data = cv2.imencode(".png", picture[..., ::-1])
    partial = path.with_suffix(".partial")
    partial.write_bytes(data.tobytes())
    os.replace(partial, path)
