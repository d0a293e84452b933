"""The word files: every language says the same, everything that is said stands in them, and nothing else does."""

from __future__ import annotations

import ast
import inspect
import json
import re
import string
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

from core import BadRequest, CheckpointError
from core.values import Box, Sentence, Sides
from editor.sentences import about_models, on_page
from editor.sentences.language import languages, say, speaking, translated
from editor.server.language import language_of
from editor.wire import sent
from tests.patterns import ROOT, patterns, placeholders

FOLDER = ROOT / "editor" / "words"
ENGLISH = json.loads((FOLDER / "en.json").read_text(encoding="utf-8"))
OTHERS = {
    path.stem: json.loads(path.read_text(encoding="utf-8")) for path in FOLDER.glob("*.json") if path.stem != "en"
}
OF_ENGLISH = ("core", "names", "sent")
"""Sections of another language whose keys are English texts."""

NOT_SAID = {
    "editor/settings.py": "help of the command line",
    "editor/handlers/forms.py": "words of the API, for programs",
    "editor/sentences/about_programs.py": "what programs hear",
    "editor/sentences/about_start.py": "what the terminal shows at the start",
    "editor/wire/sent.py": "names of values, which `sent` in the word files translates",
    "editor/wire/bits.py": "as in sent.py",
    "editor/wire/intents.py": "as in sent.py",
    "editor/wire/requests.py": "as in sent.py",
    "editor/checks.py": "as in sent.py",
    "editor/handlers/sweeping.py": "as in sent.py",
    "editor/page/theme.py": "names of fonts",
    "editor/server/darkroom.py": "the name of a thread",
    "editor/server/zerogpu.py": "titles of ZeroGPU's own errors",
    "editor/server/workplace.py": "a part of what about_start.py says",
}
"""Files with texts of several words that no visitor reads from there, with the reason."""
NOT_SAID_BY_SCRIPTS = {
    "input, textarea": "a selector",
    "(prefers-reduced-motion: reduce)": "a media query",
    "(pointer: coarse)": "a media query",
    "… mge-note mge-float": "names of classes",
    "Right button": "a key of `keyNames`",
    "Middle button": "a key of `keyNames`",
    "the database does not open": "the console's",
    "stage message": "the console's",
}
"""Texts of several words in the scripts that nobody reads on the page, with the reason."""
SILENT = {"ValueError", "RuntimeError", "TypeError", "AttributeError", "Sentence", "CheckpointError"}
"""What takes a text that a visitor does not read, or that `patterns` finds."""
TEXT = re.compile(r"[A-Za-z]{2,}[,;:.]? +[A-Za-z]{2,}")
MARKUP = re.compile(r"[<>={}]|\w\(|^pg-|^mge-|use strict|^event: ")


def leaves(words: Any, place: str = "") -> Iterator[tuple[str, str]]:
    if isinstance(words, str):
        yield place, words
        return
    for key, each in words.items() if isinstance(words, dict) else enumerate(words):
        yield from leaves(each, f"{place}/{key}")


@pytest.mark.parametrize("code", OTHERS)
def test_a_language_has_every_word_with_the_same_values(code: str) -> None:
    own = {section: words for section, words in OTHERS[code].items() if section not in OF_ENGLISH}
    here, there = dict(leaves(ENGLISH)), dict(leaves(own))
    assert list(here) == list(there)
    assert {place for place in here if placeholders(here[place]) != placeholders(there[place])} == set()
    assert not [place for place, text in there.items() if not text.strip()]


@pytest.mark.parametrize("code", OTHERS)
def test_a_language_says_every_sentence_of_core(code: str) -> None:
    known, said = OTHERS[code]["core"], {each.text for each in patterns() if each.text}
    assert said - known.keys() == set()
    assert known.keys() - said == set()
    assert {text for text, own in known.items() if fields(text) != fields(own)} == set()


def fields(pattern: str) -> set[tuple[str, str | None, str | None]]:
    """The values of a pattern, with how they are written."""
    return {(name, spec, kind) for _, name, spec, kind in string.Formatter().parse(pattern) if name is not None}


def calls(path: Path) -> Iterator[tuple[str, ast.Call]]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call):
            yield getattr(node.func, "id", getattr(node.func, "attr", "")), node


def first_text(call: ast.Call) -> str | None:
    first = call.args[0] if call.args else None
    return first.value if isinstance(first, ast.Constant) and isinstance(first.value, str) else None


@pytest.mark.parametrize("code", OTHERS)
def test_a_language_has_the_names_of_all_that_core_checks(code: str) -> None:
    checks = {"whole", "number", "choice", "switch", "pixels"}
    said = {
        text
        for path in (ROOT / "core").rglob("*.py")
        for name, call in calls(path)
        if name in checks and (text := first_text(call))
    }
    said -= {"k", "v", "x"}  # of the nets' memory, which has a method of that name
    said |= {f"{what} {side}" for what in ("box", "window") for side in Box._fields}
    said |= {f"{side} border in pixels" for side in Sides._fields}
    assert said == OTHERS[code]["names"].keys()


@pytest.mark.parametrize("code", OTHERS)
def test_a_language_has_the_names_of_all_that_the_page_sends(code: str) -> None:
    models = [kind for kind in vars(sent).values() if inspect.isclass(kind) and issubclass(kind, BaseModel)]
    said = {field.description for kind in models for field in kind.model_fields.values() if field.description}
    said |= {
        text
        for path in (ROOT / "editor").rglob("*.py")
        for name, call in calls(path)
        if name == "bad_intent" and (text := first_text(call))
    }
    assert said | {"nothing that could be read"} == OTHERS[code]["sent"].keys()


def test_every_name_that_is_said_is_there_and_every_word_is_said() -> None:
    sections = [name for name in ENGLISH if name not in ("language", "stage", "folder")]
    name = re.compile(rf'"((?:{"|".join(sections)}|folder)\.\w+)"')
    said = {
        found for path in (ROOT / "editor").rglob("*.py") for found in name.findall(path.read_text(encoding="utf-8"))
    }
    there = {f"{section}.{key}" for section in sections for key in ENGLISH[section]}
    assert there == {each for each in said if not each.startswith(("folder.", "page.css"))}
    scripts = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "editor" / "static").rglob("*.js"))
    assert [key for key in ENGLISH["stage"] if not re.search(rf"\b{key}\b", scripts)] == []


def strays(path: Path) -> Iterator[str]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    quiet: set[int] = set()
    for node in ast.walk(tree):
        logs = (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and ast.unparse(node.func.value) == "logger"
        )
        told = isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in SILENT
        documents = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
        if logs or told or documents:
            quiet |= {id(each) for each in ast.walk(node)}
    for node in ast.walk(tree):
        text = node.value if isinstance(node, ast.Constant) and id(node) not in quiet else None
        if isinstance(text, str) and TEXT.search(text) and not MARKUP.search(text):
            yield f"{path.relative_to(ROOT)}:{node.lineno} {text!r}"


def test_no_sentence_stands_in_the_servers_source() -> None:
    found = {path.relative_to(ROOT).as_posix(): [*strays(path)] for path in (ROOT / "editor").rglob("*.py")}
    assert [each for place, texts in found.items() if place not in NOT_SAID for each in texts] == []
    assert [place for place in NOT_SAID if not found[place]] == []


def test_no_sentence_stands_in_the_pages_scripts() -> None:
    literal = re.compile(r"\"((?:[^\"\\\n]|\\.)*)\"|`((?:[^`\\]|\\.)*)`")
    comment = re.compile(r"/\*.*?\*/|(?<![:\"'`])//[^\n]*", re.DOTALL)
    code = re.compile(r"[#<>=\[]|^\s*mge-|^\s*pg-|px\b|rgb|sans-serif|linear-gradient|--")
    found = []
    for path in sorted((ROOT / "editor" / "static").rglob("*.js")):
        text = comment.sub("", path.read_text(encoding="utf-8"))
        for plain, template in literal.findall(text):
            said = re.sub(r"\$\{(?:[^{}]|\{[^{}]*\})*\}", "…", plain or template)
            if TEXT.search(said) and not code.search(said):
                found.append(f"{path.name}: {said}")
    assert {text for text in found if text.partition(": ")[2] not in NOT_SAID_BY_SCRIPTS} == set()
    assert {text.partition(": ")[2] for text in found} == NOT_SAID_BY_SCRIPTS.keys()


def test_a_label_is_said_in_the_language_that_is_spoken() -> None:
    assert languages() == {"en": "English", "de": "Deutsch"}
    with speaking("de"):
        assert say("page.run") == "Starten"
        assert on_page.revealed([1, 5]) == "1 Token im ersten Schritt, 5 im letzten"
        assert on_page.follows(0.25) == "folgt zu 25\xa0% dem Modell"
        assert about_models.bytes_text(1.5e9) == "1,50 GB"
        assert (
            on_page.bad_intent("no row")
            == "Die Bildfläche schickte keine Zeile: die Seite neu laden und noch einmal malen."
        )
    assert say("page.run") == "Run"


def test_an_error_of_core_is_said_again_with_its_values_and_parts() -> None:
    error = CheckpointError(
        "{what} makes no net ({error}): it belongs to another model.", what="a.bin", error=BadRequest("white")
    )
    limits = BadRequest(
        "{name} is {value}: give a number from {low:g} to {high:g}.", name="sharpness", value="2", low=0.0, high=0.5
    )
    with speaking("de"):
        assert translated(error.sentence) == "Aus a.bin wird kein Netz (Weißes): gehört zu einem anderen Modell."
        assert translated(limits.sentence) == "Schärfe ist 2: eine Zahl von 0 bis 0,5 angeben."
        assert translated("mask is empty: paint what should be repainted.").startswith("Die Maske ist leer")
        assert translated("What nobody translated.") == "What nobody translated."
    assert translated(limits.sentence) == "sharpness is 2: give a number from 0 to 0.5."


def test_values_that_do_not_fit_leave_a_sentence_english() -> None:
    odd = Sentence("quality is {quality}: give a whole number from 1 to 100.", quality="x")
    odd.values = {}
    with speaking("de"):
        assert translated(odd) == "quality is x: give a whole number from 1 to 100."


@pytest.mark.parametrize(
    ("headers", "language"),
    [
        ({}, "en"),
        ({"accept-language": "de-AT,de;q=0.9,en;q=0.8"}, "de"),
        ({"accept-language": "fr-FR, de;q=0.5"}, "de"),
        ({"accept-language": "en-GB,de;q=0.5"}, "en"),
        ({"accept-language": "*"}, "en"),
        ({"accept-language": "de", "cookie": "a=b; mge-language=en"}, "en"),
        ({"accept-language": "en", "cookie": "mge-language=de"}, "de"),
        ({"cookie": "mge-language=../../x"}, "en"),
        ({"cookie": "mge-language"}, "en"),
    ],
)
def test_the_cookie_counts_before_the_browsers_wishes(headers: dict[str, str], language: str) -> None:
    assert language_of(headers) == language
