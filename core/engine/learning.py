"""Learns what the tokenizer loses of a photo from known windows of it, so that detail can be restored.

Knows nothing of requests. Windows already learnt from are remembered.
"""

from __future__ import annotations

import hashlib
import threading
from collections import OrderedDict

import numpy as np
from numpy.typing import NDArray

from core.canvas.compose import mask_to_model
from core.canvas.detail import Example, Examples
from core.canvas.plan import example_windows
from core.engine.layers import shown_window
from core.engine.painter import Painter
from core.engine.work import Work

_LEARNT_WINDOWS = 4  # window sizes whose examples are kept: enough to try one edit's seeds and its finer looks

_Known = tuple[NDArray[np.uint8], NDArray[np.bool_]]
"""A window (s, s, 3) and its hidden pixels (s, s)."""


class Learning:
    """Examples of fine detail for the windows of a run. Thread-safe, if the painter is.

    Args:
        painter: shows what the tokenizer keeps.
        pixels: side of the model's picture.
    """

    def __init__(self, painter: Painter, pixels: int) -> None:
        self._painter, self._pixels = painter, pixels
        self._learnt: OrderedDict[bytes, Examples] = OrderedDict()
        self._lock = threading.Lock()

    def forget(self) -> None:
        """Forget everything: the number format has changed."""
        with self._lock:
            self._learnt.clear()

    def examples(self, work: Work, detail: str) -> dict[int, Examples]:
        """Collect the examples of detail by the windows' side: known windows and the tokenizer's pictures of them.

        Args:
            work: laid out.
            detail: one of `DETAIL_NAMES`, not "auto"; "none" gives no examples.
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
                shown = np.where(hidden[..., None], np.uint8(0), pixels)  # independent of what is to go
                known.append((shown, hidden))
                digest.update(shown.data)
                digest.update(hidden.data)
            key = digest.digest()
            found[side] = self._learnt.get(key) or self._learn(work, known, grain=detail == "grain")
            self._remember(key, found[side])
        return found

    def _remember(self, key: bytes, examples: Examples) -> None:
        """Remember examples as the last that were used."""
        with self._lock:
            self._learnt[key] = examples
            self._learnt.move_to_end(key)
            if len(self._learnt) > _LEARNT_WINDOWS:
                self._learnt.popitem(last=False)

    def _learn(self, work: Work, known: list[_Known], *, grain: bool) -> Examples:
        """Show windows with hidden pixels to the tokenizer and make examples of them."""
        with work.timed("encode"):
            side = self._pixels
            shown = [shown_window(pixels, mask_to_model(hidden, side), side) for pixels, hidden in known]
            kept = self._painter.kept(shown) if shown else []
        with work.timed("composite"):
            examples = [Example(pixels, seen, hidden) for (pixels, hidden), seen in zip(known, kept, strict=True)]
            return Examples(examples, grain=grain)
