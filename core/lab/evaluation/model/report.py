"""Answers as a Markdown table, a CSV and contact sheets for a person to look at.

Knows nothing of how figures are measured.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace

from core.lab.evaluation.answers import Answer, csv_table, in_words, markdown_table, spread
from core.lab.evaluation.metrics import Picture
from core.lab.evaluation.model.bars import bars_table
from core.lab.evaluation.model.generation import QUESTION as GENERATION
from core.lab.evaluation.sheets import fitted, sheet
from core.values.geometry import Size

KID, DISTANCE = "KID of hole crops", "distance in hole"
_SMOOTH = "KID / best smooth baseline"
RATIOS = {"KID / best baseline": (KID, ""), _SMOOTH: (KID, "PatchMatch"), "distance / best baseline": (DISTANCE, "")}
"""Ratio -> (the measure, of which less is better; with what the names of baselines that do not count begin)."""

_ORDER = (
    "pictures",
    KID,
    "KID / best baseline",
    _SMOOTH,
    "KID",
    "precision",
    "recall",
    "FID",
    "IS",
    DISTANCE,
    "distance / best baseline",
    "distance",
    "SSIM in hole",
    "SSIM",
    "PSNR in hole",
    "PSNR",
    "lattice",
    "class seen",
    "NLL per token",
    "diversity",
    "seam ratio",
    "ring delta-E",
    "changed outside",
    "seconds",
)
_FORMATS = {
    "pictures": "{:.0f}",
    "class seen": "{:.1%}",
    "changed outside": "{:.0f}",
    "PSNR": "{:.2f}",
    "PSNR in hole": "{:.2f}",
    "FID": "{:.1f}",
    "IS": "{:.2f}",
    **dict.fromkeys(RATIOS, "{:.2f}"),
}
LEGEND = (
    "KID, precision and recall compare features of crops of the hole (of whole pictures, for generation) with the "
    "photos'; distance is perceptual, to the hidden photo; class seen is how often a linear probe names the class that "
    "was asked for, or the photo's own; smooth baselines are all but PatchMatch, which copies texture from the rest of "
    "the photo; NLL is of the true tokens in one forward, in nats; diversity is the perceptual "
    "distance between answers of different seeds; seam ratio is the step across the "
    "hole's edge over the steps beside it, about 1 in photos; ring delta-E is the colour step at the "
    "hole's edge; changed outside counts pixels; lattice is the power at the decoder's finest lattice over its "
    "neighbours', about 1 in photos. A plausible invention is not the hidden photo: KID counts for more "
    "than distance, SSIM and PSNR. Seconds are of one answer on the machine that measured."
)
_SUMMARY = (*RATIOS, "class seen", "recall", "NLL per token", "diversity", "seconds")


def markdown(answers: Sequence[Answer]) -> str:
    """Return one question's answers as a heading and a table, one line a method."""
    names = [name for name in _ORDER if any(name in answer.figures for answer in answers)]
    rows = [[a.method, *(_shown(name, a.figures.get(name)) for name in names)] for a in answers]
    return f"### {answers[0].question}\n\n{markdown_table(['method', *names], rows)}"


def _shown(name: str, value: float | None) -> str:
    return in_words(_FORMATS, name, value, "{:.3f}")


def figures_csv(answers: Sequence[Answer]) -> str:
    """Return every figure as one line: question, method, measure, value."""
    rows = [(a.question, a.method, name, float(value)) for a in answers for name, value in a.figures.items()]
    return csv_table(("question", "method", "measure", "value"), rows)


def answers_sheet(answers: Sequence[Answer]) -> Picture:
    """Return one question's answers as a picture for a person to look at."""
    if answers[0].question == GENERATION:
        return class_sheet(answers[0].pictures, answers[1].pictures)
    return contact_sheet(answers)


def contact_sheet(answers: Sequence[Answer], *, most: int = 8, side: int = 160) -> Picture:
    """Return one question's answers side by side, a method a column, a photo a line; (H, W, 3) uint8 RGB.

    Args:
        answers: of one question, over the same photos.
        most: largest number of photos, spread over all.
        side: of each picture on the sheet in pixels.
    """
    methods, frame = [answer.method for answer in answers], Size(side, side)
    chosen = spread(len(answers[0].pictures), most)
    lines = [[fitted(answer.pictures[i], frame) for answer in answers] for i in chosen]
    return sheet([(() if i else methods, pictures) for i, pictures in enumerate(lines)])


def class_sheet(photos: Sequence[Picture], samples: Sequence[Picture], *, most: int = 8, side: int = 112) -> Picture:
    """Return generated pictures, a class a line: a photo of the class, then samples; (H, W, 3) uint8 RGB.

    Args:
        photos: one a class.
        samples: equally many a class, by class.
        most: largest number of samples per class.
        side: of each picture on the sheet in pixels.
    """
    count, captions = len(samples) // len(photos), ("photo", "generated")
    lines = [[photo, *samples[i * count :][: min(most, count)]] for i, photo in enumerate(photos)]
    shown = [[fitted(picture, Size(side, side)) for picture in line] for line in lines]
    return sheet([(() if i else captions, line) for i, line in enumerate(shown)])


def with_ratios(answers: Sequence[Answer], baselines: Collection[str]) -> list[Answer]:
    """Return the answers with their `RATIOS` to the best baseline, where that one's measure is above 0."""
    rated = list(answers)
    for ratio, (measure, ignored) in RATIOS.items():
        counted = [a for a in answers if a.method in baselines and not (ignored and a.method.startswith(ignored))]
        best = min((a.figures[measure] for a in counted if measure in a.figures), default=0.0)
        if best > 0.0:
            rated = [
                replace(a, figures={**a.figures, ratio: a.figures[measure] / best}) if measure in a.figures else a
                for a in rated
            ]
    return rated


def summary(parts: Sequence[Sequence[Answer]], model: str, baselines: Collection[str]) -> str:
    """Return one line a question with the model's figures that decide: "without / with class" where there are both.

    Args:
        parts: the answers to each question, ratios included; questions without holes show what they have.
        model: its name, with which its methods' names begin.
        baselines: names.
    """
    names = [name for name in _SUMMARY if any(name in a.figures for answers in parts for a in answers)]
    rows = []
    for answers in parts:
        ours = [answer for answer in answers if answer.method.startswith(model)]
        plain = [answer for answer in answers if answer.method in baselines and KID in answer.figures]
        best = min(plain, key=lambda answer: answer.figures[KID]).method if plain else ""
        cells = (" / ".join(_shown(n, a.figures[n]) for a in ours if n in a.figures) for n in names)
        rows.append([answers[0].question, best, *cells])
    return markdown_table(["question", "best baseline by KID", *names], rows, words=2)


def report(
    title: str, parts: Sequence[Sequence[Answer]], model: str, baselines: Collection[str], notes: Sequence[str]
) -> str:
    """Return the whole report as Markdown that can be pasted into a model card.

    Args:
        title: of the first heading.
        parts: the answers to each question so far, ratios included; at least one.
        model: its name, with which its methods' names begin.
        baselines: names of the methods to compare with.
        notes: sentences on what was not measured.
    """
    bars = bars_table(parts, model)
    sections = [
        f"## {title}\n",
        "### Summary\n\nTwo figures in a cell: without / with the class given; for the class edit: one sample / the "
        "likeliest / the first ranked of several.\n\n" + summary(parts, model, baselines),
        *([f"### Bars\n\n{bars}"] if bars else []),
        *(markdown(answers) for answers in parts),
        f"### Reading\n\n{' '.join([LEGEND, *notes])}\n",
    ]
    return "\n".join(sections)
