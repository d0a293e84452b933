"""Every photo as an edit sees it: a crop with a hole, its true codes, and the codes of what is left around the hole.

Knows nothing of stage two. A tokenizer's encoder looks far beyond a cell. An edit fills its hole with something neutral
before it encodes, so the known cells beside the hole carry other codes than those of the whole photo (23 % of the known
cells, measured on 204 photos). A net that learns from the whole photo's codes learns to read what has leaked from the
hole, and misses it at every edit. So known cells are learnt from the filled crop, and targets from the whole one.

Views are made at their first use and kept in memory-mapped files, so that training begins at once.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from core.canvas.compose import to_model
from core.canvas.fill import neutral_fill
from core.canvas.masks import latent_mask
from core.lab.training.data import PhotoFiles
from core.lab.training.masking import draw_hole
from core.lab.training.processes import Processes
from core.lab.training.recipes import MvtmRecipe
from core.lab.training.speed import full_precision
from core.models.efficientnet import EfficientNetLite0
from core.models.interfaces import VQTokenizer
from core.models.vision import feature_maps
from core.values.geometry import Box


@dataclass(frozen=True, eq=False)
class Views:
    """B crops with their holes, on the CPU.

    pictures: (B, 3, S, S) float32 in [0, 1], the holes filled neutrally; holes: (B, S, S) bool, True = hidden;
    targets, known: (B, N) int64, codes of the whole crops and of the filled ones; features: (B, C, h, w) float32, a
    classifier's last map of the whole crops, None without a classifier.
    """

    pictures: Tensor
    holes: Tensor
    targets: Tensor
    known: Tensor
    features: Tensor | None


class ViewTable:
    """The views of every photo, V versions of each; version v of photo i is always the same crop and hole.

    Codes are always computed in float32, a picture at a time: these must be the codes that the product computes, and
    no batch may change them.

    Args:
        folder: where the table is kept; several processes must see the same folder.
        files: the photos.
        tokenizer: on `device`.
        recipe: its versions V, its seed, and its smallest crop as a share of a photo's shorter side; a crop never has
            fewer than S pixels where the photo has as many, so that none is softer than its photo.
        pixels: side S of the crops.
        device: where to encode.
        processes: who share the folder; None for one.
        vision: the frozen classifier, on `device`, if its features are wanted, too.
    """

    def __init__(
        self,
        folder: Path,
        files: PhotoFiles,
        tokenizer: VQTokenizer,
        recipe: MvtmRecipe,
        *,
        pixels: int,
        device: torch.device,
        processes: Processes | None = None,
        vision: EfficientNetLite0 | None = None,
    ) -> None:
        self._files, self._tokenizer, self._vision, self._device = files, tokenizer, vision, device
        self._pixels, self._smallest, self._seed = pixels, recipe.smallest_crop, recipe.seed
        self.grid = pixels // tokenizer.downsample
        drawn = (recipe.versions, recipe.smallest_crop, recipe.seed)
        nets = [_digest(net) for net in (tokenizer, vision) if net is not None]
        facts = json.dumps([files.digest, *nets, pixels, *drawn])
        shape = (recipe.versions, len(files))
        self._shapes: dict[str, tuple[tuple[int, ...], Any]] = {
            "targets": ((*shape, self.grid**2), np.uint16),
            "known": ((*shape, self.grid**2), np.uint16),
            "pictures": ((*shape, pixels, pixels, 3), np.uint8),
            "made": (shape, np.bool_),
        }
        if vision is not None:
            seen = self._features(np.zeros((pixels, pixels, 3), np.uint8))
            self._shapes["features"] = ((*shape, *seen.shape), np.float16)
        processes = processes or Processes(device)
        described = folder / "views.json"
        if processes.main and not (described.is_file() and described.read_text() == facts):
            described.unlink(missing_ok=True)  # at no moment does it describe another table
            for name, (size, kind) in self._shapes.items():
                np.lib.format.open_memmap(folder / f"views-{name}.npy", "w+", kind, size).flush()
            described.write_text(facts)
        processes.wait()
        self._table = {name: np.load(folder / f"views-{name}.npy", mmap_mode="r+") for name in self._shapes}

    @property
    def made(self) -> int:
        """How many views are made by now."""
        return int(self._table["made"].sum())

    def hole(self, version: int, index: int) -> NDArray[np.bool_]:
        """Return the hole of a view, (S, S) bool; needs no picture."""
        return draw_hole(self._pixels, np.random.default_rng((self._seed, version, index, 1)))

    def region(self, version: int, index: int) -> NDArray[np.bool_]:
        """Return the cells that the hole touches, (h, w) bool."""
        return latent_mask(self.hole(version, index), self.grid)

    def at(self, versions: Tensor, indices: Tensor) -> Views:
        """Return views, those made that are missing; versions and indices: (B,) int64."""
        pairs = list(zip(versions.tolist(), indices.tolist(), strict=True))
        with full_precision():
            for version, index in pairs:
                if not self._table["made"][version, index]:
                    self._make(version, index)
        rows = tuple(np.array(pairs).T)
        pictures = torch.from_numpy(self._table["pictures"][rows]).permute(0, 3, 1, 2).float() / 255.0
        targets, known = (torch.from_numpy(self._table[name][rows].astype(np.int64)) for name in ("targets", "known"))
        holes = torch.from_numpy(np.stack([self.hole(*pair) for pair in pairs]))
        features = torch.from_numpy(self._table["features"][rows]).float() if self._vision is not None else None
        return Views(pictures, holes, targets, known, features)

    def crop(self, version: int, index: int) -> NDArray[np.uint8]:
        """Return a photo's crop as the engine would see it, (S, S, 3) uint8: a square of the photo, half mirrored."""
        random = np.random.default_rng((self._seed, version, index, 0))
        photo = self._files.picture(index)
        height, width = photo.shape[:2]
        shorter = min(height, width)
        side = round(random.uniform(min(shorter, max(self._pixels, self._smallest * shorter)), shorter))
        left, top = int(random.integers(width - side + 1)), int(random.integers(height - side + 1))
        window = to_model(photo, Box(left, top, left + side, top + side), self._pixels)
        return np.ascontiguousarray(window[:, ::-1]) if random.random() < 0.5 else window

    def _make(self, version: int, index: int) -> None:
        crop = self.crop(version, index)
        filled = neutral_fill(crop, self.hole(version, index))
        for name, picture in (("targets", crop), ("known", filled)):
            self._table[name][version, index] = self._encoded(picture)
        self._table["pictures"][version, index] = filled
        if self._vision is not None:
            self._table["features"][version, index] = self._features(crop)
        self._table["made"][version, index] = True  # last: another process may look at any moment

    @torch.no_grad()
    def _encoded(self, picture: NDArray[np.uint8]) -> NDArray[np.int64]:
        return np.asarray(self._tokenizer.encode(self._pixels_of(picture)).flatten().cpu().numpy())

    @torch.no_grad()
    def _features(self, picture: NDArray[np.uint8]) -> NDArray[np.float32]:
        assert self._vision is not None
        return np.asarray(feature_maps(self._vision, self._pixels_of(picture))[-1][0].cpu().numpy())

    def _pixels_of(self, picture: NDArray[np.uint8]) -> Tensor:
        """Bring an (S, S, 3) picture to the device as (1, 3, S, S) float32 in [0, 1]."""
        pixels = torch.from_numpy(picture).to(self._device).permute(2, 0, 1)[None].float() / 255.0
        return pixels.contiguous(memory_format=torch.channels_last)


def _digest(net: nn.Module) -> str:
    """Digest what codes or features depend on: another decoder of the same codes leaves a table as it is."""
    weights = hashlib.sha256()
    for name, value in net.state_dict().items():
        if not name.startswith("decoder."):
            weights.update(value.detach().float().cpu().numpy().tobytes())
    return weights.hexdigest()
