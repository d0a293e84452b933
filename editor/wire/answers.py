"""The answers to the page's questions between events: what a run would regenerate, and where pixels came from.

Knows nothing of requests or of how anything is drawn.
"""

from __future__ import annotations

import base64
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from core.values import Box
from editor.documents.sources import Painted
from editor.wire import told
from editor.wire.bits import cells_hex
from editor.wire.replies import Message

_MOST_SOURCES = 8_000_000
"""Bytes of packed sources in one answer: many more edits than anybody asks about."""


def planned(passes: Sequence[tuple[Box, NDArray[np.bool_]]], *, seconds: float) -> Message:
    """Answer the overlay's question which cells will be regenerated.

    Args:
        passes: window and (h, w) unknown cells of each pass.
        seconds: expected duration of the run.
    """
    return told.Plan(
        windows=[list(window) for window, _ in passes],
        cells=[cells_hex(unknown) for _, unknown in passes],
        unknown_tokens=sum(int(unknown.sum()) for _, unknown in passes),
        passes=len(passes),
        seconds=round(seconds, 2),
    ).plain


def sources(painted: Painted) -> Message:
    """Answer the inspector's question where the pixels of a picture came from.

    Args:
        painted: on the way to the picture, the newest first.

    Returns:
        layers: box on the picture and packed sources of each edit, the newest first, back to the first edit whose
        sources are not kept. whole: whether pixels in no layer are those of the opened photo.
    """
    layers: list[told.Layer] = []
    room = _MOST_SOURCES
    for each in painted:
        if each is None or each.weight > room:
            return told.Sources(layers=layers, whole=False).plain
        room -= each.weight
        layers.append(told.Layer(box=list(each.box), data=base64.b64encode(each.packed).decode()))
    return told.Sources(layers=layers, whole=True).plain
