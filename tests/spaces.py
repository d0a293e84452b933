"""A stand-in for Hugging Face's package `spaces` on ZeroGPU, as its wrappers.py (0.51) behaves: every call of a
decorated generator is done in a process forked for it, what is given and yielded is pickled, an error comes back as the
name of its class, and a process that dies as "GPU task aborted". It lends no GPU.
"""

from __future__ import annotations

import multiprocessing
import pickle
from collections.abc import Callable, Iterator
from multiprocessing.connection import Connection
from types import SimpleNamespace
from typing import Any

import gradio as gr

_FORK = multiprocessing.get_context("fork")

asked: list[float] = []
"""The seconds of each call."""
refusals: list[gr.Error] = []
"""What the next calls are refused with, instead of a GPU."""
processes: list[Any] = []
"""Of each call."""
started: list[object] = []
"""Who said that the Space has started."""
zero = SimpleNamespace(startup=lambda: started.append(None))


def GPU(*, duration: Callable[..., float]) -> Callable[[Callable[..., Iterator[Any]]], Callable[..., Iterator[Any]]]:  # noqa: N802
    """Decorate a generator function."""

    def decorate(task: Callable[..., Iterator[Any]]) -> Callable[..., Iterator[Any]]:
        def lent(*given: Any) -> Iterator[Any]:
            asked.append(duration(*given))
            if refusals:
                raise refusals.pop()
            here, there = _FORK.Pipe(duplex=False)
            arguments = pickle.dumps(given)
            process = _FORK.Process(target=_work, args=(task, arguments, there), daemon=True)
            process.start()
            processes.append(process)
            there.close()
            try:
                yield from _answers(here)
            finally:
                process.kill()
                process.join()
                here.close()

        return lent

    return decorate


def _work(task: Callable[..., Iterator[Any]], arguments: bytes, answers: Connection) -> None:
    try:
        for item in task(*pickle.loads(arguments)):
            answers.send_bytes(pickle.dumps(("yielded", item)))
        answers.send_bytes(pickle.dumps(("ended", None)))
    except Exception as error:  # noqa: BLE001 - as there
        answers.send_bytes(pickle.dumps(("failed", type(error).__name__)))


def _answers(pipe: Connection) -> Iterator[Any]:
    while True:
        try:
            kind, value = pickle.loads(pipe.recv_bytes())
        except EOFError:
            raise gr.Error("GPU task aborted", title="ZeroGPU worker error") from None
        if kind == "ended":
            return
        if kind == "failed":
            raise gr.Error(value, title="ZeroGPU worker error")
        yield value
