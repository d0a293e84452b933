"""Writes HTML for the page: the schedules' curves, the sweep's grid, sample photos, shells of controls.

Knows nothing of components or requests; text in, HTML out, every value escaped.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from itertools import pairwise
from typing import NamedTuple

from core import masked_counts
from editor.sentences import on_page
from editor.sentences.language import say, table

_OPENED = ".png,.jpg,.jpeg,.webp,.avif,.heic,.heif,.tif,.tiff,.gif,.zip"
_ASPECTS = ("1:1", "4:3", "3:2", "16:9", "9:16", "3:1")
_WIDTH, _HEIGHT = 300, 44
"""Units of the drawing of the chosen schedule; the style sheet scales it to the inspector's width."""
_SMALL_WIDTH, _SMALL_HEIGHT = 88, 36
"""Units of each small plot of a sweep: three fit side by side into the same width."""


def _word(name: str) -> str:
    """Write a label."""
    return escape(say(name), quote=True)


def schedule_curve(schedule: str, steps: int, unknown: int) -> str:
    """Draw an SVG and one line: a bar for the tokens that each step reveals, a curve for those still masked.

    Args:
        schedule: one of `core.values.KNOBS["schedule"].choices`.
        steps: T.
        unknown: tokens to reveal, those of the whole grid if nothing is painted yet.
    """
    revealed = _revealed(schedule, steps, unknown)
    said = on_page.revealed(revealed)
    drawn = _plot(revealed, unknown, (), (_WIDTH, _HEIGHT))
    whole = _told(schedule, steps, revealed)
    return (
        f'<svg class="pg-curve" viewBox="0 0 {_WIDTH} {_HEIGHT}" preserveAspectRatio="none" role="img" '
        f'aria-label="{whole}">{drawn}</svg><p class="pg-note">{escape(said)}</p>'
    )


def sweep_curves(schedules: Sequence[str], steps: Sequence[int], unknown: int) -> str:
    """Draw small plots of the schedules that a sweep tries, one row per schedule, one column per T, to one scale.

    Each shows the tokens revealed per step as bars and its own curve over the faint curves of the other schedules.

    Args:
        schedules: some of `core.values.KNOBS["schedule"].choices`, rows.
        steps: values of T, columns.
        unknown: tokens to reveal.
    """
    most = max(max(_revealed(name, count, unknown)) for name in schedules for count in steps)
    plots = []
    for name in schedules:
        for count in steps:
            others = [_revealed(other, count, unknown) for other in schedules if other != name]
            revealed = _revealed(name, count, unknown)
            drawn = _plot(revealed, unknown, others, (_SMALL_WIDTH, _SMALL_HEIGHT), most)
            whole = _told(name, count, revealed)
            plots.append(
                f'<figure><svg viewBox="0 0 {_SMALL_WIDTH} {_SMALL_HEIGHT}" preserveAspectRatio="none" role="img" '
                f'aria-label="{whole}">{drawn}</svg><figcaption>{escape(name)} <b>T {count}</b></figcaption></figure>'
            )
    columns = len(steps) if len(steps) > 1 else min(len(schedules), 3)
    return f'<div class="pg-curves" style="--pg-columns:{columns}">{"".join(plots)}</div>'


def _told(schedule: str, steps: int, revealed: Sequence[int]) -> str:
    """Write what a drawing shows, for those who do not see it."""
    tokens = ", ".join(map(str, revealed))
    return escape(say("page.tokens_revealed", schedule=schedule, steps=steps, tokens=tokens), quote=True)


def _revealed(schedule: str, steps: int, unknown: int) -> list[int]:
    left = (unknown, *masked_counts(unknown, steps, schedule))
    return [before - after for before, after in pairwise(left)]


def _plot(
    revealed: Sequence[int], unknown: int, others: Sequence[Sequence[int]], size: tuple[int, int], most: int = 0
) -> str:
    """Draw the inside of an SVG: bars, and curves of the masked tokens from the top left to the bottom right."""
    width, height = size
    slot = width / max(len(revealed), 1)
    gap = min(2.0, slot / 4)
    scale = (height - 2) / max(most or max(revealed, default=1), 1)
    bars = "".join(
        f'<rect x="{i * slot + gap / 2:.2f}" y="{height - count * scale:.2f}" width="{slot - gap:.2f}" '
        f'height="{count * scale:.2f}"><title>{escape(on_page.revealed_in_step(i + 1, count))}</title></rect>'
        for i, count in enumerate(revealed)
    )
    curves = "".join(f'<polyline class="pg-other" {_points(other, unknown, size)}/>' for other in others)
    return f'<g class="pg-bars">{bars}</g>{curves}<polyline {_points(revealed, unknown, size)}/>'


def _points(revealed: Sequence[int], unknown: int, size: tuple[int, int]) -> str:
    width, height = size
    slot, left = width / max(len(revealed), 1), unknown
    points = [f"0,{1:.2f}"]
    for i, count in enumerate(revealed):
        left -= count
        points.append(f"{(i + 1) * slot:.2f},{1 + (1 - left / max(unknown, 1)) * (height - 2):.2f}")
    return f'points="{" ".join(points)}" vector-effect="non-scaling-stroke"'


def hints(texts: Mapping[str, str]) -> str:
    """Write one line per mode; the style sheet shows that of the chosen one, all in the same place."""
    lines = (f'<p class="pg-hint" data-mode="{mode}">{escape(text)}</p>' for mode, text in texts.items())
    return f'<div class="pg-hints">{"".join(lines)}</div>'


def hint(text: str) -> str:
    """Write what to do, above some controls."""
    return f'<p class="pg-hint">{escape(text)}</p>'


def note(text: str) -> str:
    """Write a line below a control."""
    return f'<p class="pg-note">{escape(text)}</p>'


def class_field(count: int, needs: str) -> str:
    """Write the class menu, which its script fills.

    Args:
        count: classes to choose from.
        needs: the line below the field, if a class is needed.
    """
    return (
        f'<label class="pg-label" for="mge-class-field">{_word("page.class")}</label>'
        '<div class="pg-combo"><input id="mge-class-field" type="text" role="combobox" autocomplete="off" '
        'spellcheck="false" aria-autocomplete="list" aria-expanded="false" aria-controls="mge-class-options" '
        f'placeholder="{escape(on_page.search_among(count), quote=True)}">'
        f'<button type="button" class="pg-star" aria-label="{_word("page.favourite")}" '
        'aria-pressed="false">★</button>'
        '<ul class="pg-options" id="mge-class-options" role="listbox" hidden></ul></div>'
        f'<div class="pg-chips pg-classes" role="group" aria-label="{_word("page.class_chips")}"></div>'
        f'<p class="pg-note pg-needs">{escape(needs)}</p>'
        f'<div class="pg-chips pg-suggested" role="group" aria-label="{_word("page.suggested")}" hidden>'
        f'<span class="pg-note">{_word("page.suggested")}</span></div>'
        '<p class="pg-note pg-unsuggested"></p>'
    )


def extend_tools() -> str:
    """Write the buttons of Extend: shapes, the photo's position, more on every side, reset."""
    shapes = "".join(
        f'<button type="button" class="pg-chip" data-aspect="{shape}" '
        f'title="{escape(say("page.shape", aspect=shape), quote=True)}">{shape}</button>'
        for shape in _ASPECTS
    )
    anchors = "".join(
        f'<button type="button" data-anchor="{across},{down}" aria-pressed="{str((across, down) == (1, 1)).lower()}" '
        f'title="{escape(said, quote=True)}" aria-label="{escape(said, quote=True)}"></button>'
        for index, place in enumerate(table("page.anchors").values())
        for down, across in (divmod(index, 3),)
        for said in (say("page.anchor", place=place),)
    )
    return (
        f'<div class="pg-shapes">{shapes}</div><div class="pg-anchors">{anchors}</div>'
        f'<div class="pg-grow"><button type="button" class="pg-chip" data-grow="0.1">{_word("page.grow_sides")}'
        f'</button><button type="button" class="pg-chip" data-reset="1">{_word("page.reset_sides")}</button></div>'
        '<p class="pg-note" id="mge-extend-size" role="status"></p>'
    )


def open_button() -> str:
    """Write the button that opens a file, and the page's file field; open.js joins them."""
    return (
        f'<button type="button" class="pg-open">{_word("page.upload")}</button>'
        f'<input type="file" accept="{_OPENED}" hidden tabindex="-1">'
    )


def folder_button() -> str:
    """Write the button that opens the dialog for a folder; folder.js adds the dialog."""
    title = _word("folder.title")
    return (
        f'<button type="button" class="pg-open" aria-haspopup="dialog" title="{title}" aria-label="{title}">'
        '<svg viewBox="0 0 20 20" aria-hidden="true"><path d="M2.5 5.5v10h15v-8h-8l-2-2z"/></svg>'
        f"<span>{_word('folder.opener')}</span></button>"
    )


def preset_bar() -> str:
    """Write the choice of one's own presets, and the fields that make and delete them; presets.js fills it."""
    name, whole = _word("page.preset_name"), _word("page.own_presets")
    said = {"nameless": "page.preset_nameless", "saved": "page.preset_saved", "full": "page.preset_full"}
    told = " ".join(f'data-{key}="{_word(text)}"' for key, text in said.items())
    return (
        f'<div class="pg-own" role="group" aria-label="{whole}" {told}><span>{whole}</span>'
        f'<select aria-label="{whole}"><option value="">{_word("page.no_preset")}</option></select>'
        f'<input type="text" maxlength="40" placeholder="{name}" aria-label="{name}">'
        f'<button type="button" class="pg-save">{_word("page.save_preset")}</button>'
        f'<button type="button" class="pg-drop">{_word("page.drop_preset")}</button></div>'
    )


def language_choice(languages: Mapping[str, str], spoken: str) -> str:
    """Write the choice of a language, each called as its speakers call it.

    Args:
        languages: names by code.
        spoken: code of the one that the page is in.
    """
    options = "".join(
        f'<option value="{code}" lang="{code}"{" selected" if code == spoken else ""}>{escape(name)}</option>'
        for code, name in languages.items()
    )
    return f'<label class="pg-own"><span>{_word("page.language")}</span><select>{options}</select></label>'


def drawer_handle() -> str:
    """Write the handle of the inspector on narrow screens."""
    name = _word("page.drawer")
    return f'<button type="button" aria-expanded="false" aria-controls="mge-side" aria-label="{name}"><i></i></button>'


class Thumbnail(NamedTuple):
    """One finished cell of a sweep."""

    url: str
    caption: str


def sweep_empty() -> str:
    """Write the grid before the first sweep: what to do."""
    return f'<div class="pg-sweep pg-sweep-empty">{_word("page.sweep_empty")}</div>'


def sweep_grid(
    corner: tuple[str, str],
    rows: Sequence[str],
    columns: Sequence[str],
    cells: dict[tuple[int, int], Thumbnail],
    said: str,
    run: str = "",
) -> str:
    """Write the grid with the cells so far, each a button; missing ones keep their place.

    Args:
        corner: names of the row axis and the column axis.
        rows, columns: labels of the axes.
        cells: (row, column) -> thumbnail.
        said: one line below the grid.
        run: id of the run that keeps the cells' pictures; sweep.js hands it back when a cell is pressed.
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
                f'<td><button type="button" data-row="{r}" data-column="{c}" aria-haspopup="menu" title="{alt}">'
                f'<img src="{escape(cell.url, quote=True)}" alt="{alt}"></button>'
                f"<small>{escape(cell.caption)}</small></td>"
            )
        body.append(f'<tr><th scope="row">{escape(label)}</th>{"".join(drawn)}</tr>')
    corner_cell = f'<th class="pg-corner">{escape(corner[0])} <i>×</i> {escape(corner[1])}</th>'
    corner_cell = f'<th class="pg-corner">{escape(corner[0])} <i>×</i> {escape(corner[1])}</th>'
    return (
        f'<div class="pg-sweep" data-run="{escape(run, quote=True)}"><div class="pg-scroll">'
        f"<table><thead><tr>{corner_cell}{head}</tr></thead><tbody>{''.join(body)}</tbody></table></div>"
        f'<div class="pg-foot"><p role="status">{escape(said)}</p><button type="button" class="pg-chip" data-large="1">'
        f'<span class="pg-open-large">{_word("page.sweep_large")}</span>'
        f'<span class="pg-close-large">{_word("page.sweep_small")}</span></button></div></div>'
    )


def sample_strip(samples: Sequence[tuple[str, str]]) -> str:
    """Write the strip of sample photos.

    Args:
        samples: (name, thumbnail's data URL) of each.
    """
    buttons = "".join(
        f'<button type="button" data-index="{i}" title="{escape(name, quote=True)}" '
        f'aria-label="{escape(say("page.open_sample", name=name), quote=True)}">'
        f'<img src="{escape(url, quote=True)}" alt=""></button>'
        for i, (name, url) in enumerate(samples)
    )
    return f'<div class="pg-strip" role="group" aria-label="{_word("page.samples")}">{buttons}</div>'
