"""Curves over the number of decoding steps with their sweet spots, drawn by matplotlib where it is installed.

Knows nothing of how figures are measured or where they are written.
"""

from __future__ import annotations

import importlib.util
import io
import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

ABSENT = "Curves were not drawn: `pip install matplotlib` brings what draws them."
_PANEL_IN = (7.8, 4.4)
"""Inches of one panel, at 100 dots an inch."""


@dataclass(frozen=True)
class Curve:
    """One line of a panel.

    Attributes:
        name: as in the legend.
        points: (T, value), T rising and at least 1; values that are not finite are left out.
    """

    name: str
    points: tuple[tuple[int, float], ...]

    @property
    def finite(self) -> tuple[tuple[int, float], ...]:
        """The points that can be drawn."""
        return tuple((steps, value) for steps, value in self.points if np.isfinite(value))

    def best(self, *, lowest: bool) -> tuple[int, float] | None:
        """Return the sweet spot: the point of the lowest (or highest) value, the smaller T of equals; None of none."""
        sign = 1.0 if lowest else -1.0
        return min(self.finite, key=lambda point: (sign * point[1], point[0]), default=None)


@dataclass(frozen=True)
class Panel:
    """Curves of one measure, each sweet spot ringed and named in the legend.

    Attributes:
        title: above the panel.
        measure: beside the values.
        lowest: whether low values are good.
        curves: those without a finite point are left out; a curve keeps its colour, whichever others are there.
        level: name and value of a dashed line across, e.g. what real photos reach.
    """

    title: str
    measure: str
    lowest: bool
    curves: Sequence[Curve]
    level: tuple[str, float] | None = None


def are_installed() -> bool:
    """Return whether curves can be drawn: whether matplotlib is installed."""
    return importlib.util.find_spec("matplotlib") is not None


def drawn(rows: Sequence[Sequence[Panel]]) -> bytes:
    """Return panels side by side and below each other, as a PNG file.

    Raises:
        ModuleNotFoundError: where matplotlib is not installed.
    """
    from matplotlib.figure import Figure

    across, down = len(rows[0]), len(rows)
    figure = Figure(figsize=(_PANEL_IN[0] * across, _PANEL_IN[1] * down), layout="constrained")
    places = figure.subplots(down, across, squeeze=False)
    for axes, panel in zip(places.flat, itertools.chain(*rows), strict=True):
        _draw(axes, panel)
    file = io.BytesIO()
    figure.savefig(file, format="png", dpi=100)
    return file.getvalue()


def _draw(axes: Any, panel: Panel) -> None:
    """Draw a panel on matplotlib's axes."""
    axes.set_title(panel.title)
    axes.set_xlabel("decoding steps T")
    axes.set_ylabel(f"{panel.measure} ({'lower' if panel.lowest else 'higher'} is better)")
    axes.set_xscale("log", base=2)
    for i, curve in enumerate(panel.curves):
        best = curve.best(lowest=panel.lowest)
        if best is not None:
            label = f"{curve.name}, best T = {best[0]}"
            axes.plot(*zip(*curve.finite, strict=True), color=f"C{i}", marker="o", markersize=4, label=label)
            axes.plot(*best, color=f"C{i}", marker="o", markersize=9, markeredgecolor="black", zorder=3)
    if panel.level is not None:
        axes.axhline(panel.level[1], color="black", linestyle="--", linewidth=1, label=panel.level[0])
    steps = sorted({t for curve in panel.curves for t, _ in curve.finite})
    axes.set_xticks(steps, labels=[str(t) for t in steps])
    axes.minorticks_off()
    if axes.get_legend_handles_labels()[0]:
        axes.legend(loc="upper left", bbox_to_anchor=(1.0, 1.0), fontsize="small", frameon=False)
