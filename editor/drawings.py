"""What the server draws for the page: the schedule's curve, the sweep's grid, the strip of sample photos.

Knows nothing of components or requests; text in, HTML out, every value escaped.
"""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from itertools import pairwise
from typing import NamedTuple

from core import masked_counts
from editor import messages

_WIDTH, _HEIGHT = 132, 52


def schedule_curve(schedule: str, steps: int, unknown: int) -> str:
    """Return an SVG: a bar for the tokens that each step reveals, a line for those that are still masked.

    Args:
        schedule: a name of `core.SCHEDULE_NAMES`.
        steps: T.
        unknown: tokens to reveal, the whole grid where nothing is painted yet.
    """
    left = (unknown, *masked_counts(unknown, steps, schedule))
    revealed = [before - after for before, after in pairwise(left)]
    most = max(revealed, default=1)
    slot = _WIDTH / max(len(revealed), 1)
    gap = 1.0 if slot > 4 else 0.25
    bars = "".join(
        f'<rect x="{i * slot + gap / 2:.2f}" y="{_HEIGHT - count / most * (_HEIGHT - 4):.2f}" '
        f'width="{slot - gap:.2f}" height="{count / most * (_HEIGHT - 4):.2f}"><title>step {i + 1}: {count} tokens, '
        f"{after} left</title></rect>"
        for i, (count, after) in enumerate(zip(revealed, left[1:], strict=True))
    )
    line = " ".join(f"{i * slot:.2f},{3 + (1 - n / max(unknown, 1)) * (_HEIGHT - 6):.2f}" for i, n in enumerate(left))
    said = f"{schedule}, T {steps}: {', '.join(map(str, revealed))} tokens revealed"
    return (
        f'<svg class="pg-curve" viewBox="0 0 {_WIDTH} {_HEIGHT}" preserveAspectRatio="none" role="img" '
        f'aria-label="{escape(said, quote=True)}"><g class="pg-bars">{bars}</g>'
        f'<polyline points="{line}" vector-effect="non-scaling-stroke"/></svg>'
    )


def mode_hints() -> str:
    """Return one line for each mode; the style sheet shows that of the chosen one, all in the same place."""
    lines = (f'<p class="pg-hint" data-mode="{mode}">{escape(text)}</p>' for mode, text in messages.MODE_HINTS.items())
    return f'<div class="pg-hints">{"".join(lines)}</div>'


class Thumbnail(NamedTuple):
    """One finished cell of a sweep."""

    url: str
    caption: str


def sweep_empty() -> str:
    """Return the grid before the first sweep: what to do."""
    return f'<div class="pg-sweep pg-sweep-empty">{escape(messages.SWEEP_EMPTY)}</div>'


def sweep_grid(
    corner: tuple[str, str],
    rows: Sequence[str],
    columns: Sequence[str],
    cells: dict[tuple[int, int], Thumbnail],
    said: str,
) -> str:
    """Return the grid with the cells that are there; missing ones keep their place.

    Args:
        corner: names of the row axis and the column axis.
        rows, columns: labels of the axes.
        cells: (row, column) -> thumbnail.
        said: one line below the grid.
    """
    head = "".join(f'<th scope="col">{escape(label)}</th>' for label in columns)
    body = []
    for r, label in enumerate(rows):
        drawn = []
        for c, column in enumerate(columns):
            cell = cells.get((r, c))
            if cell is None:
                drawn.append('<td class="pg-waiting"><span></span></td>')
                continue
            alt = escape(f"{corner[0]} {label}, {corner[1]} {column}", quote=True)
            drawn.append(
                f'<td><img src="{escape(cell.url, quote=True)}" alt="{alt}" title="{alt}">'
                f"<small>{escape(cell.caption)}</small></td>"
            )
        body.append(f'<tr><th scope="row">{escape(label)}</th>{"".join(drawn)}</tr>')
    return (
        f'<div class="pg-sweep"><table><thead><tr><th class="pg-corner">{escape(corner[0])} '
        f"<i>×</i> {escape(corner[1])}</th>{head}</tr></thead><tbody>{''.join(body)}</tbody></table>"
        f'<p role="status">{escape(said)}</p></div>'
    )


def sample_strip(samples: Sequence[tuple[str, str]]) -> str:
    """Return the strip of sample photos.

    Args:
        samples: (name, thumbnail's data URL) of each.
    """
    buttons = "".join(
        f'<button type="button" data-index="{i}" title="{escape(name, quote=True)}" '
        f'aria-label="Open sample {escape(name, quote=True)}"><img src="{escape(url, quote=True)}" alt=""></button>'
        for i, (name, url) in enumerate(samples)
    )
    return f'<div class="pg-strip" role="group" aria-label="{escape(messages.SAMPLES)}">{buttons}</div>'
