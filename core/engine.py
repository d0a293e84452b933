"""The hall where canvas, decoding and models meet, and the only door to them.

Knows nothing of files (but the model folder it loads), screens or picture formats. The editor, the command line, the
sweep, the evaluation and the tests all enter through `Engine.edit`, which consumes `Engine.stream`.
"""

from __future__ import annotations

import hashlib
import logging
import time
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from core.canvas.anchor import Anchor
from core.canvas.borders import grow_canvas
from core.canvas.compose import from_model, mask_to_model, paste, to_model
from core.canvas.detail import Example, Examples
from core.canvas.fill import neutral_fill
from core.canvas.frame import Frame
from core.canvas.plan import Pass, canvas_mask, example_windows, plan
from core.decoding.decode import DecodeStep, Predict, decode
from core.decoding.guidance import predictor, seen_by
from core.device import memory_errors_translated, pick_device, pick_dtype
from core.ending import can_finish, finished
from core.errors import BadRequest, CheckpointError, OutOfMemory, UnknownModel
from core.finishing import Finishing
from core.geometry import Box
from core.models.checkpoints import CONFIG_FILE, load_nets, load_sharpener, read_spec
from core.models.config import ModelSpec
from core.models.efficientnet import EfficientNetLite0
from core.models.interfaces import MASK, NO_CLASS, MaskTransformer, VQTokenizer
from core.models.sharpener import Sharpener
from core.models.vision import load_vision
from core.nets import Nets
from core.recipe import Machine
from core.request import Alternative, EditRequest, EditResult, Preview, Task
from core.sharpening import Sharpening
from core.work import Sample, Work

logger = logging.getLogger(__name__)

BUNDLED = Path(__file__).resolve().parent.parent / "assets" / "models"
"""Where the bundled models lie."""

MOST_REDRAWN = 2
"""Times that a long border which repeats something is drawn anew; after that it stays."""
_LEARNT_WINDOWS = 4  # sizes of window whose detail is kept: enough to try one edit's seeds and its finer looks


def list_models() -> tuple[ModelSpec, ...]:
    """Return the models in `BUNDLED`, by name; one that cannot be read is left out, and the log says so."""
    specs = []
    for path in sorted(BUNDLED.glob(f"*/{CONFIG_FILE}")):
        try:
            specs.append(read_spec(path.parent))
        except CheckpointError as error:
            logger.warning("%s", error)
    return tuple(specs)


def load_engine(
    model: str = "scenes-128", *, device: str = "auto", dtype: str = "auto", folder: Path | None = None
) -> Engine:
    """Load a model once; edit with it many times.

    Args:
        model: name of a bundled model, or of a published one that was downloaded and converted.
        device: "auto", "cpu" or "cuda".
        dtype: "auto", "fp32", "bf16" or "fp16".
        folder: a model folder of one's own, instead of `model`.

    Raises:
        UnknownModel: where no model is called that, or it is not on this disk.
        CheckpointError: where its files cannot be used.
        BadRequest: where the device or number format cannot be had.
    """
    chosen_device = pick_device(device)
    chosen_dtype = pick_dtype(dtype, chosen_device)
    if folder is None:
        folder = _folder(model)
    spec = read_spec(folder)
    tokenizer, transformer = load_nets(folder, spec, chosen_dtype)
    sharpener = load_sharpener(folder, spec, chosen_dtype)
    vision = load_vision(folder, spec.sha256) if transformer.sees_pixels else None
    return Engine(spec, tokenizer, transformer, sharpener, vision=vision, device=chosen_device, dtype=chosen_dtype)


def _folder(model: str) -> Path:
    """Return the folder of a bundled model, or of a published one that was downloaded and converted."""
    bundled = [spec.name for spec in list_models()]
    if model in bundled:
        return BUNDLED / model
    from core.models.catalog import CATALOG

    if model not in CATALOG:
        names = ", ".join((*bundled, *CATALOG))
        raise UnknownModel(f"model {model!r} is unknown: choose one of {names}.")
    from core.models.library import converted_folder

    folder = converted_folder(model)
    if not (folder / CONFIG_FILE).is_file():
        gigabytes = CATALOG[model].bytes / 1e9
        raise UnknownModel(
            f"model {model!r} ({gigabytes:.2f} GB, {CATALOG[model].licence}) is not on this disk: "
            f"`python -m core download {model}` fetches it."
        )
    return folder


class Engine:
    """One loaded model.

    Not for several threads at a time.

    Attributes:
        spec: the model.
    """

    def __init__(
        self,
        spec: ModelSpec,
        tokenizer: VQTokenizer,
        transformer: MaskTransformer,
        sharpener: Sharpener | None = None,
        *,
        vision: EfficientNetLite0 | None = None,
        device: torch.device | str = "cpu",
        dtype: torch.dtype = torch.float32,
    ) -> None:
        self.spec = spec
        self._nets = Nets(spec, tokenizer, transformer, vision=vision, device=torch.device(device), dtype=dtype)
        self._sharpening = Sharpening(sharpener, self._nets, lattice=spec.leaves_lattice)
        self._learnt: OrderedDict[bytes, Examples] = OrderedDict()

    @property
    def tokenizer(self) -> VQTokenizer:
        """The tokenizer, for measurements that ask it in batches; edits go through the engine."""
        return self._nets.tokenizer

    @property
    def transformer(self) -> MaskTransformer:
        """The transformer, likewise."""
        return self._nets.transformer

    def look(self, window: NDArray[np.uint8], unseen: NDArray[np.bool_]) -> Tensor | None:
        """Return what the transformer sees of a window's known pixels, likewise; see `Nets.look`."""
        return self._nets.look(window, unseen)

    @property
    def forwards(self) -> int:
        """Transformer passes so far, one for each sample and guidance branch."""
        return self._nets.forwards

    @property
    def encodes(self) -> int:
        """Windows encoded so far; a window seen before is not encoded again."""
        return self._nets.encodes

    def autocast(self) -> torch.autocast:
        """Return the context that the nets run in: the engine's number format on its device."""
        return self._nets.autocast()

    @property
    def device(self) -> str:
        """Where the nets are: "cpu" or "cuda"."""
        return self._nets.device.type

    @property
    def dtype(self) -> str:
        """The number format that the nets compute in, e.g. "float32"."""
        return str(self._nets.dtype).removeprefix("torch.")

    @property
    def machine(self) -> Machine:
        """What the last bits of its pictures depend on: they are the same where this is the same."""
        return Machine(self.device, self.dtype, self._nets.threads)

    def divide_among(self, threads: int) -> None:
        """Compute with so many threads from now on, as a replay needs it; another number may move pixels by a level."""
        self._nets.threads = threads

    def plan(self, request: EditRequest) -> tuple[Pass, ...]:
        """Return the windows of a request and the cells that each will regenerate, without running anything."""
        frame = Frame.around(request, self.spec.pixels)
        return frame.passes(self._passes(frame.request(request)))

    def _passes(self, request: EditRequest) -> tuple[Pass, ...]:
        """Return the windows of a request that is framed where it needs to be."""
        return plan(request, self._side(request), self.spec.grid)

    def _side(self, request: EditRequest) -> int:
        """Return the side in pixels that windows are planned for: of the model's picture, or of a new one."""
        return self.spec.new_side(request.strength) if request.task is Task.GENERATE else self.spec.pixels

    def expected_steps(self, request: EditRequest, passes: Sequence[Pass] | None = None) -> int:
        """Return how many decoding steps a request will take, over all passes, without those that a start skips.

        Args:
            request: what to do.
            passes: its plan, where that is known already.
        """
        sample = Sample.drawn_for(self._advised(request))
        return sum(sample.steps(one) for one in (self.plan(request) if passes is None else passes))

    def edit(self, request: EditRequest) -> EditResult:
        """Return the result of a request; see `stream`."""
        return self.edit_together([request])[0]

    def stream(
        self, request: EditRequest, *, preview_budget_s: float = 0.1
    ) -> Iterator[Preview | Finishing | EditResult]:
        """Run a request, showing every decoding step; closing the iterator cancels and frees what it holds.

        Args:
            request: what to do.
            preview_budget_s: seconds that decoding one step's previews may take; beyond it they are mean colours.

        Yields:
            A `Preview` for each step, a `Finishing` every few dozen milliseconds of the finish, then one `EditResult`.

        Raises:
            BadRequest: where the model cannot do what is asked.
            OutOfMemory: where the device has too little memory.
        """
        request = self._advised(request)
        self._check(request)
        samples = [Sample.drawn_for(request, i) for i in range(request.options.variations)]
        frame = Frame.around(request, self.spec.pixels)
        framed = frame.request(request)
        for item in self._within_memory(framed, samples, preview_budget_s):
            if not isinstance(item, Work):
                yield frame.preview(item)
                continue
            if item.finishing:
                for sign in finished(item, framed):
                    yield replace(sign, images=None) if any(frame.sides) else sign
            yield frame.result(item.result(request), request)

    def edit_together(self, requests: Sequence[EditRequest]) -> tuple[EditResult, ...]:
        """Return the results of requests that differ only in class, start and decoding options, decoded as one batch.

        `seconds` of each result are those of the whole batch.
        """
        requests = [self._advised(request) for request in requests]
        for request in requests:
            self._check(request)
        samples = [Sample.drawn_for(r, i) for r in requests for i in range(r.options.variations)]
        frame = Frame.around(requests[0], self.spec.pixels)
        run = self._within_memory(frame.request(requests[0]), samples, None)
        work = next(item for item in run if isinstance(item, Work))
        results, first = [], 0
        for request in requests:
            if work.finishing:
                for _ in finished(work, frame.request(request), first):
                    pass
            results.append(frame.result(work.result(request, first), request))
            first += request.options.variations
        return tuple(results)

    def reconstruct(self, image: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """Return what the tokenizer keeps of a picture: encoded and decoded in square windows along its longer side.

        Args:
            image: (H, W, 3 or 4) uint8; alpha is left out.

        Returns:
            (H, W, 3) uint8.
        """
        height, width = image.shape[:2]
        side = min(height, width)
        output = np.ascontiguousarray(image[..., :3]).copy()
        for start in dict.fromkeys([*range(0, max(height, width) - side, side), max(height, width) - side]):
            window = Box(start, 0, start + side, side) if width > height else Box(0, start, side, start + side)
            tokens = self._nets.encode(to_model(image, window, self.spec.pixels))
            (shown,) = self._nets.decode(tokens[None])
            paste(output, from_model(shown, window), window, np.ones((side, side), np.float32))
        return output

    def token_nll(self, request: EditRequest, truth: NDArray[np.uint8]) -> float:
        """Return the mean negative log-likelihood of a request's hidden tokens, in nats per token, over all windows.

        One forward a window, in which the other cells carry the codes that an edit sees: those of the window with its
        hole filled neutrally. The hidden tokens are those of the true picture (MVTM's objective, Chang et al. 2022,
        equation 1, on the cells of this request). Guidance and temperatures play no part.

        Args:
            request: an edit, for its cells and its class.
            truth: (H, W, 3) uint8, the true picture of the whole canvas (of the grown one, for EXTRAPOLATE).

        Raises:
            BadRequest: where the model cannot do what is asked, or the true picture has another size.
        """
        self._check(request)
        canvas = canvas_mask(request, pixels=self.spec.pixels)
        if truth.shape[:2] != canvas.shape:
            raise BadRequest(f"true picture is {truth.shape[:2]} but the canvas is {canvas.shape}: give equal sizes.")
        class_id = NO_CLASS if request.class_id is None else request.class_id
        class_ids = torch.tensor([class_id], device=self._nets.device)
        total, count = 0.0, 0
        with memory_errors_translated(self._nets.device):
            for one in self._passes(request):
                true = to_model(truth, one.window, self.spec.pixels)
                unseen = mask_to_model(one.hidden, self.spec.pixels)
                window = neutral_fill(true, unseen)
                codes, around = self._nets.encode(true).flatten(), self._nets.encode(window).flatten()
                seen = self._nets.look(window, unseen)
                unknown = torch.from_numpy(one.unknown).to(self._nets.device).flatten()
                shown = around.masked_fill(unknown, MASK)[None]
                logits = self._nets.forward(shown, class_ids, None if seen is None else seen[None])[0]  # (N, K)
                total += float(F.cross_entropy(logits[unknown].float(), codes[unknown], reduction="sum"))
                count += int(unknown.sum())
        return total / count

    def alternatives(self, request: EditRequest, cell: tuple[int, int], count: int = 5) -> tuple[Alternative, ...]:
        """Return the codes that fit into one cell of a finished edit, likeliest first.

        One forward (two or four with guidance) in which that cell alone is unknown; the request's class, guidance and
        token temperature count, its schedule plays no part.

        Args:
            request: its start holds a code in every cell of the hole.
            cell: (row, column) of a cell of the hole.
            count: at most so many, at least 1.

        Raises:
            BadRequest: where the model cannot do what is asked, or the start or the cell is not of this kind.
            OutOfMemory: where the device has too little memory.
        """
        request = self._advised(request)
        self._check(request)
        (row, column), grid, side = cell, self.spec.grid, self.spec.pixels // self.spec.grid
        with memory_errors_translated(self._nets.device):
            work = self._begin(request, [Sample.drawn_for(request)])
            (one, *_) = work.passes
            if request.start is None or work.samples[0].unknown(one).any():
                raise BadRequest("some cells are still undecided: look into a finished result.")
            if not (0 <= row < grid and 0 <= column < grid and one.unknown[row, column]):
                raise BadRequest(f"cell {row},{column} is not repainted by this edit: choose one that is.")
            (tokens, seen), position = self._around(work, one), row * grid + column
            tokens[:, position] = MASK
            logits = self._predict(work, one, seen)(tokens, [0], [1.0])[0, position].float()
            likely = torch.softmax(logits / request.options.token_temperature, 0).sort(descending=True, stable=True)
            codes, probabilities = likely.indices[:count], likely.values[:count]
            tokens = tokens.repeat(len(codes), 1)
            tokens[:, position] = codes
            at = Box(column * side, row * side, (column + 1) * side, (row + 1) * side).slices
            return tuple(
                Alternative(code, probability, picture[at].copy())
                for code, probability, picture in zip(
                    codes.tolist(), probabilities.tolist(), self._nets.decode(self._nets.grids(tokens)), strict=True
                )
            )

    def _advised(self, request: EditRequest) -> EditRequest:
        """Return a request in which what was left out is this model's advice."""
        return request.advised(vars(self.spec.defaults))

    def _check(self, request: EditRequest) -> None:
        """Raise BadRequest where this model cannot do what is asked."""
        classes = self.spec.classes
        if request.class_id is not None and request.class_id >= len(classes):
            raise BadRequest(
                f"class {request.class_id} is unknown: model {self.spec.name} has 0 to {len(classes) - 1}."
            )
        if request.class_id is None and request.task is Task.MANIPULATE:
            raise BadRequest("no class was chosen: repainting a box as something needs a class.")
        if request.class_id is None and not self.spec.null_class:
            raise BadRequest(f"model {self.spec.name} cannot work without a class: choose one.")
        if request.start is None:
            return
        tokens, grid = request.start.tokens, self.spec.grid
        if tokens.shape != (grid, grid):
            raise BadRequest(
                f"start has {tokens.shape[1]}x{tokens.shape[0]} cells but model {self.spec.name} has {grid}x{grid}: "
                "give codes of that model."
            )
        if tokens.max() >= self.spec.codebook_size:
            raise BadRequest(
                f"start holds code {tokens.max()} but model {self.spec.name} has {self.spec.codebook_size}: "
                "give codes of that model."
            )

    def _within_memory(
        self, request: EditRequest, samples: list[Sample], preview_budget_s: float | None
    ) -> Iterator[Preview | Work]:
        """Run, and where memory runs out begin anew with less of it, as long as `Nets.step_down` knows a way."""
        while True:
            try:
                for item in self._without_repetition(request, self._run(request, samples, preview_budget_s)):
                    if isinstance(item, Work):
                        item.told, self._nets.told = tuple(self._nets.told), []
                    yield item
                return
            except OutOfMemory:
                if not self._nets.step_down():
                    raise
            self._learnt.clear()

    def _run(
        self, request: EditRequest, samples: list[Sample], preview_budget_s: float | None
    ) -> Iterator[Preview | Work]:
        """Paint one geometry for all samples; yields previews (none where the budget is None), then the work."""
        started = time.perf_counter()
        self._nets.bind()
        with memory_errors_translated(self._nets.device):
            try:
                work = self._begin(request, samples)
                step_offset = max(sample.taken for sample in samples)
                examples = self._examples(work, "none" if work.finishing else request.way_of_detail)
                steps = step_offset + sum(max(sample.steps(p) for sample in samples) for p in work.passes)
                for index, one in enumerate(work.passes):
                    tokens, seen = self._around(work, one)
                    predict = self._predict(work, one, seen)
                    # What is there before the first step, and all there is where a start gave every code.
                    state = DecodeStep(-1, 0, tokens, tokens, torch.zeros_like(tokens, dtype=torch.float32))
                    images: list[NDArray[np.uint8]] = []
                    for state in decode(tokens, predict, [sample.sampling_of(one) for sample in samples]):
                        if state.index + 1 == state.steps:
                            with work.timed("decode"):
                                images = self._nets.decode(self._nets.grids(state.guess))
                        if preview_budget_s is not None:
                            with work.timed("decode"):
                                shown, exact = (
                                    (images, True) if images else self._nets.show(state.guess, preview_budget_s)
                                )
                            yield Preview(
                                step=step_offset + state.index + 1,
                                steps=steps,
                                pass_index=index,
                                passes=len(work.passes),
                                window=one.window,
                                images=np.stack(shown),
                                exact=exact,
                                unknown=self._nets.grids(state.tokens == MASK).cpu().numpy(),
                                tokens=self._nets.grids(state.guess).cpu().numpy(),
                                confidence=self._nets.grids(state.confidence).cpu().numpy(),
                            )
                    if not images:
                        with work.timed("decode"):
                            images = self._nets.decode(self._nets.grids(state.guess))
                    step_offset += state.steps
                    work.tokens.append(self._nets.grids(state.guess).cpu().numpy())
                    work.confidence.append(self._nets.grids(state.confidence).cpu().numpy())
                    self._judge_fit(work, one, tokens, seen, state.guess)
                    found = examples.get(one.window.size.width)
                    if found is None and not work.finishing:  # detail is what the model's own pixels lack
                        with work.timed("decode"):
                            images = self._sharper(work, one, images, request.strength)
                    with work.timed("composite"):
                        work.paint(images, one, found, match=request.match_colour)
                if not work.finishing:
                    with work.timed("composite"):
                        work.finish(request)
                work.seconds["total"] = time.perf_counter() - started
                logger.info("%s: %d passes, %.2f s", request.task.value, len(work.passes), work.seconds["total"])
                yield work
            finally:
                if self._nets.device.type == "cuda":
                    torch.cuda.empty_cache()

    def _without_repetition(self, request: EditRequest, run: Iterator[Preview | Work]) -> Iterator[Preview | Work]:
        """Pass a run on, but draw those rows of a long border anew that repeat or mirror something.

        Rows from several windows only: one from a single window may be gone on from, with its own seed. What is drawn
        anew depends on the row alone, so that it is the same among others. Meanwhile the last preview is shown again,
        so that whoever watches may stop.
        """
        last: Preview | None = None
        for item in run:
            if isinstance(item, Preview):
                last = item
                yield item
                continue
            work = item
            may_repeat = request.task is Task.EXTRAPOLATE and work.looks > 1 and not work.finishing
            for attempt in range(1, MOST_REDRAWN + 1 if may_repeat else 0):
                rows = [row for row in range(len(work.samples)) if work.repeats(row)]
                if not rows:
                    break
                logger.info("%d of %d borders repeat something: drawn anew", len(rows), len(work.samples))
                again = [work.samples[row].redrawn(attempt) for row in rows]
                for other in self._run(request, again, None if last is None else 0.0):
                    if isinstance(other, Work):
                        work.take(rows, other)
                    elif last is not None:
                        yield last
            yield work

    def _begin(self, request: EditRequest, samples: list[Sample]) -> Work:
        """Lay out the canvas and the passes."""
        started = time.perf_counter()
        if request.image is None:
            base = np.full((self._side(request), self._side(request), 3), 128, np.uint8)
        else:
            base = grow_canvas(request.image, request.extend) if any(request.extend) else request.image
        allowed = canvas_mask(request, pixels=self._side(request))
        work = Work(
            samples=samples,
            base=base,
            allowed=allowed,
            passes=self._passes(request),
            forwards=[0] * len(samples),
            judged=request.options.variations > 1 and request.only is None,
            anchor=_anchor(request, base),
            finishing=can_finish(request, base, allowed),
        )
        work.pixel = work.passes[0].window.size.width / self.spec.pixels
        if work.looks > 1 and any(sample.start is not None for sample in samples):
            raise BadRequest(
                f"this edit looks through {work.looks} windows, but codes to start from are those of one: "
                "leave them out, or repaint less at a time."
            )
        work.seconds["plan"] = time.perf_counter() - started
        return work

    def _around(self, work: Work, one: Pass) -> tuple[Tensor, Tensor | None]:
        """Return what decoding begins with in a pass, and what the net sees around the hole beside tokens.

        Returns:
            (B, N) int64, the codes of the neutral-filled windows with MASK or a start's codes in the hole; and
            (B, N, width), or None for models that see tokens alone.
        """
        with work.timed("encode"):
            unseen = mask_to_model(work.unseen(one), self.spec.pixels)
            windows = [self._window(work.seen(row, one), unseen) for row in range(len(work.samples))]
            tokens = torch.stack([self._nets.encode(window) for window in windows])  # (B, h, w)
            looks = [self._nets.look(window, unseen) for window in windows]
        hole = torch.from_numpy(one.unknown).to(self._nets.device)
        for row, sample in zip(tokens, work.samples, strict=True):
            start = None if one.level else sample.start
            row[hole] = MASK if start is None else torch.tensor(start.tokens).to(row)[hole]
        seen = [look for look in looks if look is not None]
        return tokens.flatten(1), torch.stack(seen) if seen else None

    def _window(self, seen: NDArray[np.uint8], unseen: NDArray[np.bool_]) -> NDArray[np.uint8]:
        """Return (s, s, 3) pixels at the model's resolution, filled neutrally where nothing is to be seen, (S, S)."""
        return neutral_fill(to_model(seen, Box(0, 0, *seen.shape[1::-1]), self.spec.pixels), unseen)

    def _sharper(
        self, work: Work, one: Pass, images: list[NDArray[np.uint8]], strength: float
    ) -> list[NDArray[np.uint8]]:
        """Return each row's decoded picture of a pass, sharpened for its window."""
        known = ~(work.unseen(one) | one.mask)
        return [
            self._sharpening.at_window(image, work.seen(row, one), known, strength) for row, image in enumerate(images)
        ]

    def _judge_fit(self, work: Work, one: Pass, tokens: Tensor, seen: Tensor | None, guess: Tensor) -> None:
        """Add up how likely the net holds each row's tokens, given the surroundings alone; see `EditResult.fits`."""
        if one.level or not work.judged:
            return
        hole = torch.from_numpy(one.unknown).to(self._nets.device).flatten()
        hidden = tokens.masked_fill(hole, MASK)
        classes = [sample.condition.class_id for sample in work.samples]
        with work.timed("transformer"):
            fits = self._likelihoods(hidden, seen, classes, guess, hole)
            work.fits = fits if work.fits is None else work.fits + fits
            if self.spec.null_class and NO_CLASS not in classes:
                gain = fits - self._likelihoods(hidden, seen, [NO_CLASS] * len(classes), guess, hole)
                work.class_fits = gain if work.class_fits is None else work.class_fits + gain

    def _likelihoods(
        self, hidden: Tensor, seen: Tensor | None, classes: Sequence[int], guess: Tensor, hole: Tensor
    ) -> NDArray[np.float64]:
        """Return (B,) summed log probabilities of tokens in a hole of which nothing is given.

        Args:
            hidden: (B, N), MASK in the hole; rows that are alike go through the net once.
            seen: (B, N, width), what the net sees around the hole beside tokens, or None.
            classes: B class ids, or NO_CLASS.
            guess: (B, N) tokens.
            hole: (N,) bool.
        """
        sums, known = [], {}
        for index, (row, class_id, drawn) in enumerate(zip(hidden, classes, guess, strict=True)):
            around = None if seen is None else seen[index : index + 1]
            key = (class_id, row.cpu().numpy().tobytes(), b"" if around is None else around.cpu().numpy().tobytes())
            if key not in known:
                class_ids = torch.tensor([class_id], device=self._nets.device)
                known[key] = torch.log_softmax(self._nets.forward(row[None], class_ids, around)[0, hole].float(), -1)
            sums.append(float(known[key].gather(1, drawn[hole][:, None]).sum()))
        return np.array(sums)

    def _examples(self, work: Work, detail: str) -> dict[int, Examples]:
        """Return what detail is taken from, by the windows' side: known windows beside what the tokenizer keeps."""
        found: dict[int, Examples] = {}
        if detail == "none":
            return found
        for side, windows in example_windows(work.passes, work.allowed).items():
            known, digest = [], hashlib.blake2b(detail.encode(), digest_size=16)
            for window in windows:
                hidden = work.allowed[window.slices] | work.transparent(window)
                pixels = work.base[window.slices][..., :3]
                shown = np.where(hidden[..., None], np.uint8(0), pixels)  # the same, whatever is to go
                known.append((shown, hidden))
                digest.update(shown.data)
                digest.update(hidden.data)
            key = digest.digest()
            if key not in self._learnt:
                self._learnt[key] = self._learn(work, known, grain=detail == "grain")
                if len(self._learnt) > _LEARNT_WINDOWS:
                    self._learnt.popitem(last=False)
            self._learnt.move_to_end(key)
            found[side] = self._learnt[key]
        return found

    def _learn(
        self, work: Work, known: Sequence[tuple[NDArray[np.uint8], NDArray[np.bool_]]], *, grain: bool
    ) -> Examples:
        """Return examples of windows (s, s, 3) with hidden pixels (s, s), shown to the tokenizer."""
        examples = []
        for pixels, hidden in known:
            with work.timed("encode"):
                codes = self._nets.encode(self._window(pixels, mask_to_model(hidden, self.spec.pixels)))
            with work.timed("decode"):
                (shown,) = self._nets.decode(codes[None])
            examples.append(Example(pixels, shown, hidden))
        with work.timed("composite"):
            return Examples(examples, grain=grain)

    def _predict(self, work: Work, one: Pass, seen: Tensor | None) -> Predict:
        """Return the net as decoding calls it, with the rows' classes and guidance; keeps the accounts."""

        def net(rows: Tensor, class_ids: Tensor, samples: Sequence[int | None]) -> Tensor:
            with work.timed("transformer"):
                return self._nets.forward(rows, class_ids, seen_by(seen, samples))

        hole = torch.from_numpy(one.unknown).to(self._nets.device).flatten()
        return predictor(net, [sample.condition for sample in work.samples], work.forwards, hole)


def _anchor(request: EditRequest, base: NDArray[np.uint8]) -> Anchor | None:
    """Return what keeps a new border in the photo's colours."""
    if request.task is not Task.EXTRAPOLATE:
        return None
    left, top, right, bottom = request.extend
    return Anchor(base, Box(left, top, base.shape[1] - right, base.shape[0] - bottom))
