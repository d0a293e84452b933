"""Tables of figures, in Markdown for people and as CSV for programs; each measure's format and meaning.

Knows nothing of how figures are measured. A new measure is one line in `MEASURES`.
"""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Measure:
    """One kind of figure.

    Attributes:
        name: as in tables.
        shown: its format.
        about: its meaning, for a report's legend; "" if the name says it.
        over: how the figures of several photos become one; None if the question decides.
    """

    name: str
    shown: str = "{:.3f}"
    about: str = ""
    over: Callable[[Sequence[float]], np.floating] | None = None

    def words(self, value: float | None) -> str:
        """Format a figure; "-" for nan and infinity, "" for None."""
        if value is None:
            return ""
        return self.shown.format(value) if math.isfinite(value) else "-"


MEASURES = (
    Measure("pictures", "{:.0f}"),
    Measure("KID of hole crops", about="kernel distance of features of the hole's crops to the photos'"),
    Measure("KID / best baseline", "{:.2f}"),
    Measure("KID / best smooth baseline", "{:.2f}", "smooth are all but PatchMatch, which copies texture of the photo"),
    Measure("KID", about="kernel distance of features of whole pictures to the photos'"),
    Measure("precision", about="share of the pictures' features among the photos'"),
    Measure("recall", about="share of the photos' features among the pictures'"),
    Measure("FID", "{:.1f}"),
    Measure("IS", "{:.2f}"),
    Measure("distance in hole", about="perceptual, to the hidden photo; a mean", over=np.mean),
    Measure("distance / best baseline", "{:.2f}"),
    Measure("distance / PatchMatch's", about="of the means"),
    Measure("nearer than PatchMatch", "{:.0%}", "share of the photos"),
    Measure("nearer by", "{:+.3f}", "mean difference to PatchMatch's distance on the same photo"),
    Measure("its error", about="standard error"),
    Measure("distance", about="perceptual, of the whole picture"),
    Measure("SSIM in hole"),
    Measure("SSIM"),
    Measure("PSNR in hole", "{:.2f}"),
    Measure("PSNR", "{:.2f}"),
    Measure("lattice", about="power at the decoder's finest lattice over its neighbours', about 1 in photos"),
    Measure("class seen", "{:.1%}", "how often a linear probe names the class asked for, or the photo's own"),
    Measure("NLL per token", about="of the true tokens in one forward, in nats"),
    Measure("diversity", about="perceptual distance between answers of different seeds"),
    Measure("seam ratio", "{:.2f}", "step across the hole's edge over the steps beside it; far below 1 is a smear"),
    Measure("seam ratio, shown", "{:.2f}", "shown: at display size, 1024 px on the longer side; else at full size"),
    Measure("ring delta-E", "{:.2f}", "between the mean colours of 8 px on either side of the hole's edge"),
    Measure("sharpness", "{:.2f}", "Laplacian energy inside the hole over that of a ring around it"),
    Measure("sharpness, shown", "{:.2f}"),
    Measure("sharpness, of the photo's", "{:.2f}", "inside, beside the truth's"),
    Measure("found", "{:.2f}", "how well a linear judge that saw neither tells fill from photo; 0.5 is not at all"),
    Measure("found, less PatchMatch's", "{:+.2f}"),
    Measure("repetition", "{:.2f}", "correlation of a border's likest patch with the photo, its mirror, or the border"),
    Measure("repeats itself", "{:.0%}", "share of the photos", np.mean),
    Measure("drift delta-E", "{:.2f}", "between the photo's last strip and the panorama's, each half a window wide"),
    Measure("drift from first window", "{:.2f}"),
    Measure("drift of L*", "{:+.1f}"),
    Measure("photo's own variation", "{:.2f}", "drift between any two strips of the photo"),
    Measure("largest step of columns", "{:.2f}", "delta-E between neighbouring columns of 4 px, where windows meet"),
    Measure("photo's own step", "{:.2f}"),
    Measure("changed outside", "{:.0f}", "pixels, a sum", np.sum),
    Measure("windows", "{:.0f}"),
    Measure("seconds", about="of one answer on the machine that measured"),
)
"""Every measure, in the order of columns."""

BY_NAME = {measure.name: measure for measure in MEASURES}


def figures_table(lines: Mapping[str, Mapping[str, float]]) -> str:
    """Table figures by method and measure in Markdown: a line per method, a column per measure that any method has."""
    kept = [m for m in MEASURES if any(m.name in figures for figures in lines.values())]
    rows = [[method, *(m.words(figures.get(m.name)) for m in kept)] for method, figures in lines.items()]
    return markdown_table(["method", *(m.name for m in kept)], rows)


def legend(names: Iterable[str]) -> str:
    """Explain the measures of these names, one sentence each."""
    found = set(names)
    return " ".join(f"{m.name}: {m.about}." for m in MEASURES if m.about and m.name in found)


def markdown_table(head: Sequence[str], rows: Iterable[Sequence[str]], *, words: int = 1) -> str:
    """Write a table in Markdown, with the first `words` columns to the left and the others, figures, to the right."""
    lines = [head, ["---" if i < words else "---:" for i in range(len(head))], *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines) + "\n"


def csv_table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Write a table as CSV, fractions with six digits."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(head)
    writer.writerows([f"{cell:.6g}" if isinstance(cell, float) else cell for cell in row] for row in rows)
    return text.getvalue()
