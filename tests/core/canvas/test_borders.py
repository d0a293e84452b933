import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from core.canvas.borders import grow_canvas
from core.values.geometry import Sides


@given(
    st.integers(0, 2**32 - 1),
    st.integers(1, 20),
    st.integers(1, 20),
    st.sampled_from([3, 4]),
    st.tuples(*[st.integers(0, 30)] * 4),
)
def test_the_picture_stays_and_its_edge_is_repeated(seed, height, width, channels, sides):
    image = np.random.default_rng(seed).integers(0, 256, (height, width, channels), dtype=np.uint8)
    grown = grow_canvas(image, Sides(*sides))
    left, top, right, bottom = sides
    expected = np.pad(image, ((top, bottom), (left, right), (0, 0)), mode="edge")
    if channels == 4:
        expected[..., 3] = np.pad(image[..., 3], ((top, bottom), (left, right)), constant_values=255)
    assert grown.dtype == np.uint8
    assert np.array_equal(grown, expected)
    assert not np.shares_memory(grown, image)
