"""An engine without nets: it plans like the real one and paints a colour for each seed."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence

import numpy as np

from core import EditRequest, EditResult, ModelSpec, Preview, Sides
from core.canvas.borders import grow_canvas
from core.canvas.plan import Pass, canvas_mask, plan
from core.models.config import Defaults

SPEC = ModelSpec(
    name="fake-128",
    title="A fake model that paints flat colours",
    family="compact",
    pixels=128,
    grid=16,
    codebook_size=64,
    tokenizer={},
    transformer={},
    classes=("forest", "lake", "sunflower", "roses"),
    null_class=True,
    licence="none",
    defaults=Defaults(),
    sha256={"transformer.safetensors": "0" * 64},
)


class FakeEngine:
    """Yields one Preview a step and an EditResult, like `core.Engine`, `step_seconds` apart."""

    def __init__(self, step_seconds: float = 0.0, leak: bool = False) -> None:
        self.spec, self.device, self.dtype = SPEC, "cpu", "fp32"
        self.step_seconds, self.leak = step_seconds, leak
        self.closed = 0

    def plan(self, request: EditRequest) -> tuple[Pass, ...]:
        return plan(request, self.spec.pixels, self.spec.grid)

    def expected_steps(self, request: EditRequest) -> int:
        return request.options.steps * len(self.plan(request))

    def stream(self, request: EditRequest, *, preview_budget_s: float = 0.1) -> Iterator[Preview | EditResult]:
        passes, steps, count = self.plan(request), request.options.steps, request.options.variations
        try:
            for index, one in enumerate(passes):
                for step in range(steps):
                    time.sleep(self.step_seconds)
                    left = one.unknown & (np.arange(256).reshape(16, 16) % steps > step)
                    yield Preview(
                        step=index * steps + step + 1,
                        steps=steps * len(passes),
                        pass_index=index,
                        passes=len(passes),
                        window=one.window,
                        images=np.stack(
                            [np.full((128, 128, 3), self._colour(request, i), np.uint8) for i in range(count)]
                        ),
                        exact=True,
                        unknown=np.repeat(left[None], count, 0),
                        tokens=np.zeros((count, 16, 16), np.int64),
                        confidence=np.zeros((count, 16, 16), np.float32),
                    )
            yield self._result(request, passes)
        finally:
            self.closed += 1

    def edit(self, request: EditRequest) -> EditResult:
        return self._result(request, self.plan(request))

    def edit_together(self, requests: Sequence[EditRequest]) -> tuple[EditResult, ...]:
        time.sleep(self.step_seconds)
        return tuple(self.edit(request) for request in requests)

    def _colour(self, request: EditRequest, index: int) -> tuple[int, int, int]:
        seed = request.options.seed + index
        return 40 + seed * 50 % 200, 90 + request.options.steps * 9 % 150, 60 + seed * 90 % 190

    def _result(self, request: EditRequest, passes: tuple[Pass, ...]) -> EditResult:
        mask = canvas_mask(request, pixels=self.spec.pixels)
        base = request.image if request.image is not None else np.zeros((128, 128, 3), np.uint8)
        if request.extend != Sides():
            base = grow_canvas(base, request.extend)
        images = np.repeat(base[None], request.options.variations, 0).copy()
        for i, image in enumerate(images):
            image[mask, :3] = self._colour(request, i)
            if self.leak:
                image[:1, :2] ^= 1
        return EditResult(
            images=images,
            scores=tuple(-1.0 - i for i in range(len(images))),
            windows=tuple(p.window for p in passes),
            latent_masks=tuple(p.unknown for p in passes),
            tokens=tuple(np.zeros((len(images), 16, 16), np.int64) for _ in passes),
            confidence=tuple(np.zeros((len(images), 16, 16), np.float32) for _ in passes),
            seams=(1.0,) * len(images),
            colour_shifts=(0.0,) * len(images),
            canvas_mask=mask,
            seconds={"total": 0.01},
            forwards=request.options.steps,
            request=request,
        )
