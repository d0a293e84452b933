"""Hugging Face's ZeroGPU: a GPU that is lent to a process forked for one call, to whoever visits the page.

Knows nothing of nets. The package `spaces` is there where ZeroGPU is; it is imported nowhere else, and before anything
is computed, because it changes torch.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import gradio as gr
import uvicorn

_TASK = "ZeroGPU worker error"  # the title of whatever ends a forked process
_ABORTED = "GPU task aborted"  # it took longer than it might, or died

Work = Callable[..., Iterator[Any]]


def lend(work: Work, seconds: Callable[..., float]) -> Work:
    """Let a generator function be carried out on the GPU, as `core.load_engine` wants it done.

    It ends early where its process was broken off, and raises ConnectionRefusedError, with the reason, where no GPU was
    lent.
    """
    import spaces  # type: ignore[import-not-found]

    done = spaces.GPU(duration=seconds)(work)

    def lent(*given: Any) -> Iterator[Any]:
        try:
            yield from done(*given)
        except gr.Error as error:
            if error.title == _TASK and str(error.message) == _ABORTED:
                return
            if error.title == _TASK:  # a mistake of ours
                raise
            raise ConnectionRefusedError(str(error.message).rstrip(".")) from error

    return lent


def announce(page: gr.Blocks, server: uvicorn.Server) -> None:
    """Say that the Space has started, which `spaces` hears from `launch` elsewhere.

    Args:
        page: whose `server` is asked for the port, so that a forked process closes the connections of visitors.
        server: of the page.
    """
    from spaces import zero

    page.server = server  # type: ignore[assignment]  # another kind of the same
    zero.startup()
