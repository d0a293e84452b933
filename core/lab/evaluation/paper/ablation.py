"""Measures every setting that a folder does not hold yet, and writes text and curves of all that it holds.

Knows nothing of the command line, or of what figures mean (findings.py). Each setting is asked as the questions at the
model's size are, without any finishing of an edit and, as in the paper's ablation, without guidance.
"""

from __future__ import annotations

import csv
import hashlib
import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from tqdm import tqdm

from core.errors import BadRequest
from core.lab.evaluation.metrics import kernel_distance, to_side
from core.lab.evaluation.model.edits import hole_crops
from core.lab.evaluation.model.exam import Exam
from core.lab.evaluation.model.questions import CENTRE, GENERATION
from core.lab.evaluation.model.whole import generated
from core.lab.evaluation.paper.findings import FIGURES, Found, Setting, are_installed, drawn, report, settings
from core.lab.evaluation.requests import UNFINISHED, edit
from core.lab.evaluation.tables import csv_table
from core.pictures.encoding import write_whole

_GROUPS = 10  # of the jackknife
_REPORT_EVERY_S = 20.0  # drawing the curves takes about a second
_COLUMNS = ["run", *Setting._fields, "measure", "value"]


def run_ablation(exam: Exam, folder: Path) -> None:
    """Measure every setting that the folder does not hold yet; each is in ablation.csv as soon as it is measured.

    Text and curves follow every few seconds and at the end. A second run with the same weights, photos and samples
    goes on where the first ended.

    Args:
        exam: the model, photos of its own classes, and a judge with a probe of them.
        folder: receives ablation.csv, ablation.md and, if matplotlib is installed, schedules.png and orders.png.

    Raises:
        BadRequest: if the classes differ, or ablation.csv belongs to another run.
    """
    if not (exam.knows_classes and exam.sees_classes):
        raise BadRequest(
            f"the photos' classes ({', '.join(exam.classes)}), the model's and the probe's "
            f"({exam.judge.class_count}) differ: give photos of the model's classes, with --data and with --probe."
        )
    side, options = exam.engine.spec.pixels, exam.options.over(exam.engine.spec.defaults)  # the same for every kind
    photos = np.stack([to_side(photo, side) for photo in exam.photos])
    exam = replace(exam, sharpen=0.0, options=options, photos=photos)
    table, run = folder / "ablation.csv", identity(exam)
    found, written = read_figures(table, run), -_REPORT_EVERY_S
    try:
        for setting in tqdm([s for s in settings() if s not in found], desc="ablation", unit="setting", disable=None):
            found[setting] = measure(exam, setting)
            lines = [(run, *one, *figure) for one, figures in found.items() for figure in figures.items()]
            write_whole(table, csv_table(_COLUMNS, lines).encode())
            found = read_figures(table, run)  # as they will be read when a run goes on
            if time.monotonic() - written > _REPORT_EVERY_S:
                _write(folder, exam, found)
                written = time.monotonic()
    finally:  # after an interruption too
        _write(folder, exam, found)


def identity(exam: Exam) -> str:
    """Digest all that the figures depend on: weights (by the model's own digests), photos, samples and options."""
    facts = (exam.engine.spec, exam.labels, exam.samples, exam.options, exam.engine.device, exam.engine.dtype)
    return hashlib.blake2b(repr(facts).encode() + exam.photos.tobytes(), digest_size=6).hexdigest()


def read_figures(path: Path, run: str) -> Found:
    """Read a run's figures from a file; none if there is no file.

    Raises:
        BadRequest: if it is another table, or belongs to another run.
    """
    found: dict[Setting, dict[str, float]] = {}
    if path.exists():
        with path.open(newline="", encoding="utf-8") as file:
            head, *lines = [*csv.reader(file)] or [[]]
        if head != _COLUMNS or any(line[0] != run for line in lines):
            raise BadRequest(f"{path} is no table of this model, these photos and samples: choose another folder.")
        for _, kind, order, schedule, steps, measure, value in lines:
            found.setdefault(Setting(kind, order, schedule, int(steps)), {})[measure] = float(value)
    return dict(found)


def _write(folder: Path, exam: Exam, found: Found) -> None:
    """Write text and curves of the figures so far."""
    if are_installed():
        for name, (_, methods) in FIGURES.items():
            write_whole(folder / name, drawn(found, methods))
    title = (
        f"## The paper's experiments on {exam.name}\n\n{exam.samples} samples of each class and {len(exam.photos)} "
        f"holes a setting, the same seeds for every setting; choice temperature {exam.options.choice_temperature:g}, "
        f"token temperature {exam.options.token_temperature:g}; {exam.engine.device}, {exam.engine.dtype}."
    )
    write_whole(folder / "ablation.md", report(title, found).encode())


def measure(exam: Exam, setting: Setting) -> Mapping[str, float]:
    """Measure a setting: generated pictures are judged whole, holes alone.

    Args:
        exam: with photos at the model's resolution.
        setting: to decode by.
    """
    plain = replace(exam.options, order=setting.order, guidance_scale=1.0, start_step=0)
    if setting.steps:
        plain = replace(plain, schedule=setting.schedule, steps=setting.steps)
    exam = replace(exam, options=plain)
    if setting.kind == GENERATION:
        wanted, part = np.repeat(sorted(set(exam.labels)), exam.samples).tolist(), (slice(None), slice(None))
        results = list(generated(exam))
    else:
        cases = [case for photo in exam.numbered() if (case := CENTRE.build(photo)) is not None]
        wanted, part = list(exam.labels), hole_crops(cases[0].mask)[0].slices
        asked = (edit(c, class_id=c.label, painting=UNFINISHED, decoding=exam.drawn(c.seed)) for c in cases)
        results = [exam.engine.edit(request) for request in asked]
    real = exam.judge.features([photo[part] for photo in exam.photos])
    features = exam.judge.features([result.images[0][part] for result in results])
    kid, error = distance_with_error(real, features)
    return {
        "pictures": float(len(results)),
        "forwards": float(np.mean([result.forwards for result in results])),
        "seconds": float(np.mean([result.seconds["total"] for result in results])),
        "KID": kid,
        "its error": error,
        **exam.seen(features, wanted),
    }


def distance_with_error(real: Tensor, made: Tensor) -> tuple[float, float]:
    """Compute the kernel distance and its standard error over the made pictures.

    The delete-a-group jackknife: the real photos are the same for every setting, so only `made` is left out in turn.

    Args:
        real, made: (n, d) and (m, d) float features, n and m at least 2.

    Returns:
        Distance and error; the error is nan if fewer than two groups of at least two pictures can be left out.
    """
    groups = min(_GROUPS, len(made) // 2)
    distance = kernel_distance(real, made)
    if groups < 2:
        return distance, float("nan")
    member = torch.arange(len(made)) % groups
    without = [kernel_distance(real, made[member != group]) for group in range(groups)]
    return distance, float(np.sqrt((groups - 1) * np.var(without)))
