"""Gradio's record of open tabs, each begun as a copy of the first.

Knows nothing of what is on the page. Gradio describes every part of the page anew for each tab and each program that
calls, which takes 25 ms of its one thread: a crowd that comes at once would wait seconds for its refusals.
"""

from __future__ import annotations

from copy import copy

from gradio.blocks import Blocks
from gradio.state_holder import SessionState, StateHolder


class Sessions(StateHolder):
    """One per server."""

    def __init__(self, blocks: Blocks) -> None:
        """Describe the parts of the page once; it must be complete."""
        super().__init__()  # type: ignore[no-untyped-call]
        self.set_blocks(blocks)
        self._first = SessionState(blocks)

    def __getitem__(self, session_id: str) -> SessionState:
        """Return what belongs to a tab; whoever is new begins with the page as it was built."""
        if session_id not in self.session_data:
            self.session_data[session_id] = self._begun()
        return super().__getitem__(session_id)

    def _begun(self) -> SessionState:
        begun = copy(self._first)
        begun.blocks_config = copy(self._first.blocks_config)
        described = self._first.config_values.items()  # copied as deep as Gradio changes it
        begun.config_values = {part: {**told, "props": {**told["props"]}} for part, told in described}
        begun.state_data, begun._state_ttl = {}, {}
        return begun
