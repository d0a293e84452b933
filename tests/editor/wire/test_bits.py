"""Run lengths and hex: masks arrive as they were painted, and nothing is allocated for a lie."""

from __future__ import annotations

import tracemalloc
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from core import BadRequest
from editor.wire.bits import cells_hex, confidence_hex, read_mask, write_mask
from tests.editor.wire.sent import AREA, JUNK


def runs_of(mask: NDArray[np.bool_]) -> list[int]:
    """Return the run lengths of a mask, zeros first, written for the test alone."""
    runs, value = [0], False
    for pixel in mask.reshape(-1).tolist():
        if pixel == value:
            runs[-1] += 1
        else:
            runs.append(1)
            value = pixel
    return runs


@given(bits=st.binary(min_size=AREA // 8, max_size=AREA // 8))
def test_mask_arrives_as_it_was_painted(bits: bytes) -> None:
    mask = np.unpackbits(np.frombuffer(bits, np.uint8)).reshape(48, 64).astype(np.bool_)
    sent = {"width": 64, "height": 48, "runs": runs_of(mask)}
    read = read_mask(sent, 64, 48)
    assert np.array_equal(np.zeros((48, 64), np.bool_) if read is None else read, mask)
    assert write_mask(mask) == sent


@given(shades=st.lists(st.integers(0, 255), min_size=12, max_size=12))
def test_soft_mask_arrives_as_it_was_painted(shades: list[int]) -> None:
    mask = np.array(shades, np.uint8).reshape(3, 4)
    read = read_mask(write_mask(mask), 4, 3)
    if read is None:
        assert not mask.any()
    elif read.dtype == np.bool_:
        assert np.array_equal(read * np.uint8(255), mask)
    else:
        assert np.array_equal(read, mask)
        assert ((mask > 0) & (mask < 255)).any()


def test_two_runs_may_share_a_value() -> None:
    read = read_mask({"width": 4, "height": 1, "runs": [1, 2, 0, 1], "values": [0, 255, 9, 255]}, 4, 1)
    assert read is not None
    assert (read.dtype.name, read.tolist()) == ("bool", [[False, True, True, True]])


@given(key=st.sampled_from(("width", "height", "runs", "values")), value=JUNK | st.lists(st.integers(-5, 2**70)))
def test_junk_is_read_or_a_bad_request(key: str, value: Any) -> None:
    data = {"width": 64, "height": 48, "runs": [100, 20, AREA - 120], "values": [0, 7, 0], key: value}
    try:
        read = read_mask(data, 64, 48)
    except BadRequest:
        return
    assert read is None or read.shape == (48, 64)


@pytest.mark.parametrize(
    "mask",
    [
        {"width": 16384, "height": 16384, "runs": [16384 * 16384]},
        {"width": 2**40, "height": 2**40, "runs": [0, 2**80]},
        {"width": 64, "height": 48, "runs": [0, 2**62, 2**62]},
        {"width": 64, "height": 48, "runs": [-(2**62), 2**62 + AREA]},
        {"width": 64, "height": 48, "runs": [AREA], "values": [300]},
        {"width": 64, "height": 48, "runs": [AREA], "values": [0.5]},
        {"width": 64, "height": 48, "runs": [AREA], "values": [1, 2]},
    ],
)
def test_lies_allocate_nothing(mask: dict[str, Any]) -> None:
    tracemalloc.start()
    try:
        with pytest.raises(BadRequest):
            read_mask(mask, 64, 48)
        assert tracemalloc.get_traced_memory()[1] < 1_000_000
    finally:
        tracemalloc.stop()


def test_mask_of_another_size_is_refused() -> None:
    with pytest.raises(BadRequest, match="48x64 px but the picture is 64x48"):
        read_mask({"width": 48, "height": 64, "runs": [AREA]}, 64, 48)


def test_cells_are_row_major_and_most_significant_first() -> None:
    cells = np.zeros((16, 16), np.bool_)
    cells[0, 0] = cells[0, 5] = cells[15, 15] = True
    text = cells_hex(cells)
    assert (len(text), text[:2], text[-1]) == (64, "84", "1")


def test_confidence_is_a_byte_a_cell() -> None:
    assert confidence_hex(np.log(np.array([[1.0, 0.5], [1e-9, 0.2]], np.float32))) == "ff800033"
