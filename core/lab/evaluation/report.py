"""Reports: Markdown with bars and tables, a CSV of every figure, and contact sheets.

Knows nothing of questions or of how figures are measured.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from core.lab.evaluation.answers import PHOTO, Part, slug, spread
from core.lab.evaluation.bars import Bar
from core.lab.evaluation.metrics import Picture
from core.lab.evaluation.sheets import sheet
from core.lab.evaluation.tables import BY_NAME, csv_table, figures_table, legend, markdown_table

Ours = Callable[[Bar, Part], Mapping[str, str]]
"""(bar, question) -> the methods that the bar is about, each with what tells it from the others, in words."""


def report(title: str, parts: Sequence[Part], bars: Sequence[Bar], ours: Ours, notes: Sequence[str]) -> str:
    """Write the whole report as Markdown that can be pasted into a model card.

    Args:
        title: the first heading.
        parts: the answers so far.
        bars: the required figures.
        ours: finds the methods that a bar is about.
        notes: sentences on how to read the report, and on what was not measured.
    """
    table = bars_table(bars, parts, ours)
    measured = {name for part in parts for figures in part.figures().values() for name in figures}
    reading = " ".join([legend(measured), *notes])
    sections = [f"### Bars\n\n{table}"] * bool(table) + [*map(markdown, parts), f"### Reading\n\n{reading}\n"]
    return "\n".join([f"## {title}\n", *sections])


def markdown(part: Part) -> str:
    """Table one question's figures under a heading, a line per method."""
    about = f"{len({answer.photo for answer in part.answers})} photos; {part.about}.\n\n" if part.about else ""
    return f"### {part.name}\n\n{about}{figures_table(part.figures())}"


def figures_csv(parts: Sequence[Part]) -> str:
    """Write each figure on a line: group, question, photo ("" for all together), method, measure, value."""
    lines: list[tuple[object, ...]] = []
    for part in parts:
        each = [(a.photo, a.method, a.figures) for a in part.answers]
        for photo, method, figures in [*each, *(("", *one) for one in part.figures().items())]:
            found = [(name, float(value)) for name, value in figures.items() if np.isfinite(value)]
            lines += [(part.group, part.question, photo, method, *figure) for figure in found]
    return csv_table(("group", "question", "photo", "method", "measure", "value"), lines)


def sheets(part: Part, *, most: int = 20) -> dict[str, Picture]:
    """Draw a question's contact sheets by the stem of their file, at most `most` photos on each, spread over all."""
    found = {name: [lines[i] for i in spread(len(lines), most)] for name, lines in part.lines.items()}
    return {slug(f"{part.group} {part.question} {name}"): sheet(lines) for name, lines in found.items() if lines}


def bars_table(bars: Sequence[Bar], parts: Sequence[Part], ours: Ours) -> str:
    """Table each bar with the figures measured for its questions; "" if none was measured."""
    lines: list[Sequence[str]] = []
    for bar in bars:
        measure = BY_NAME[bar.measure]
        asked = [part for part in parts if bar.question in ("", part.question)]
        if not bar.question:
            lines += _common_line(bar, asked, ours)
            continue
        for part in asked:
            figures = {kind: part.figure(method, bar.measure) for method, kind in ours(bar, part).items()}
            found = {kind: value for kind, value in figures.items() if value is not None}
            shown = "; ".join(f"{measure.words(value)}{f' ({kind})' if kind else ''}" for kind, value in found.items())
            if found:
                verdict = "; ".join(map(bar.verdict, found.values()))
                lines.append((part.name, bar.measure, bar.wanted, bar.on_gpu, shown, verdict))
    head = ("question", "measure", "bar", "after a GPU run", "measured", "bar reached")
    return markdown_table(head, lines, words=len(head)) if lines else ""


def _common_line(bar: Bar, parts: Sequence[Part], ours: Ours) -> list[Sequence[str]]:
    """Make a bar's line over all photos of all questions, with the questions that miss it."""
    measure = BY_NAME[bar.measure]
    found = {part: method for part in parts for method in ours(bar, part) if part.values(method, bar.measure)}
    if not found:
        return []
    over = measure.over or np.median
    value = float(over([one for part, method in found.items() for one in part.values(method, bar.measure)]))
    natural = [one for part in found for one in part.values(PHOTO, bar.measure)]
    shown = f"{measure.words(value)}{f' (photos {measure.words(float(over(natural)))})' if natural else ''}"
    each = {part.name: part.figure(method, bar.measure) for part, method in found.items()}
    misses = [f"{name} ({measure.words(one)})" for name, one in each.items() if one is not None and not bar.met(one)]
    verdict = f"{bar.verdict(value)}{'; not by ' if misses else ''}{', '.join(misses)}"
    return [("all together", bar.measure, bar.wanted, bar.on_gpu, shown, verdict)]
