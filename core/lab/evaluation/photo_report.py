"""The evaluation at photo size as one Markdown report with its bars, and as a CSV of every figure.

Knows nothing of how figures are measured.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from core.lab.evaluation import photo_figures as names
from core.lab.evaluation.bars import PHOTO_BARS, Bar
from core.lab.evaluation.photo_methods import EDITOR
from core.lab.evaluation.scaling import Cost

if TYPE_CHECKING:
    from core.lab.evaluation.photos import Findings, Part

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


OVERHEAD = Bar("encode + composite overhead, 12 MP", most=1.5)


def report(findings: Findings) -> str:
    """Return the whole report as Markdown."""
    sections = [f"## {findings.model} at photo size\n"]
    lines = bar_lines(findings)
    if lines:
        heading = [
            "| bar | wanted | editor, all questions | met | photos themselves | questions that miss it |",
            "| --- | --- | ---: | --- | ---: | --- |",
        ]
        sections.append("### Bars\n\n" + "\n".join([*heading, *lines]) + "\n")
    sections += [table(part) for part in findings.parts]
    sections += [worth_table(part) for part in findings.parts if part.worths]
    if findings.costs:
        sections.append(cost_table(findings.costs))
    sections.append(f"### Reading\n\n{' '.join([LEGEND, *findings.notes])}\n")
    return "\n".join(sections)


def bar_lines(findings: Findings) -> list[str]:
    """Return one line for each bar that was measured."""
    lines = []
    for bar in PHOTO_BARS:
        lines += _common_line(bar, findings.parts) if not bar.question else _own_lines(bar, findings.parts)
    counted = [cost for cost in findings.costs if cost.load.name.startswith(OVERHEAD_LOAD)]
    if counted:
        worst = max(cost.overhead for cost in counted)
        met = "yes" if OVERHEAD.met(worst) else "no"
        lines.append(f"| {OVERHEAD.measure} | {OVERHEAD.wanted} s | {worst:.2f} s | {met} | | |")
    return lines


def _common_line(bar: Bar, parts: Sequence[Part]) -> list[str]:
    """Return the line of a bar for all questions together, with those that miss it."""
    from core.lab.evaluation.photos import TRUTH

    by_part = {
        f"{part.group}, {part.question.name}": value
        for part in parts
        if (value := summary(part, EDITOR, bar.measure)) is not None
    }
    if not by_part:
        return []
    over_all, natural = (_shown(bar.measure, _over(parts, method, bar.measure)) for method in (EDITOR, TRUTH))
    met = "yes" if bar.met(_over(parts, EDITOR, bar.measure)) else "no"
    misses = [f"{name} ({_shown(bar.measure, v)})" for name, v in by_part.items() if not bar.met(v)]
    return [f"| {bar.measure} | {bar.wanted} | {over_all} | {met} | {natural} | {'; '.join(misses) or 'none'} |"]


def _own_lines(bar: Bar, parts: Sequence[Part]) -> list[str]:
    """Return a line for each group of photos about which a bar's own question was asked."""
    from core.lab.evaluation.photos import MEAN, TRUTH

    lines = []
    for part in parts:
        value = summary(part, MEAN if bar.method else EDITOR, bar.measure)
        if part.question.name != bar.question or value is None:
            continue
        natural = summary(part, TRUTH, bar.measure)
        name = f"{part.group}, {bar.question}: {bar.measure}{f', {bar.method}' if bar.method else ''}"
        lines.append(
            f"| {name} | {bar.wanted} | {_shown(bar.measure, value)} | {'yes' if bar.met(value) else 'no'} | "
            f"{'' if natural is None else _shown(bar.measure, natural)} | |"
        )
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
    found = {m: {name: summary(part, m, name) for name in _MEASURES} for m in part.methods}
    columns = [name for name in _MEASURES if any(values[name] is not None for values in found.values())]
    photos = len({outcome.photo for outcome in part.outcomes})
    lines = [
        f"### {part.group}: {part.question.name}",
        "",
        f"{photos} photos; {part.question.about}.",
        "",
        f"| method | {' | '.join(columns)} |",
        f"| --- | {' | '.join('---:' for _ in columns)} |",
    ]
    for method, values in found.items():
        cells = []
        for name in columns:
            value = values[name]
            cells.append("" if value is None else _shown(name, value))
        lines.append(f"| {method} | {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def _shown(measure: str, value: float) -> str:
    return _FORMATS.get(measure, "{:.2f}").format(value) if np.isfinite(value) else "-"


def worth_table(part: Part) -> str:
    """Return what ranking is worth: rank 1 beside the mean of all variations."""
    lines = [
        f"### What ranking is worth: {part.group}, {part.question.name}",
        "",
        "| ranked by | measure | rank 1 | mean of all | gain | standard error | rank 1 is better | photos |",
        "| --- | --- | ---: | ---: | ---: | ---: | ---: | ---: |",
    ]
    for worth in part.worths:
        pair = worth.paired
        lines.append(
            f"| {worth.way} | {worth.measure} | {pair.ours:.4f} | {pair.theirs:.4f} | {pair.gain:+.4f} "
            f"| {pair.error:.4f} | {pair.better:.0%} | {pair.count} |"
        )
    return "\n".join(lines) + "\n"


def cost_table(costs: Sequence[Cost]) -> str:
    """Return what an edit costs by size of picture, and what 50 MP cost beside 1 MP."""
    stages = [stage for stage in costs[0].seconds if stage != "total"]
    lines = [
        "### Cost of an edit against the picture's size",
        "",
        "Each size in a process of its own. Overhead: all but the transformer and the decoder. Added memory: beyond "
        "the model and the picture that is edited, once loaded.",
        "",
        f"| picture | hole, px | seconds | overhead | {' | '.join(stages)} | peak memory, MB | added, MB |",
        f"| --- | ---: | ---: | ---: | {' | '.join('---:' for _ in stages)} | ---: | ---: |",
    ]
    for cost in costs:
        parts = " | ".join(f"{cost.seconds[stage]:.3f}" for stage in stages)
        lines.append(
            f"| {cost.load.name} | {cost.load.hole} | {cost.seconds['total']:.2f} | {cost.overhead:.2f} | {parts} "
            f"| {cost.peak / 1e6:.0f} | {cost.added / 1e6:.0f} |"
        )
    by_name = {cost.load.name: cost for cost in costs}
    if {"1 MP", "50 MP"} <= set(by_name):
        large, small = by_name["50 MP"], by_name["1 MP"]
        ratio = large.seconds["total"] / small.seconds["total"]
        over = large.overhead / max(small.overhead, 1e-9)
        lines += [
            "",
            f"50 MP beside 1 MP, the same hole: {ratio:.2f} times the seconds, {over:.1f} times the overhead.",
        ]
    return "\n".join(lines) + "\n"


def figures_csv(findings: Findings) -> str:
    """Return every figure as one line: group, question, photo, method, measure, value."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(("group", "question", "photo", "method", "measure", "value"))
    for part in findings.parts:
        start = (part.group, part.question.name)
        for outcome in part.outcomes:
            for name, value in outcome.figures.items():
                if np.isfinite(value):
                    writer.writerow((*start, outcome.photo, outcome.method, name, f"{value:.6g}"))
        for measure, by_method in part.pooled.items():
            for method, value in by_method.items():
                writer.writerow((*start, "", method, measure, f"{value:.6g}"))
        for worth in part.worths:
            writer.writerow((*start, "", worth.way, f"gain in {worth.measure}", f"{worth.paired.gain:.6g}"))
    for cost in findings.costs:
        for stage, value in cost.seconds.items():
            writer.writerow(("", "sizes", cost.load.name, EDITOR, f"seconds, {stage}", f"{value:.6g}"))
        for name, count in (("peak bytes", cost.peak), ("added bytes", cost.added)):
            writer.writerow(("", "sizes", cost.load.name, EDITOR, name, str(count)))
    return text.getvalue()
