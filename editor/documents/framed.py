"""A version framed anew: turned, straightened, cropped, as a child of the one that it is made of.

Knows nothing of how pixels move; `core.values.Framing` does.
"""

from __future__ import annotations

from core.values import Framing
from editor.documents.document import Document, Shown
from editor.documents.sources import NOTHING


def frame(document: Document, version: int, framing: Framing) -> Shown:
    """Frame a version of a document anew and show what comes.

    Raises:
        BadRequest: if the version is not kept, or cannot be framed so.
    """
    with document.working():
        source = document.find(version).picture
        placing = framing.placing(source.size)
        picture = document.store.put(framing.of(source.pixels()), f"{document.name}-crop")
        painted = None if placing is None else NOTHING
        return document.push(picture, placing=placing, parent=version, painted=(painted,))
