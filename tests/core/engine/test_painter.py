"""The narrow waist: what a painter is asked and answers could cross to another process, whatever the photo's size."""

from __future__ import annotations

import pickle
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor

from core.engine.asked import Asked
from core.engine.device import FORMATS
from core.engine.local import LocalPainter
from core.engine.nets import Nets
from core.engine.painter import Fitting, Job, Painted, Step
from core.engine.run import Runner
from core.engine.sample import Sample
from core.engine.work import Work
from core.recipe import Machine
from core.values.geometry import Box, Sides
from core.values.groups import DecodeOptions, Painting, View
from core.values.region import Mask
from core.values.request import EditRequest
from core.values.result import EditResult, Preview
from tests.fakes import ColourTokenizer, RuleTransformer, fake_engine, fake_spec

SPEC = fake_spec()
PHOTO = np.random.default_rng(0).integers(0, 256, (48, 64, 3), dtype=np.uint8)
OPTIONS = DecodeOptions(variations=3, steps=4, seed=5)
UNFINISHED = Painting(finish="none")


def sent(value: Any) -> Any:
    """Return what another process would get."""
    return pickle.loads(pickle.dumps(value))


def local_painter() -> LocalPainter:
    nets = Nets(SPEC, ColourTokenizer(), RuleTransformer(), device=torch.device("cpu"), number=FORMATS["fp32"])
    return LocalPainter(SPEC, nets)


class FarPainter:
    """A painter whose every word is pickled both ways; it keeps what it was asked."""

    def __init__(self) -> None:
        self._near = local_painter()
        self.asked: list[bytes] = []

    @property
    def machine(self) -> Machine:
        return self._near.machine

    def paint(self, job: Job) -> Iterator[Step | Painted]:
        self.asked.append(pickle.dumps(job))
        for item in self._near.paint(pickle.loads(self.asked[-1])):
            yield sent(item)

    def kept(self, windows: Sequence[NDArray[np.uint8]]) -> list[NDArray[np.uint8]]:
        shown: list[NDArray[np.uint8]] = sent(self._near.kept(sent(windows)))
        return shown

    def sharper(self, pictures: Sequence[NDArray[np.uint8]]) -> list[NDArray[np.float32]] | None:
        made: list[NDArray[np.float32]] | None = sent(self._near.sharper(sent(pictures)))
        return made

    def fitting(self, job: Job, cell: tuple[int, int], temperature: float, count: int) -> list[Fitting]:
        codes: list[Fitting] = sent(self._near.fitting(sent(job), cell, temperature, count))
        return codes

    def log_likelihood(self, job: Job, true: NDArray[np.uint8]) -> float:
        return self._near.log_likelihood(sent(job), sent(true))

    def step_down(self) -> bool:
        return self._near.step_down()

    def told(self) -> tuple[str, ...]:
        return self._near.told()

    def release(self) -> None:
        self._near.release()


def asked(region: Mask | Box | Sides | None, **values: Any) -> EditRequest:
    image = None if region is None else PHOTO
    return EditRequest(image, region, **{"painting": UNFINISHED, "decoding": OPTIONS, **values}).advised(SPEC)


HOLE = Box(20, 10, 50, 30)
MASK = Mask(EditRequest(PHOTO, HOLE).hole())
REQUESTS = {
    "fill": asked(MASK),
    "fill with detail and finer looks": asked(
        MASK, class_id=1, view=View(refine=1), painting=replace(UNFINISHED, detail="grain")
    ),
    "extend over several windows": asked(Sides(right=90)),
    "replace": asked(HOLE, class_id=2),
    "generate": asked(None, class_id=0),
}


def run(painter: Any, request: EditRequest) -> tuple[list[Preview], EditResult]:
    samples = [Sample.drawn_for(request, variation) for variation in range(request.decoding.variations)]
    *previews, work = Runner(Asked(SPEC), painter).run(request, samples, 10.0)
    assert isinstance(work, Work)
    return [item for item in previews if isinstance(item, Preview)], work.result(request)


def over(photo: NDArray[np.uint8], mask: NDArray[np.bool_]) -> EditRequest:
    request = EditRequest(photo, Mask(mask), painting=UNFINISHED, decoding=OPTIONS)
    return request.advised(SPEC)


@pytest.mark.parametrize("name", REQUESTS)
def test_a_painter_elsewhere_gives_the_same_pictures(name: str) -> None:
    (here, near), (there, far) = run(local_painter(), REQUESTS[name]), run(FarPainter(), REQUESTS[name])
    assert np.array_equal(near.images, far.images)
    assert (near.scores, near.fits, near.class_fits) == (far.scores, far.fits, far.class_fits)
    assert (near.forwards, near.ranking) == (far.forwards, far.ranking)
    assert [preview.step for preview in here] == [preview.step for preview in there]
    for mine, theirs in zip(here, there, strict=True):
        assert np.array_equal(mine.images, theirs.images)
        assert np.array_equal(mine.unknown, theirs.unknown)


def test_what_is_sent_does_not_grow_with_the_photo() -> None:
    sizes = []
    for scale in (1, 24):
        photo = PHOTO.repeat(scale, 0).repeat(scale, 1)
        mask = np.zeros(photo.shape[:2], np.bool_)
        mask[10 * scale : 30 * scale, 20 * scale : 50 * scale] = True
        painter = FarPainter()
        run(painter, over(photo, mask))
        (job,) = painter.asked
        sizes.append(len(job))
    assert sizes[0] == sizes[1] < 20_000


def test_closing_the_stream_stops_the_painter() -> None:
    painter = local_painter()
    request = asked(MASK, decoding=DecodeOptions(steps=8))
    stream = Runner(Asked(SPEC), painter).run(request, [Sample.drawn_for(request)], 10.0)
    next(stream)
    made = painter.nets.forwards
    stream.close()
    assert painter.nets.forwards == made < 8


def test_the_engine_paints_through_the_same_waist() -> None:
    whole = fake_engine().edit(REQUESTS["replace"])
    assert np.array_equal(whole.images, run(FarPainter(), REQUESTS["replace"])[1].images)


class Asking(RuleTransformer):
    """Keeps which cells it was asked for."""

    def __init__(self) -> None:
        super().__init__()
        self.cells: list[list[int]] = []

    def forward(self, tokens: Tensor, class_ids: Tensor, *, cells: Tensor | None = None) -> Tensor:
        assert cells is not None, "no caller needs the logits of known cells"
        self.cells.append(cells.tolist())
        return super().forward(tokens, class_ids, cells=cells)


def test_logits_are_asked_for_the_holes_cells_alone_and_those_of_one_cell_for_what_fits_it() -> None:
    net, far, request = Asking(), FarPainter(), asked(MASK, class_id=1)
    nets = Nets(SPEC, ColourTokenizer(), net, device=torch.device("cpu"), number=FORMATS["fp32"])
    painter = LocalPainter(SPEC, nets)
    run(far, request)
    job: Job = pickle.loads(far.asked[0])
    hole = np.flatnonzero(job.unknown).tolist()
    assert 0 < len(hole) < job.unknown.size
    run(painter, request)
    assert net.cells
    assert all(cells == hole for cells in net.cells)
    first = {name: getattr(job, name)[:1] for name in ("windows", "starts", "samplings", "conditions")}
    net.cells.clear()
    painter.log_likelihood(replace(job, **first), job.windows[0])
    assert net.cells == [hole]
    net.cells.clear()
    painter.fitting(replace(job, **first), (2, 3), 1.0, 3)
    assert {tuple(cells) for cells in net.cells} == {(2 * SPEC.grid + 3,)}
