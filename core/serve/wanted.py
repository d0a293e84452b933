"""Which model a replica is to paint with, as one text: the name by which Ray knows who holds which model.

Knows nothing of Ray.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

from core.engine.device import format_called, pick_device, pick_format
from core.engine.load import folder_of, load_painter
from core.engine.local import LocalPainter
from core.engine.products import largest_layer
from core.errors import CheckpointError
from core.models.checkpoints import empty_nets, read_spec
from core.models.config import ModelSpec


@dataclass(frozen=True)
class Wanted:
    """A model as whoever asks for it knows it.

    Attributes:
        model: its name, or the folder of a model of one's own.
        dtype: one of `core.engine.device.FORMATS`, or "auto".
        weights: what its weight files have in common, from `digest`.
    """

    model: str
    dtype: str
    weights: str

    @classmethod
    def of(cls, model: str, folder: Path, *, own: bool, device: str) -> Wanted:
        """Describe a model that is on this disk, too.

        Where replicas compute on CPUs this machine measures the number format for all of them: each would measure for
        itself otherwise, and the windows of one edit go to several.

        Args:
            model: its name.
            folder: in which it is here; replicas look there for one's own.
            own: whether it is one's own.
            device: kind of the replicas' device.

        Raises:
            CheckpointError: if its files cannot be used.
        """
        spec, dtype = read_spec(folder), "auto"
        if device == "cpu":
            layer = largest_layer(empty_nets(folder, spec)[1], spec.grid**2)
            number = pick_format("auto", pick_device("cpu"), layer)
            dtype = format_called(number.said) or dtype
        return cls(str(folder.resolve()) if own else model, dtype, digest(spec))

    @classmethod
    def read(cls, text: str) -> Wanted:
        """Read what `text` wrote."""
        weights, dtype, model = text.split(":", 2)
        return cls(model, dtype, weights)

    @property
    def text(self) -> str:
        """All of it in one word."""
        return f"{self.weights}:{self.dtype}:{self.model}"

    def load(self, device: str) -> LocalPainter:
        """Load it.

        Args:
            device: see `load_engine`.

        Raises:
            CoreError: if it is not on this disk, or cannot be used.
            CheckpointError: if it has other weights here.
        """
        folder = Path(self.model) if Path(self.model).is_absolute() else folder_of(self.model)
        spec = read_spec(folder)
        if digest(spec) != self.weights:
            raise CheckpointError(
                "model {model} has other weights on a machine that paints than here: give both the same files.",
                model=spec.name,
            )
        return load_painter(folder, spec, device=device, dtype=self.dtype)


def digest(spec: ModelSpec) -> str:
    """Shorten the sha256 of all files that pixels depend on to one of 16 digits."""
    return hashlib.sha256(repr(sorted(spec.weights.items())).encode()).hexdigest()[:16]
