"""What the paper's experiments found: measured rows, and what they say as tables, plain sentences and figures.

Knows nothing of nets, photos or files. Every sentence is computed from the rows; the published figures beside them are
Chang et al. 2022 (MaskGIT), table 3 and figure 4, and Besnier et al. 2025 (Halton-MaskGIT).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from core.decoding.settings import SCHEDULES
from core.lab.evaluation.figures import Curve, draw_curves, panels
from core.lab.evaluation.metrics import Picture

STEPS = (4, 6, 8, 10, 12, 16, 24, 32)
"""Every T of the ablation."""

GENERATION, CENTRE, ONE = "generation", "centre 50 %", "one picture"
PHOTOS, RECONSTRUCTION = "real photos", "photos through the tokenizer"
PARALLEL_STEPS = 8  # of confidence, against one token a step in raster order
STUDIED = tuple(name for name in SCHEDULES if name != "arccos counts")
"""The schedules of the ablation: all that are a share gamma(r); valeo's counts lie within 5 % of the cosine's."""
HALTON_SCHEDULES = ("cosine", "arccos")  # the paper's, and the one that Halton-MaskGIT reveals by

CLEAR = 2.0
"""Standard errors by which two distances must differ before a sentence calls one better."""
_ORDER_PAIRS = tuple((order, schedule) for schedule in HALTON_SCHEDULES for order in ("confidence", "halton"))

STRIP_FIGURE, SCHEDULES_FIGURE, ORDERS_FIGURE = "filling-in.png", "schedules.png", "orders.png"
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


@dataclass(frozen=True)
class Setting:
    """What is measured: which pictures are asked for, and how their tokens are decoded.

    Attributes:
        kind: GENERATION, CENTRE, or ONE for the seconds of a single picture.
        order: of the decoding; PHOTOS or RECONSTRUCTION where nothing is decoded.
        schedule: of the decoding; empty where it has no part.
        steps: T.
    """

    kind: str
    order: str
    schedule: str = ""
    steps: int = 0


@dataclass(frozen=True)
class Row:
    """One measured setting.

    Attributes:
        kind, order, schedule, steps: the setting.
        samples: pictures judged.
        forwards: transformer passes a sample.
        seconds: wall-clock seconds a sample for decoding tokens and picture; without the judging.
        kid: kernel distance to real photos; nan where it does not apply.
        kid_error: its standard error over the samples (jackknife); nan where there are too few.
        probe: share of pictures that the probe gives the class that was asked for; nan where it does not apply.
    """

    kind: str
    order: str
    schedule: str
    steps: int
    samples: int
    forwards: float
    seconds: float
    kid: float
    kid_error: float
    probe: float

    @property
    def setting(self) -> Setting:
        """What was measured."""
        return Setting(self.kind, self.order, self.schedule, self.steps)


def _points(
    rows: Sequence[Row], kind: str, order: str, schedule: str, measure: str = "kid"
) -> tuple[tuple[int, float], ...]:
    """Return (T, one measure) of an order and schedule."""
    mine = [row for row in rows if (row.kind, row.order, row.schedule) == (kind, order, schedule)]
    return tuple((row.steps, float(getattr(row, measure))) for row in sorted(mine, key=lambda row: row.steps))


def schedules_figure(rows: Sequence[Row]) -> Picture:
    """Return KID and probe accuracy over T, a curve a schedule: (2 * HEIGHT, 2 * WIDTH, 3) uint8 RGB."""
    return _figure(rows, {schedule: ("confidence", schedule) for schedule in STUDIED})


def orders_figure(rows: Sequence[Row]) -> Picture:
    """Return the same, a curve an order and schedule."""
    return _figure(rows, {f"{order} {schedule}": (order, schedule) for order, schedule in _ORDER_PAIRS})


def _figure(rows: Sequence[Row], methods: Mapping[str, tuple[str, str]]) -> Picture:
    """Return four panels: KID and probe across, generation and holes down."""
    lines = []
    for kind in _KINDS:
        floor, line = _find(rows, kind, RECONSTRUCTION), []
        for measure, title in (("kid", "KID"), ("probe", "probe accuracy")):
            curves = [Curve(name, _points(rows, kind, *method, measure)) for name, method in methods.items()]
            level = None if floor is None else (RECONSTRUCTION, float(getattr(floor, measure)))
            heading, lowest = f"{title}: {kind}", measure == "kid"
            line.append(draw_curves(curves, title=heading, measure=title, lowest=lowest, level=level))
        lines.append(line)
    return panels(lines)


def _find(rows: Sequence[Row], kind: str, order: str, schedule: str = "", steps: int = 0) -> Row | None:
    wanted = Setting(kind, order, schedule, steps)
    return next((row for row in rows if row.setting == wanted), None)


def _sweet_spot(rows: Sequence[Row], kind: str, order: str, schedule: str) -> Row | None:
    """Return the row of the best T by KID."""
    best = Curve(schedule, _points(rows, kind, order, schedule)).best(lowest=True)
    return None if best is None else _find(rows, kind, order, schedule, best[0])


def _table(rows: Sequence[Row], kind: str, methods: Sequence[tuple[str, str]]) -> str:
    """Return KID and probe over T, the sweet spots bold; unmeasured cells stay empty."""
    measured = [row for row in rows if row.kind == kind and (row.order, row.schedule) in methods]
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


def _references(rows: Sequence[Row], kind: str) -> str:
    """Return one sentence about what photos and their reconstructions reach."""
    photos, through = _find(rows, kind, PHOTOS), _find(rows, kind, RECONSTRUCTION)
    if photos is None or through is None:
        return ""
    return (
        f"For scale: the probe names {photos.probe:.0%} of the real photos; the same photos through the tokenizer "
        f"reach KID {_kid(through)}, which is what the tokenizer loses by itself, and {through.probe:.0%}."
    )


def schedule_section(rows: Sequence[Row]) -> list[str]:
    """Return the paragraphs on schedules and T, in Markdown: tables, the paper's beside ours, and sentences."""
    parts = ["### Mask schedules and steps", f"![KID and probe accuracy over T]({SCHEDULES_FIGURE})"]
    methods = [("confidence", schedule) for schedule in STUDIED]
    for kind, title in _KINDS.items():
        spots = {s: spot for s in STUDIED if (spot := _sweet_spot(rows, kind, "confidence", s)) is not None}
        if not spots:
            continue
        parts += [f"#### {title}", _table(rows, kind, methods)]
        lines = [
            "| schedule | our best T | KID there | probe there | paper's best T | paper's FID | paper's NLL |",
            "| --- | ---: | ---: | ---: | ---: | ---: | ---: |",
        ]
        for schedule, spot in sorted(spots.items(), key=lambda item: item[1].kid):
            theirs = PUBLISHED.get(schedule)
            quoted = f"{theirs.steps} | {theirs.fid:.2f} | {theirs.nll:.2f}" if theirs else "- | - | -"
            lines.append(f"| {schedule} | {spot.steps} | {_kid(spot)} | {spot.probe:.0%} | {quoted} |")
        source = "The paper's figures: Chang et al. 2022, table 3, ImageNet 256, class-conditional generation."
        parts += ["\n".join(lines), source, " ".join([*schedule_words(rows, kind), _references(rows, kind)]).strip()]
    return parts


def schedule_words(rows: Sequence[Row], kind: str) -> list[str]:
    """Return what the schedules' curves of one kind show, in plain sentences computed from the rows.

    Args:
        rows: at least one of the kind in confidence order.
        kind: GENERATION or CENTRE.
    """
    spots = {s: spot for s in STUDIED if (spot := _sweet_spot(rows, kind, "confidence", s)) is not None}
    ranked = sorted(spots.values(), key=lambda row: row.kid)
    first = ranked[0]
    sentences = [f"The lowest KID is {first.schedule}'s at T = {first.steps}: {_kid(first)}, probe {first.probe:.0%}."]
    level = [row.schedule for row in ranked[1:] if not _worse(row, first)]
    if level:
        sentences.append(f"At their own best T {_list(level)} cannot be told from it at this number of samples.")
    behind = [row.schedule for row in ranked[1:] if _worse(row, first)]
    if behind:
        sentences.append(f"Clearly behind, from better to worse: {_list(behind)}.")
    turned, falling, level = [], [], []
    for schedule, spot in spots.items():
        mine = [row for row in rows if (row.kind, row.order, row.schedule) == (kind, "confidence", schedule)]
        last = max(mine, key=lambda row: row.steps)
        if _worse(last, spot):
            turned.append(f"{schedule} (after T = {spot.steps})")
        elif spot.steps == last.steps and _worse(min(mine, key=lambda row: row.steps), spot):
            falling.append(schedule)
        else:
            level.append(schedule)
    if turned:
        sentences.append(f"More steps than the sweet spot hurt: {_list(turned)}.")
    if falling:
        sentences.append(f"Best at the most steps tried, perhaps beyond: {_list(falling)}.")
    if level:
        sentences.append(f"No turn beyond the noise after the best T: {_list(level)}.")
    common = [schedule for schedule in PUBLISHED if schedule in spots]
    if len(common) > 2:
        rho = rank_correlation([spots[s].kid for s in common], [PUBLISHED[s].fid for s in common])
        sentences.append(
            f"Over the {len(common)} schedules of the paper's table the rank correlation of our KID with their FID is "
            f"{rho:.2f}; their best is {min(common, key=lambda s: PUBLISHED[s].fid)}, ours among these "
            f"{min(common, key=lambda s: spots[s].kid)}."
        )
    return sentences


def rank_correlation(a: Sequence[float], b: Sequence[float]) -> float:
    """Return Spearman's rank correlation of two equally long sequences without ties, at least 2 long."""
    ranks = [np.argsort(np.argsort(values)) for values in (a, b)]
    return float(np.corrcoef(ranks[0], ranks[1])[0, 1])


def sequential_section(rows: Sequence[Row]) -> list[str]:
    """Return the paragraphs on parallel against sequential decoding; none where a single picture was not timed."""
    one = {row.order: row for row in rows if row.kind == ONE}
    if len(one) < 2:
        return []
    lines = [
        "| what | order | forwards | seconds a picture | KID | probe |",
        "| --- | --- | ---: | ---: | ---: | ---: |",
    ]
    parallel = ("confidence", "cosine", PARALLEL_STEPS)
    for kind in (ONE, GENERATION, CENTRE):
        for order, schedule, steps in (("raster", "", 0), parallel):
            row = _find(rows, kind, order, schedule, steps)
            if row is not None:
                quality = "| |" if kind == ONE else f"| {_kid(row)} | {row.probe:.0%}"
                title = "one picture alone" if kind == ONE else f"{kind}, in batches"
                lines.append(
                    f"| {title} | {order_title(row.setting)} | {row.forwards:.0f} | {row.seconds:.2f} {quality} |"
                )
    return [
        "### Parallel against sequential",
        f"![A picture filling in: raster above, confidence below]({STRIP_FIGURE})",
        "\n".join(lines),
        " ".join(sequential_words(rows)),
    ]


def sequential_words(rows: Sequence[Row]) -> list[str]:
    """Return what parallel decoding gains and costs, in plain sentences computed from the rows."""
    one = {row.order: row for row in rows if row.kind == ONE}
    slow, quick = one["raster"], one["confidence"]
    sentences = [
        f"One picture takes {slow.seconds:.2f} s token by token and {quick.seconds:.2f} s in {quick.forwards:.0f} "
        f"steps: {slow.seconds / quick.seconds:.0f} times faster, with {slow.forwards / quick.forwards:.0f} times "
        "fewer forwards. The paper's figure 4 gives 30 to 64 times against an autoregressive decoder; here the "
        "same net works in raster order, so that only the forwards differ."
    ]
    for kind in _KINDS:
        raster, parallel = _find(rows, kind, "raster"), _find(rows, kind, "confidence", "cosine", PARALLEL_STEPS)
        if raster is not None and parallel is not None:
            verdict = _compared("parallel", parallel, "sequential", raster)
            sentences.append(f"{kind.capitalize()}: {verdict}, probe {parallel.probe:.0%} against {raster.probe:.0%}.")
    return sentences


def halton_section(rows: Sequence[Row]) -> list[str]:
    """Return the paragraphs on both orders; none where no row is Halton's."""
    if not any(row.order == "halton" for row in rows):
        return []
    parts = ["### Confidence against Halton", f"![KID and probe accuracy of both orders over T]({ORDERS_FIGURE})"]
    for kind, title in _KINDS.items():
        if any(row.kind == kind and row.order == "halton" for row in rows):
            parts += [f"#### {title}", _table(rows, kind, _ORDER_PAIRS)]
            parts.append(" ".join(halton_words(rows, kind)))
    parts.append(
        "Published: with Halton-MaskGIT's nets the Halton order gains about 2.2 to 2.7 FID at equal steps, and keeps "
        "improving to T = 32 where confidence turns after about 12 (Besnier et al. 2025, second-hand)."
    )
    return parts


def halton_words(rows: Sequence[Row], kind: str) -> list[str]:
    """Return how the two orders compare, in plain sentences computed from the rows; a schedule at a time.

    Args:
        rows: measured rows; schedules without both orders are left out.
        kind: GENERATION or CENTRE.
    """
    sentences = []
    for schedule in HALTON_SCHEDULES:
        pairs = []
        for steps in STEPS:
            halton, confidence = (_find(rows, kind, order, schedule, steps) for order in ("halton", "confidence"))
            if halton is not None and confidence is not None:
                pairs.append((halton, confidence))
        if not pairs:
            continue
        better = [str(h.steps) for h, c in pairs if _worse(c, h)]
        worse = [str(h.steps) for h, c in pairs if _worse(h, c)]
        text = f"{schedule.capitalize()}: Halton's KID is clearly lower at {_steps_list(better)} and clearly higher at "
        sentences.append(f"{text}{_steps_list(worse)}, of {len(pairs)} measured.")
        best = [min(side, key=lambda row: row.kid) for side in zip(*pairs, strict=True)]
        sentences.append(
            f"Best T is {best[0].steps} for Halton (KID {_kid(best[0])}, probe {best[0].probe:.0%}) and "
            f"{best[1].steps} for confidence ({_kid(best[1])}, {best[1].probe:.0%})."
        )
    return sentences


def _worse(a: Row, b: Row) -> bool:
    """Return whether a's KID is above b's by more than CLEAR standard errors of their difference."""
    error = CLEAR * np.hypot(a.kid_error, b.kid_error)  # as if independent: equal seeds make it rather less
    return bool(a.kid - b.kid > (error if np.isfinite(error) else 0.0))


def _compared(a_name: str, a: Row, b_name: str, b: Row) -> str:
    verdict = (
        "cannot be told from" if not (_worse(a, b) or _worse(b, a)) else "is above" if _worse(a, b) else "is below"
    )
    return f"KID {_kid(a)} {a_name} {verdict} {_kid(b)} {b_name}"


def _kid(row: Row) -> str:
    """Return the distance with its error."""
    return f"{row.kid:.4f} ± {row.kid_error:.4f}" if np.isfinite(row.kid_error) else f"{row.kid:.4f}"


def order_title(setting: Setting) -> str:
    """Return how tokens are revealed, for people."""
    return "raster, one token a step" if setting.order == "raster" else f"{setting.order}, T = {setting.steps}"


def _steps_list(steps: Sequence[str]) -> str:
    return f"T = {_list(steps)}" if steps else "no T"


def _list(words: Sequence[str]) -> str:
    return " and ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)
