"""Hides from Gradio what would break it in the environment: proxies and settings; and forbids it to call home.

Knows nothing of the page. Gradio reads these while it is imported, and an unusable proxy, or a setting that is not a
number, would end the start in a traceback; Gradio itself needs none of them. Downloads of models get the proxies back.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

_PROXIES = ("http_proxy", "https_proxy", "all_proxy", "no_proxy")
_SETTINGS = ("GRADIO_SERVER_PORT", "GRADIO_NUM_PORTS", "GRADIO_NODE_NUM_PORTS", "GRADIO_ANALYTICS_CACHE_FREQUENCY")
"""Numbers that Gradio reads and this editor does not use; the port is read before."""

os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"  # before gradio is imported: no outbound look-ups at all
os.environ["GRADIO_ANALYTICS_MAX_EVENTS"] = "1"  # it sums up the last 10,000 after each one, for a page that is closed


@contextmanager
def without_proxies() -> Iterator[None]:
    """Context in which to import Gradio."""
    for name in _SETTINGS:
        os.environ.pop(name, None)
    aside = {name: value for name, value in os.environ.items() if name.lower() in _PROXIES}
    for name in aside:
        del os.environ[name]
    try:
        yield
    finally:
        os.environ.update(aside)
