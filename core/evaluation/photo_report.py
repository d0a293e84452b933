"""The evaluation at photo size as one Markdown report with its bars, and as a CSV of every figure.

Knows nothing of how figures are measured. The bars are those of issue 6 of this project.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from core.evaluation import photo_figures as names
from core.evaluation.photo_methods import EDITOR
from core.evaluation.scaling import Cost

if TYPE_CHECKING:
    from core.evaluation.photos import Findings, Part
    from core.evaluation.ranking import Worth

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
_FORMATS = {names.CHANGED: "{:.0f}", names.OPENED: "{:.0f}", names.REPEATED: "{:.0%}", names.BRIGHTNESS: "{:+.1f}"}
LEGEND = (
    "Each figure is the median over the photos; pixels changed outside are a sum, what repeats itself a share of the "
    "photos. Shown: at display size, 1024 px on the longer side; else at full size. Seam ratio: the step of "
    "brightness across the mask's edge over the steps beside it. Ring delta-E: between the mean colours of the 8 px "
    "on either side of the edge. Sharpness: Laplacian energy inside over that of a ring around it. Distance: "
    "perceptual, to the photo, in the hole at display size. KID: kernel distance of the hole's crops. A hole holds a "
    "foreign object, the photo in inverted colours, that must not shine through. A seam ratio far below that of the "
    "photos themselves is a smear. Sharpness of the photo's: inside, beside the truth's. Repetition: correlation of "
    "the likest patch of a border with the known part, its mirror image, or another place of the border. Drift: "
    "delta-E between the photo's last strip and the panorama's, each half a window wide; the photo's own variation is "
    "that between any two strips of it. Largest step: delta-E between neighbouring columns of 4 px, where windows "
    "meet. Plain MaskGIT: one window, nothing finished; several windows where no square can show the hole. Seconds "
    "are of one answer on the machine that measured."
)


@dataclass(frozen=True)
class Bar:
    """What issue 6 wants of the editor's median.

    Attributes:
        measure: name of the figure.
        least, most: of the median; of the sum, for pixels changed outside.
    """

    measure: str
    least: float
    most: float

    def met(self, value: float) -> bool:
        """Return whether a value reaches the bar; nan does not."""
        return self.least <= value <= self.most

    @property
    def wanted(self) -> str:
        """The bar in words."""
        if self.least == self.most:
            return f"{self.most:g}"
        return f"at most {self.most:g}" if self.least <= 0.0 else f"{self.least:g} to {self.most:g}"


BARS = (
    Bar(names.SEAM, 0.0, 1.15),
    Bar(names.RING, 0.0, 3.0),
    Bar(names.SHARPNESS, 0.7, 1.3),
    Bar(names.SHARPNESS_SHOWN, 0.7, 1.3),
    Bar(names.DRIFTED, 0.0, 5.0),
    Bar(names.CHANGED, 0.0, 0.0),
)
OVERHEAD = Bar("encode + composite overhead, 12 MP", 0.0, 1.5)


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
    sections += [worth_table(name, worths) for name, worths in findings.worths.items()]
    if findings.costs:
        sections.append(cost_table(findings.costs))
    sections.append(f"### Reading\n\n{' '.join([LEGEND, *findings.notes])}\n")
    return "\n".join(sections)


def bar_lines(findings: Findings) -> list[str]:
    """Return one line for each bar that was measured."""
    from core.evaluation.photos import TRUTH

    lines = []
    for bar in BARS:
        by_part = {
            f"{part.group}, {part.question.name}": value
            for part in findings.parts
            if (value := summary(part, EDITOR, bar.measure)) is not None
        }
        if not by_part:
            continue
        over_all = _over(findings.parts, EDITOR, bar.measure)
        natural = _over(findings.parts, TRUTH, bar.measure)
        misses = [f"{name} ({_shown(bar.measure, v)})" for name, v in by_part.items() if not bar.met(v)]
        lines.append(
            f"| {bar.measure} | {bar.wanted} | {_shown(bar.measure, over_all)} | "
            f"{'yes' if bar.met(over_all) else 'no'} | {_shown(bar.measure, natural)} | {'; '.join(misses) or 'none'} |"
        )
    counted = [cost for cost in findings.costs if cost.load.name.startswith(OVERHEAD_LOAD)]
    if counted:
        worst = max(cost.overhead for cost in counted)
        met = "yes" if OVERHEAD.met(worst) else "no"
        lines.append(f"| {OVERHEAD.measure} | {OVERHEAD.wanted} s | {worst:.2f} s | {met} | | |")
    return lines


def summary(part: Part, method: str, measure: str) -> float | None:
    """Return a method's figure over the photos: the median; a sum or a mean for what is counted. None where none is."""
    if measure == names.KID:
        return part.kid.get(method)
    return _summed(measure, part.values(method, measure))


def _summed(measure: str, values: Sequence[float]) -> float | None:
    if not values:
        return None
    if measure == names.CHANGED:
        return float(np.sum(values))
    return float(np.mean(values) if measure == names.REPEATED else np.median(values))


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


def worth_table(name: str, worths: Sequence[Worth]) -> str:
    """Return what ranking is worth: rank 1 beside the mean of all variations."""
    lines = [
        f"### {name}",
        "",
        "| ranked by | measure | rank 1 | mean of all | gain | standard error | rank 1 is better | photos |",
        "| --- | --- | ---: | ---: | ---: | ---: | ---: | ---: |",
    ]
    lines += [
        f"| {w.way} | {w.measure} | {w.chosen:.4f} | {w.mean:.4f} | {w.gain:+.4f} | {w.error:.4f} | {w.better:.0%} "
        f"| {w.cases} |"
        for w in worths
    ]
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
        for method, value in part.kid.items():
            writer.writerow((*start, "", method, names.KID, f"{value:.6g}"))
    for name, worths in findings.worths.items():
        for worth in worths:
            writer.writerow(("", name, "", worth.way, f"gain in {worth.measure}", f"{worth.gain:.6g}"))
    for cost in findings.costs:
        for stage, value in cost.seconds.items():
            writer.writerow(("", "sizes", cost.load.name, EDITOR, f"seconds, {stage}", f"{value:.6g}"))
        for name, count in (("peak bytes", cost.peak), ("added bytes", cost.added)):
            writer.writerow(("", "sizes", cost.load.name, EDITOR, name, str(count)))
    return text.getvalue()
