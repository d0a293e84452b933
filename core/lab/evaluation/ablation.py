"""The paper's experiments on our model: schedules and steps, parallel against sequential, confidence against Halton.

Knows nothing of the command line or of what the figures mean (findings.py does). Source: Chang et al. 2022 (MaskGIT),
table 3 and figures 2, 4 and 8. Tokens are decoded in batches straight through the nets and, as in the paper's ablation,
without guidance.
"""

from __future__ import annotations

import csv
import hashlib
import io
import logging
import statistics
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from functools import cached_property
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from tqdm import tqdm

from core.canvas.fill import neutral_fill
from core.decoding.decode import DecodeStep, Sampling, decode, step_counts
from core.decoding.guidance import Condition, predictor, seen_by
from core.decoding.settings import LEFT_OUT, MASK
from core.engine import Engine
from core.errors import BadRequest
from core.lab.evaluation.edits import TestSet
from core.lab.evaluation.figures import Strip, draw_strips
from core.lab.evaluation.findings import (
    CENTRE,
    CLEAR,
    GENERATION,
    HALTON_SCHEDULES,
    ONE,
    ORDERS_FIGURE,
    PARALLEL_STEPS,
    PHOTOS,
    RECONSTRUCTION,
    SCHEDULES_FIGURE,
    STEPS,
    STRIP_FIGURE,
    STUDIED,
    Row,
    Setting,
    halton_section,
    order_title,
    orders_figure,
    schedule_section,
    schedules_figure,
    sequential_section,
)
from core.lab.evaluation.judge import Judge
from core.lab.evaluation.metrics import Mask, Picture, kernel_distance, to_side
from core.lab.evaluation.questions import QUESTIONS, hole_crops
from core.pictures.encoding import encode_png, write_whole
from core.values.geometry import Box

logger = logging.getLogger(__name__)

SEED = 0  # of the first sample; fixed, so that a report can be made again
_BATCH = 8  # measured on two cores: 4 to 8 samples a forward cost least
_GROUPS = 10  # of the jackknife
_MOMENTS = 8  # pictures of a strip
_REPORT_EVERY_S = 20.0  # drawing and packing the figures takes 0.2 s
_REPEATS = 3  # of the parallel timing, of which the median counts

Decoded = Callable[[int], None]
"""Told how many samples went through the transformer, after each forward."""


_ORDERS = (("confidence", STUDIED), ("halton", HALTON_SCHEDULES))


def settings() -> tuple[Setting, ...]:
    """Return all settings of the batches, in the order in which they are measured; the cosine first."""
    found = [Setting(kind, order) for kind in (GENERATION, CENTRE) for order in (PHOTOS, RECONSTRUCTION)]
    grid = [(order, schedule) for order, schedules in _ORDERS for schedule in schedules]
    for order, schedule in grid:
        found += [Setting(kind, order, schedule, steps) for kind in (GENERATION, CENTRE) for steps in STEPS]
    return (*found, Setting(GENERATION, "raster"), Setting(CENTRE, "raster"))


def run_ablation(engine: Engine, test_set: TestSet, judge: Judge, folder: Path, *, samples: int) -> None:
    """Measure every setting that the folder does not hold yet; each is in ablation.csv as soon as it is measured.

    Text and figures follow every few seconds and at the end. A killed run leaves what it has; a second run with the
    same weights, photos, number format and number of samples goes on where it ended. Rows of other runs in
    ablation.csv are kept.

    Args:
        engine: the model.
        test_set: photos of the model's own classes, at least two.
        judge: the metric nets, with a probe of the same classes.
        folder: receives ablation.csv, ablation.md, filling-in.png, schedules.png and orders.png; made if missing.
        samples: pictures for each setting; the holes take as many photos where there are so many. At least 2.

    Raises:
        BadRequest: where samples or photos are too few, the classes differ, or ablation.csv is another table.
    """
    if samples < 2:
        raise BadRequest(f"{samples} samples are too few to compare distributions: give at least 2.")
    test_set.check()
    if engine.spec.classes != test_set.classes or not judge.probes(test_set.classes, test_set.labels):
        raise BadRequest(
            f"the photos' classes ({', '.join(test_set.classes)}), the model's and the probe's "
            f"({judge.class_count}) differ: give photos of the model's classes, with --data and with --probe."
        )
    folder.mkdir(parents=True, exist_ok=True)
    laboratory = _Laboratory(engine, test_set, judge, samples)
    ledger = _Ledger(folder / "ablation.csv", laboratory)
    report = _Report(folder, laboratory, ledger)
    pending = [setting for setting in settings() if setting not in ledger.rows]
    total = sum(laboratory.forwards(setting) for setting in pending)
    with tqdm(total=total, desc="ablation", unit="forward", smoothing=0.05, disable=None) as bar, report:
        if not report.has_strip:
            rows, strips = laboratory.fill_in()
            write_whole(folder / STRIP_FIGURE, encode_png(draw_strips(strips)))
            ledger.add(rows)  # after the strip, so that no rows vouch for another run's
        for setting in pending:
            report.refresh()
            bar.set_postfix_str(f"{setting.kind}, {setting.order} {setting.schedule} {setting.steps or ''}".rstrip())
            row = laboratory.measure(setting, bar.update)
            logger.info("%s: KID %.4f, probe %.2f, %.3f s a sample", setting, row.kid, row.probe, row.seconds)
            ledger.add([row])


# Measuring -------------------------------------------------------------------------------------------------------


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


class _Laboratory:
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
        self._chosen = np.linspace(0, count - 1, min(samples, count)).round().astype(int).tolist()

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
        return Row(
            **asdict(setting),
            samples=len(pictures),
            forwards=forwards,
            seconds=seconds,
            kid=kid,
            kid_error=error,
            probe=probe,
        )

    def fill_in(self) -> tuple[list[Row], list[Strip]]:
        """Return the seconds of one picture in raster order and in parallel, timed one after the other, and strips."""
        tokens, class_id = self._generation.tokens[:1], self._generation.classes[:1]
        rows, strips = [], []
        runs = [(Setting(ONE, "raster"), 1), (Setting(ONE, "confidence", "cosine", PARALLEL_STEPS), _REPEATS)]
        self._net(tokens, torch.tensor(class_id, device=self._device))  # pays for the first use of every kernel
        for setting, repeats in runs:
            seconds = []
            for _ in range(repeats):
                started = time.perf_counter()
                steps = list(self._steps(tokens, None, class_id, setting, SEED))
                self._pictures(steps[-1].guess)
                seconds.append(time.perf_counter() - started)
            once, nan = statistics.median(seconds), float("nan")
            rows.append(
                Row(**asdict(setting), samples=1, forwards=len(steps), seconds=once, kid=nan, kid_error=nan, probe=nan)
            )
            moments = [steps[max(0, round((i + 1) * len(steps) / _MOMENTS) - 1)] for i in range(_MOMENTS)]
            grids = [self._grids(step.tokens == MASK)[0].cpu().numpy() for step in moments]
            strips.append(
                Strip(
                    f"{order_title(setting)}: {len(steps)} forwards, {once:.2f} s",
                    [f"{step.index + 1} of {len(steps)}" for step in moments],
                    self._pictures(torch.cat([step.guess for step in moments])),
                    grids,
                )
            )
        return rows, strips

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
        for start in range(0, len(question.tokens), _BATCH):
            some = slice(start, start + _BATCH)
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
        for start in range(0, len(photos), _BATCH):
            pixels = torch.from_numpy(np.stack(photos[start : start + _BATCH])).to(self._device)
            scaled = pixels.permute(0, 3, 1, 2).float() / 255.0
            with self._autocast():
                parts.append(self._tokenizer.encode(scaled.contiguous(memory_format=torch.channels_last)).flatten(1))
        return torch.cat(parts)

    @torch.no_grad()
    def _pictures(self, tokens: Tensor) -> list[Picture]:
        """Return the pictures, (S, S, 3) uint8 each, of (n, N) tokens."""
        found: list[Picture] = []
        for part in tokens.split(_BATCH):
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


# Keeping ---------------------------------------------------------------------------------------------------------


class _Ledger:
    """ablation.csv: this run's rows by setting, and those of other runs as they were found."""

    def __init__(self, path: Path, laboratory: _Laboratory) -> None:
        choice, token = laboratory.temperatures
        self._path = path
        self._facts = {
            "run": laboratory.identity,
            "model": laboratory.spec.name,
            "choice_temperature": f"{choice:g}",
            "token_temperature": f"{token:g}",
        }
        self._columns = [*self._facts, *(field.name for field in fields(Row))]
        self._others: list[dict[str, str]] = []
        self.rows: dict[Setting, Row] = {}
        if not path.exists():
            return
        with path.open(newline="", encoding="utf-8") as file:
            reader = csv.DictReader(file)
            if list(reader.fieldnames or ()) != self._columns:
                raise BadRequest(f"{path} is no table of this experiment: choose another folder.")
            for found in reader:
                if found["run"] == laboratory.identity:
                    row = _row(found)
                    self.rows[row.setting] = row
                else:
                    self._others.append(found)

    def add(self, rows: Sequence[Row]) -> None:
        """Keep rows and write the file, whole or not at all."""
        for row in rows:
            self.rows[row.setting] = row
        text = io.StringIO()
        writer = csv.DictWriter(text, self._columns, lineterminator="\n")
        writer.writeheader()
        writer.writerows(self._others)
        for row in self.rows.values():
            values = {k: f"{v:.6g}" if isinstance(v, float) else v for k, v in asdict(row).items()}
            writer.writerow({**self._facts, **values})
        write_whole(self._path, text.getvalue().encode())


def _row(found: Mapping[str, str]) -> Row:
    """Return a line of the CSV as a row."""
    return Row(
        kind=found["kind"],
        order=found["order"],
        schedule=found["schedule"],
        steps=int(found["steps"]),
        samples=int(found["samples"]),
        **{name: float(found[name]) for name in ("forwards", "seconds", "kid", "kid_error", "probe")},
    )


# Telling ---------------------------------------------------------------------------------------------------------


class _Report:
    """ablation.md and the figures of curves, from whatever rows there are; written at the latest on leaving."""

    def __init__(self, folder: Path, laboratory: _Laboratory, ledger: _Ledger) -> None:
        self._folder, self._laboratory, self._ledger = folder, laboratory, ledger
        self._written = -_REPORT_EVERY_S

    @property
    def has_strip(self) -> bool:
        """Whether the folder shows this very run filling in."""
        text, strip = self._folder / "ablation.md", self._folder / STRIP_FIGURE
        timed = any(setting.kind == ONE for setting in self._ledger.rows)
        return timed and strip.exists() and text.exists() and self._laboratory.identity in text.read_text("utf-8")

    def __enter__(self) -> None: ...

    def __exit__(self, *error: object) -> None:
        self._write()  # after an interruption too

    def refresh(self) -> None:
        """Write the text and both figures, unless they have just been written."""
        if time.monotonic() - self._written > _REPORT_EVERY_S:
            self._write()
            self._written = time.monotonic()

    def _write(self) -> None:
        rows = list(self._ledger.rows.values())
        write_whole(self._folder / SCHEDULES_FIGURE, encode_png(schedules_figure(rows)))
        write_whole(self._folder / ORDERS_FIGURE, encode_png(orders_figure(rows)))
        parts = [self._opening(), *schedule_section(rows), *sequential_section(rows), *halton_section(rows)]
        write_whole(self._folder / "ablation.md", ("\n\n".join(parts) + "\n").encode())

    def _opening(self) -> str:
        laboratory = self._laboratory
        choice, token = laboratory.temperatures
        seconds = sum(row.seconds * row.samples for row in self._ledger.rows.values())
        missing = sum(setting not in self._ledger.rows for setting in settings())
        unfinished = f" **{missing} of {len(settings())} settings are not measured yet.**" if missing else ""
        return (
            f"## The paper's experiments on {laboratory.spec.name}\n\n"
            f"Run {laboratory.identity}: {laboratory.samples} samples a setting, seeds {SEED} and up, the same for "
            f"every setting; choice temperature {choice:g}, token temperature {token:g}, no guidance (the paper has "
            f"none); {laboratory.device}, {laboratory.dtype}, batches of {_BATCH}. KID is the kernel distance (lower "
            "is better) on the metric net's features to real photos at the model's own resolution, no FID: it compares "
            'only within these tables; ± is its standard error over the samples (jackknife), and "clear" is a '
            f"difference of more than {CLEAR:g} of them. Probe is the share of "
            "pictures that the linear probe gives the class asked for. One net, trained with one schedule, decodes by "
            "all of them; the paper trained a net for each. Decoding took "
            f"{seconds / 60.0:.1f} minutes in all, without the judging.{unfinished}"
        )
