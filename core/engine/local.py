"""The painter that holds a model's nets in this process.

Knows nothing of requests, canvases or photos; `core.engine.painter` describes the protocol, and `core.engine.nets` how
samples go through the nets.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from core.decoding.decode import DecodeStep, Predict, decode
from core.decoding.guidance import Row, predictor, seen_by
from core.decoding.settings import MASK, NO_CLASS
from core.engine.clock import timed
from core.engine.device import free_unused
from core.engine.nets import A_BATCH, Nets, distinct
from core.engine.painter import Drawn, Fitting, Job, Painted, Step
from core.engine.recall import Recall
from core.engine.swatches import cell_colours, mosaic
from core.errors import CheckpointError
from core.models.config import ModelSpec
from core.models.sharpener import Sharpener
from core.recipe import Machine

PLACES = 4
"""Edits at a time on a GPU: their samples share its batches, and while one's picture is composed others use it."""


class LocalPainter:
    """A `Painter` over nets on a device of this machine; thread-safe where it has several `places`.

    Attributes:
        nets: tokenizer, transformer and the frozen classifier.
    """

    def __init__(self, spec: ModelSpec, nets: Nets, sharpener: Sharpener | None = None) -> None:
        self.nets = nets
        self._spec = spec
        self._sharpener = None if sharpener is None else sharpener.eval()

    @property
    def machine(self) -> Machine:
        """See `Painter.machine`."""
        return Machine(self.nets.device.type, self.nets.number.said, self.nets.threads)

    @property
    def together(self) -> int:
        """See `Painter.together`."""
        return A_BATCH if self.nets.joins else self.nets.jobs

    @property
    def places(self) -> int:
        """See `Painter.places`."""
        return PLACES if self.nets.joins else 1

    def paint(self, job: Job) -> Iterator[Step | Painted]:
        """See `Painter.paint`."""
        with self.nets.batches.among_others():
            yield from self._painted(job)

    def _painted(self, job: Job) -> Iterator[Step | Painted]:
        seconds = {"encode": 0.0, "transformer": 0.0, "decode": 0.0}
        with timed(seconds, "encode"):
            tokens, seen = self._around(job)
        forwards = [0] * len(tokens)
        cells = self._cells(job)
        predict = self._predict(job, seen, cells, forwards, seconds)
        # Present before the first step, and the only one if a start gave every code.
        state = DecodeStep(-1, 0, tokens, tokens, torch.zeros_like(tokens, dtype=torch.float32))
        images: list[NDArray[np.uint8]] = []
        palette = functools.cache(functools.partial(self._palette, job, tokens))
        for state in decode(tokens, predict, job.samplings, cells):
            with timed(seconds, "decode"):
                if state.index + 1 == state.steps:
                    images = self.nets.decode(self.nets.grids(state.guess))
                shown, exact = self._preview(job, state, images, palette)
            yield Step(
                index=state.index,
                steps=state.steps,
                tokens=self._grids(state.guess),
                unknown=self._grids(state.tokens == MASK),
                confidence=self._grids(state.confidence),
                images=shown,
                exact=exact,
                forwards=np.array(forwards),
            )
        if not images:
            with timed(seconds, "decode"):
                images = self.nets.decode(self.nets.grids(state.guess))
        with timed(seconds, "transformer"):
            fits, class_fits = self._fits(job, tokens, seen, state.guess) if job.judged else (None, None)
        drawn = Drawn(self._grids(state.guess), self._grids(state.confidence), fits, class_fits, np.array(forwards))
        yield Painted(np.stack(images), drawn, seconds)

    def kept(self, windows: Sequence[NDArray[np.uint8]]) -> list[NDArray[np.uint8]]:
        """See `Painter.kept`."""
        return self.nets.decode(self.nets.encode_all(windows))

    def sharper(self, pictures: Sequence[NDArray[np.uint8]]) -> list[NDArray[np.float32]] | None:
        """See `Painter.sharper`."""
        if self._sharpener is None:
            return None
        net = self._sharpener.to(self.nets.device)  # which may have changed since, when memory was short

        def sharpened(picture: NDArray[np.uint8]) -> NDArray[np.float32]:
            pixels = torch.from_numpy(picture).to(self.nets.device).permute(2, 0, 1)[None].float() / 255.0
            made = net(pixels)[0].float()
            if not torch.isfinite(made).all():
                raise CheckpointError(
                    "the sharpener's pixels overflow {dtype}: choose bf16 or fp32 instead.", dtype=self.nets.dtype
                )
            return np.ascontiguousarray((made * 255.0).permute(1, 2, 0).cpu().numpy())

        return self.nets.each(sharpened, [(picture,) for picture in pictures])

    def fitting(self, job: Job, cell: tuple[int, int], temperature: float, count: int) -> list[Fitting]:
        """See `Painter.fitting`."""
        (tokens, seen), position = self._around(job), cell[0] * job.unknown.shape[1] + cell[1]
        tokens[:, position] = MASK
        asked = torch.tensor([position], device=tokens.device)
        logits = self._predict(job, seen, asked, [0], {"transformer": 0.0})(tokens, [0], [1.0])[0, 0].float()
        likely = torch.softmax(logits / temperature, 0).sort(descending=True, stable=True)
        codes, probabilities = likely.indices[:count], likely.values[:count]
        tokens = tokens.repeat(len(codes), 1)
        tokens[:, position] = codes
        pictures = self.nets.decode(self.nets.grids(tokens))
        return [Fitting(*each) for each in zip(codes.tolist(), probabilities.tolist(), pictures, strict=True)]

    def log_likelihood(self, job: Job, true: NDArray[np.uint8]) -> float:
        """See `Painter.log_likelihood`."""
        codes = self.nets.encode(true).flatten()
        shown, seen = self._around(job)
        cells = self._cells(job)
        class_ids = torch.tensor([each.class_id for each in job.conditions], device=self.nets.device)
        (logits,) = self.nets.forward(shown.index_fill(1, cells, MASK), class_ids, seen, cells=cells)  # (M, K)
        return -float(F.cross_entropy(logits.float(), codes[cells], reduction="sum"))

    def step_down(self) -> bool:
        """See `Painter.step_down`."""
        return self.nets.step_down()

    def told(self) -> tuple[str, ...]:
        """See `Painter.told`."""
        told, self.nets.told = tuple(self.nets.told), []
        return told

    def release(self) -> None:
        """See `Painter.release`."""
        free_unused(self.nets.device)

    def _around(self, job: Job) -> tuple[Tensor, Tensor | None]:
        """Encode each sample's window and mask its hole; a start's codes replace the mask.

        Returns:
            (B, N) int64, and what the net sees around the hole beside tokens: (B, N, width), or None for models that
            see tokens alone.
        """
        tokens = self.nets.encode_all(list(job.windows))  # (B, h, w)
        each = [self.nets.see(window, job.unseen) for window in job.windows]
        hole = torch.from_numpy(job.unknown).to(self.nets.device)
        for row, start in zip(tokens, job.starts, strict=True):
            row[hole] = MASK if start is None else torch.tensor(start).to(row)[hole]
        seen = [one for one in each if one is not None]
        return tokens.flatten(1), torch.stack(seen) if seen else None

    def _cells(self, job: Job) -> Tensor:
        """List the cells to repaint, (M,) int64 on the device: the same for all samples and steps of a pass."""
        return torch.from_numpy(np.flatnonzero(job.unknown)).to(self.nets.device)

    def _grids(self, sequences: Tensor) -> NDArray[Any]:
        """Reshape (B, N) to a (B, h, w) array of the same kind."""
        return self.nets.grids(sequences).cpu().numpy()

    def _predict(
        self, job: Job, seen: Tensor | None, cells: Tensor, forwards: list[int], seconds: dict[str, float]
    ) -> Predict:
        """Make the function that answers some cells with the samples' classes and guidance; keeps the accounts."""
        recall = None if self.nets.joins else Recall.of(job)

        def net(tokens: Tensor, class_ids: Tensor, rows: Sequence[Row]) -> Tensor:
            memories = None if recall is None else recall.memories(rows, class_ids.tolist())
            with timed(seconds, "transformer"):
                logits = self.nets.forward(tokens, class_ids, seen_by(seen, rows), cells=cells, memories=memories)
            if recall is not None and memories is not None:
                recall.keep(rows, class_ids.tolist(), memories)
            return logits

        hole = torch.from_numpy(job.unknown).to(self.nets.device).flatten()
        return predictor(net, job.conditions, forwards, hole)

    def _preview(
        self,
        job: Job,
        state: DecodeStep,
        images: list[NDArray[np.uint8]],
        palette: Callable[[], NDArray[np.uint8]],
    ) -> tuple[NDArray[np.uint8] | None, bool]:
        """Return the pictures of a step and whether they are decoded; those already decoded, if there are any."""
        if job.preview_s is None:
            return None, False
        guess = self.nets.grids(state.guess)
        shown = images or self.nets.decode_within(guess, job.preview_s)
        if shown is not None:
            return np.stack(shown), True
        return mosaic(palette(), guess.cpu().numpy(), self._spec.pixels // self._spec.grid), False

    def _palette(self, job: Job, tokens: Tensor) -> NDArray[np.uint8]:
        """Estimate a colour for each code, (K, 3) uint8, from the cells of a job's windows that show the photo.

        Args:
            job: the job.
            tokens: (B, N) int64, its windows' codes.
        """
        side = self._spec.pixels // self._spec.grid
        cells = job.unseen.reshape(self._spec.grid, side, self._spec.grid, side)
        known = ~cells.any((1, 3)) & ~job.unknown
        colours = cell_colours(job.windows, side)[:, known].reshape(-1, 3)
        return self.nets.palette(self._grids(tokens)[:, known].ravel(), colours)

    def _fits(
        self, job: Job, tokens: Tensor, seen: Tensor | None, guess: Tensor
    ) -> tuple[NDArray[np.float64], NDArray[np.float64] | None]:
        """Compute how likely each sample's tokens are, given the surroundings alone; see `Drawn.fits`."""
        cells = self._cells(job)
        hidden = tokens.index_fill(1, cells, MASK)
        classes = [each.class_id for each in job.conditions]
        if not self._spec.null_class or NO_CLASS in classes:
            return self._likelihoods(hidden, seen, classes, guess, cells), None
        hidden, guess = hidden.repeat(2, 1), guess.repeat(2, 1)
        seen = None if seen is None else seen.repeat(2, 1, 1)
        both = self._likelihoods(hidden, seen, [*classes, *[NO_CLASS] * len(classes)], guess, cells)
        fits, without = np.split(both, 2)
        return fits, fits - without

    def _likelihoods(
        self, hidden: Tensor, seen: Tensor | None, classes: Sequence[int], guess: Tensor, cells: Tensor
    ) -> NDArray[np.float64]:
        """Sum the log probabilities (B,) of tokens in a hole with none of them given.

        Args:
            hidden: (B, N), MASK in the hole; equal rows go through the net once.
            seen: (B, N, width), what the net sees around the hole beside tokens, or None.
            classes: B class ids, or NO_CLASS.
            guess: (B, N) tokens.
            cells: (M,) int64, the hole's.
        """
        class_ids = torch.tensor(classes, device=self.nets.device)
        parts = (hidden, class_ids) if seen is None else (hidden, class_ids, seen)
        first, same = distinct(parts)
        held = torch.log_softmax(self.nets.forward(*(part[first] for part in parts), cells=cells).float(), -1)
        each = zip(same, guess, strict=True)
        return np.array([float(held[place].gather(1, drawn[cells][:, None]).sum()) for place, drawn in each])
