"""The page's scripts, joined: each after those that it imports, and nothing that one function could not hold."""

from __future__ import annotations

import gzip
import re
from pathlib import Path

import pytest

from editor.page.component import EVENTS, script
from editor.page.scripts import FOLDER, bundle, on_load

MOST_SCRIPT = 80_000
"""Bytes, compressed: what travels."""

STARTS = (
    "classmenu",
    "extend",
    "folder",
    "language",
    "main",
    "modelmenu",
    "open",
    "presets",
    "samples",
    "scheme",
    "sweep",
)
"""The modules of static/page with which a script begins; another is static/stage/main.js."""


def written(folder: Path, **modules: str) -> Path:
    """Write modules by name; gives the folder."""
    for name, text in modules.items():
        (folder / f"{name}.js").write_text(text, encoding="utf-8")
    return folder


def test_each_module_comes_once_and_after_those_that_it_imports(tmp_path: Path) -> None:
    (tmp_path / "below").mkdir()
    written(tmp_path / "below", deep="export const deep = 1; // stays\n")
    written(
        tmp_path,
        top='import { left } from "./left.js";\nimport { right } from "./right.js";\nleft(right);\n',
        left='import { deep } from "./below/deep.js";\nexport function left() {\n  return deep;\n}\n',
        right='import {\n  deep,\n} from "./below/deep.js";\nexport class right extends deep {}\n',
        other="export const other = 2;\n",
    )
    joined = bundle(tmp_path / "top.js")
    assert joined.startswith("const deep = 1; // stays\n")
    assert joined.endswith("left(right);\n")
    assert joined.count("const deep") == joined.count("function left") == joined.count("class right") == 1
    assert "other" not in joined
    assert not re.search(r"^(?:import|export)\b", joined, re.MULTILINE)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ('import { b } from "./b.js";\nconst a = b;\nconst c = 1;\n', "declares c"),
        ("const props = 1;\n", "Gradio"),
        ('import { c } from "./b.js";\n', "does not export"),
        ('import { b } from "./nowhere.js";\n', "not there"),
        ('import { d } from "./circle.js";\nexport const a = d;\n', "cycle"),
        ('import * as b from "./b.js";\n', "kind"),
        ("export default 1;\n", "kind"),
    ],
)
def test_what_cannot_be_joined_is_refused(tmp_path: Path, text: str, why: str) -> None:
    written(tmp_path, a=text, b="export const b = 1;\nfunction c() {}\n")
    written(tmp_path, circle='import { a } from "./a.js";\nexport const d = a;\n')
    with pytest.raises(ValueError, match=why):
        bundle(tmp_path / "a.js")


def test_what_travels_has_no_comments_and_every_text(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("editor.page.scripts.FOLDER", tmp_path)
    said = "`${n} of  2${n ? ` · window ${n} of 3` : `// none`}`"
    small = said.replace(" ? ", "?").replace(" : ", ":")
    written(
        tmp_path,
        a=f"/** Says\n * it. */\nfunction a(n) {{\n  // gone, too\n  return {said}; // gone\n}}\n",
        wrong="const a = (1;\n",
    )
    assert on_load("a.js", call="a(element, /** @type {any} */ (trigger))") == (
        f'(()=>{{"use strict";function a(n){{return{small}}}a(element,trigger)}})();'
    )
    with pytest.raises(ValueError, match="no JavaScript"):
        on_load("wrong.js", call="a()")


def test_every_module_is_in_some_script() -> None:
    texts = [bundle(FOLDER / "stage" / "main.js"), *(bundle(FOLDER / "page" / f"{start}.js") for start in STARTS)]
    for path in FOLDER.rglob("*.js"):
        first = path.read_text(encoding="utf-8").split("*/")[0]
        assert any(first in text for text in texts), f"{path.name} is imported by nothing"


def test_the_stages_script_names_its_events_and_is_small() -> None:
    assert all(f"`{event}`" in script() for event in EVENTS)
    assert len(gzip.compress(script().encode())) < MOST_SCRIPT
