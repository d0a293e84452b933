"""The editor: a page around one canvas.

Knows nothing of nets or tokens; it uses the public names of core alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from editor.models.shelf import start_engine
    from editor.page.layout import appearance, build_app
    from editor.settings import AppSettings, read_settings
    from editor.start import serve

__all__ = ["AppSettings", "appearance", "build_app", "read_settings", "serve", "start_engine"]


def __getattr__(name: str) -> Any:
    """Import a public name when it is first used, so that the settings can be read before gradio is imported."""
    if name in ("appearance", "build_app"):
        from editor.page import layout

        return getattr(layout, name)
    if name in ("AppSettings", "read_settings"):
        from editor import settings

        return getattr(settings, name)
    if name == "serve":
        from editor import start

        return start.serve
    if name == "start_engine":
        from editor.models import shelf

        return shelf.start_engine
    raise AttributeError(f"module 'editor' has no attribute {name!r}")
