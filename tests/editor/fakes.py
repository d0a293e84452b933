"""An engine without nets: it plans like the real one and paints a colour for each seed."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from core import Machine
from core.canvas.borders import grow_canvas
from core.canvas.plan import Pass, plan
from core.decoding.settings import STANDARD, Decoding
from core.models import ModelSpec
from core.values import Alternative, Box, EditRequest, EditResult, Finishing, Preview

Streamed = Preview | Finishing | EditResult

GRID = 16
CODES = 64

SPEC = ModelSpec(
    name="fake-128",
    title="A fake model that paints flat colours",
    family="compact",
    pixels=128,
    grid=GRID,
    codebook_size=CODES,
    tokenizer={},
    transformer={},
    classes=("forest", "lake", "sunflower", "roses"),
    null_class=True,
    licence="none",
    defaults=STANDARD,
    sha256={"transformer.safetensors": "0" * 64},
)


OTHER = replace(
    SPEC,
    name="other-96",
    title="Another fake model, of fewer cells, that needs a class",
    pixels=96,
    grid=12,
    classes=("cat", "dog"),
    null_class=False,
    defaults=Decoding.standard(schedule="arccos", order="halton", steps=12, start_step=2),
    sha256={"transformer.safetensors": "1" * 64},
    follow=0.6,
)
"""Nothing of it is as in `SPEC`."""


class FakeEngine:
    """Yields one Preview a step and an EditResult, like `core.Engine`, `step_seconds` apart.

    The token of a cell is its place plus the seed, and until it is decided the step; the cells are decided row-major in
    turn, T steps for all; the model is the less sure of a cell the later it comes. What a start gives is kept, and
    tints the colour. It counts the items that it streamed and the streams that were closed; each close sets `ended`.
    """

    def __init__(
        self, step_seconds: float = 0.0, leak: bool = False, spec: ModelSpec = SPEC, finishing: bool = False
    ) -> None:
        self.finishing = finishing  # says of fills and borders that they are, with a frame before the result
        self.spec, self.device, self.dtype = spec, "cpu", "fp32"
        self.machine, self.together, self.places = Machine("cpu", "float32", 1), 1, 1
        self.step_seconds, self.leak = step_seconds, leak
        self.streamed, self.closed = 0, 0
        self.ended = threading.Event()
        self.asked: list[EditRequest] = []

    def plan(self, request: EditRequest) -> tuple[Pass, ...]:
        return plan(request, self.spec.pixels, self.spec.grid)

    def expected_steps(self, request: EditRequest, passes: Sequence[Pass] | None = None) -> int:
        return request.decoding.steps * len(self.plan(request) if passes is None else passes)

    def expected_finish(self, request: EditRequest) -> float:
        return 2.0 if self.finishing and request.is_finished else 0.0

    def stream(self, request: EditRequest, *, preview_budget_s: float = 0.1) -> Iterator[Streamed]:
        self.asked.append(request)
        passes, steps, count = self.plan(request), request.decoding.steps, request.decoding.variations
        start, side = request.start, self.spec.pixels
        first = 0 if start is None else start.step
        try:
            for index, one in enumerate(passes):
                open_cells = one.unknown if start is None else one.unknown & (start.tokens < 0)
                for step in range(first, steps if open_cells.any() else first):
                    time.sleep(self.step_seconds)
                    left = open_cells & (self._places() % steps > step)
                    images = [np.full((side, side, 3), self._colour(request, i), np.uint8) for i in range(count)]
                    self.streamed += 1
                    yield Preview(
                        step=index * steps + step + 1,
                        steps=steps * len(passes),
                        pass_index=index,
                        passes=len(passes),
                        window=one.window,
                        images=np.stack(images),
                        exact=True,
                        unknown=np.repeat(left[None], count, 0),
                        tokens=np.where(left, (self._tokens(request, one) + step) % CODES, self._tokens(request, one)),
                        confidence=self._confidence(request, one),
                    )
            self.streamed += 1
            result = self._result(request, passes)
            if result.follows is not None:
                yield Finishing(0.2, result.area, None)
                yield Finishing(0.6, result.area, result.patches[..., :3] // 2)
            yield result
        finally:
            self.closed += 1
            self.ended.set()

    def edit(self, request: EditRequest) -> EditResult:
        self.asked.append(request)
        return self._result(request, self.plan(request))

    def edit_together(self, requests: Sequence[EditRequest]) -> tuple[EditResult, ...]:
        time.sleep(self.step_seconds)
        return tuple(self.edit(request) for request in requests)

    def alternatives(self, request: EditRequest, cell: tuple[int, int], count: int = 5) -> tuple[Alternative, ...]:
        self.asked.append(request)
        patches = [np.full((8, 8, 3), 40 * i, np.uint8) for i in range(count)]
        return tuple(Alternative(cell[0] + i, 0.5 / (i + 1), patch) for i, patch in enumerate(patches))

    def _places(self) -> NDArray[np.int64]:
        grid = self.spec.grid
        return np.arange(grid * grid).reshape(grid, grid)

    def _tokens(self, request: EditRequest, one: Pass) -> NDArray[np.int64]:
        places = self._places()
        drawn = np.stack([(places + request.decoding.seed + i) % CODES for i in range(request.decoding.variations)])
        if request.start is None:
            return drawn
        return np.where((request.start.tokens >= 0) & one.unknown, request.start.tokens, drawn)

    def _confidence(self, request: EditRequest, one: Pass) -> NDArray[np.float32]:
        sure = -self._places().astype(np.float32) / 100
        return np.repeat(np.where(one.unknown, sure, 0.0)[None], request.decoding.variations, 0).astype(np.float32)

    def _colour(self, request: EditRequest, index: int) -> tuple[int, int, int]:
        options = request.decoding
        seed = options.seed + index
        warmth = int(options.token_temperature * 100)
        given = 0 if request.start is None else int(request.start.tokens.clip(0).sum())
        return 40 + (seed * 50 + given) % 200, 90 + options.steps * 9 % 150, (60 + seed * 90 + warmth) % 256

    def _result(self, request: EditRequest, passes: tuple[Pass, ...]) -> EditResult:
        mask = request.hole(self.spec.pixels)
        base = (
            request.image if request.image is not None else np.zeros((self.spec.pixels, self.spec.pixels, 3), np.uint8)
        )
        if any(request.sides):
            base = grow_canvas(base, request.sides)
        count = request.decoding.variations
        height, width = base.shape[:2]
        images = np.repeat(base[None], count, 0)
        for i, image in enumerate(images):
            image[mask, :3] = self._colour(request, i)
            if self.leak:
                image[:1, :2] ^= 1
        result = EditResult(
            base=base,
            area=Box(0, 0, width, height),
            patches=images,
            scores=tuple(-1.0 - i for i in range(count)),
            fits=None if count == 1 else tuple(-4.0 + (i * 2 % 3) / 4 for i in range(count)),
            class_fits=None if count == 1 or request.class_id is None else tuple(1.0 - i / 8 for i in range(count)),
            windows=tuple(p.window for p in passes),
            latent_masks=tuple(p.unknown for p in passes),
            canvas_mask=mask,
            tokens=tuple(self._tokens(request, p) for p in passes),
            confidence=tuple(self._confidence(request, p) for p in passes),
            seams=tuple(1.0 + i / 8 for i in range(count)),
            colour_shifts=tuple(2.0 + i for i in range(count)),
            seconds={"total": 0.01, "finish": 1.0 if self.finishing and request.is_finished else 0.0},
            forwards=request.decoding.steps,
            request=request,
            follows=tuple(float(i % 2) for i in range(count)) if self.finishing and request.is_finished else None,
        )
        return result if request.decoding.only is None else _one(result, request.decoding.only)


def _one(result: EditResult, only: int) -> EditResult:
    """Return one variation of a result."""
    rows = slice(only, only + 1)
    return replace(
        result,
        patches=result.patches[rows],
        scores=result.scores[rows],
        fits=None,
        class_fits=None,
        tokens=tuple(tokens[rows] for tokens in result.tokens),
        confidence=tuple(confidence[rows] for confidence in result.confidence),
        seams=result.seams[rows],
        colour_shifts=result.colour_shifts[rows],
        follows=None if result.follows is None else result.follows[rows],
    )
