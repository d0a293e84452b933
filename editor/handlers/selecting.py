"""Answers what is to be selected: an object in a box or under a scribble, like colours around a point, sky or rim.

Knows nothing of how they are found, nor of what is painted already: the stage joins the answer with it. No run waits
for the answer, and no stroke.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from core import BadRequest, CoreError, select
from core.values import Box
from editor.documents.gone import Gone
from editor.handlers.desk import Desk, apology
from editor.sentences import on_page
from editor.sentences.language import translated
from editor.wire import bits, sent, told


class Selecting:
    """The question what a gesture means."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def select(self, asked: object) -> dict[str, Any]:
        """Select on a version of a document, found by its unguessable id.

        Args:
            asked: a `sent.Select`.

        Returns:
            A `told.Selected`: the mask, or a sentence.
        """
        try:
            wanted = sent.read(sent.Select, asked)
            found = self._found(wanted)
            if not found.any():
                return told.Selected(said=on_page.nothing_selected(wanted.thing)).plain
            return told.Selected(mask=told.MaskRuns(**bits.write_mask(found))).plain
        except Gone as error:
            return told.Selected(said=translated(error.sentence), gone=error.what).plain
        except CoreError as error:
            return told.Selected(said=translated(error.sentence)).plain
        except MemoryError as error:
            return told.Selected(said=apology(error)).plain

    def _found(self, asked: sent.Select) -> NDArray[np.bool_]:
        document = self._desk.documents.find(asked.doc)
        version = document.version if asked.version is None else document.find(asked.version)
        if version is None:
            raise BadRequest(on_page.nothing_open())
        return select(
            version.picture.pixels(),
            box=None if asked.box is None else Box(*asked.box),
            scribble=asked.scribble,
            width=asked.width,
            point=asked.point,
            tolerance=asked.tolerance,
            thing=asked.thing,
        )
