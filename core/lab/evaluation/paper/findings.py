"""What the paper's experiments found: measured rows as tables and curves, beside the published figures.

Knows nothing of nets, photos or files. Published: Chang et al. 2022 (MaskGIT), table 3 and figure 4, and Besnier et al.
2025 (Halton-MaskGIT).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from core.lab.evaluation.curves import Curve, Panel
from core.lab.evaluation.paper.settings import (
    CENTRE,
    GENERATION,
    HALTON_SCHEDULES,
    ONE,
    PARALLEL_STEPS,
    PHOTOS,
    RECONSTRUCTION,
    STEPS,
    STUDIED,
    Row,
    Setting,
)

STRIP_FIGURE, SCHEDULES_FIGURE, ORDERS_FIGURE = "filling-in.png", "schedules.png", "orders.png"
_ORDER_PAIRS = tuple((order, schedule) for schedule in HALTON_SCHEDULES for order in ("confidence", "halton"))
_KINDS = {
    GENERATION: "Class-conditional generation",
    CENTRE: "Holes of the centre 50 %, the class given, judged on the hole alone",
}


@dataclass(frozen=True)
class Published:
    """A line of the paper's table 3: the best T, and FID and NLL there (ImageNet 256, one net for each schedule)."""

    steps: int
    fid: float
    nll: float


PUBLISHED: Mapping[str, Published] = {
    "exponential": Published(8, 7.89, 4.83),
    "cubic": Published(9, 7.26, 4.63),
    "square": Published(10, 6.35, 4.38),
    "cosine": Published(10, 6.06, 4.22),
    "linear": Published(16, 7.51, 3.75),
    "square root": Published(32, 12.33, 3.34),
    "logarithmic": Published(60, 29.17, 3.08),
}
"""Chang et al. 2022, table 3. Arccos is not in it."""


def _points(rows: Sequence[Row], kind: str, order: str, schedule: str, measure: str = "kid") -> Curve:
    """Return one measure over T of an order and schedule."""
    mine = [
        row for row in rows if (row.setting.kind, row.setting.order, row.setting.schedule) == (kind, order, schedule)
    ]
    points = sorted((row.setting.steps, float(getattr(row, measure))) for row in mine)
    return Curve(schedule, tuple(points))


def schedules_panels(rows: Sequence[Row]) -> list[list[Panel]]:
    """Return KID and probe accuracy over T side by side, generation above holes, a curve a schedule."""
    return _panels(rows, {schedule: ("confidence", schedule) for schedule in STUDIED})


def orders_panels(rows: Sequence[Row]) -> list[list[Panel]]:
    """Return the same, a curve an order and schedule."""
    return _panels(rows, {f"{order} {schedule}": (order, schedule) for order, schedule in _ORDER_PAIRS})


def _panels(rows: Sequence[Row], methods: Mapping[str, tuple[str, str]]) -> list[list[Panel]]:
    lines = []
    for kind in _KINDS:
        floor, line = _find(rows, kind, RECONSTRUCTION), []
        for measure, title in (("kid", "KID"), ("probe", "probe accuracy")):
            curves = [Curve(name, _points(rows, kind, *method, measure).points) for name, method in methods.items()]
            level = None if floor is None else (RECONSTRUCTION, float(getattr(floor, measure)))
            line.append(Panel(f"{title}: {kind}", title, measure == "kid", curves, level))
        lines.append(line)
    return lines


def _find(rows: Sequence[Row], kind: str, order: str, schedule: str = "", steps: int = 0) -> Row | None:
    wanted = Setting(kind, order, schedule, steps)
    return next((row for row in rows if row.setting == wanted), None)


def _sweet_spot(rows: Sequence[Row], kind: str, order: str, schedule: str) -> Row | None:
    """Return the row of the best T by KID."""
    best = _points(rows, kind, order, schedule).best(lowest=True)
    return None if best is None else _find(rows, kind, order, schedule, best[0])


def _table(rows: Sequence[Row], kind: str, methods: Sequence[tuple[str, str]]) -> str:
    """Return KID and probe over T, the sweet spots bold; unmeasured cells stay empty."""
    measured = [
        row for row in rows if row.setting.kind == kind and (row.setting.order, row.setting.schedule) in methods
    ]
    errors = [row.kid_error for row in measured if np.isfinite(row.kid_error)]
    error = f" (standard error {np.median(errors):.4f} in the median)" if errors else ""
    lines = [f"KID{error}, probe accuracy:", ""]
    lines += [f"| order, schedule | {' | '.join(f'T = {t}' for t in STEPS)} |", f"| --- |{' ---: |' * len(STEPS)}"]
    for order, schedule in methods:
        best, cells = _sweet_spot(rows, kind, order, schedule), []
        for steps in STEPS:
            row = _find(rows, kind, order, schedule, steps)
            text = "" if row is None else f"{row.kid:.4f}, {row.probe:.0%}"
            cells.append(f"**{text}**" if row is not None and row is best else text)
        lines.append(f"| {order}, {schedule} | {' | '.join(cells)} |")
    return "\n".join(lines)


def _references(rows: Sequence[Row], kind: str) -> list[str]:
    """Return one sentence about what photos and their reconstructions reach."""
    photos, through = _find(rows, kind, PHOTOS), _find(rows, kind, RECONSTRUCTION)
    if photos is None or through is None:
        return []
    return [
        f"For scale: the probe names {photos.probe:.0%} of the real photos; the same photos through the tokenizer "
        f"reach KID {_kid(through)}, which is what the tokenizer loses by itself, and {through.probe:.0%}."
    ]


def schedule_section(rows: Sequence[Row]) -> list[str]:
    """Return the paragraphs on schedules and T, in Markdown, with the paper's best T beside ours."""
    parts = ["### Mask schedules and steps", f"![KID and probe accuracy over T]({SCHEDULES_FIGURE})"]
    for kind, title in _KINDS.items():
        spots = {s: spot for s in STUDIED if (spot := _sweet_spot(rows, kind, "confidence", s)) is not None}
        if not spots:
            continue
        parts += [f"#### {title}", _table(rows, kind, [("confidence", schedule) for schedule in STUDIED])]
        lines = [
            "| schedule | our best T | KID there | probe there | paper's best T | paper's FID | paper's NLL |",
            "| --- | ---: | ---: | ---: | ---: | ---: | ---: |",
        ]
        for schedule, spot in sorted(spots.items(), key=lambda item: item[1].kid):
            theirs = PUBLISHED.get(schedule)
            quoted = f"{theirs.steps} | {theirs.fid:.2f} | {theirs.nll:.2f}" if theirs else "- | - | -"
            lines.append(f"| {schedule} | {spot.setting.steps} | {_kid(spot)} | {spot.probe:.0%} | {quoted} |")
        source = "The paper's figures: Chang et al. 2022, table 3, ImageNet 256, class-conditional generation."
        parts += ["\n".join(lines), " ".join([source, *_agreement(spots), *_references(rows, kind)])]
    return parts


def _agreement(spots: Mapping[str, Row]) -> list[str]:
    """Return one sentence on how far our order of the schedules is the paper's."""
    common = [schedule for schedule in PUBLISHED if schedule in spots]
    if len(common) < 3:
        return []
    rho = rank_correlation([spots[s].kid for s in common], [PUBLISHED[s].fid for s in common])
    return [f"Over its {len(common)} schedules the rank correlation of our best KID with its FID is {rho:.2f}."]


def rank_correlation(a: Sequence[float], b: Sequence[float]) -> float:
    """Return Spearman's rank correlation of two equally long sequences without ties, at least 2 long."""
    ranks = [np.argsort(np.argsort(values)) for values in (a, b)]
    return float(np.corrcoef(ranks[0], ranks[1])[0, 1])


def sequential_section(rows: Sequence[Row]) -> list[str]:
    """Return the paragraphs on parallel against sequential decoding; none where a single picture was not timed."""
    one = {row.setting.order: row for row in rows if row.setting.kind == ONE}
    if len(one) < 2:
        return []
    lines = [
        "| what | order | forwards | seconds a picture | KID | probe |",
        "| --- | --- | ---: | ---: | ---: | ---: |",
    ]
    for kind in (ONE, GENERATION, CENTRE):
        for order, schedule, steps in (("raster", "", 0), ("confidence", "cosine", PARALLEL_STEPS)):
            row = _find(rows, kind, order, schedule, steps)
            if row is not None:
                quality = "| |" if kind == ONE else f"| {_kid(row)} | {row.probe:.0%}"
                title = "one picture alone" if kind == ONE else f"{kind}, in batches"
                lines.append(f"| {title} | {row.setting.title} | {row.forwards:.0f} | {row.seconds:.2f} {quality} |")
    slow, quick = one["raster"], one["confidence"]
    return [
        "### Parallel against sequential",
        f"![A picture filling in: raster above, confidence below]({STRIP_FIGURE})",
        "\n".join(lines),
        f"In parallel one picture is {slow.seconds / quick.seconds:.0f} times faster, with "
        f"{slow.forwards / quick.forwards:.0f} times fewer forwards. The paper's figure 4 gives 30 to 64 times "
        "against an autoregressive decoder; here the same net works in raster order, so that only the forwards differ.",
    ]


def halton_section(rows: Sequence[Row]) -> list[str]:
    """Return the paragraphs on both orders; none where no row is Halton's."""
    kinds = [kind for kind in _KINDS if any((r.setting.kind, r.setting.order) == (kind, "halton") for r in rows)]
    if not kinds:
        return []
    parts = ["### Confidence against Halton", f"![KID and probe accuracy of both orders over T]({ORDERS_FIGURE})"]
    for kind in kinds:
        parts += [f"#### {_KINDS[kind]}", _table(rows, kind, _ORDER_PAIRS)]
    parts.append(
        "Published: with Halton-MaskGIT's nets the Halton order gains about 2.2 to 2.7 FID at equal steps, and keeps "
        "improving to T = 32 where confidence turns after about 12 (Besnier et al. 2025, second-hand)."
    )
    return parts


def _kid(row: Row) -> str:
    """Return the distance with its error."""
    return f"{row.kid:.4f} ± {row.kid_error:.4f}" if np.isfinite(row.kid_error) else f"{row.kid:.4f}"
