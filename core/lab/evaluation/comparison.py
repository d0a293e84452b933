"""Transformers and tokenizers of the same codes, each with each: what either of them gains, and what guidance does.

Knows nothing of files or of how models were trained. Photos are of ImageNet classes, so EfficientNet-Lite0's own
thousand classes name what is seen, and no probe has to be fitted. Tokens are decoded in batches straight through the
nets.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor
from tqdm import tqdm

from core.decoding.decode import Sampling, decode
from core.decoding.guidance import Condition, predictor
from core.decoding.schedule import masked_share
from core.decoding.settings import MASK, NO_CLASS
from core.errors import BadRequest
from core.lab.evaluation.edits import TestSet
from core.lab.evaluation.judge import Judge
from core.lab.evaluation.metrics import Picture, kernel_distance, precision_recall, psnr
from core.models.config import ModelSpec
from core.models.interfaces import MaskTransformer, VQTokenizer

SEED = 0  # of the first sample; fixed, so that a report can be made again
_FORMATS = {"class seen": "{:.1%}", "PSNR": "{:.2f}", "FD": "{:.2f}"}
_BATCH = 50
_AXES = 64  # principal axes of the Frechet distance: hundreds of pictures do not fill 1280 dimensions


@dataclass(frozen=True, eq=False)
class Transformer:
    """A transformer with the spec of its model: its classes, its null class, its decoding settings."""

    spec: ModelSpec
    net: MaskTransformer


@dataclass(frozen=True, eq=False)
class Line:
    """What one combination shows.

    Attributes:
        section: what was asked: reconstruction, likelihood, samples, or completion.
        name: of the combination.
        figures: measured values by name.
        pictures: what was made; empty where nothing was.
    """

    section: str
    name: str
    figures: Mapping[str, float]
    pictures: Sequence[Picture] = ()


def frechet_distance(real: Tensor, made: Tensor, *, axes: int = _AXES) -> float:
    """Return the Frechet distance of two sets of features (Heusel et al. 2017, equation 6) on the real ones' main axes.

    |m - m'|^2 + tr(C + C' - 2 (C C')^1/2) of the means and covariances along the `axes` directions in which the real
    features vary most; fewer where there are fewer dimensions.

    Args:
        real, made: (n, d) and (m, d) float; n and m should be several times `axes`.
    """
    real, made = real.double(), made.double()
    directions = torch.linalg.eigh(torch.cov(real.T)).eigenvectors[:, -axes:]
    real, made = real @ directions, made @ directions
    for_real, for_made = (torch.atleast_2d(torch.cov(x.T)) for x in (real, made))
    values, vectors = torch.linalg.eigh(for_real)
    root = vectors @ torch.diag(values.clamp_min(0.0).sqrt()) @ vectors.T
    crossed = torch.linalg.eigvalsh(root @ for_made @ root).clamp_min(0.0).sqrt().sum()
    gap = (real.mean(0) - made.mean(0)).square().sum()
    return float(gap + for_real.trace() + for_made.trace() - 2.0 * crossed)


def compare(
    transformers: Sequence[Transformer],
    tokenizers: Mapping[str, VQTokenizer],
    test_set: TestSet,
    judge: Judge,
    *,
    samples: int,
    guidances: Sequence[float] = (),
) -> Iterator[Line]:
    """Yield the figures of every tokenizer, every transformer, and every combination of both.

    Args:
        transformers: at least one; of the test set's classes, by name.
        tokenizers: by name, at least one. All share the first one's codes: they differ in their decoders.
        test_set: photos at the models' own side.
        judge: the metric nets.
        samples: pictures of each class that are generated.
        guidances: tried beside each model's own, where it has a null class.

    Raises:
        BadRequest: where the classes of a model are not the photos', the photos are not of its size, or the metric net
            sees the same class in photos of two.
    """
    _check(transformers, test_set)
    photos = list(test_set.photos)
    scored = _Scored(test_set, judge)
    yield Line("reconstruction", "photo itself", scored.photos, photos)

    tokens = _encoded(next(iter(tokenizers.values())), photos)
    for name, tokenizer in tokenizers.items():
        pictures = _pictures(tokenizer, tokens)
        yield Line("reconstruction", name, scored.reconstructions(pictures), pictures)
    for one in transformers:
        yield Line("likelihood", one.spec.name, _likelihoods(one, tokens, _ids(one, test_set)))

    grid = transformers[0].spec.grid
    hidden = torch.zeros(grid, grid, dtype=torch.bool)
    hidden[:, grid // 2 :] = True
    yield Line("completion", "photo itself", {}, photos)
    asked = np.repeat(np.arange(len(test_set.classes)), samples)
    for one in transformers:
        own = one.spec.defaults.guidance_scale
        for guidance in [own, *(g for g in guidances if one.spec.null_class and g != own)]:
            # The same settings and the same seeds for every tokenizer: one sequence of codes, seen by each.
            drawn = _filled(one, torch.full((len(asked), grid**2), MASK), _ids(one, test_set, asked), guidance)
            completed = _filled(one, tokens.masked_fill(hidden.flatten(), MASK), _ids(one, test_set), guidance)
            for name, tokenizer in tokenizers.items():
                title = f"{one.spec.name}, guidance {guidance:g}, decoder {name}"
                pictures = _pictures(tokenizer, drawn)
                yield Line("samples", title, scored.samples(pictures, asked), pictures)
                pictures = _pictures(tokenizer, completed)
                yield Line("completion", title, scored.completions(pictures), pictures)


def _check(transformers: Sequence[Transformer], test_set: TestSet) -> None:
    """Raise BadRequest where a model's classes are not the photos', or the photos are not of its size."""
    for one in transformers:
        if set(one.spec.classes) != set(test_set.classes):
            raise BadRequest(f"{one.spec.name} knows {', '.join(one.spec.classes)}: give photos of these classes.")
        if one.spec.pixels != test_set.photos.shape[1]:
            raise BadRequest(
                f"photos of {test_set.photos.shape[1]} px do not fit {one.spec.name}, which has {one.spec.pixels} px."
            )


class _Scored:
    """What pictures are held against: the photos' features, those of their right halves, and their classes."""

    def __init__(self, test_set: TestSet, judge: Judge) -> None:
        self._judge, self._photos, self._labels = judge, list(test_set.photos), np.array(test_set.labels)
        self._real = judge.features(self._photos)
        half = self._photos[0].shape[1] // 2
        self._halves = [photo[:, half:] for photo in self._photos]
        self._real_halves = judge.features(self._halves)
        named = judge.imagenet_logits(self._real).argmax(1).numpy()
        count = len(test_set.classes)
        # The class, of the metric net's thousand, that it names most often in a class's real photos.
        self._indices = [int(np.bincount(named[self._labels == i]).argmax()) for i in range(count)]
        if len(set(self._indices)) < count:
            raise BadRequest(f"the metric net sees {self._indices} in the photos: give classes that it tells apart.")
        self.photos = {"class seen": self._seen(self._real, self._labels)}

    def _seen(self, features: Tensor, wanted: NDArray[np.int64]) -> float:
        """Return how often the likeliest of the classes is the wanted one."""
        named = self._judge.imagenet_logits(features)[:, self._indices].argmax(1).numpy()
        return float(np.mean(named == wanted))

    def reconstructions(self, pictures: list[Picture]) -> dict[str, float]:
        """Return the figures of the photos as a tokenizer keeps them."""
        features = self._judge.features(pictures)
        return {
            **_distances(self._real, features),
            "distance": float(self._judge.distances(pictures, self._photos).mean()),
            "PSNR": _mean_psnr(pictures, self._photos),
            "class seen": self._seen(features, self._labels),
        }

    def samples(self, pictures: Sequence[Picture], asked: NDArray[np.int64]) -> dict[str, float]:
        """Return the figures of pictures from nothing, of the classes asked for."""
        features = self._judge.features(pictures)
        recall = precision_recall(self._real, features)[1]
        return {**_distances(self._real, features), "recall": recall, "class seen": self._seen(features, asked)}

    def completions(self, pictures: Sequence[Picture]) -> dict[str, float]:
        """Return the figures of photos whose right half was painted."""
        halves = [picture[:, -self._halves[0].shape[1] :] for picture in pictures]
        distances = _distances(self._real_halves, self._judge.features(halves))
        return {**distances, "PSNR": _mean_psnr(halves, self._halves)}


def _distances(real: Tensor, made: Tensor) -> dict[str, float]:
    return {"FD": frechet_distance(real, made), "KID": kernel_distance(real, made)}


def markdown(lines: Sequence[Line]) -> str:
    """Return one table a section."""
    tables = []
    for section in dict.fromkeys(line.section for line in lines):
        own = [line for line in lines if line.section == section]
        names = list(dict.fromkeys(name for line in own for name in line.figures))
        rows = [f"### {section}", "", f"| | {' | '.join(names)} |", f"| --- | {' | '.join('---:' for _ in names)} |"]
        for line in own:
            cells = [_FORMATS.get(n, "{:.3f}").format(line.figures[n]) if n in line.figures else "" for n in names]
            rows.append(f"| {line.name} | {' | '.join(cells)} |")
        tables.append("\n".join(rows) + "\n")
    return "\n".join(tables)


def table_csv(lines: Sequence[Line]) -> str:
    """Return every figure as one line: section, name, measure, value."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(("section", "name", "measure", "value"))
    for line in lines:
        writer.writerows((line.section, line.name, name, f"{value:.6g}") for name, value in line.figures.items())
    return text.getvalue()


def sheet(pictures: Sequence[Picture], *, rows: int = 10, columns: int = 8) -> Picture:
    """Return pictures spread over all, row by row: (rows * S, columns * S, 3) uint8 RGB, blank where there are fewer.

    Where the pictures are sorted by class and there are as many rows as classes, each row is a class.
    """
    side = pictures[0].shape[0]
    canvas = np.full((rows * side, columns * side, 3), 255, np.uint8)
    for row, part in enumerate(np.array_split(np.arange(len(pictures)), rows)):
        for column, index in enumerate(part[:columns]):
            box = (slice(row * side, (row + 1) * side), slice(column * side, (column + 1) * side))
            canvas[box] = pictures[index]
    return canvas


def _ids(one: Transformer, test_set: TestSet, labels: Sequence[int] | NDArray[np.int64] | None = None) -> list[int]:
    """Return the model's class ids of labels into the test set's classes; of its own photos where none are given."""
    wanted = test_set.labels if labels is None else labels
    return [one.spec.classes.index(test_set.classes[i]) for i in wanted]


@torch.inference_mode()
def _encoded(tokenizer: VQTokenizer, photos: Sequence[Picture]) -> Tensor:
    """Return the photos' codes, (n, N) int64."""
    pixels = torch.from_numpy(np.stack(photos)).permute(0, 3, 1, 2)
    return torch.cat([tokenizer.encode(part.float() / 255.0).flatten(1) for part in pixels.split(_BATCH)])


@torch.inference_mode()
def _pictures(tokenizer: VQTokenizer, tokens: Tensor) -> list[Picture]:
    """Return what (n, N) codes look like."""
    side = round(tokens.shape[1] ** 0.5)
    parts = [tokenizer.decode(part.view(-1, side, side)) for part in tokens.split(_BATCH)]
    pixels = (torch.cat(parts) * 255.0).round().byte().permute(0, 2, 3, 1)
    return list(pixels.numpy())


@torch.inference_mode()
def _filled(one: Transformer, tokens: Tensor, classes: Sequence[int], guidance: float) -> Tensor:
    """Return the tokens with the unknown ones decoded as the model advises, sample i with seed SEED + i."""
    advised = one.spec.defaults
    done = []
    starts = range(0, len(tokens), _BATCH)

    def net(rows: Tensor, class_ids: Tensor, _: Sequence[int | None]) -> Tensor:
        logits: Tensor = one.net(rows, class_ids)  # tokens alone, as the models compared here see
        return logits

    for start, end in tqdm(list(pairwise([*starts, len(tokens)])), desc=one.spec.name, leave=False, disable=None):
        conditions = [Condition(class_id, guidance, advised.guidance_ramp) for class_id in classes[start:end]]
        samplings = [Sampling.following(advised, SEED + i) for i in range(start, end)]
        for step in decode(tokens[start:end], predictor(net, conditions), samplings):
            last = step.tokens
        done.append(last)
    return torch.cat(done)


@torch.inference_mode()
def _likelihoods(one: Transformer, tokens: Tensor, classes: list[int]) -> dict[str, float]:
    """Return the mean NLL per hidden token in nats: with the photo's class, another class, and none.

    Every photo hides the share that the model's own schedule gives, drawn from U(0, 1) as in training.
    """
    random = torch.Generator().manual_seed(SEED)
    share = masked_share(one.spec.defaults.schedule, torch.rand(len(tokens), generator=random), tokens.shape[1])
    counts = (share * tokens.shape[1]).ceil().clamp_min(1.0)
    hidden = torch.rand(tokens.shape, generator=random).argsort(1).argsort(1) < counts[:, None]
    right = torch.tensor(classes)
    asked = {"NLL": right, "NLL, another class": (right + 1) % len(one.spec.classes)}
    if one.spec.null_class:
        asked["NLL, no class"] = torch.full_like(right, NO_CLASS)
    figures = {}
    for name, class_ids in asked.items():
        logits = torch.cat(
            [
                one.net(shown, ids)[unknown].float()
                for shown, ids, unknown in zip(
                    tokens.masked_fill(hidden, MASK).split(_BATCH),
                    class_ids.split(_BATCH),
                    hidden.split(_BATCH),
                    strict=True,
                )
            ]
        )
        figures[name] = F.cross_entropy(logits, tokens[hidden]).item()
    return figures


def _mean_psnr(pictures: Sequence[Picture], photos: Sequence[Picture]) -> float:
    return float(np.mean([psnr(a, b) for a, b in zip(pictures, photos, strict=True)]))
