"""The strip of sample photos below the canvas.

Knows nothing of what opening one does.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

import gradio as gr

from core.pictures import open_picture
from editor import markup
from editor.documents import export
from editor.handlers import sample_paths
from editor.page import scripts
from editor.settings import AppSettings

_THUMBNAIL_SIDE = 96
"""Pixels of a sample's thumbnail: the strip shows it at 60 x 40, on fine screens with more pixels."""


def sample_strip(settings: AppSettings) -> gr.HTML:
    """Place it; it tells `pick`, a sample by its index."""
    samples = [(path.stem.replace("_", " "), _thumbnail(path)) for path in sample_paths(settings.samples)]
    return gr.HTML(
        html_template=markup.sample_strip(samples),
        js_on_load=scripts.on_load("page/samples.js", call="sampleStrip(element, trigger)"),
        apply_default_css=False,
        elem_id="mge-samples",
    )


@cache
def _thumbnail(path: Path) -> str:
    """Make it once for all languages of the page."""
    return export.thumbnail_url(open_picture(path), _THUMBNAIL_SIDE)
