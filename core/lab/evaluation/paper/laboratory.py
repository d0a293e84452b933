"""How a setting of the paper's experiments becomes a row: tokens decoded in batches straight through the nets.

Knows nothing of files or of what the figures mean (findings.py does). As in the paper's ablation there is no guidance.
"""

from __future__ import annotations

import hashlib
import statistics
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
from torch import Tensor

from core.canvas.fill import neutral_fill
from core.decoding.decode import DecodeStep, Sampling, decode, step_counts
from core.decoding.guidance import Condition, predictor, seen_by
from core.decoding.settings import LEFT_OUT, MASK
from core.engine import Engine
from core.lab.evaluation.answers import TestSet, spread
from core.lab.evaluation.judge import Judge
from core.lab.evaluation.metrics import Mask, Picture, kernel_distance, to_side
from core.lab.evaluation.model.questions import QUESTIONS, hole_crops
from core.lab.evaluation.paper.settings import (
    CENTRE,
    GENERATION,
    ONE,
    PARALLEL_STEPS,
    PHOTOS,
    RECONSTRUCTION,
    SEED,
    Row,
    Setting,
)
from core.lab.evaluation.sheets import Line, fitted, sheet
from core.values.geometry import Box, Size

BATCH = 8  # measured on two cores: 4 to 8 samples a forward cost least
_GROUPS = 10  # of the jackknife
_MOMENTS = 8  # pictures of a strip
_MOMENT_SIDE = 128  # pixels of each
_VEIL, _VEIL_GREY = 0.82, 205  # share of grey over cells that are still unknown, and its level
_REPEATS = 3  # of the parallel timing, of which the median counts

Decoded = Callable[[int], None]
"""Told how many samples went through the transformer, after each forward."""


@dataclass(frozen=True, eq=False)
class _Question:
    """One kind's material, made once.

    Attributes:
        tokens: (n, N) int64, MASK where unknown.
        seen: (n, N, width), what the net sees of known pixels; None where it sees tokens alone, or nothing is known.
        classes: n class ids that are asked for.
        crop: the part of a picture that is judged.
        photos: those whose reconstruction is the floor, at the model's side.
        photo_classes: their class ids.
        real: (m, d) features of the real photos' crops.
    """

    tokens: Tensor
    seen: Tensor | None
    classes: list[int]
    crop: Box
    photos: list[Picture]
    photo_classes: list[int]
    real: Tensor


class Laboratory:
    """The nets, the photos at the model's resolution, and how a setting becomes a row."""

    def __init__(self, engine: Engine, test_set: TestSet, judge: Judge, samples: int) -> None:
        # The engine's road is one sample at a time, so that bytes repeat; here hundreds of samples share batches.
        self._tokenizer, self._transformer, self._look = engine.tokenizer, engine.transformer, engine.look
        self._autocast = engine.autocast
        self._device = torch.device(engine.device)
        self._judge, self.samples = judge, samples
        self.spec, self.device, self.dtype = engine.spec, engine.device, engine.dtype
        self.temperatures = (engine.spec.defaults.choice_temperature, engine.spec.defaults.token_temperature)
        self._photos = [to_side(photo, engine.spec.pixels) for photo in test_set.photos]
        self._labels = test_set.labels
        count = len(self._photos)
        self._chosen = spread(count, samples)

    @cached_property
    def identity(self) -> str:
        """A digest of all that the figures depend on: weights, photos, samples, temperatures, number format."""
        digest = hashlib.blake2b(digest_size=6)
        for net in (self._tokenizer, self._transformer):
            for name, value in net.state_dict().items():
                digest.update(name.encode() + value.detach().float().cpu().contiguous().numpy().tobytes())
        for photo in self._photos:
            digest.update(photo.tobytes())
        facts = (self._labels, self.samples, self.temperatures, self.device, self.dtype, SEED)
        digest.update(repr(facts).encode())
        return digest.hexdigest()

    @property
    def facts(self) -> dict[str, str]:
        """What tells this run's rows from those of others."""
        choice, token = self.temperatures
        return {
            "run": self.identity,
            "model": self.spec.name,
            "choice_temperature": f"{choice:g}",
            "token_temperature": f"{token:g}",
        }

    def forwards(self, setting: Setting) -> int:
        """Return how many forwards of single samples a setting takes."""
        if setting.order in (PHOTOS, RECONSTRUCTION):
            return 0
        cells = self.spec.grid**2
        unknown = cells if setting.kind == GENERATION else int(self._hidden_cells.sum())
        count = self.samples if setting.kind == GENERATION else len(self._chosen)
        return count * len(step_counts(unknown, self._sampling(setting, 0)))

    def measure(self, setting: Setting, decoded: Decoded) -> Row:
        """Return a setting's row."""
        question = self._generation if setting.kind == GENERATION else self._centre
        asked, forwards = question.classes, 0.0
        started = time.perf_counter()
        if setting.order == PHOTOS:
            pictures, asked = question.photos, question.photo_classes
        elif setting.order == RECONSTRUCTION:
            pictures, asked = self._pictures(self._encoded(question.photos)), question.photo_classes
        else:
            tokens, forwards = self._decoded(question, setting, decoded)
            pictures = self._pictures(tokens)
        seconds = (time.perf_counter() - started) / len(pictures)
        features = self._judge.features([picture[question.crop.slices] for picture in pictures])
        kid, error = (
            (float("nan"), float("nan")) if setting.order == PHOTOS else distance_with_error(question.real, features)
        )
        probe = float(np.mean(self._judge.classes(features) == np.array(asked)))
        return Row(setting, len(pictures), forwards, seconds, kid, error, probe)

    def fill_in(self) -> tuple[list[Row], Picture]:
        """Return the seconds of one picture in raster order and in parallel, timed one after the other, and strips.

        A strip is a row of pictures, unknown cells veiled, above a row of maps, unknown cells black (figure 2 of Chang
        et al. 2022 shows such maps).
        """
        tokens, class_id = self._generation.tokens[:1], self._generation.classes[:1]
        rows: list[Row] = []
        lines: list[Line] = []
        runs = [(Setting(ONE, "raster"), 1), (Setting(ONE, "confidence", "cosine", PARALLEL_STEPS), _REPEATS)]
        self._net(tokens, torch.tensor(class_id, device=self._device))  # pays for the first use of every kernel
        for setting, repeats in runs:
            seconds = []
            for _ in range(repeats):
                started = time.perf_counter()
                steps = list(self._steps(tokens, None, class_id, setting, SEED))
                self._pictures(steps[-1].guess)
                seconds.append(time.perf_counter() - started)
            once = statistics.median(seconds)
            rows.append(Row(setting, 1, len(steps), once))
            moments = [steps[max(0, round((i + 1) * len(steps) / _MOMENTS) - 1)] for i in range(_MOMENTS)]
            pictures = self._pictures(torch.cat([step.guess for step in moments]))
            unknown = [self._grids(step.tokens == MASK)[0].cpu().numpy() for step in moments]
            lines += [
                ([f"{setting.title}: {len(steps)} forwards, {once:.2f} s"], list(map(veiled, pictures, unknown))),
                ([f"{step.index + 1} of {len(steps)}" for step in moments], list(map(reveal_map, unknown))),
            ]
        return rows, sheet(lines)

    @cached_property
    def _hidden_cells(self) -> Tensor:
        """(h, w) bool: cells that the hole touches."""
        side = self.spec.pixels // self.spec.grid
        cells = self._hole.reshape(self.spec.grid, side, self.spec.grid, side).any((1, 3))
        return torch.from_numpy(cells)

    @cached_property
    def _hole(self) -> Mask:
        """(S, S) bool: the hidden pixels."""
        question = next(question for question in QUESTIONS if question.name == CENTRE)
        return question.mask(self.spec.pixels, 0)

    @cached_property
    def _generation(self) -> _Question:
        """All cells unknown, the classes in turn; judged against equally many photos of each class."""
        present = sorted(set(self._labels))
        each = min(self._labels.count(label) for label in present)
        balanced = [i for label in present for i in _where(self._labels, label)[:each]]
        classes = [present[i % len(present)] for i in range(self.samples)]
        tokens = torch.full((self.samples, self.spec.grid**2), MASK, device=self._device)
        whole = Box(0, 0, self.spec.pixels, self.spec.pixels)
        return self._question(tokens, None, classes, whole, balanced, balanced)

    @cached_property
    def _centre(self) -> _Question:
        """The hole's cells unknown, the class given; judged on crops of the hole against those of all photos."""
        filled = [neutral_fill(self._photos[i], self._hole) for i in self._chosen]
        tokens = self._encoded(filled)
        looks = [look for picture in filled if (look := self._look(picture, self._hole)) is not None]
        seen = torch.stack(looks) if looks else None
        tokens[:, self._hidden_cells.flatten().to(self._device)] = MASK
        crop = hole_crops(self._hole)[0]
        classes = [self._labels[i] for i in self._chosen]
        return self._question(tokens, seen, classes, crop, self._chosen, range(len(self._photos)))

    def _question(
        self,
        tokens: Tensor,
        seen: Tensor | None,
        classes: list[int],
        crop: Box,
        photos: Iterable[int],
        real: Iterable[int],
    ) -> _Question:
        photos = list(photos)
        return _Question(
            tokens=tokens,
            seen=seen,
            classes=classes,
            crop=crop,
            photos=[self._photos[i] for i in photos],
            photo_classes=[self._labels[i] for i in photos],
            real=self._judge.features([self._photos[i][crop.slices] for i in real]),
        )

    def _sampling(self, setting: Setting, seed: int) -> Sampling:
        choice, token = self.temperatures
        schedule, steps = setting.schedule or LEFT_OUT, setting.steps or LEFT_OUT  # raster has no part for them
        return Sampling(schedule, setting.order, steps, LEFT_OUT, choice, token, seed=seed)

    def _decoded(self, question: _Question, setting: Setting, decoded: Decoded) -> tuple[Tensor, float]:
        """Return (n, N) tokens without MASK, and the forwards a sample."""
        parts, forwards = [], 0
        for start in range(0, len(question.tokens), BATCH):
            some = slice(start, start + BATCH)
            part = question.tokens[some]
            seen = None if question.seen is None else question.seen[some]
            for step in self._steps(part, seen, question.classes[some], setting, SEED + start):
                part = step.tokens
                forwards += len(part)
                decoded(len(part))
            parts.append(part)
        return torch.cat(parts), forwards / len(question.tokens)

    def _steps(
        self, tokens: Tensor, seen: Tensor | None, classes: Sequence[int], setting: Setting, seed: int
    ) -> Iterable[DecodeStep]:
        """Yield the steps of one batch, whose samples draw with rising seeds."""

        def net(rows: Tensor, class_ids: Tensor, samples: Sequence[int | None]) -> Tensor:
            return self._net(rows, class_ids, seen_by(seen, samples))

        samplings = [self._sampling(setting, seed + i) for i in range(len(tokens))]
        return decode(tokens, predictor(net, [Condition(class_id) for class_id in classes]), samplings)

    @torch.no_grad()
    def _net(self, tokens: Tensor, class_ids: Tensor, seen: Tensor | None = None) -> Tensor:
        parts = (tokens, class_ids) if seen is None else (tokens, class_ids, seen)
        with self._autocast():
            logits: Tensor = self._transformer(*parts)
        return logits

    @torch.no_grad()
    def _encoded(self, photos: Sequence[Picture]) -> Tensor:
        """Return (n, N) codes of photos at the model's side."""
        parts = []
        for start in range(0, len(photos), BATCH):
            pixels = torch.from_numpy(np.stack(photos[start : start + BATCH])).to(self._device)
            scaled = pixels.permute(0, 3, 1, 2).float() / 255.0
            with self._autocast():
                parts.append(self._tokenizer.encode(scaled.contiguous(memory_format=torch.channels_last)).flatten(1))
        return torch.cat(parts)

    @torch.no_grad()
    def _pictures(self, tokens: Tensor) -> list[Picture]:
        """Return the pictures, (S, S, 3) uint8 each, of (n, N) tokens."""
        found: list[Picture] = []
        for part in tokens.split(BATCH):
            with self._autocast():
                pixels = self._tokenizer.decode(self._grids(part)).float()
            found += list((pixels * 255.0).round().byte().permute(0, 2, 3, 1).cpu().numpy())
        return found

    def _grids(self, sequences: Tensor) -> Tensor:
        """Return (n, N) as (n, h, w)."""
        return sequences.view(-1, self.spec.grid, self.spec.grid)


def distance_with_error(real: Tensor, made: Tensor) -> tuple[float, float]:
    """Return the kernel distance and its standard error over the made pictures.

    The delete-a-group jackknife: the real photos are the same for every setting, so only `made` is left out in turn.

    Args:
        real, made: (n, d) and (m, d) float features, n and m at least 2.

    Returns:
        Distance and error; the error is nan where fewer than two groups of at least two pictures can be left out.
    """
    groups = min(_GROUPS, len(made) // 2)
    distance = kernel_distance(real, made)
    if groups < 2:
        return distance, float("nan")
    member = torch.arange(len(made)) % groups
    without = [kernel_distance(real, made[member != group]) for group in range(groups)]
    return distance, float(np.sqrt((groups - 1) * np.var(without)))


def _where(labels: Sequence[int], label: int) -> list[int]:
    return [i for i, one in enumerate(labels) if one == label]


def veiled(picture: Picture, unknown: Mask) -> Picture:
    """Return a square picture as a moment of a strip, with its unknown cells, (h, w) bool, under grey."""
    shown = fitted(picture, Size(_MOMENT_SIDE, _MOMENT_SIDE))
    veil = np.rint(shown * (1.0 - _VEIL) + _VEIL_GREY * _VEIL)
    return np.asarray(np.where(_as_pixels(unknown)[..., None], veil, shown), np.uint8)


def reveal_map(unknown: Mask) -> Picture:
    """Return a map of the cells, white where known and black where unknown, with a faint frame."""
    known = np.where(_as_pixels(unknown)[..., None], 0, 255).astype(np.uint8).repeat(3, 2)
    known[[0, -1]] = known[:, [0, -1]] = 128
    return known


def _as_pixels(cells: Mask) -> Mask:
    """Return (h, w) cells as the pixels of a moment."""
    index = np.arange(_MOMENT_SIDE) * len(cells) // _MOMENT_SIDE
    return np.asarray(cells[np.ix_(index, index)])
