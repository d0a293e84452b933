"""Sources: every pixel of an edit says where it was copied from, or that nobody knows, or that the model painted it."""

from __future__ import annotations

import zlib
from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from core.values import Box, DecodeOptions, EditRequest, EditResult, Mask, Placing, Turn
from editor.documents.sources import KEPT, MODEL, Sources, moved
from tests.editor.fakes import SPEC, FakeEngine


@pytest.fixture
def result(photo: NDArray[np.uint8]) -> EditResult:
    """An edit of a hole of 5 x 4 pixels, two variations, told of an area a little larger."""
    mask = np.zeros(photo.shape[:2], np.bool_)
    mask[10:14, 20:25] = True
    options = DecodeOptions(**vars(SPEC.defaults) | {"variations": 2})
    made = FakeEngine().edit(EditRequest(photo, Mask(mask), decoding=options))
    area = Box(18, 9, 28, 16)
    return replace(made, area=area, patches=made.patches[:, area.top : area.bottom, area.left : area.right])


def ways(sources: Sources) -> NDArray[np.int32]:
    """Return what is packed."""
    size = sources.box.size
    return np.frombuffer(zlib.decompress(sources.packed), "<i4").reshape(2, size.height, size.width)


def test_each_pixel_tells_the_way_to_its_source(result: EditResult) -> None:
    found = np.full((2, 7, 10, 2), -1, np.int32)
    found[1, 1:5, 2:7] = np.stack(np.mgrid[30:34, 40:45], -1)  # all 20 rows below and 20 columns to the right
    found[1, 2, 3] = -1
    packed = Sources.of(replace(result, sources=found), 1)
    assert packed.box == result.area
    down, right = ways(packed)
    assert set(down[1:5, 2:7].ravel()) == set(right[1:5, 2:7].ravel()) == {20, MODEL}
    assert down[2, 3] == right[2, 3] == MODEL
    assert (down == KEPT).sum() == 70 - 20


def test_what_was_not_finished_is_the_models(result: EditResult) -> None:
    down, right = ways(Sources.of(result, 0))
    assert (down == right).all()
    assert (down == MODEL).sum() == 20
    assert (down == KEPT).sum() == 50


def test_a_hole_of_one_piece_takes_little_room(result: EditResult) -> None:
    side = 600
    hole = np.ones((side, side), np.bool_)
    rows, columns = np.mgrid[:side, :side]
    found = np.stack([rows + 90 * (columns // 40), columns - 700], -1)[None].astype(np.int32)
    wide = replace(result, area=Box(0, 0, side, side), canvas_mask=hole, sources=found)
    assert Sources.of(wide, 0).weight < 100_000  # of 2.9 MB


def test_a_picture_that_moves_takes_its_sources_along(result: EditResult) -> None:
    here = Sources.of(result, 0)
    there = moved((here, None), Placing(-3, 40))
    assert there[1] is None
    assert there[0] is not None
    assert there[0].box == here.box.shifted(-3, 40)
    assert there[0].packed is here.packed


def test_a_picture_that_is_turned_turns_the_ways(result: EditResult) -> None:
    found = np.full((2, 7, 10, 2), -1, np.int32)
    found[0, 1:5, 2:7] = np.stack(np.mgrid[30:34, 45:50], -1)  # 20 rows below, 25 columns to the right
    found[0, 3, 4] = -1
    here = Sources.of(replace(result, sources=found), 0)
    (there,) = moved((here,), Placing(100, 0, Turn(1)))
    assert there is not None
    assert there.box == Box(100 - 16, 18, 100 - 9, 28)
    down, right = ways(there)
    expected = {KEPT: (KEPT, KEPT), MODEL: (MODEL, MODEL), 20: (25, -20)}  # what was below is at the left
    for was, now in expected.items():
        place = np.rot90(ways(here)[0] == was, -1)
        assert (set(down[place]), set(right[place])) == ({now[0]}, {now[1]})
    (mirrored,) = moved((there,), Placing(turn=Turn(0, True)))
    assert mirrored is not None
    assert set(ways(mirrored)[1].ravel()) == {KEPT, MODEL, 20}
    (back,) = moved((there,), Placing(100, 0, Turn(1)).inverse)
    assert back is not None
    assert back.box == here.box
    assert np.array_equal(ways(back), ways(here))
