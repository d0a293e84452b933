"""Reads a checkout: its text files, their functions, classes, words and citations.

Knows nothing of rooms or targets.
"""

from __future__ import annotations

import ast
import io
import re
import subprocess
import tokenize
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ASIDE = {"tests", "docs"}
"""Top-level folders that are no part of the product."""
SKIP = {".git", ".venv", "venv", "node_modules", "__pycache__", "build", "dist", "runs"}
TEXT = {".py", ".js", ".mjs", ".ts", ".css", ".md", ".toml", ".txt", ".cff", ".yml", ".yaml", ".sh", ".html", ""}
SCRIPT_FUNCTION = re.compile(
    r"^(\s*)(?:export )?(?:async )?(?:function\*?\s+)?(?:get |set |static |#)?([\w$]+)\s*\([^;]*\)\s*\{$"
)
FUNCTION = (ast.FunctionDef, ast.AsyncFunctionDef)


@dataclass
class Source:
    """One text file of the checkout; `place` is its path in parts, `tree` its syntax where it is Python."""

    path: Path
    place: tuple[str, ...]
    text: str
    tree: ast.Module

    @property
    def name(self) -> str:
        return "/".join(self.place)

    @property
    def lines(self) -> int:
        return self.text.count("\n")

    @property
    def package(self) -> list[str]:
        return list(self.place[:-1])

    @property
    def module(self) -> str:
        return ".".join(self.package if self.path.stem == "__init__" else [*self.package, self.path.stem])

    @property
    def is_test(self) -> bool:
        return "tests" in self.place or self.path.name.startswith("test_")

    @property
    def is_product(self) -> bool:
        return not self.is_test and not ASIDE & set(self.place)

    def at(self, node: ast.AST) -> str:
        return f"{self.name}:{getattr(node, 'lineno', 0)}"


def tracked(root: Path) -> list[Path]:
    """What git tracks, or every file outside caches where there is no git."""
    listed = subprocess.run(["git", "-C", str(root), "ls-files", "-z"], capture_output=True, text=True, check=False)
    if listed.returncode == 0 and listed.stdout:
        return [root / name for name in listed.stdout.split("\0") if name and (root / name).is_file()]
    return [p for p in sorted(root.rglob("*")) if p.is_file() and not SKIP & set(p.relative_to(root).parts)]


def read(root: Path) -> list[Source]:
    found = []
    for path in tracked(root):
        if path.suffix not in TEXT or path.is_symlink():
            continue
        try:
            text = path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue
        tree = ast.parse(text) if path.suffix == ".py" else ast.Module([], [])
        found.append(Source(path, path.relative_to(root).parts, text, tree))
    return found


def functions(source: Source) -> Iterator[tuple[str, int, int]]:
    """(place and name, lines, arguments without self) of every function."""
    for node in ast.walk(source.tree):
        if isinstance(node, FUNCTION):
            named = (*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs)
            count = sum(argument.arg not in ("self", "cls") for argument in named)
            yield f"{source.at(node)} {node.name}", (node.end_lineno or 0) - node.lineno + 1, count


def classes(source: Source) -> Iterator[tuple[int, str]]:
    for node in ast.walk(source.tree):
        if isinstance(node, ast.ClassDef):
            yield (node.end_lineno or 0) - node.lineno + 1, f"{source.at(node)} {node.name}"


def script_functions(source: Source) -> Iterator[tuple[str, int]]:
    """(place and name, lines) in formatted JavaScript: a head that ends in `{`, and the `}` at the same indent."""
    lines = source.text.split("\n")
    for number, line in enumerate(lines):
        match = SCRIPT_FUNCTION.match(line)
        if match and match[2] not in ("if", "for", "while", "switch", "catch", "return"):
            end = next((i for i in range(number + 1, len(lines)) if lines[i].startswith(match[1] + "}")), number)
            yield f"{source.name}:{number + 1} {match[2]}", end - number + 1


def is_text(node: ast.stmt | None) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)


def prose(source: Source) -> Counter[str]:
    """Lines of code, comments, docstrings, and strings that stand behind a constant or a field."""
    code: set[int] = set()
    found: Counter[str] = Counter()
    blank = (tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT, tokenize.ENDMARKER)
    for token in tokenize.generate_tokens(io.StringIO(source.text).readline):
        if token.type == tokenize.COMMENT:
            found["comment"] += 1
        elif token.type not in blank:
            code.update(range(token.start[0], token.end[0] + 1))
    for node in ast.walk(source.tree):
        if isinstance(node, (ast.Module, ast.ClassDef, *FUNCTION)):
            for index, child in enumerate(node.body):
                if is_text(child):
                    found["behind" if index else "docstring"] += (child.end_lineno or 0) - child.lineno + 1
    found["code"] = len(code) - found["docstring"] - found["behind"]
    return found


def numbers(source: Source) -> Iterator[tuple[str, bool]]:
    """(place and name, whether a comment or string beside it tells of it) of each module-level number in capitals."""
    lines, body = source.text.split("\n"), source.tree.body
    for node, after in zip(body, [*body[1:], None], strict=False):
        target = node.targets[0] if isinstance(node, ast.Assign) else getattr(node, "target", None)
        name, value = getattr(target, "id", ""), getattr(node, "value", None)
        plain = [n.value for n in ast.walk(value) if isinstance(n, ast.Constant)] if value is not None else []
        if name.isupper() and plain and all(type(each) in (int, float) for each in plain):
            noted = "#" in lines[node.lineno - 1] or lines[node.lineno - 2].lstrip().startswith("#")
            yield f"{source.at(node)} {name}", noted or is_text(after)


def cited(sources: list[Source], pattern: str) -> list[str]:
    marked = re.compile(pattern)
    return [
        f"{s.name}:{s.text.count(chr(10), 0, m.start()) + 1} {m[0]}" for s in sources for m in marked.finditer(s.text)
    ]


def missing_documents(sources: list[Source]) -> list[str]:
    """Markdown files that a text names and the tree does not hold, apart from those that the programs write."""
    literals = (n.value for s in sources for n in ast.walk(s.tree) if isinstance(n, ast.Constant))
    written = {
        text.split("/")[-1] for text in literals if isinstance(text, str) and re.fullmatch(r"[\w./-]+\.md", text)
    }
    known = written | {s.path.name for s in sources}
    named = cited(sources, r"(?<![\w:/.-])[\w./-]+\.md\b")
    return [each for each in named if each.split(" ")[1].split("/")[-1] not in known]
