"""The page in every language: built once for each, sent in the language of its visitor, who is answered in it too.

Knows nothing of what is on the page. Gradio's functions for programs are answered in English, whoever calls them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import gradio as gr
from gradio.context import Context

from editor.sentences.language import ENGLISH, languages, speaking, spoken
from editor.server.language import language_of


class SpokenPage(gr.Blocks):
    """Blocks that are described in several languages; `config` is the description in the one that is spoken."""

    def __init__(self, **of_blocks: Any) -> None:
        """Begin it; the arguments are those of `gr.Blocks`."""
        self._own: dict[str, dict[str, Any]] = {}
        self._described: dict[str, Any] = {}
        super().__init__(**of_blocks)

    @property
    def config(self) -> Any:
        """What Gradio sends to the browser."""
        return self._described.get(spoken(), self._described[ENGLISH])

    @config.setter
    def config(self, described: Any) -> None:
        self._described = {language: {**described, **own} for language, own in self._own.items()}
        self._described[ENGLISH] = described

    def translate(self, language: str, other: gr.Blocks) -> None:
        """Take over the labels of the same page in another language; its components have the same numbers."""
        described = other.get_config_file()
        self._own[language] = {part: described[part] for part in ("title", "components")}
        self.config = self._described[ENGLISH]

    async def call_function(
        self, block_fn: Any, processed_input: Any, iterator: Any = None, requests: Any = None, *more: Any, **named: Any
    ) -> Any:
        """Call the function of an event, in the language of the page that caused it."""
        request = requests[0] if isinstance(requests, list) else requests
        function = self.fns[block_fn] if isinstance(block_fn, int) else block_fn
        of_page = request is not None and function.api_visibility == "private"
        with speaking(language_of(request.headers) if of_page else ENGLISH):
            return await super().call_function(block_fn, processed_input, iterator, requests, *more, **named)


def spoken_page(build: Callable[[], SpokenPage]) -> SpokenPage:
    """Build a page in English, and its labels in every other language.

    Args:
        build: builds it in the language that is spoken, in the same order each time.
    """
    first = Context.id
    with speaking(ENGLISH):
        page = build()
    last = Context.id
    for language in [*languages()][1:]:
        Context.id = first
        with speaking(language):
            page.translate(language, build())
        if Context.id != last:
            raise RuntimeError(f"the page in {language} has {Context.id - first} parts, in English {last - first}")
    return page
