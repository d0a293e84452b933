"""The error for what the server once had and has no more.

Knows nothing of where it was kept.
"""

from __future__ import annotations

from typing import Literal

from core import BadRequest
from editor.sentences import on_page


class Gone(BadRequest):
    """The server has dropped something of which the browser may still have its own copy.

    Attributes:
        what: "document", "version" or "run".
    """

    def __init__(self, what: Literal["document", "version", "run"]) -> None:
        said = {"document": on_page.document_gone, "version": on_page.version_gone, "run": on_page.run_gone}
        super().__init__(said[what]())
        self.what = what
