"""The evaluation at photo size as one Markdown report with its bars, and as a CSV of every figure.

Knows nothing of how figures are measured.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from core.lab.evaluation.answers import PHOTO, csv_table, in_words, markdown_table
from core.lab.evaluation.bars import Bar
from core.lab.evaluation.machine.sizes import cost_table
from core.lab.evaluation.photos import figures as names
from core.lab.evaluation.photos.asking import MEAN, SIZES, Findings, Part
from core.lab.evaluation.photos.bars import OVERHEAD, PHOTO_BARS
from core.lab.evaluation.photos.methods import EDITOR

OVERHEAD_LOAD = "12 MP"
"""The sizes whose names begin so count for the bar on overhead."""

_MEASURES = (
    names.SEAM,
    names.SEAM_SHOWN,
    names.RING,
    names.SHARPNESS,
    names.SHARPNESS_SHOWN,
    names.SHARPNESS_KEPT,
    names.DISTANCE,
    names.RATIO,
    names.NEARER,
    names.GAIN,
    names.GAIN_ERROR,
    names.FOUND,
    names.FOUND_MORE,
    names.KID,
    names.REPETITION,
    names.REPEATED,
    names.DRIFTED,
    names.FROM_FIRST,
    names.BRIGHTNESS,
    names.OWN,
    names.STEP,
    names.OWN_STEP,
    names.CHANGED,
    names.OPENED,
    names.SECONDS,
)
_FORMATS = {
    **dict.fromkeys((names.CHANGED, names.OPENED), "{:.0f}"),
    **dict.fromkeys((names.REPEATED, names.NEARER), "{:.0%}"),
    **dict.fromkeys((names.DISTANCE, names.RATIO, names.GAIN_ERROR), "{:.3f}"),
    names.BRIGHTNESS: "{:+.1f}",
    names.GAIN: "{:+.3f}",
    names.FOUND_MORE: "{:+.2f}",
}
_MEANS = (names.REPEATED, names.DISTANCE)
LEGEND = (
    "Each figure is the median over the photos; pixels changed outside are a sum, distances a mean, what repeats "
    "itself and what is nearer than PatchMatch's a share of the photos. The editor is the first ranked of four "
    "variations where the photo is known. Found: how well a linear judge on the metric net's features of the hole "
    "tells fills from photos, each judged by one that saw neither (area under the ROC curve; 0.5 is the goal). Nearer "
    "by: mean difference to PatchMatch's distance on the same photo, with its standard error. Shown: at display size, "
    "1024 px on the longer side; else at full size. Seam ratio: the step of brightness across the mask's edge over "
    "the steps beside it. Ring delta-E: between the mean colours of the 8 px on either side of the edge. Sharpness: "
    "Laplacian energy inside over that of a ring around it. Distance: perceptual, to the photo, in the hole at "
    "display size, its crop as large as it is. KID: kernel distance of the hole's crops. A hole holds a foreign "
    "object, the photo in inverted colours, that must not shine through. A seam ratio far below that of the photos "
    "themselves is a smear. Sharpness of the photo's: inside, beside the truth's. Repetition: correlation of the "
    "likest patch of a border with the known part, its mirror image, or another place of the border. Drift: delta-E "
    "between the photo's last strip and the panorama's, each half a window wide; the photo's own variation is that "
    "between any two strips of it. Largest step: delta-E between neighbouring columns of 4 px, where windows meet. "
    "Model followed: one variation, laid out by the model's tokens alone. Plain MaskGIT: one window, nothing "
    "finished; several windows where no square can show the hole. Seconds are of one answer on the machine that "
    "measured."
)


def report(findings: Findings) -> str:
    """Return the whole report as Markdown."""
    sections = [f"## {findings.model} at photo size\n"]
    bars = bars_table(findings)
    if bars:
        sections.append(f"### Bars\n\n{bars}")
    sections += [table(part) for part in findings.parts]
    sections += [worth_table(part) for part in findings.parts if part.worths]
    if findings.costs:
        sections.append(cost_table(findings.costs))
    sections.append(f"### Reading\n\n{' '.join([LEGEND, *findings.notes])}\n")
    return "\n".join(sections)


def bars_table(findings: Findings) -> str:
    """Return one line for each bar that was measured; "" where none was."""
    lines = []
    for bar in PHOTO_BARS:
        lines += _common_line(bar, findings.parts) if not bar.question else _own_lines(bar, findings.parts)
    counted = [cost for cost in findings.costs if cost.load.name.startswith(OVERHEAD_LOAD)]
    if counted:
        worst = max(cost.overhead for cost in counted)
        lines.append((OVERHEAD.measure, f"{OVERHEAD.wanted} s", f"{worst:.2f} s", OVERHEAD.verdict(worst), "", ""))
    head = ("bar", "wanted", "editor, all questions", "met", "photos themselves", "questions that miss it")
    return markdown_table(head, lines, words=len(head)) if lines else ""


def _common_line(bar: Bar, parts: Sequence[Part]) -> list[Sequence[str]]:
    """Return the line of a bar for all questions together, with those that miss it."""
    by_part = {
        f"{part.group}, {part.question.name}": value
        for part in parts
        if (value := summary(part, EDITOR, bar.measure)) is not None
    }
    if not by_part:
        return []
    over_all, natural = (_over(parts, method, bar.measure) for method in (EDITOR, PHOTO))
    misses = [f"{name} ({_shown(bar.measure, v)})" for name, v in by_part.items() if not bar.met(v)]
    shown = (_shown(bar.measure, over_all), bar.verdict(over_all), _shown(bar.measure, natural))
    return [(bar.measure, bar.wanted, *shown, "; ".join(misses) or "none")]


def _own_lines(bar: Bar, parts: Sequence[Part]) -> list[Sequence[str]]:
    """Return a line for each group of photos about which a bar's own question was asked."""
    lines: list[Sequence[str]] = []
    for part in parts:
        value = summary(part, MEAN if bar.method else EDITOR, bar.measure)
        if part.question.name != bar.question or value is None:
            continue
        name = f"{part.group}, {bar.question}: {bar.measure}{f', {bar.method}' if bar.method else ''}"
        natural = _shown(bar.measure, summary(part, PHOTO, bar.measure))
        lines.append((name, bar.wanted, _shown(bar.measure, value), bar.verdict(value), natural, ""))
    return lines


def summary(part: Part, method: str, measure: str) -> float | None:
    """Return a method's figure over the photos: the median, a sum or a mean, see `LEGEND`. None where none is."""
    if measure in part.pooled:
        return part.pooled[measure].get(method)
    return _summed(measure, part.values(method, measure))


def _summed(measure: str, values: Sequence[float]) -> float | None:
    if not values:
        return None
    if measure == names.CHANGED:
        return float(np.sum(values))
    return float(np.mean(values) if measure in _MEANS else np.median(values))


def _over(parts: Sequence[Part], method: str, measure: str) -> float:
    found = _summed(measure, [value for part in parts for value in part.values(method, measure)])
    return float("nan") if found is None else found


def table(part: Part) -> str:
    """Return one question's figures, a method a line."""
    found = {method: [summary(part, method, name) for name in _MEASURES] for method in part.methods}
    kept = [i for i in range(len(_MEASURES)) if any(values[i] is not None for values in found.values())]
    rows = [[method, *(_shown(_MEASURES[i], values[i]) for i in kept)] for method, values in found.items()]
    photos = len({answer.photo for answer in part.answers})
    return (
        f"### {part.group}: {part.question.name}\n\n{photos} photos; {part.question.about}.\n\n"
        f"{markdown_table(['method', *(_MEASURES[i] for i in kept)], rows)}"
    )


def _shown(measure: str, value: float | None) -> str:
    return in_words(_FORMATS, measure, value, "{:.2f}")


def worth_table(part: Part) -> str:
    """Return what ranking is worth: rank 1 beside the mean of all variations."""
    head = ("ranked by", "measure", "rank 1", "mean of all", "gain", "standard error", "rank 1 is better", "photos")
    rows = []
    for worth in part.worths:
        pair = worth.paired
        means = (f"{pair.ours:.4f}", f"{pair.theirs:.4f}", f"{pair.gain:+.4f}", f"{pair.error:.4f}")
        rows.append((worth.way, worth.measure, *means, f"{pair.better:.0%}", str(pair.count)))
    return f"### What ranking is worth: {part.group}, {part.question.name}\n\n{markdown_table(head, rows, words=2)}"


def figures_csv(findings: Findings) -> str:
    """Return every figure as one line: group, question, photo, method, measure, value."""
    lines: list[tuple[object, ...]] = []
    for part in findings.parts:
        start = (part.group, part.question.name)
        for a in part.answers:
            lines += [(*start, a.photo, a.method, name, float(v)) for name, v in a.figures.items() if np.isfinite(v)]
        for measure, by_method in part.pooled.items():
            lines += [(*start, "", method, measure, float(value)) for method, value in by_method.items()]
        for worth in part.worths:
            lines.append((*start, "", worth.way, f"gain in {worth.measure}", float(worth.paired.gain)))
    for cost in findings.costs:
        own = ("", SIZES, cost.load.name, EDITOR)
        lines += [(*own, f"seconds, {stage}", float(value)) for stage, value in cost.seconds.items()]
        lines += [(*own, "peak bytes", cost.peak), (*own, "added bytes", cost.added)]
    return csv_table(("group", "question", "photo", "method", "measure", "value"), lines)
