"""A model's nets on their device, with numpy pictures and token grids as input; windows seen before are remembered.

Knows nothing of requests, canvases or schedules. On the CPU every sample goes through the nets by itself, so that a
variation drawn alone equals itself drawn among others, to the bit; where a product takes fewer threads than there are,
several samples do so side by side. On a GPU samples share a batch, those of several threads among them.

When memory runs out there are three steps down: fewer samples at a time, at once and in here; then a smaller number
format, then the CPU, both by `step_down`, after which the caller begins anew, so that one picture has one format.
"""

from __future__ import annotations

import functools
import hashlib
import logging
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypeVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from core.engine.batching import Batches
from core.engine.device import NumberFormat, free_unused, ran_out, smaller_dtype
from core.engine.products import can_pack, pack, unpack
from core.engine.recording import Recorded, beside, recorded
from core.engine.swatches import FEWEST, cell_colours, fitted
from core.engine.threads import EVERYONE, Threads
from core.errors import CheckpointError, Sentence
from core.models.checkpoints import halve
from core.models.config import ModelSpec
from core.models.efficientnet import EfficientNetLite0
from core.models.interfaces import MaskTransformer, VQTokenizer
from core.models.memory import Memory
from core.models.vision import feature_maps

logger = logging.getLogger(__name__)

Result = TypeVar("Result")
Convolutions = TypeVar("Convolutions", bound=torch.nn.Module)

_CACHED_WINDOWS = 64
"""Windows that are remembered, those used last: several edits of one photo with their finer looks."""
_EMPTY = object()
"""Stands for every empty memory: they are alike."""
_MOST_ROWS = 4096  # samples at a time: all of them, until memory runs out
A_BATCH = 8
"""Samples of a GPU's batch, which take about as long as one: more fill it."""


class Nets:
    """Tokenizer and transformer of one model, and the frozen classifier of those that see pixels.

    Attributes:
        forwards: transformer passes so far, one per sample and guidance branch; equal samples count each.
        encodes: windows encoded so far; a window seen before is not encoded again.
        tokenizer, transformer: the nets themselves.
        batches: of samples that join.
        device, number: their device, and the number format of their computations.
        jobs: samples that a CPU computes at a time.
        threads: number among which a CPU divides each product, which decides its last bits; see `divide_among`.
        told: a sentence for each step down that was taken since somebody read them.
    """

    def __init__(
        self,
        spec: ModelSpec,
        tokenizer: VQTokenizer,
        transformer: MaskTransformer,
        *,
        vision: EfficientNetLite0 | None = None,
        device: torch.device,
        number: NumberFormat,
    ) -> None:
        if transformer.sees_pixels and vision is None:
            raise ValueError(f"model {spec.name} sees pixels: it needs its frozen classifier")
        self._spec = spec
        self.device, self.number = device, number
        self.tokenizer = _placed(tokenizer, device)
        self.transformer = transformer.to(device).eval()
        halves = number.dtype is torch.bfloat16 and self.device.type == "cpu" and can_pack(torch.bfloat16)
        if number.packed or halves:  # packed halves say the same as plain ones, to the bit
            pack(self.transformer, spec.grid**2)
        self._vision = None if vision is None else _placed(vision, device)
        self._picture_seconds = 0.0
        self._rows = 1 if device.type == "cpu" else _MOST_ROWS
        self.told: list[str] = []
        self.batches = Batches(A_BATCH)
        self._begin()
        self.divide_among(EVERYONE)
        self.forwards = 0
        self.encodes = 0

    @property
    def dtype(self) -> torch.dtype:
        """Number format of the nets' products."""
        return self.number.dtype

    @property
    def joins(self) -> bool:
        """Whether samples share a batch, those of several threads too: on a GPU. If not, `forward` takes memories."""
        return self.device.type != "cpu"

    def divide_among(self, threads: int) -> None:
        """Divide each product among this many threads from now on; the others compute other samples meanwhile."""
        self.threads = threads
        self._computing = Threads(threads, side_by_side=self.device.type == "cpu")
        self.jobs = self._computing.jobs

    def each(self, ask: Callable[..., Result], given: Iterable[Sequence[Any]]) -> list[Result]:
        """Ask nets several times, side by side on a CPU whose products leave threads for it.

        Args:
            ask: runs a net; in the number format, without gradients.
            given: its arguments, each time.
        """

        def job(arguments: Sequence[Any]) -> Result:
            halves = self.dtype != torch.float32
            with torch.no_grad(), torch.autocast(self.device.type, self.dtype, enabled=halves):
                return ask(*arguments)

        return self._computing.compute([functools.partial(job, arguments) for arguments in given])

    def grids(self, sequences: Tensor) -> Tensor:
        """Reshape (B, N) to (B, h, w)."""
        return sequences.view(-1, self._spec.grid, self._spec.grid)

    def forward(
        self,
        tokens: Tensor,
        class_ids: Tensor,
        seen: Tensor | None = None,
        *,
        cells: Tensor | None = None,
        memories: list[Memory | None] | None = None,
    ) -> Tensor:
        """Compute (b, M, K) logits for (b, N) tokens, one sample at a time on the CPU, and equal samples once.

        Args:
            tokens: (b, N) int64, MASK where unknown.
            class_ids: (b,) int64.
            seen: (b, N, width), rows of `see`; None if nothing is seen but tokens.
            cells: (M,) int64, those whose logits are wanted; None for all N. The last bits of a product depend on how
                many rows it has, so a sample equals itself among others as long as all are asked for the same cells.
            memories: of b rows, unless it `joins`; equal rows that have an empty one get the same, in this list.
        """
        self.forwards += len(tokens)
        parts = (tokens, class_ids) if seen is None else (tokens, class_ids, seen)
        net = functools.partial(self.transformer, cells=cells)
        if memories is not None:
            logits = self._remembering(net, parts, memories)
        elif self.joins:  # with all cells: others in the batch ask for others
            logits = self.batches.ask(functools.partial(self._in_parts, self._recorded), *parts)
            logits = logits if cells is None else logits[:, cells]
        else:
            first, same = distinct(parts)
            logits = self._in_parts(net, *(part[first] for part in parts))[same]
        if not torch.isfinite(logits).all():
            raise _overflow(self._spec.name, "logits", self.dtype)
        return logits

    def _begin(self) -> None:
        """Forget what was made on another device or in another number format."""
        self._recorded = Recorded(self.transformer, recorded if self.device.type == "cuda" else None)
        self._tokens, self._seen = _Windows(), _Windows()

    def _remembering(
        self, net: Callable[..., Tensor], parts: Sequence[Tensor], memories: list[Memory | None]
    ) -> Tensor:
        """Compute logits like `forward`; rows with an empty memory and equal in all else fill one for all of them."""
        filled = [memory if memory is None or memory.places is not None else _EMPTY for memory in memories]
        first, same = distinct(parts, filled)
        each = self.each(
            lambda row: net(*(part[row : row + 1] for part in parts), memory=memories[row]), [(row,) for row in first]
        )
        memories[:] = [memories[first[place]] for place in same]
        return torch.cat(each)[same]

    def encode(self, window: NDArray[np.uint8]) -> Tensor:
        """Encode an (S, S, 3) window to (h, w) codes, from the cache if it was seen before."""
        return self.encode_all([window])[0]

    def encode_all(self, windows: Sequence[NDArray[np.uint8]]) -> Tensor:
        """Encode B windows like `encode`: (B, h, w) codes."""

        def encoded(fresh: list[int]) -> list[Tensor]:
            started = time.perf_counter()
            tokens = self.each(
                lambda place: self.tokenizer.encode(self._pixels(windows[place]))[0], [(place,) for place in fresh]
            )
            self.encodes += len(fresh)
            self._picture_seconds = self._picture_seconds or (time.perf_counter() - started) / len(fresh)
            return tokens

        return torch.stack(self._tokens.of([_digest(window) for window in windows], encoded))

    def see(self, window: NDArray[np.uint8], unseen: NDArray[np.bool_]) -> Tensor | None:
        """Compute what the transformer sees of a window beside its tokens; None for models that see tokens alone.

        Args:
            window: (S, S, 3) uint8, filled neutrally where unseen.
            unseen: (S, S) bool, True where the window shows no pixel of the photo.

        Returns:
            (N, width) float, from the cache if the same was seen before.
        """
        if self._vision is None:
            return None
        vision = self._vision

        def seen_now(pixels: Tensor, known: Tensor) -> Tensor:
            return self.transformer.see(pixels, known, feature_maps(vision, pixels))[0].float()

        known = torch.from_numpy(~unseen).to(self.device)[None, None]
        key = _digest(window) + _digest(unseen)
        return self._seen.of([key], lambda _: self.each(seen_now, [(self._pixels(window), known)]))[0]

    def _pixels(self, window: NDArray[np.uint8]) -> Tensor:
        """Convert an (S, S, 3) uint8 window to (1, 3, S, S) in [0, 1] on the device."""
        pixels = torch.from_numpy(window).to(self.device).permute(2, 0, 1)[None].float() / 255.0
        return pixels.contiguous(memory_format=torch.channels_last)

    def decode(self, tokens: Tensor) -> list[NDArray[np.uint8]]:
        """Decode (B, h, w) codes to B pictures (S, S, 3) uint8, one at a time on the CPU."""
        started = time.perf_counter()
        with beside(self.device):  # the passes of others go on meanwhile
            pixels = self._in_parts(lambda part: self.tokenizer.decode(part).float(), tokens)
            if not torch.isfinite(pixels).all():
                raise _overflow(self._spec.name, "pixels", self.dtype)
            pictures = (pixels * 255.0).round().byte().permute(0, 2, 3, 1).cpu().numpy()
        self._picture_seconds = (time.perf_counter() - started) / len(tokens)
        return list(pictures)

    def _in_parts(self, ask: Callable[..., Tensor], *given: Tensor) -> Tensor:
        """Call a net with tensors of b rows each, with half as many rows at a time whenever memory runs out."""
        while True:
            try:
                return torch.cat(self.each(ask, zip(*(each.split(self._rows) for each in given), strict=True)))
            except RuntimeError as error:
                rows = min(self._rows, len(given[0]))
                if not ran_out(error) or rows == 1:
                    raise
                self._rows = rows // 2
            self._recorded.forget()
            free_unused(self.device)
            self._tell(
                Sentence("{rows} of {all} variations are computed at a time", rows=self._rows, all=len(given[0]))
            )

    def step_down(self) -> bool:
        """Use less memory from now on: a smaller number format, then the CPU; returns whether that was possible."""
        if self.dtype == torch.float32:
            unpack(self.transformer)
            self.number = NumberFormat(smaller_dtype(self.device))
            for net in (self.tokenizer, self.transformer):
                halve(net, self.dtype)
            self._begin()
            self._tell(Sentence("it computes in {numbers}, and pixels may differ a little", numbers=self.number.said))
        elif self.device.type != "cpu":
            self.go_to(torch.device("cpu"))
            self._tell(Sentence("it computes on the CPU, which takes longer"))
        else:
            return False
        return True

    def go_to(self, device: torch.device) -> None:
        """Compute on another device from now on, or on this one in a process that was forked since."""
        self.device, self._rows = device, 1 if device.type == "cpu" else _MOST_ROWS
        self.tokenizer, self.transformer = self.tokenizer.to(device), self.transformer.to(device)
        self._vision = None if self._vision is None else self._vision.to(device)
        self.divide_among(self.threads)  # threads do not come along
        self._begin()

    def _tell(self, what: Sentence) -> None:
        self.told.append(Sentence("memory is short: from now on {what}.", what=what))
        logger.warning("%s", self.told[-1])

    def decode_within(self, tokens: Tensor, budget_s: float) -> list[NDArray[np.uint8]] | None:
        """Decode like `decode`, or return None if that would take more seconds than given.

        Before anything was decoded, the time to encode a window serves: both halves of a tokenizer are alike.
        """
        return self.decode(tokens) if self._picture_seconds * len(tokens) <= budget_s else None

    @torch.no_grad()
    def palette(self, codes: NDArray[np.int64], colours: NDArray[np.float32]) -> NDArray[np.uint8]:
        """Estimate a colour for each code, (K, 3) uint8; see `swatches.fitted`.

        Args:
            codes: (n,) int64, with known colours; with fewer than `FEWEST`, codes spread over all are decoded instead.
            colours: (n, 3) float32, of those codes.
        """
        if len(codes) < FEWEST:
            grid, side = self._spec.grid, self._spec.pixels // self._spec.grid
            codes = np.linspace(0, self._spec.codebook_size - 1, grid * grid).astype(np.int64)
            shown = self.decode(torch.from_numpy(codes).to(self.device).view(1, grid, grid))
            colours = cell_colours(np.stack(shown), side).reshape(-1, 3)
        return fitted(self.tokenizer.code_vectors().float().cpu().numpy(), codes, colours)


def _placed(net: Convolutions, device: torch.device) -> Convolutions:
    """Move a net of convolutions to a device, in the layout of pixels that they are quickest in."""
    placed: Convolutions = net.to(device, memory_format=torch.channels_last)  # type: ignore[call-overload]
    return placed.eval()


def distinct(parts: Sequence[Tensor], marks: Sequence[object] = ()) -> tuple[list[int], list[int]]:
    """Find equal rows: before the first token is drawn all variations are equal.

    Args:
        parts: tensors of b rows each.
        marks: b objects; rows are equal only if theirs is the same one. Empty if there are none.

    Returns:
        The rows that differ from all before them, and for each of the b rows the index of its equal among those.
    """
    first: list[int] = []
    same: list[int] = []
    for row in range(len(parts[0])):
        marked = [place for place, other in enumerate(first) if not marks or marks[row] is marks[other]]
        alike = (place for place in marked if all(torch.equal(p[row], p[first[place]]) for p in parts))
        place = next(alike, len(first))
        if place == len(first):
            first.append(row)
        same.append(place)
    return first, same


class _Windows:
    """What the nets made of windows, by their digests; those used last are kept. Thread-safe."""

    def __init__(self) -> None:
        self._made: OrderedDict[bytes, Tensor] = OrderedDict()
        self._lock = threading.Lock()

    def of(self, keys: Sequence[bytes], make: Callable[[list[int]], list[Tensor]]) -> list[Tensor]:
        """Return what was made before; what is missing is made by its places among the keys."""
        with self._lock:
            missing = [place for place, key in enumerate(keys) if key not in self._made and key not in keys[:place]]
            if missing:
                self._made.update(zip((keys[place] for place in missing), make(missing), strict=True))
            for key in keys:
                self._made.move_to_end(key)
            found = [self._made[key] for key in keys]
            while len(self._made) > _CACHED_WINDOWS:
                self._made.popitem(last=False)
            return found


def _digest(values: NDArray[np.uint8] | NDArray[np.bool_]) -> bytes:
    return hashlib.blake2b(np.ascontiguousarray(values).tobytes(), digest_size=16).digest()


def _overflow(model: str, what: str, dtype: torch.dtype) -> CheckpointError:
    """Return the error for values that are not finite."""
    advice = Sentence("try it in fp32, or use other weights")
    if dtype == torch.float32:
        advice = Sentence("use other weights")
    return CheckpointError(
        "model {model} gives {what} that are not finite numbers (NaN or an overflow): {advice}.",
        model=model,
        what=what,
        advice=advice,
    )
