"""The page's own scripts: plain ES modules in editor/static/page, joined into the one text that each place takes.

Knows nothing of components or events; what a script does is told in its module.
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

from editor.stage import bundle

FOLDER = Path(__file__).resolve().parent / "static" / "page"


def on_load(*modules: str, call: str) -> str:
    """Return the text for a component's `js_on_load`.

    Args:
        modules: files of `FOLDER`, each after those that it imports.
        call: what starts it, over `element`, `trigger`, `props`, `server` and `watch`.
    """
    return f'(() => {{\n"use strict";\n{_joined(modules)}{call};\n}})();\n'


def on_start(settings: dict[str, Any]) -> str:
    """Return the text for the page's load event, a function that returns the settings of the last visit.

    Args:
        settings: JSON object that `startPage` in main.js takes.
    """
    joined = _joined(("inspector.js", "settings.js", "main.js"))
    return f'() => {{\n"use strict";\n{joined}return startPage({json.dumps(settings)});\n}}'


@cache
def head() -> str:
    """Return what belongs in the page's head: the theme is known before anything is drawn."""
    return f'<script>(() => {{\n"use strict";\n{_joined(("theme.js",))}startTheme();\n}})();</script>'


def _joined(modules: tuple[str, ...]) -> str:
    return bundle({name: (FOLDER / name).read_text(encoding="utf-8") for name in modules})
