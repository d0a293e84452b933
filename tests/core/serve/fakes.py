"""Painters over the fake nets, as replicas load them by a text; in processes of their own they are told by files."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import torch

from core.engine.device import FORMATS
from core.engine.local import LocalPainter
from core.engine.nets import Nets
from core.engine.painter import Job, Painted, Step
from tests.fakes import ColourTokenizer, RuleTransformer, fake_spec

SPEC = fake_spec()
MODELS = ("lake", "lawn")
"""Two models of the same size that draw differently."""


def painter_of(model: str, kind: type[LocalPainter] = LocalPainter) -> LocalPainter:
    """Load one of `MODELS`."""
    net = RuleTransformer()
    with torch.no_grad():
        net.rows.mul_(1 + MODELS.index(model))
    return kind(SPEC, Nets(SPEC, ColourTokenizer(), net, device=torch.device("cpu"), number=FORMATS["fp32"]))


class Told(LocalPainter):
    """A painter that writes down its steps, and ends its process at one of them if there is a file that says so.

    Attributes:
        folder: where `steps` has a byte for each step, `closed` one for each stream, and `end after N` says when.
        step_s: seconds that a step takes at least.
    """

    folder: Path
    step_s = 0.0

    def paint(self, job: Job) -> Iterator[Step | Painted]:
        try:
            for item in super().paint(job):
                time.sleep(self.step_s)
                written(self.folder / "steps")
                for order in self.folder.glob("end after *"):
                    if (self.folder / "steps").stat().st_size >= int(order.name.split()[-1]):
                        order.unlink()
                        os.kill(os.getpid(), signal.SIGKILL)
                yield item
        finally:
            written(self.folder / "closed")


def written(path: Path) -> None:
    """Append a byte; several processes may do so at a time."""
    with path.open("ab") as file:
        file.write(b".")


def told_by(folder: Path, step_s: float = 0.0) -> Callable[[str], LocalPainter]:
    """Make a loader of painters that are told by files."""

    def load(model: str) -> LocalPainter:
        painter = painter_of(model, Told)
        painter.folder, painter.step_s = folder, step_s  # type: ignore[attr-defined]
        return painter

    return load
