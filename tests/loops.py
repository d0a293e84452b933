"""Runs coroutines in tests."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from concurrent.futures import ThreadPoolExecutor
from typing import Any


def completed(work: Coroutine[Any, Any, Any]) -> Any:
    """Run a coroutine in another thread; `asyncio.run` in this one would drop the loop that Gradio keeps here, open."""
    with ThreadPoolExecutor(1) as beside:
        return beside.submit(asyncio.run, work).result()
