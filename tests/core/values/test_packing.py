"""Grids as JSON values: back to themselves, and never larger than they say."""

from __future__ import annotations

import base64
import json
import zlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import BadRequest
from core.values.packing import packed, unpacked


@given(
    st.integers(0, 2**32 - 1),
    st.integers(1, 40),
    st.integers(1, 40),
    st.sampled_from([(np.bool_, 0, 2), (np.uint8, 0, 256), (np.int64, -1, 2**31)]),
)
def test_a_grid_comes_back_as_itself_through_json(
    seed: int, height: int, width: int, kind: tuple[type, int, int]
) -> None:
    dtype, low, high = kind
    values = np.random.default_rng(seed).integers(low, high, (height, width)).astype(dtype)
    back = unpacked(json.loads(json.dumps(packed(values))), "grid", most=40)
    assert back.dtype == values.dtype
    assert np.array_equal(back, values)
    back[0, 0] = values[0, 0]  # its own memory, writable


def test_codes_are_compact() -> None:
    tokens = np.random.default_rng(0).integers(0, 1024, (16, 16))
    assert len(json.dumps(packed(tokens))) < 1000


@pytest.mark.parametrize("kind", ["bits", "levels", "codes"])
def test_data_that_unpack_to_more_or_less_than_they_say_are_refused(kind: str) -> None:
    for count in (3, 10_000_000):
        data = base64.b64encode(zlib.compress(bytes(count))).decode()
        with pytest.raises(BadRequest, match="saved grid holds"):
            unpacked({"size": [5, 8], kind: data}, "grid", most=100)


@pytest.mark.parametrize("size", [[0, 5], [5, -1], [101, 5], [10**9, 10**9]])
def test_a_size_out_of_range_is_refused_before_anything_is_unpacked(size: list[int]) -> None:
    with pytest.raises(BadRequest, match="its sides must be 1 to 100"):
        unpacked({"size": size, "bits": "no data"}, "grid", most=100)
