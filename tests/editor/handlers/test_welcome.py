"""The first visit: the painted blob fits the sample, and covers what it is meant to cover."""

from __future__ import annotations

from core.pictures import open_picture
from editor.handlers.welcome import FIRST_SAMPLE, first_mask
from editor.settings import SAMPLES


def test_the_blob_is_soft_and_on_the_flower() -> None:
    photo = open_picture(SAMPLES / FIRST_SAMPLE)
    mask = first_mask((photo.shape[1], photo.shape[0]))
    assert mask is not None
    assert mask.shape == photo.shape[:2]
    assert 0.02 < (mask > 0).mean() < 0.12
    assert ((mask > 0) & (mask < 255)).any()
    orange = (photo[..., 0] > 180) & (photo[..., 2] < 160)
    flower = orange[385:, 270:480]  # the first one ends above
    assert (mask[385:, 270:480][flower] > 0).mean() > 0.97
    yellow = (photo[..., 0] > 150) & (photo[..., 1] > 150) & (photo[..., 2] < 120)
    assert (mask[350:, 540:][yellow[350:, 540:]] > 0).mean() > 0.97


def test_another_photo_is_left_alone() -> None:
    assert first_mask((1280, 960)) is None
