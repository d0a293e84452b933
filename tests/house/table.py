"""The table: what is counted, and the most that is wanted of it.

Knows nothing of how files are read.
"""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

from tests.house.arrows import circles, imported, python_arrows, rooms_of, script_arrows, storeys
from tests.house.reading import (
    FUNCTION,
    Source,
    cited,
    classes,
    functions,
    missing_documents,
    numbers,
    prose,
    read,
    script_functions,
)

CORE, EDITOR = "core", "editor"
"""The engine and the interface."""

FLOORS: dict[str, list[set[str]]] = {
    CORE: [
        {"errors", "plumbing"},
        {"checks"},
        {"decoding"},
        {"values"},
        {"pictures", "models"},
        {"canvas", "recipe"},
        {"engine"},
        {"serve"},
        {"__init__"},
        {"cli"},
        {"lab", "__main__"},
    ],
    EDITOR: [
        {"sentences", "settings"},
        {"axes", "checks", "markup", "server"},
        {"documents", "models"},
        {"wire"},
        {"handlers"},
        {"page", "programs"},
        {"start"},
        {"__init__"},
    ],
}
"""Each package's rooms, ground floor first: a room may import its own floor, without a circle, and the floors below.

A room that stands on no floor misses its target, so that whoever adds one says here what it may know.
docs/architecture.md draws the same houses.
"""

DECODING = {"schedule", "order", "steps", "start_step", "choice_temperature", "token_temperature"}
DECODING |= {"guidance_scale", "guidance", "guidance_ramp"}
"""Four of these names together are one more declaration of how tokens are decoded."""
MEASURING_LIBRARIES = {"skimage", "patchmatch", "torchmetrics", "torch_fidelity", "matplotlib"}
"""Whatever imports one of these is there to measure."""
WIDGET = re.compile(r"\bgr\.(?:Slider|Dropdown|Radio|Checkbox|CheckboxGroup|Number|Textbox)\(")
REDRAW = re.compile(r"\bstage\.(?:renderer\.\w+|planner\.status|choice\.show|\w+\.refresh\w*)\(")
"""A part of the stage told to draw; editor/static/stage/listeners.js says when it does by itself."""
ASSIGNMENT = re.compile(r"(?<![\w.])(?:this\.)?stage(?:\.\w+)+\s*(?:[-+|&]?=(?!=)|\+\+|--)")


@dataclass
class Row:
    """One line of the table; without a target it is there for information."""

    what: str
    value: float | str
    most: float | None = None
    behind: list[str] = field(default_factory=list)

    @property
    def met(self) -> bool | None:
        """Whether the target is reached; None where there is none."""
        return None if self.most is None else float(self.value) <= self.most


def at_most(what: str, most: float, behind: Iterable[str], value: float | None = None) -> Row:
    """Return a count of what is behind it, or a value of its own."""
    listed = list(behind)
    return Row(what, len(listed) if value is None else value, most, listed)


def upward(package: str, rooms: dict[str, set[str]]) -> list[str]:
    """The arrows of a package that point to a floor above."""
    floor = {name: index for index, names in enumerate(FLOORS[package]) for name in names}
    known = {name: targets & set(floor) for name, targets in rooms.items() if name in floor}
    return [f"{package}: {a} -> {b}" for a, targets in known.items() for b in targets if floor[a] < floor[b]]


def house_rows(product: list[Source], scripts: list[Source]) -> list[Row]:
    arrows = python_arrows(product, checker=True)
    inner = {m for m in arrows if m.split(".")[0] == CORE}
    both = {package: rooms_of(package, arrows) for package in FLOORS}
    against = [each for package, rooms in both.items() for each in upward(package, rooms)]
    against += [f"{a} -> {b}" for a in inner for b in arrows[a] - inner]  # out of the engine, into those who use it
    nowhere = [f"{p}: {room}" for p, rooms in both.items() for room in set(rooms).difference(*FLOORS[p])]
    mutual = [
        f"{p}: {a} <-> {b}" for p, own in both.items() for a in own for b in own[a] if a < b and a in own.get(b, set())
    ]
    folders = Counter("/".join(s.package) for s in product)
    fullest, files = folders.most_common(1)[0]
    return [
        *(
            Row(f"rooms, floors, arrows of {package}/", f"{len(own)}, {storeys(own)}, {sum(map(len, own.values()))}")
            for package, own in both.items()
        ),
        at_most("upward arrows", 0, sorted(against)),
        at_most("rooms on no floor of the list", 0, sorted(nowhere)),
        at_most(
            "import circles, Python and scripts", 0, circles(python_arrows(product)) + circles(script_arrows(scripts))
        ),
        at_most("rooms that import each other", 0, mutual),
        Row("most Python files in a folder", f"{files} ({fullest})"),
    ]


def is_measuring(source: Source) -> bool:
    """Whether a file is there to measure: by its folders' names, or by a library that nothing else needs."""
    if "cli" in source.package or any("train" in part for part in source.package):
        return False
    libraries = {name.split(".")[0] for name in imported(source)} & MEASURING_LIBRARIES
    return "evaluation" in source.package or bool(libraries)


def size_rows(product: list[Source], scripts: list[Source]) -> list[Row]:
    made = [one for source in product for one in functions(source)]
    lengths = [lines for _, lines, _ in made] or [0]
    long = sorted(((n, k) for n, k, _ in made if k > 60), key=lambda one: -one[1])
    wide = sorted(((n, k) for n, _, k in made if k > 8), key=lambda one: -one[1])
    scripted = sorted(((n, k) for s in scripts for n, k in script_functions(s) if k > 60), key=lambda one: -one[1])
    by_size = sorted(product, key=lambda source: -source.lines)
    large = [f"{s.name}, {s.lines}" for s in by_size if s.lines > 400]
    widest = max((one for source in product for one in classes(source)), default=(0, "-"))
    measuring = [s for s in by_size if is_measuring(s)]
    return [
        at_most("Python functions over 60 lines", 0, [f"{name}, {lines}" for name, lines in long]),
        at_most("functions with more than 8 arguments", 0, [f"{name}, {count}" for name, count in wide]),
        Row("function lines: median, longest", f"{median(lengths):g}, {max(lengths)}"),
        at_most("largest class, lines", 250, [widest[1]], widest[0]),
        at_most("largest Python file, lines", 400, large, by_size[0].lines if by_size else 0),
        at_most("script functions over 60 lines", 0, [f"{name}, {lines}" for name, lines in scripted]),
        Row("largest script, lines", max((s.lines for s in scripts), default=0)),
        at_most(
            "script lines over 120 characters",
            0,
            [f"{s.name}: {line.strip()[:80]}" for s in scripts for line in s.text.split("\n") if len(line) > 120],
        ),
        at_most(
            "evaluation, lines", 3000, [f"{s.name}, {s.lines}" for s in measuring], sum(s.lines for s in measuring)
        ),
    ]


def public_names(product: list[Source]) -> list[str]:
    for node in (node for s in product if s.module == CORE for node in s.tree.body):
        if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == "__all__":
            return [str(each.value) for each in ast.walk(node.value) if isinstance(each, ast.Constant)]
    return []


def share(part: float, whole: float) -> float:
    return round(100 * part / whole, 1) if whole else 0.0


def word_rows(sources: list[Source], product: list[Source], scripts: list[Source]) -> list[Row]:
    words = sum((prose(source) for source in product), Counter[str]())
    tests = sum((prose(source) for source in sources if source.is_test and source.path.suffix == ".py"), Counter[str]())
    told = [one for source in product for one in numbers(source)]
    lines = [line.strip() for s in scripts for line in s.text.split("\n") if line.strip()]
    comments = share(words["comment"], words["code"])
    readme = next((s.lines for s in sources if s.name.lower() == "readme.md"), 0)
    return [
        at_most("places beside the repository cited, times", 0, cited(sources, r"\.\./shared\b")),
        at_most("issues cited by number, times", 0, cited(product, r"\bissue #?\d+")),
        at_most("documents cited that are not there, times", 0, missing_documents(sources)),
        at_most("README, lines", 190, [], readme),
        at_most(f"public names of {CORE}", 25, public_names(product)),
        Row("comments, % of Python code lines", comments),
        Row(
            "docstrings; strings behind constants, %",
            f"{share(words['docstring'], words['code'])}; {share(words['behind'], words['code'])}",
        ),
        at_most(
            "numbers in capitals without a reason beside them", 0, [name for name, reasoned in told if not reasoned]
        ),
        Row(
            "comment lines, % of scripts' lines",
            share(sum(line.startswith(("//", "/*", "*")) for line in lines), len(lines)),
        ),
        Row(
            "code lines: product, tests, ratio",
            f"{words['code']}, {tests['code']}, {tests['code'] / max(1, words['code']):.2f}",
        ),
    ]


def named_in(node: ast.AST) -> set[str]:
    """The names that a class, a signature, a call or a literal table spells out."""
    if isinstance(node, ast.ClassDef):
        fields = (child.target for child in node.body if isinstance(child, ast.AnnAssign))
        return {getattr(each, "id", "") for each in fields} | {c.name for c in node.body if isinstance(c, FUNCTION)}
    if isinstance(node, FUNCTION):
        return {argument.arg for argument in (*node.args.args, *node.args.kwonlyargs)}
    if isinstance(node, ast.Call):
        return {keyword.arg for keyword in node.keywords if keyword.arg}
    if isinstance(node, ast.Dict):
        return {str(key.value) for key in node.keys if isinstance(key, ast.Constant)}
    if isinstance(node, (ast.Tuple, ast.List, ast.Set)):
        return {str(each.value) for each in node.elts if isinstance(each, ast.Constant)}
    return set()


def page_rows(product: list[Source], scripts: list[Source]) -> list[Row]:
    spelt = [
        f"{s.at(n)} {type(n).__name__}" for s in product for n in ast.walk(s.tree) if len(named_in(n) & DECODING) >= 4
    ]
    outside = [s for s in scripts if not re.search(r"\bclass Stage\b", s.text)]
    assigned = [f"{s.name} {m[0].strip()}" for s in outside for m in ASSIGNMENT.finditer(s.text)]
    told = [s for s in outside if not re.search(r"\bfunction listenAll\b", s.text)]
    redraws = [f"{s.name} {m[0]}" for s in told for m in REDRAW.finditer(s.text)]
    holders = sum("this.stage" in s.text for s in outside)
    knobs = sum(len(WIDGET.findall(s.text)) for s in product if s.place[0] == EDITOR)
    return [
        at_most("places that spell out 4 or more decoding settings", 6, spelt),
        at_most("stage: values set from outside", 0, assigned),
        at_most("stage: redraws placed by hand", 0, redraws),
        Row("stage: modules that hold it", holders),
        Row("native controls built on the page", knobs),
    ]


def table(root: Path) -> list[Row]:
    """Return the whole table of a checkout."""
    sources = read(root)
    product = [s for s in sources if s.path.suffix == ".py" and s.is_product]
    scripts = [s for s in sources if s.path.suffix in (".js", ".mjs") and s.is_product]
    words = word_rows(sources, product, scripts)
    return house_rows(product, scripts) + size_rows(product, scripts) + words + page_rows(product, scripts)
