"""What the server had and has no more.

Knows nothing of where it was.
"""

from __future__ import annotations

from typing import Literal

from core import BadRequest
from editor import messages


class Gone(BadRequest):
    """The server no longer has something that the browser may still have its own copy of.

    Attributes:
        what: "document", "version" or "run".
    """

    def __init__(self, what: Literal["document", "version", "run"]) -> None:
        said = {"document": messages.document_gone, "version": messages.version_gone, "run": messages.run_gone}
        super().__init__(said[what]())
        self.what = what
