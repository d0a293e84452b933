"""Who imports whom: modules, scripts, and the rooms of a package.

Knows nothing of targets.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from tests.house.reading import Source


def imported(source: Source, *, checker: bool = False) -> Iterator[str]:
    """Dotted names that a file imports, lazily too; those for type checkers alone only where asked."""

    def walk(node: ast.AST) -> Iterator[str]:
        if isinstance(node, ast.If) and getattr(node.test, "id", "") == "TYPE_CHECKING" and not checker:
            return
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = source.package[: len(source.package) - node.level + 1] if node.level else []
            name = ".".join([*base, *([node.module] if node.module else [])])
            yield from (f"{name}.{alias.name}" for alias in node.names)
        for child in ast.iter_child_nodes(node):
            yield from walk(child)

    yield from walk(source.tree)


def python_arrows(product: list[Source], *, checker: bool = False) -> dict[str, set[str]]:
    """Module -> modules of this tree that it imports."""
    arrows: dict[str, set[str]] = {source.module: set() for source in product}
    for source in product:
        for name in imported(source, checker=checker):
            parts = name.split(".")
            prefixes = (".".join(parts[:count]) for count in range(len(parts), 0, -1))
            target = next((prefix for prefix in prefixes if prefix in arrows), None)
            if target and target != source.module:
                arrows[source.module].add(target)
    return arrows


def script_arrows(scripts: list[Source]) -> dict[str, set[str]]:
    """Script -> scripts that it imports; imports in JSDoc are types alone and do not count."""
    known = {source.path.resolve(): source.name for source in scripts}
    arrows: dict[str, set[str]] = {name: set() for name in known.values()}
    for source in scripts:
        for target in re.findall(r"^(?:import|export)\b[^;]*?from\s+[\"'](\.[^\"']+)[\"']", source.text, re.M):
            path = (source.path.parent / target).resolve()
            if path in known:
                arrows[source.name].add(known[path])
    return arrows


def circles(arrows: dict[str, set[str]]) -> list[str]:
    """Groups that import each other in a loop: whoever reaches the same members and is reached by them."""

    def reached(start: str) -> frozenset[str]:
        seen: set[str] = set()
        todo = [start]
        while todo:
            for target in arrows[todo.pop()] - seen:
                seen.add(target)
                todo.append(target)
        return frozenset(seen)

    reach = {name: reached(name) for name in arrows}
    groups = {frozenset(b for b in reach[a] if a in reach[b]) for a in arrows if a in reach[a]}
    return sorted(" ~ ".join(sorted(group)) for group in groups)


def rooms_of(package: str, arrows: dict[str, set[str]]) -> dict[str, set[str]]:
    """A package's rooms and their arrows."""

    def room(module: str) -> str:
        return [*module.split("."), "__init__"][1]

    found: dict[str, set[str]] = {}
    for module, targets in arrows.items():
        if module.split(".")[0] == package:
            inside = {room(target) for target in targets if target.split(".")[0] == package}
            found.setdefault(room(module), set()).update(inside - {room(module)})
    return found


def storeys(rooms: dict[str, set[str]]) -> int:
    """How many floors the rooms need, each above all that it imports; 0 where they go round in a circle."""
    height: dict[str, int] = {}
    while len(height) < len(rooms):
        ready = [name for name, targets in rooms.items() if name not in height and targets <= set(height)]
        if not ready:
            return 0
        height |= {name: 1 + max((height[target] for target in rooms[name]), default=0) for name in ready}
    return max(height.values(), default=0)
