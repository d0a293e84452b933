"""The settings of the paper's experiments, and their figures as tables and curves beside the published ones.

Knows nothing of nets, photos or files. Published: Chang et al. 2022 (MaskGIT), table 3 and figure 4, and Besnier et al.
2025 (Halton-MaskGIT).
"""

from __future__ import annotations

import importlib.util
import io
import itertools
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from core.decoding.settings import SCHEDULES
from core.lab.evaluation.model.questions import CENTRE, GENERATION
from core.lab.evaluation.tables import markdown_table

STEPS = (4, 6, 8, 10, 12, 16, 24, 32)
"""Every T of the experiments: the paper's sweet spots lie within, but the logarithmic schedule's."""
KINDS = (GENERATION, CENTRE.name)
"""The questions at the model's size that each setting is asked."""
STUDIED = tuple(name for name in SCHEDULES if name != "arccos counts")
"""The schedules studied: all that are a share gamma(r); valeo's counts lie within 5 % of the cosine's."""
ORDERS = {"confidence": STUDIED, "halton": ("cosine", "arccos")}
"""Order -> its schedules: Halton with the paper's, and the one that Halton-MaskGIT reveals by."""

Method = tuple[str, str]
"""(order, schedule)."""

FIGURES: dict[str, tuple[str, tuple[Method, ...]]] = {
    "schedules.png": ("Mask schedules and steps", tuple(("confidence", schedule) for schedule in STUDIED)),
    "orders.png": ("Confidence against Halton", tuple((order, s) for s in ORDERS["halton"] for order in ORDERS)),
}
"""Figure -> (heading, the methods that it compares)."""

PUBLISHED: Mapping[str, tuple[int, float]] = {
    "exponential": (8, 7.89),
    "cubic": (9, 7.26),
    "square": (10, 6.35),
    "cosine": (10, 6.06),
    "linear": (16, 7.51),
    "square root": (32, 12.33),
    "logarithmic": (60, 29.17),
}
"""Schedule -> best T and FID there, ImageNet 256, a net each (Chang et al. 2022, table 3). Arccos is not in it."""

_PARALLEL = ("confidence", "cosine", 8)
"""What raster order is compared with: the paper's order and schedule at the T of its figure 4."""
_MEASURES = {"KID": True, "class seen": False}
"""Measure that is drawn -> whether low values are good."""
_PANEL_IN = (7.8, 4.4)
"""Inches of one panel, at 100 dots an inch: eight curves and their legend beside them can be told apart."""
_READING = (
    "No guidance (the paper has none). KID is the kernel distance (lower is better) on the metric net's features to "
    "the photos at the model's own resolution, in holes of the hole alone; it is no FID and compares only in these "
    "tables. ± is its standard error over the pictures (jackknife); the share is of pictures that the probe gives the "
    "class asked for. One net, trained with one schedule, decodes by all of them; the paper trained a net for each. "
    "Published of the orders: with Halton-MaskGIT's nets the Halton order gains about 2.2 to 2.7 FID at equal steps, "
    "and keeps improving to T = 32 where confidence turns after about 12 (Besnier et al. 2025, second-hand)."
)


class Setting(NamedTuple):
    """A question of `KINDS` and how its tokens are decoded; raster order has no schedule and no T."""

    kind: str
    order: str = "raster"
    schedule: str = ""
    steps: int = 0


Found = dict[Setting, Mapping[str, float]]
"""The figures of each measured setting by name."""


def settings() -> tuple[Setting, ...]:
    """List all settings in the order in which they are measured: the cosine first, raster last."""
    methods = [(order, schedule) for order, schedules in ORDERS.items() for schedule in schedules]
    found = [Setting(kind, *method, steps) for method in methods for kind in KINDS for steps in STEPS]
    return (*found, *map(Setting, KINDS))


def curve(found: Found, kind: str, method: Method, measure: str = "KID") -> dict[int, float]:
    """Return one measure by T of an order and schedule, as far as measured."""
    asked = {steps: Setting(kind, *method, steps) for steps in STEPS}
    return {steps: found[setting][measure] for steps, setting in asked.items() if setting in found}


def best(points: Mapping[int, float], *, lowest: bool = True) -> int:
    """Find the sweet spot of a curve with points: T of the lowest (or highest) value; the smaller T of equals."""
    sign = 1.0 if lowest else -1.0
    return min(points, key=lambda steps: (sign * points[steps], steps))


def report(title: str, found: Found) -> str:
    """Write the whole text in Markdown: how it was measured, and a table per comparison.

    Args:
        title: heading, and on what it was measured.
        found: figures so far.
    """
    parts, every = [title, _READING], len(settings())
    if len(found) < every:
        parts.append(f"**{every - len(found)} of {every} settings are not measured yet.**")
    if not are_installed():
        parts.append("Curves were not drawn: `pip install matplotlib` brings what draws them.")
    for figure, (heading, methods) in FIGURES.items():
        parts += [f"### {heading}", f"![KID and class seen over T]({figure})"]
        for kind in KINDS:
            parts += [f"#### {kind}", _table(found, kind, methods)]
    return "\n\n".join([*parts, "### Parallel against sequential", *_sequential(found)]) + "\n"


def _table(found: Found, kind: str, methods: Sequence[Method]) -> str:
    """Table the figures over T, sweet spots bold, beside the paper's; unmeasured cells stay empty."""
    lines = []
    for method in methods:
        kids = curve(found, kind, method)
        spot = best(kids) if kids else 0
        cells = {steps: _cell(found[Setting(kind, *method, steps)]) for steps in kids}
        shown = [f"**{cells[steps]}**" if steps == spot else cells.get(steps, "") for steps in STEPS]
        lines.append([", ".join(method), *shown, *map(str, PUBLISHED.get(method[1], ("-", "-")))])
    head = ["KID, class seen", *(f"T = {steps}" for steps in STEPS), "paper's best T", "paper's FID"]
    return markdown_table(head, lines).rstrip()


def _cell(figures: Mapping[str, float]) -> str:
    # Schedules differ in the fourth digit.
    return f"{figures['KID']:.4f} ± {figures['its error']:.4f}, {figures['class seen']:.0%}"


def _sequential(found: Found) -> Iterator[str]:
    """Compare one token a step with eight steps: a table, and a sentence on the speed-up."""
    asked = [s for kind in KINDS for s in (Setting(kind), Setting(kind, *_PARALLEL)) if s in found]
    rows = []
    for setting in asked:
        work = (f"{found[setting]['forwards']:.0f}", f"{found[setting]['seconds']:.2f}")
        rows.append((setting.kind, setting.order, *work, _cell(found[setting])))
    yield markdown_table(("question", "order", "forwards", "seconds", "KID, class seen"), rows, words=2).rstrip()
    if len(asked) == 2 * len(KINDS):
        slow, quick = (found[setting] for setting in asked[:2])
        yield (
            f"In parallel a picture is {slow['seconds'] / quick['seconds']:.0f} times faster, with "
            f"{slow['forwards'] / quick['forwards']:.0f} times fewer forwards. The paper's figure 4 gives 30 to 64 "
            "times against an autoregressive decoder; here the same net works in raster order, so that only the "
            "forwards differ."
        )


def are_installed() -> bool:
    """Return whether curves can be drawn, that is, whether matplotlib is installed."""
    return importlib.util.find_spec("matplotlib") is not None


def drawn(found: Found, methods: Sequence[Method]) -> bytes:
    """Draw KID and the probe's share side by side, as a PNG file: a line of panels per question, a curve per method.

    Raises:
        ModuleNotFoundError: if matplotlib is not installed.
    """
    from matplotlib.figure import Figure

    across, down = len(_MEASURES), len(KINDS)
    figure = Figure(figsize=(_PANEL_IN[0] * across, _PANEL_IN[1] * down), layout="constrained")
    places = figure.subplots(down, across, squeeze=False)
    for axes, (kind, measure) in zip(places.flat, itertools.product(KINDS, _MEASURES), strict=True):
        axes.set_title(f"{measure}: {kind}")
        _draw(axes, {", ".join(method): curve(found, kind, method, measure) for method in methods}, measure)
    file = io.BytesIO()
    figure.savefig(file, format="png", dpi=100)
    return file.getvalue()


def _draw(axes: Any, curves: Mapping[str, Mapping[int, float]], measure: str) -> None:
    """Draw curves on matplotlib's axes, with sweet spots ringed and in the legend; each curve keeps its colour."""
    lowest = _MEASURES[measure]
    axes.set_xlabel("decoding steps T")
    axes.set_ylabel(f"{measure} ({'lower' if lowest else 'higher'} is better)")
    axes.set_xscale("log", base=2)
    for i, (name, points) in enumerate(curves.items()):
        if points:
            spot = best(points, lowest=lowest)
            axes.plot(*zip(*points.items(), strict=True), f"C{i}o-", markersize=4, label=f"{name}, best T = {spot}")
            axes.plot(spot, points[spot], f"C{i}o", markersize=9, markeredgecolor="black", zorder=3)
    axes.set_xticks(STEPS, labels=[str(steps) for steps in STEPS])
    axes.minorticks_off()
    if axes.get_legend_handles_labels()[0]:
        axes.legend(loc="upper left", bbox_to_anchor=(1.0, 1.0), fontsize="small", frameon=False)
