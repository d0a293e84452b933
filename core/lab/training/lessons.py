"""The data of one step of stage two: tokens with some hidden, the true ones, the class, and the surroundings.

Knows nothing of nets except their sentinels. A step's batch is a pure function of (seed, step), so that a resumed run
continues with exactly the batches that were due, on any number of processes.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from core.decoding.settings import MASK, NO_CLASS
from core.lab.training.data import PhotoFiles, SampleOrder
from core.lab.training.masking import draw_hidden, draw_strangers
from core.lab.training.recipes import MvtmRecipe
from core.lab.training.run import generator_of
from core.lab.training.speed import moved
from core.lab.training.views import ViewTable


@dataclass(frozen=True, eq=False)
class Lesson:
    """One process's part of a batch, B samples.

    Attributes:
        inputs: (B, N) int64 codes, MASK where hidden.
        targets: (B, N) int64 true codes.
        labels: (B,) int64, NO_CLASS if the class is not told.
        hidden: (B, N) bool.
        pictures: (B, 3, S, S) float32 in [0, 1], holes filled neutrally.
        known: (B, 1, S, S) bool, True = the photo's own pixel; all False if the whole picture is the hole.
        features: (B, C, h, w) float32, the classifier's last map of the whole crop; None if the table has none.
        share: this process's share of all hidden tokens of the batch, in (0, 1].
    """

    inputs: Tensor
    targets: Tensor
    labels: Tensor
    hidden: Tensor
    pictures: Tensor
    known: Tensor
    features: Tensor | None
    share: float


class Lessons:
    """The batches of a run.

    Args:
        recipe: of the run.
        files: the photos.
        table: their views.
        mine: this process's samples of a batch.
        device: where the batches go.
    """

    def __init__(
        self, recipe: MvtmRecipe, files: PhotoFiles, table: ViewTable, mine: slice, device: torch.device
    ) -> None:
        self._recipe, self._labels, self._table = recipe, files.labels, table
        self._mine, self._device = mine, device
        self.order = SampleOrder(files.labels, recipe.batch, recipe.seed, recipe.balance, recipe.most_repeats)

    def at(self, step: int) -> Lesson:
        """Return this process's part of a step's batch."""
        recipe, mine = self._recipe, self._mine
        generator = generator_of(recipe.seed, step)
        chosen = self.order.at(step)
        versions = torch.randint(recipe.versions, (len(chosen),), generator=generator)
        dropped = torch.rand(len(chosen), generator=generator) < recipe.class_dropout
        labels = self._labels[chosen].masked_fill(dropped, NO_CLASS)
        whole = torch.rand(len(chosen), generator=generator) >= recipe.region_share
        strangers = draw_strangers(labels, whole, recipe.stranger_share, generator)
        # A stranger's sample lies in the hole and the surroundings of the sample before it.
        around = torch.where(strangers, torch.arange(len(chosen)).roll(1), torch.arange(len(chosen)))
        region = self._regions(versions[around], chosen[around], whole)
        hidden = draw_hidden(region, recipe.schedule, generator)
        share = int(hidden[mine].sum()) / int(hidden.sum())

        own = self._table.at(versions[mine], chosen[mine])
        places = around[mine]
        seen = self._table.at(versions[places], chosen[places]) if bool(strangers[mine].any()) else own
        region, hidden, whole = region[mine], hidden[mine], whole[mine]
        inputs = torch.where(region, own.targets, seen.known).masked_fill(hidden, MASK)
        known = ~(seen.holes | whole[:, None, None])
        device = self._device
        return Lesson(
            inputs=moved(inputs, device),
            targets=moved(own.targets, device),
            labels=moved(labels[mine], device),
            hidden=moved(hidden, device),
            pictures=moved(seen.pictures, device),
            known=moved(known[:, None], device),
            features=None if own.features is None else moved(own.features, device),
            share=share,
        )

    def _regions(self, versions: Tensor, chosen: Tensor, whole: Tensor) -> Tensor:
        """Find the cells that each sample's hole touches, (B, N) bool; all cells if the whole picture is hidden."""
        pairs = zip(versions.tolist(), chosen.tolist(), strict=True)
        regions = np.stack([self._table.region(version, index).ravel() for version, index in pairs])
        return torch.from_numpy(regions) | whole[:, None]
