"""What both stages share: the run folder, the clock, the learning rate, checkpoints, metrics, progress.

Knows nothing of losses. A run folder holds recipe.json (recipe, seed, data digest, versions), checkpoint.pt (all
that resuming needs), metrics.csv, curves.png, contact sheets and the exported weights.
"""

from __future__ import annotations

import csv
import dataclasses
import json
import logging
import math
import os
import platform
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch
from torch import Tensor
from tqdm import tqdm

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Limits:
    """When a run ends: after `minutes` of training in all, resumed parts added up."""

    minutes: float
    save_every_s: float = 180.0
    sheet_every_s: float = 300.0


class Run:
    """One training run in one folder.

    Args:
        folder: where everything is written; made if missing.
        recipe: the frozen recipe dataclass.
        facts: what else the run depends on (data digest, classes).
        state: name -> module or optimiser, saved in and restored from checkpoint.pt.
        resume: go on from checkpoint.pt if it is there.

    Raises:
        ValueError: where resuming would change the recipe, or starting would overwrite a run.
    """

    def __init__(
        self,
        folder: Path,
        recipe: Any,
        facts: Mapping[str, Any],
        state: Mapping[str, Any],
        limits: Limits,
        *,
        resume: bool,
    ) -> None:
        self.folder, self.limits, self.state = folder, limits, state
        self.step, self.seconds = 0, 0.0
        folder.mkdir(parents=True, exist_ok=True)
        described = json.loads(json.dumps({"recipe": dataclasses.asdict(recipe), **facts}))
        checkpoint, described_in = folder / "checkpoint.pt", folder / "recipe.json"
        if checkpoint.exists() and not resume:
            raise ValueError(f"{folder} already holds a run: add --resume to go on, or choose another --out")
        if checkpoint.exists():
            before = json.loads(described_in.read_text())
            changed = [k for k in described if before.get(k) != described[k]]
            if changed:
                raise ValueError(f"{folder} was started with another {' and '.join(changed)}: resume with the same one")
            self._restore(checkpoint)
        versions = {"python": platform.python_version(), "torch": str(torch.__version__), "numpy": np.__version__}
        described_in.write_text(json.dumps({**described, "versions": versions}, indent=1))
        self._metrics = folder / "metrics.csv"

    def _restore(self, checkpoint: Path) -> None:
        saved = torch.load(checkpoint, map_location="cpu", weights_only=True)
        self.step, self.seconds = saved["step"], saved["seconds"]
        for name, part in self.state.items():
            part.load_state_dict(saved["state"][name])
        logger.info("resumed %s at step %d", self.folder, self.step)

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
        """Return the learning rate now: linear warm-up, then `peak`, then a cosine to zero over the last `tail`."""
        warm = min(1.0, (self.step + 1) / warmup_steps)
        falling = max(0.0, (self.progress - (1.0 - tail)) / tail)
        return peak * warm * 0.5 * (1.0 + math.cos(math.pi * falling))

    def steps(
        self, batch: int, checkpointed: Callable[[], None], draw_sheet: Callable[[], np.ndarray[Any, Any]]
    ) -> Iterator[Callable[[Mapping[str, float]], None]]:
        """Yield once a step until the time is spent; the loop body reports its metrics by calling what is yielded.

        Args:
            batch: samples a step, for the images/s shown.
            checkpointed: called after every checkpoint (exports weights).
            draw_sheet: returns a contact sheet, (H, W, 3) uint8 RGB, for a person to look at.
        """
        last_save = last_sheet = time.monotonic()
        bar = tqdm(total=round(self.limits.minutes * 60), initial=round(self.seconds), unit="s", desc=self.folder.name)
        sums: dict[str, float] = {}
        counted = 0

        def report(values: Mapping[str, float]) -> None:
            nonlocal counted
            for name, value in values.items():
                sums[name] = sums.get(name, 0.0) + value
            counted += 1

        window = time.monotonic()
        while self.progress < 1.0:
            started = time.monotonic()
            yield report
            now = time.monotonic()
            self.step += 1
            self.seconds += now - started
            if self.step % 25 == 0 and counted:
                means = {name: value / counted for name, value in sums.items()}
                rate = batch * counted / (now - window)
                self._log({"step": self.step, "seconds": round(self.seconds, 1), "images_per_s": rate, **means})
                bar.set_postfix({**{k: f"{v:.3g}" for k, v in means.items()}, "img/s": f"{rate:.1f}"})
                bar.n = min(bar.total, round(self.seconds))
                bar.refresh()
                sums.clear()
                counted, window = 0, now
            if now - last_save > self.limits.save_every_s:
                self.save()
                checkpointed()
                last_save = now
            if now - last_sheet > self.limits.sheet_every_s:
                write_png(self.folder / f"sheet-{self.step:06d}.png", draw_sheet())
                last_sheet = now
        bar.close()
        self.save()
        checkpointed()
        write_png(self.folder / f"sheet-{self.step:06d}.png", draw_sheet())
        draw_curves(self._metrics, self.folder / "curves.png")

    def _log(self, row: Mapping[str, float]) -> None:
        new = not self._metrics.exists()
        with self._metrics.open("a", newline="") as file:
            writer = csv.writer(file)
            if new:
                writer.writerow(row)
            writer.writerow(f"{value:.6g}" for value in row.values())


def generator_of(seed: int, step: int) -> torch.Generator:
    """Return the CPU generator of one step: resuming needs no saved state, because each step has its own."""
    return torch.Generator().manual_seed((seed * 1_000_003 + step) * 7_919 + 1)


def to_sheet(rows: list[Tensor]) -> np.ndarray[Any, Any]:
    """Return pictures as one sheet: each row a (n, 3, S, S) tensor in [0, 1] -> (rows*S, n*S, 3) uint8 RGB."""
    lines = [torch.cat(list(row), dim=2) for row in rows]
    sheet = torch.cat(lines, dim=1).clamp(0.0, 1.0).permute(1, 2, 0)
    return (sheet * 255.0).round().byte().cpu().numpy()


def write_png(path: Path, rgb: np.ndarray[Any, Any]) -> None:
    """Write (H, W, 3) uint8 RGB."""
    cv2.imwrite(str(path), rgb[:, :, ::-1])


def draw_curves(metrics: Path, output: Path) -> None:
    """Draw every column of a metrics CSV against the step, one small panel each."""
    if not metrics.exists():
        return
    with metrics.open() as file:
        rows = list(csv.DictReader(file))
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
