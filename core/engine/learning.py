"""What the tokenizer loses of a photo, learnt from known windows of that photo, so that detail can be put back.

Knows nothing of requests. Windows that were learnt from before are remembered.
"""

from __future__ import annotations

import hashlib
from collections import OrderedDict

import numpy as np
from numpy.typing import NDArray

from core.canvas.compose import mask_to_model
from core.canvas.detail import Example, Examples
from core.canvas.plan import example_windows
from core.engine.layers import shown_window
from core.engine.painter import Painter
from core.engine.work import Work

_LEARNT_WINDOWS = 4  # sizes of window whose detail is kept: enough to try one edit's seeds and its finer looks

_Known = tuple[NDArray[np.uint8], NDArray[np.bool_]]
"""A window (s, s, 3) and its hidden pixels (s, s)."""


class Learning:
    """Examples of fine detail for the windows of a run.

    Args:
        painter: who shows what the tokenizer keeps.
        pixels: side of the model's picture.
    """

    def __init__(self, painter: Painter, pixels: int) -> None:
        self._painter, self._pixels = painter, pixels
        self._learnt: OrderedDict[bytes, Examples] = OrderedDict()

    def forget(self) -> None:
        """Forget everything: it was learnt in another number format."""
        self._learnt.clear()

    def examples(self, work: Work, detail: str) -> dict[int, Examples]:
        """Return what detail is taken from, by the windows' side: known windows beside what the tokenizer keeps.

        Args:
            work: laid out, nothing painted.
            detail: one of `DETAIL_NAMES`, not "auto"; with "none" there are no examples.
        """
        found: dict[int, Examples] = {}
        if detail == "none":
            return found
        layers = work.layers
        for side, windows in example_windows(work.passes, layers.allowed).items():
            known, digest = [], hashlib.blake2b(detail.encode(), digest_size=16)
            for window in windows:
                hidden = layers.allowed[window.slices] | layers.transparent(window)
                pixels = layers.base[window.slices][..., :3]
                shown = np.where(hidden[..., None], np.uint8(0), pixels)  # the same, whatever is to go
                known.append((shown, hidden))
                digest.update(shown.data)
                digest.update(hidden.data)
            key = digest.digest()
            if key not in self._learnt:
                self._learnt[key] = self._learn(work, known, grain=detail == "grain")
                if len(self._learnt) > _LEARNT_WINDOWS:
                    self._learnt.popitem(last=False)
            self._learnt.move_to_end(key)
            found[side] = self._learnt[key]
        return found

    def _learn(self, work: Work, known: list[_Known], *, grain: bool) -> Examples:
        """Return examples of windows with hidden pixels, shown to the tokenizer."""
        examples = []
        for pixels, hidden in known:
            with work.timed("encode"):
                shown = shown_window(pixels, mask_to_model(hidden, self._pixels), self._pixels)
                kept = self._painter.kept(shown)
            examples.append(Example(pixels, kept, hidden))
        with work.timed("composite"):
            return Examples(examples, grain=grain)
