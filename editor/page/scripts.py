"""Joins the page's scripts, plain ES modules in editor/static, to the one text that Gradio takes in each place.

Knows nothing of components or events; each module says what it does.
"""

from __future__ import annotations

import json
import re
from functools import cache
from graphlib import TopologicalSorter
from pathlib import Path
from typing import Any

import minify_html

FOLDER = Path(__file__).resolve().parent.parent / "static"

ARGUMENTS = ("element", "trigger", "props", "server", "watch")
"""Arguments of Gradio's `js_on_load`; no module may declare such a name."""

_IMPORT = re.compile(r"^import\s+\{([^}]*)\}\s+from\s+\"(\.[\w./]+)\";\n", re.MULTILINE)
_DECLARES = r"(?:async\s+)?(?:function|class|const|let)\s+"
_EXPORT = re.compile(rf"^export\s+{_DECLARES}(\w+)", re.MULTILINE)
_COMMENT = re.compile(r"/\*\*.*?\*/|^[ \t]*//[^\n]*", re.MULTILINE | re.DOTALL)
"""JSDoc, and comments on lines of their own, which the printer would keep. No text of the page has these signs."""
_NAME = re.compile(rf"^(?:export\s+)?{_DECLARES}(\w+)", re.MULTILINE)


def bundle(start: Path) -> str:
    """Join an ES module and everything that it imports, each after its own imports.

    It understands only what these modules use: named imports between them and `export` before a declaration. They share
    one scope afterwards, so no two may declare the same name at their top level.

    Raises:
        ValueError: if an import names a missing module or export, two modules declare one name, or modules import each
            other in a circle.
    """
    modules = _in_order(start.resolve())
    _check_names(modules)
    _check_imports(modules)
    return "".join(_plain(path, text) for path, text in modules.items())


@cache
def on_load(module: str, *, call: str, first: str = "") -> str:
    """Make the text for a component's `js_on_load`: a function that is called at once, without what only readers need.

    Names stay as they are, so that an error in a browser can be read.

    Args:
        module: file in `FOLDER`; its imports come with it.
        call: the function's last statement, with `ARGUMENTS` in scope.
        first: its first statement, before any module.

    Raises:
        ValueError: if the text cannot be parsed, which would else travel as it is.
    """
    body = _COMMENT.sub("", bundle(FOLDER / module))
    whole = f"(() => {{{first};{body}\n{call};\n}})();"
    small = minify_html.minify(f"<script>{whole}</script>", minify_js=True)
    if not small.startswith("<script>(()=>{"):
        raise ValueError(f"{module} or what it imports is no JavaScript that can be parsed: look at the last change.")
    return small.removesuffix("</script>").replace("<script>(()=>{", '(()=>{"use strict";', 1)


def on_start(settings: dict[str, Any]) -> str:
    """Make the text for the page's load event, a function that returns the settings of the last visit.

    Args:
        settings: JSON object for `startPage` in main.js.
    """
    return f"() => {on_load('page/main.js', call=f'return startPage({json.dumps(settings)})')}"


def head() -> str:
    """Make the page's head: the theme is set before anything is drawn."""
    return f"<script>{on_load('page/scheme.js', call='startTheme()')}</script>"


def _in_order(start: Path) -> dict[Path, str]:
    """Read a module and everything that it imports, ordered so that imports come first."""
    texts: dict[Path, str] = {}
    imports: dict[Path, list[Path]] = {}
    waiting = [start]
    while waiting:
        path = waiting.pop()
        if path in texts:
            continue
        texts[path] = path.read_text(encoding="utf-8")
        imports[path] = [_source(path, source) for _, source in _IMPORT.findall(texts[path])]
        waiting += imports[path]
    return {path: texts[path] for path in TopologicalSorter(imports).static_order()}


def _source(path: Path, source: str) -> Path:
    found = (path.parent / source).resolve()
    if not found.is_file():
        raise ValueError(f"{path.name} imports from {source}, which is not there.")
    return found


def _check_names(modules: dict[Path, str]) -> None:
    owners = dict.fromkeys(ARGUMENTS, "Gradio")
    for path, text in modules.items():
        for name in _NAME.findall(text):
            if name in owners:
                raise ValueError(f"{path.name} declares {name}, and so does {owners[name]}: rename one of them.")
            owners[name] = path.name


def _check_imports(modules: dict[Path, str]) -> None:
    exported = {path: set(_EXPORT.findall(text)) for path, text in modules.items()}
    for path, text in modules.items():
        for names, source in _IMPORT.findall(text):
            for name in filter(None, (name.strip() for name in names.split(","))):
                if name not in exported[_source(path, source)]:
                    raise ValueError(f"{path.name} imports {name} from {source}, which does not export it.")


def _plain(path: Path, text: str) -> str:
    """Strip a module's text of the words that only modules may contain."""
    plain = re.sub(rf"^export\s+(?={_DECLARES})", "", _IMPORT.sub("", text), flags=re.MULTILINE)
    if re.search(r"^(?:import|export)\b", plain, re.MULTILINE):
        raise ValueError(f"{path.name} has an import or export of a kind that the bundler does not know.")
    return plain
