"""Documents, docstrings and comments lead somewhere: no path or link leaves the repository or ends in nothing."""

from __future__ import annotations

import itertools
import re
import tomllib
from collections.abc import Callable, Collection, Iterable, Iterator
from pathlib import Path

import pytest

from core.decoding.schedule import masked_counts
from core.lab.evaluation.model.questions import MODEL_BARS
from core.lab.evaluation.photos.questions import PHOTO_BARS
from tests.house.reading import tracked

ROOT = Path(__file__).resolve().parent.parent
DOCS = ROOT / "docs"

LINK = re.compile(r"\]\(([^()\s]+)\)")
HEADING = re.compile(r"^#+ (.+?)\s*$", re.M)
FENCE = re.compile(r"^```.*?^```", re.M | re.S)
SECTION = re.compile(r"docs/(\w+)\.md,\s+#?\s*sections? ((?:\d+(?:,|\s|#|and|to)*)+)")
OUTSIDE = re.compile(r"(?<![\w.])\.\./shared\b|(?<!\w)/(?:work|root|home)/\w|\b[Ii]ssue #?\d+")
PATH = re.compile(r"(?<![\w./:*<{%-])(?:core|editor|tests|docs|assets|\.ci|\.github)/[\w./-]*[\w/]")
"""What names a place in the tree: it begins with one of its folders."""


TEXTS = {
    path: path.read_text(encoding="utf-8")
    for path in tracked(ROOT)
    if path.suffix in {".py", ".js", ".css", ".md", ".toml", ".txt", ".yml", ".yaml", ".cff"}
    or path.name in {"Makefile", "run", "chromium", "typescript"}
}


def anchors(text: str) -> set[str]:
    """Return the anchors that GitHub makes of a document's headings."""
    found: set[str] = set()
    for heading in HEADING.findall(FENCE.sub("", text)):
        plain = re.sub(r"[`*]|\[|\]\([^)]*\)", "", heading).lower()
        found.add(re.sub(r"[^\w\- ]", "", plain).replace(" ", "-"))
    return found


def dead_links(path: Path, text: str, root: Path) -> Iterator[str]:
    for target in LINK.findall(FENCE.sub("", text)):
        if re.match(r"https?://|mailto:", target):
            continue
        place, _, anchor = target.partition("#")
        found = path if not place else (path.parent / place).resolve()
        if not found.is_relative_to(root) or not found.exists():
            yield f"{target} is not there"
        elif anchor and (found.suffix != ".md" or anchor not in anchors(found.read_text(encoding="utf-8"))):
            yield f"{target} has no such heading"


def dead_sections(text: str) -> Iterator[str]:
    for document, numbers in SECTION.findall(text):
        path = DOCS / f"{document}.md"
        there = set(re.findall(r"^## (\d+)\.", path.read_text(encoding="utf-8"), re.M)) if path.is_file() else set()
        yield from (f"docs/{document}.md, section {n}" for n in re.findall(r"\d+", numbers) if n not in there)


def dead_paths(text: str) -> Iterator[str]:
    for found in PATH.findall(text):
        place = found.rstrip("/.")
        if not (ROOT / place).exists() and not list(ROOT.glob(f"{place}.*")):
            yield place


def problems(check: Callable[[Path, str], Iterable[str]], *, only: Collection[str] = ()) -> list[str]:
    """Return what a check finds in every text but this file's, whose examples are wrong on purpose."""
    return [
        f"{path.relative_to(ROOT)}: {problem}"
        for path, text in TEXTS.items()
        if path != Path(__file__).resolve() and (not only or path.suffix in only)
        for problem in check(path, text)
    ]


def test_links_lead_to_a_file_and_a_heading() -> None:
    assert problems(lambda path, text: dead_links(path, text, ROOT), only={".md"}) == []


def test_paths_and_cited_sections_are_there() -> None:
    assert problems(lambda _, text: [*dead_sections(text), *dead_paths(text)]) == []


def test_nothing_outside_the_repository_is_cited() -> None:
    assert problems(lambda _, text: (match[0] for match in OUTSIDE.finditer(text))) == []


def test_the_checks_see_what_is_dead(tmp_path: Path) -> None:
    text = "# A `b`, c\n[x](#a-b-c) [y](#c) [z](gone.txt) [o](../outside.md)"
    (tmp_path / "outside.md").write_text("")
    (here := tmp_path / "tree" / "here.md").parent.mkdir()
    here.write_text(text)
    dead = ["#c has no such heading", "gone.txt is not there", "../outside.md is not there"]
    assert list(dead_links(here, text, tmp_path / "tree")) == dead
    assert list(dead_sections("docs/algorithm.md, sections 2 and 99")) == ["docs/algorithm.md, section 99"]
    assert list(dead_paths("see core/gone.py and core/engine/engine.py")) == ["core/gone.py"]


def test_the_readme_is_short_and_names_every_document() -> None:
    readme = TEXTS[ROOT / "README.md"]
    assert readme.count("\n") <= 190
    for path in DOCS.glob("*.md"):
        assert f"(docs/{path.name})" in readme, f"{path.name} is linked nowhere"


def test_the_readmes_python_edits_a_photo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (program,) = re.findall(r"```python\n(.*?)```", TEXTS[ROOT / "README.md"], re.S)
    (tmp_path / "assets").symlink_to(ROOT / "assets")
    monkeypatch.chdir(tmp_path)
    exec(compile(program, "README.md", "exec"), {})
    assert (tmp_path / "edited.png").read_bytes().startswith(b"\x89PNG")
    assert sum(bool(line.strip()) for line in program.splitlines()) <= 10


def named_places(text: str) -> set[tuple[str, str]]:
    """Return (name, file) of "`name` in file.py", "`name` in [file.py](...)" and "file.py, `name`"."""
    found = re.findall(r"`(\w+)`[^|;.`]{0,40}? in \[?([\w/]+\.(?:py|js))\b", text)
    return {*found, *((name, place) for place, name in re.findall(r"([\w/]+\.(?:py|js)), `(\w+)`(?! in )", text))}


def test_names_are_in_the_files_that_documents_name() -> None:
    """Above all those of SECURITY.md, which says where each thing that a visitor can do is guarded."""
    assert len(named_places(TEXTS[ROOT / "SECURITY.md"])) > 15
    gone = {
        f"{path.name}: {name} in {place}"
        for path, text in TEXTS.items()
        if path.suffix == ".md"
        for name, place in named_places(text)
        if (ROOT / place).is_file() and not re.search(rf"\b{name}\b", TEXTS[ROOT / place])
    }
    assert gone == set()


def test_one_version_is_told() -> None:
    declared = tomllib.loads(TEXTS[ROOT / "pyproject.toml"])["project"]["version"]
    number, day = re.findall(r"^## (\d\S+) - (\S+)$", TEXTS[ROOT / "CHANGELOG.md"], re.M)[0]
    citation = TEXTS[ROOT / "CITATION.cff"]
    assert number == declared
    assert f"\nversion: {declared}\n" in citation
    assert f"\ndate-released: {day}\n" in citation


def test_the_schedules_table_says_what_decoding_does() -> None:
    text = TEXTS[DOCS / "algorithm.md"]
    rows = re.findall(r"^\| `([\w ]+)` \|.*\| ([\d ]+?)( each)? \|$", text, re.M)
    assert len(rows) == 9
    for schedule, counts, _ in rows:
        left = (256, *masked_counts(256, 8, schedule))
        revealed = [before - after for before, after in itertools.pairwise(left)]
        told = [int(count) for count in counts.split()]
        assert revealed == (told if len(told) > 1 else told * 8), schedule


def test_the_bars_are_those_of_the_evaluation() -> None:
    text = TEXTS[DOCS / "bars.md"]
    for bar in (*MODEL_BARS, *PHOTO_BARS):
        measure = f"{bar.measure} ({bar.method})" if bar.method else bar.measure
        wanted = f"{bar.wanted}; {bar.on_gpu} after a GPU run" if bar.on_gpu else bar.wanted
        assert f"| {bar.question or 'any'} | {measure} | {wanted} |" in text
