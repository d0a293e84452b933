"""Everything that the stages share: run folder, clock, learning rate, checkpoints, metrics, progress.

Knows nothing of losses. A run folder holds recipe.json (recipe, seed, data digest, versions), checkpoint.pt (all that
resuming needs), metrics.csv, curves.png, contact sheets and the exported weights. Nothing here waits for a GPU except
every `Limits.log_every` steps, when the metrics are read.
"""

from __future__ import annotations

import csv
import dataclasses
import importlib.metadata
import json
import logging
import math
import os
import pickle
import platform
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch
from torch import Tensor
from tqdm import tqdm

from core.lab.training.processes import Processes

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Limits:
    """When a run ends, after `minutes` of training in all, resumed parts added up; and when it writes.

    clock: increasing seconds; tests bring their own.
    """

    minutes: float
    save_every_s: float = 180.0
    sheet_every_s: float = 300.0
    log_every: int = 25  # steps
    clock: Callable[[], float] = time.monotonic


@dataclass(frozen=True)
class Setup:
    """Where a run is kept, how long it lasts, and on what it runs.

    Attributes:
        folder: where everything is written; made if missing.
        limits: when to stop and to write.
        processes: share each batch; each has its device.
        resume: continue from the folder's checkpoint.
        compiled: compile the nets; None lets the stage decide.
        dtype: number format of the steps, as `core.engine.device.pick_dtype` takes it.
    """

    folder: Path
    limits: Limits
    processes: Processes = field(default_factory=Processes)
    resume: bool = False
    compiled: bool | None = None
    dtype: str = "auto"

    @property
    def device(self) -> torch.device:
        """The device to train on."""
        return self.processes.device


Metrics = Mapping[str, Tensor | float]
"""Name -> mean over this process's samples: a number, or a tensor of one, best left on its device."""


class Run:
    """One training run in one folder.

    Args:
        setup: where, how long, and on what; the main process writes.
        recipe: the frozen recipe dataclass; its seed is the run's.
        facts: what else the run depends on (data digest, classes), as JSON values.
        state: name -> module or optimiser, saved in and restored from checkpoint.pt.

    Raises:
        ValueError: if resuming would change the recipe or a fact, starting would overwrite a run, or the
            checkpoint is damaged.
    """

    def __init__(self, setup: Setup, recipe: Any, facts: Mapping[str, Any], state: Mapping[str, Any]) -> None:
        folder = setup.folder
        self.folder, self.limits, self.state = folder, setup.limits, state
        self.step, self.seconds = 0, 0.0
        self._seed: int = recipe.seed
        self._processes = setup.processes
        self._metrics = folder / "metrics.csv"
        folder.mkdir(parents=True, exist_ok=True)
        described = json.loads(json.dumps({"recipe": dataclasses.asdict(recipe), **facts}))
        checkpoint, described_in = folder / "checkpoint.pt", folder / "recipe.json"
        if checkpoint.exists() and not setup.resume:
            raise ValueError(f"{folder} already holds a run: add --resume to go on, or choose another --out")
        if checkpoint.exists():
            before = json.loads(described_in.read_text())
            changed = [k for k in described if before.get(k) != described[k]]
            if changed:
                raise ValueError(f"{folder} was started with another {' and '.join(changed)}: resume with the same one")
            self._restore(checkpoint)
        self._processes.wait()  # all have read the folder before anything in it changes
        if self._processes.main:
            device = self._processes.device
            name = torch.cuda.get_device_name(device) if device.type == "cuda" else device.type
            machine = {"device": name, "processes": self._processes.count}
            facts = {
                **described,
                "minutes": self.limits.minutes,
                **machine,
                "versions": _versions(self._processes.count),
            }
            _write_text(described_in, json.dumps(facts, indent=1))
            self._forget_later_metrics()

    def _restore(self, checkpoint: Path) -> None:
        try:
            saved = torch.load(checkpoint, map_location="cpu", weights_only=True)
        except (RuntimeError, EOFError, pickle.UnpicklingError) as error:
            raise ValueError(f"{checkpoint} is damaged: start again in another --out") from error
        self.step, self.seconds = saved["step"], saved["seconds"]
        for name, part in self.state.items():
            part.load_state_dict(saved["state"][name])
        logger.info("resumed %s at step %d", self.folder, self.step)

    def _forget_later_metrics(self) -> None:
        """Drop the rows after the restored step, which will be made again, and a row that a kill left half written."""
        if not self._metrics.exists():
            return
        with self._metrics.open(newline="") as file:
            header, *rows = list(csv.reader(file)) or [[]]
        kept = [row for row in rows if len(row) == len(header) and float(row[0]) <= self.step]
        _write_text(self._metrics, "".join(f"{','.join(row)}\r\n" for row in [header, *kept] if kept))

    def save(self) -> None:
        """Write checkpoint.pt whole or not at all."""
        state = {name: part.state_dict() for name, part in self.state.items()}
        partial = self.folder / "checkpoint.partial"
        torch.save({"step": self.step, "seconds": self.seconds, "state": state}, partial)
        os.replace(partial, self.folder / "checkpoint.pt")

    @property
    def progress(self) -> float:
        """Share of the time budget that is spent, in [0, 1]."""
        return min(1.0, self.seconds / (60.0 * self.limits.minutes))

    def rate(self, peak: float, warmup_steps: int, tail: float) -> float:
        """Return the present learning rate: linear warm-up, then `peak`, then a cosine to zero over the last `tail`."""
        warm = min(1.0, (self.step + 1) / warmup_steps)
        falling = max(0.0, (self.progress - (1.0 - tail)) / tail)
        return peak * warm * 0.5 * (1.0 + math.cos(math.pi * falling))

    def steps(
        self, batch: int, checkpointed: Callable[[], None], draw_sheet: Callable[[], np.ndarray[Any, Any]]
    ) -> Iterator[Callable[[Metrics], None]]:
        """Yield once per step until the time is spent; the loop body reports its metrics to the yielded function.

        Each step begins with torch's own random state set from seed and step, so that resuming needs no saved state.
        With several processes the main one's clock counts, so that all stop after the same step.

        Args:
            batch: samples per step over all processes, for the images/s shown.
            checkpointed: called in the main process after every checkpoint (exports weights).
            draw_sheet: returns a contact sheet, (H, W, 3) uint8 RGB, for a person to look at.
        """
        limits, processes = self.limits, self._processes
        meter = _Meter(self, batch, processes)

        def checkpoint() -> None:
            self.save()
            checkpointed()
            draw_curves(self._metrics, self.folder / "curves.png")

        def sheet() -> None:
            write_png(self.folder / f"sheet-{self.step:06d}.png", draw_sheet())

        now = last_save = last_sheet = limits.clock()
        while self.progress < 1.0:
            torch.manual_seed(_step_seed(self._seed, self.step) + 1)
            yield meter.report
            self.step += 1
            due = self.step % limits.log_every == 0
            if due and processes.device.type != "cpu":
                torch.accelerator.synchronize(processes.device)  # so that the time includes the GPU's backlog
            before, now = now, limits.clock()
            self.seconds = processes.agree(self.seconds + now - before)
            if due:
                meter.log(self._metrics)
            if processes.main and now - last_save > limits.save_every_s:
                checkpoint()
                last_save = now = limits.clock()  # writing is not training
            if processes.main and now - last_sheet > limits.sheet_every_s:
                sheet()
                last_sheet = now = limits.clock()
        meter.close(self._metrics)
        if processes.main:
            checkpoint()
            sheet()
        processes.wait()


class _Meter:
    """Means of the metrics since the last row of metrics.csv, and the progress bar that shows them."""

    def __init__(self, run: Run, batch: int, processes: Processes) -> None:
        self._run, self._batch, self._processes = run, batch, processes
        self._total = round(run.limits.minutes * 60)
        self._bar = tqdm(
            total=self._total, initial=round(run.seconds), unit="s", desc=run.folder.name, disable=not processes.main
        )
        self._sums: dict[str, Tensor | float] = {}
        self._counted, self._counted_from = 0, run.seconds

    def report(self, values: Metrics) -> None:
        """Add one step's metrics."""
        for name, value in values.items():
            self._sums[name] = self._sums.get(name, 0.0) + (value.detach() if isinstance(value, Tensor) else value)
        self._counted += 1

    def log(self, metrics: Path) -> None:
        """Write and show the means since the last time; waits for the device."""
        run = self._run
        means = self._means()
        if self._processes.main:
            rate = self._batch * self._counted / max(run.seconds - self._counted_from, 1e-9)
            _write_row(metrics, {"step": run.step, "seconds": round(run.seconds, 1), "images_per_s": rate, **means})
            shown = {**{name: f"{value:.3g}" for name, value in means.items()}, "img/s": f"{rate:.1f}"}
            self._bar.set_postfix(shown, refresh=False)
            self._bar.n = min(self._total, round(run.seconds))
            self._bar.refresh()
        self._sums.clear()
        self._counted, self._counted_from = 0, run.seconds

    def close(self, metrics: Path) -> None:
        """Write what is left, and close the bar."""
        if self._counted:
            self.log(metrics)
        self._bar.close()

    def _means(self) -> dict[str, float]:
        """Average the metrics over the counted steps and over all processes."""
        values = torch.tensor([float(value) for value in self._sums.values()], device=self._processes.device)
        means = self._processes.sum(values) / (self._counted * self._processes.count)
        return dict(zip(self._sums, means.tolist(), strict=True))


def _write_row(metrics: Path, row: Mapping[str, float]) -> None:
    new = not metrics.exists() or not metrics.stat().st_size
    with metrics.open("a", newline="") as file:
        writer = csv.writer(file)
        if new:
            writer.writerow(row)
        writer.writerow(f"{value:.6g}" if isinstance(value, float) else value for value in row.values())


def _versions(processes: int) -> dict[str, str]:
    """Return the versions of Python and of the libraries that compute."""
    packages = ["torch", "numpy", "pillow", "safetensors", "tqdm", *(["accelerate"] if processes > 1 else [])]
    found = {name: importlib.metadata.version(name) for name in packages}
    return {"python": platform.python_version(), **found, "opencv": cv2.__version__}


def _write_text(path: Path, text: str) -> None:
    """Write a file whole or not at all."""
    partial = path.with_suffix(".partial")
    partial.write_text(text, newline="")
    os.replace(partial, path)


def _step_seed(seed: int, step: int) -> int:
    return (seed * 1_000_003 + step) * 7_919 + 1


def generator_of(seed: int, step: int) -> torch.Generator:
    """Make the CPU generator of one step: resuming needs no saved state, because each step has its own."""
    return torch.Generator().manual_seed(_step_seed(seed, step))


def to_sheet(rows: list[Tensor]) -> np.ndarray[Any, Any]:
    """Join pictures to one sheet: each row a (n, 3, S, S) tensor in [0, 1] -> (rows*S, n*S, 3) uint8 RGB."""
    lines = [torch.cat(list(row), dim=2) for row in rows]
    sheet = torch.cat(lines, dim=1).clamp(0.0, 1.0).permute(1, 2, 0)
    return (sheet * 255.0).round().byte().cpu().numpy()


def write_png(path: Path, rgb: np.ndarray[Any, Any]) -> None:
    """Write (H, W, 3) uint8 RGB."""
    cv2.imwrite(str(path), rgb[:, :, ::-1])


def draw_curves(metrics: Path, output: Path) -> None:
    """Draw every column of a metrics CSV against the step, one small panel each; nothing if it has no rows."""
    if not metrics.exists():
        return
    with metrics.open(newline="") as file:
        rows = list(csv.DictReader(file))
    if not rows:
        return
    names = [n for n in rows[0] if n not in ("step", "seconds")]
    width, height, margin = 480, 180, 28
    canvas = np.full((height * len(names), width, 3), 255, np.uint8)
    steps = np.array([float(r["step"]) for r in rows])
    for i, name in enumerate(names):
        values = np.array([float(r[name] or "nan") for r in rows])
        if not np.isfinite(values).any():
            continue
        low, high = np.nanmin(values), np.nanmax(values)
        x = margin + (steps - steps[0]) / max(np.ptp(steps), 1.0) * (width - 2 * margin)
        y = (i + 1) * height - margin - (values - low) / max(high - low, 1e-9) * (height - 2 * margin)
        points = np.stack([x, y], 1)[np.isfinite(values)].round().astype(np.int32)
        cv2.polylines(canvas, [points], False, (180, 90, 20), 1, cv2.LINE_AA)
        label = f"{name}: {low:.4g} to {high:.4g}, last {values[-1]:.4g}"
        cv2.putText(
            canvas, label, (margin, i * height + 18), cv2.FONT_HERSHEY_SIMPLEX, 0.42, (40, 40, 40), 1, cv2.LINE_AA
        )
    cv2.imwrite(str(output), canvas)
