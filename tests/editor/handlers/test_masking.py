"""Masks that are not painted: files by the rule of every door, and what is transparent in the picture."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from core.pictures import encode_png, read_mask
from editor.handlers import Handlers
from editor.wire import bits
from tests.editor.handlers.visits import event, visitor

HOLE = np.zeros((48, 64), np.uint8)
HOLE[8:16, 8:24] = 1


def loaded(handlers: Handlers, opened: dict[str, Any], path: Path | None) -> dict[str, Any]:
    """Return what the stage hears of a mask file, or of no file."""
    return handlers.masking.load(path and str(path), event({"doc": opened["doc"]}), visitor())


def levels(message: dict[str, Any]) -> NDArray[Any]:
    """Return the mask in a message."""
    mask = bits.read_mask(message["mask"], 64, 48)
    assert mask is not None
    return mask


@pytest.mark.parametrize("soft", [False, True])
def test_a_file_is_read_as_at_every_other_door(
    handlers: Handlers, opened: dict[str, Any], tmp_path: Path, soft: bool
) -> None:
    path = tmp_path / "no-ending"
    path.write_bytes(encode_png(HOLE * np.uint8(255) // 255 if not soft else HOLE * np.arange(64, dtype=np.uint8) * 9))
    told = loaded(handlers, opened, path)
    read = read_mask(path, None)
    assert (told["kind"], told["doc"], told["notice"]) == ("mask", opened["doc"], read.told)
    assert np.array_equal(levels(told), read.mask)
    assert levels(told).dtype == (np.uint8 if soft else np.bool_)


@pytest.mark.parametrize(
    ("pixels", "why"),
    [(np.zeros((48, 64), np.uint8), "mask is empty"), (np.full((20, 20), 255, np.uint8), "mask is 20x20 px")],
)
def test_what_is_no_mask_is_answered_by_a_sentence(
    handlers: Handlers, opened: dict[str, Any], tmp_path: Path, pixels: NDArray[np.uint8], why: str
) -> None:
    path = tmp_path / "mask.png"
    path.write_bytes(encode_png(pixels))
    told = loaded(handlers, opened, path)
    assert (told["kind"], told["level"]) == ("notice", "error")
    assert why in told["message"]


def test_what_is_transparent_is_taken_by_one_press(handlers: Handlers, opened: dict[str, Any], tmp_path: Path) -> None:
    assert "transparent" in loaded(handlers, opened, None)["message"]  # an opaque picture has nothing of it
    alpha = np.where(HOLE, 0, 255).astype(np.uint8)
    alpha[0, 0] = 252
    path = tmp_path / "cut.png"
    path.write_bytes(encode_png(np.dstack([np.full((48, 64, 3), 90, np.uint8), alpha])))
    cut = handlers.opening.open_upload(str(path), visitor()).message
    assert cut is not None
    told = loaded(handlers, cut, None)
    assert np.array_equal(levels(told), HOLE > 0)
    assert "4.2 % of the picture" in told["notice"]
