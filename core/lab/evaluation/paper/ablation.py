"""Measures every setting that a folder does not hold yet, and writes text and curves of all that there is.

Knows nothing of the command line, of how a setting is measured (laboratory.py) or of what figures mean (findings.py).
"""

from __future__ import annotations

import logging
import time
from pathlib import Path

from tqdm import tqdm

from core.engine import Engine
from core.errors import BadRequest
from core.lab.evaluation import curves
from core.lab.evaluation.answers import TestSet
from core.lab.evaluation.judge import Judge
from core.lab.evaluation.paper.findings import (
    ORDERS_FIGURE,
    SCHEDULES_FIGURE,
    STRIP_FIGURE,
    halton_section,
    orders_panels,
    schedule_section,
    schedules_panels,
    sequential_section,
)
from core.lab.evaluation.paper.laboratory import BATCH, Laboratory
from core.lab.evaluation.paper.ledger import Ledger
from core.lab.evaluation.paper.settings import ONE, SEED, settings
from core.pictures.encoding import encode_png, write_whole

logger = logging.getLogger(__name__)

_REPORT_EVERY_S = 20.0  # drawing the curves and writing the text takes about a second


def run_ablation(engine: Engine, test_set: TestSet, judge: Judge, folder: Path, *, samples: int) -> None:
    """Measure every setting that the folder does not hold yet; each is in ablation.csv as soon as it is measured.

    Text and curves follow every few seconds and at the end. A killed run leaves what it has; a second run with the
    same weights, photos, number format and number of samples goes on where it ended. Rows of other runs in
    ablation.csv are kept.

    Args:
        engine: the model.
        test_set: photos of the model's own classes, at least two.
        judge: the metric nets, with a probe of the same classes.
        folder: receives ablation.csv, ablation.md, filling-in.png and, where matplotlib is installed, schedules.png and
            orders.png; made if missing.
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
    laboratory = Laboratory(engine, test_set, judge, samples)
    ledger = Ledger(folder / "ablation.csv", laboratory.facts)
    report = _Report(folder, laboratory, ledger)
    pending = [setting for setting in settings() if setting not in ledger.rows]
    total = sum(laboratory.forwards(setting) for setting in pending)
    with tqdm(total=total, desc="ablation", unit="forward", smoothing=0.05, disable=None) as bar, report:
        if not report.has_strip:
            rows, strip = laboratory.fill_in()
            write_whole(folder / STRIP_FIGURE, encode_png(strip))
            ledger.add(rows)  # after the strip, so that no rows vouch for another run's
        for setting in pending:
            report.refresh()
            bar.set_postfix_str(f"{setting.kind}, {setting.order} {setting.schedule} {setting.steps or ''}".rstrip())
            row = laboratory.measure(setting, bar.update)
            logger.info("%s: KID %.4f, probe %.2f, %.3f s a sample", setting, row.kid, row.probe, row.seconds)
            ledger.add([row])


class _Report:
    """ablation.md and the curves, from whatever rows there are; written at the latest on leaving."""

    def __init__(self, folder: Path, laboratory: Laboratory, ledger: Ledger) -> None:
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
        """Write the text and the curves, unless they have just been written."""
        if time.monotonic() - self._written > _REPORT_EVERY_S:
            self._write()
            self._written = time.monotonic()

    def _write(self) -> None:
        rows = list(self._ledger.rows.values())
        if curves.are_installed():
            for name, panels in ((SCHEDULES_FIGURE, schedules_panels(rows)), (ORDERS_FIGURE, orders_panels(rows))):
                write_whole(self._folder / name, curves.drawn(panels))
        parts = [self._opening(), *schedule_section(rows), *sequential_section(rows), *halton_section(rows)]
        write_whole(self._folder / "ablation.md", ("\n\n".join(parts) + "\n").encode())

    def _opening(self) -> str:
        laboratory = self._laboratory
        choice, token = laboratory.temperatures
        seconds = sum(row.seconds * row.samples for row in self._ledger.rows.values())
        missing = sum(setting not in self._ledger.rows for setting in settings())
        unfinished = f" **{missing} of {len(settings())} settings are not measured yet.**" if missing else ""
        undrawn = "" if curves.are_installed() else f" {curves.ABSENT}"
        return (
            f"## The paper's experiments on {laboratory.spec.name}\n\n"
            f"Run {laboratory.identity}: {laboratory.samples} samples a setting, seeds {SEED} and up, the same for "
            f"every setting; choice temperature {choice:g}, token temperature {token:g}, no guidance (the paper has "
            f"none); {laboratory.device}, {laboratory.dtype}, batches of {BATCH}. KID is the kernel distance (lower "
            "is better) on the metric net's features to real photos at the model's own resolution, no FID: it compares "
            "only within these tables; ± is its standard error over the samples (jackknife). Probe is the share of "
            "pictures that the linear probe gives the class asked for. One net, trained with one schedule, decodes by "
            "all of them; the paper trained a net for each. Decoding took "
            f"{seconds / 60.0:.1f} minutes in all, without the judging.{unfinished}{undrawn}"
        )
