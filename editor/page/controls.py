"""The native controls of the inspector, built by small functions and read by name.

Knows nothing of the engine's work or the canvas; editor/wire alone turns values into requests.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import gradio as gr

from core.models import ModelSpec
from core.values import KNOBS, MOST_SIDE, followed
from editor import axes, markup
from editor.page import classes, scripts
from editor.sentences import on_page
from editor.sentences.language import languages, say, spoken, table
from editor.wire.requests import SHARPEN

PRESETS = {"draft": 4, "balanced": 8, "quality": 12, "best": 16}
"""Steps to choose from; between 4 and 16 a picture changes most (docs/algorithm.md)."""
BLENDING = 2.0
"""Guidance with which a class blends a hole or border in; a stronger one stands out from what is around."""


class Controls(NamedTuple):
    """Every control that can change a picture; `values` reads them by these names."""

    mode: gr.Radio
    class_id: gr.HTML
    schedule: gr.Dropdown
    steps: gr.Slider
    order: gr.Dropdown
    choice_temperature: gr.Slider
    token_temperature: gr.Slider
    guidance: gr.Slider
    seed: gr.Number
    variations: gr.Slider
    follow: gr.Slider
    feather: gr.Slider
    finish: gr.Dropdown
    sharpen: gr.Slider
    guided_by: gr.Dropdown
    coverage: gr.Slider
    context: gr.Slider
    match_colour: gr.Checkbox
    opaque: gr.Checkbox
    extend_left: gr.Number
    extend_top: gr.Number
    extend_right: gr.Number
    extend_bottom: gr.Number

    def values(self, data: Mapping[Any, Any]) -> dict[str, Any]:
        """Read the controls' values by name from the data that Gradio gives a handler with a set of inputs."""
        return {name: data[component] for name, component in self._asdict().items() if component in data}

    def updates(self, values: Mapping[str, Any]) -> list[Any]:
        """Make the updates that set the named controls to values, as far as possible, and leave the others.

        Args:
            values: by name; numbers outside a control's bounds become the nearest bound.
        """
        updates = []
        for name, control in self._asdict().items():
            if name not in values:
                updates.append(gr.skip())
                continue
            value = values[name]
            if isinstance(control, (gr.Slider, gr.Number)):
                low, high = control.minimum, control.maximum
                value = value if low is None else max(value, low)
                value = value if high is None else min(value, high)
            updates.append(gr.update(value=value))
        return updates

    @property
    def sides(self) -> tuple[gr.Number, gr.Number, gr.Number, gr.Number]:
        """The four pixel fields of Extend: left, top, right, bottom."""
        return self.extend_left, self.extend_top, self.extend_right, self.extend_bottom


class Buttons(NamedTuple):
    """The buttons of the inspector.

    `presets` is a choice that only sets the steps, `advised` sets the guidance, `own` has what someone has named.
    """

    run: gr.Button
    stop: gr.Button
    dice: gr.Button
    reset: gr.Button
    advised: gr.Button
    presets: gr.Radio
    own: gr.HTML


class SweepControls(NamedTuple):
    """The two axes of a sweep, the curves of the schedules that it tries, its grid and its files."""

    rows: gr.Dropdown
    row_values: gr.Textbox
    columns: gr.Dropdown
    column_values: gr.Textbox
    curves: gr.HTML
    grid: gr.HTML
    sheet: gr.DownloadButton
    csv: gr.DownloadButton

    @property
    def axes(self) -> tuple[gr.Dropdown, gr.Textbox, gr.Dropdown, gr.Textbox]:
        """The controls that define the grid."""
        return self.rows, self.row_values, self.columns, self.column_values


class FormControls(NamedTuple):
    """The way without the canvas."""

    image: gr.File
    mask: gr.File
    run: gr.Button
    result: gr.Image


class Inspector(NamedTuple):
    """Everything on the Edit tab; the style sheet shows what the mode needs."""

    controls: Controls
    sweep: SweepControls
    buttons: Buttons
    curve: gr.HTML
    unguided: gr.HTML


def advised_for(spec: ModelSpec, task: str) -> dict[str, float]:
    """Return what suits what is done, by the controls' names.

    Args:
        spec: the model.
        task: a mode other than "sweep", which does what another would.
    """
    advice = spec.advice(from_nothing=task == "generate")
    strong = advice.guidance_scale
    guidance = min(BLENDING, strong) if task in ("fill", "extend") else strong
    return {"token_temperature": advice.token_temperature, "guidance": guidance}


def said_of_guidance(spec: ModelSpec) -> str:
    """Return the line below the guidance of a model that has none, "" for others, which advise one."""
    return "" if spec.null_class else markup.note(on_page.no_guidance(spec.name))


def inspector(spec: ModelSpec, *, suggest: Callable[..., Any] | None = None) -> Inspector:
    """Place the controls of the Edit tab, from what is decided first to what is rarely changed.

    Args:
        spec: the model.
        suggest: see `classes.class_menu`.
    """
    placed: dict[str, Any] = {}
    placed["mode"] = gr.Radio(
        _choices("page.modes"),
        value="fill",
        show_label=False,
        container=False,
        elem_id="mge-mode",
        elem_classes="pg-segments pg-modes",
    )
    gr.HTML(markup.hints(table("page.mode_hints")), apply_default_css=False, elem_id="mge-hints")
    placed |= _extend_fields()
    sweep = _sweep_controls(axes.examples(spec))
    advised, unguided = _place_class(placed, spec, suggest)
    presets, curve = _place_steps(placed, spec)
    dice = _place_draws(placed)
    follow = followed(spec.follow)
    with gr.Group(elem_classes="pg-part pg-only-finished"):
        placed["follow"] = gr.Slider(0, 1, value=follow, step=0.05, label=say("page.follow"), elem_id="mge-follow")
        _note(say("page.follow_hint"))
    with gr.Group(elem_classes="pg-part pg-not-generate"):
        placed["feather"] = gr.Slider(0, 64, value=8, step=1, label=say("page.feather"), elem_id="mge-feather")
        placed["match_colour"] = gr.Checkbox(True, label=say("page.match_colour"), container=False, elem_id="mge-match")
    with gr.Accordion(say("page.advanced"), open=False, elem_id="mge-more"):
        placed |= _rarely_touched(spec)
        reset = gr.Button(say("page.reset"), size="sm", elem_id="mge-reset")
        own = gr.HTML(
            html_template=markup.preset_bar(),
            js_on_load=scripts.on_load("page/presets.js", call="presetBar(element, trigger)"),
            apply_default_css=False,
            elem_id="mge-own",
        )
        gr.HTML(
            html_template=markup.language_choice(languages(), spoken()),
            js_on_load=scripts.on_load("page/language.js", call="languageChoice(element)"),
            apply_default_css=False,
            elem_id="mge-language",
        )
    with gr.Row(elem_classes="pg-row pg-run"):
        run = gr.Button(say("page.run"), variant="primary", scale=3, min_width=80, elem_id="mge-run")
        stop = gr.Button(say("page.stop"), scale=1, min_width=60, elem_id="mge-stop")
    return Inspector(Controls(**placed), sweep, Buttons(run, stop, dice, reset, advised, presets, own), curve, unguided)


def _place_class(
    placed: dict[str, Any], spec: ModelSpec, suggest: Callable[..., Any] | None
) -> tuple[gr.Button, gr.HTML]:
    """Place the class and its guidance; returns the way back to the model's advice, and the line in its place."""
    with gr.Group(elem_classes="pg-part"):
        placed["class_id"] = classes.class_menu(spec, suggest=suggest)
        placed["guidance"] = gr.Slider(
            1,
            8,
            value=advised_for(spec, placed["mode"].value)["guidance"],
            step=0.1,
            label=say("page.guidance"),
            interactive=spec.null_class,
            elem_id="mge-guidance",
        )
        advised = gr.Button(say("page.advised"), size="sm", interactive=False, elem_id="mge-advised")
        return advised, gr.HTML(said_of_guidance(spec), apply_default_css=False, elem_id="mge-unguided")


def _place_steps(placed: dict[str, Any], spec: ModelSpec) -> tuple[gr.Radio, gr.HTML]:
    """Place T and the schedule; returns the choice of steps above, and the curve below."""
    advice, called = spec.defaults, table("page.presets")
    with gr.Group(elem_classes="pg-part"):
        presets = gr.Radio(  # shows which of them the steps are, or none
            [(f"{called[name]} {steps}", steps) for name, steps in PRESETS.items()],
            value=advice.steps,
            show_label=False,
            container=False,
            elem_id="mge-presets",
            elem_classes="pg-segments",
        )
        placed["steps"] = gr.Slider(1, 32, value=advice.steps, step=1, label=say("page.steps"), elem_id="mge-steps")
        placed["schedule"] = gr.Dropdown(
            list(KNOBS["schedule"].choices),
            value=advice.schedule,
            label=say("page.schedule"),
            elem_id="mge-schedule",
            elem_classes="pg-line",
        )
        curve = gr.HTML(
            markup.schedule_curve(advice.schedule, advice.steps, spec.grid**2),
            elem_id="mge-curve",
            apply_default_css=False,
        )
    return presets, curve


def _place_draws(placed: dict[str, Any]) -> gr.Button:
    """Place the number of variations and the seed; returns the dice."""
    with gr.Group(elem_classes="pg-part"):
        placed["variations"] = gr.Slider(
            1, 8, value=4, step=1, label=say("page.variations"), elem_id="mge-variations", elem_classes="pg-not-sweep"
        )
        with gr.Row(elem_classes="pg-row pg-seed"):
            placed["seed"] = gr.Number(
                0, label=say("page.seed"), precision=0, minimum=0, maximum=2**53, min_width=80, elem_id="mge-seed"
            )
            return gr.Button(say("page.dice"), size="sm", min_width=40, scale=0, elem_id="mge-dice")


def _extend_fields() -> dict[str, Any]:
    with gr.Group(elem_classes="pg-part pg-only-extend", elem_id="mge-extend"):
        fields = {
            f"extend_{side}": gr.Number(
                0,
                label=label,
                precision=0,
                minimum=0,
                maximum=MOST_SIDE,
                min_width=60,
                elem_id=f"mge-extend-{side}",
            )
            for side, label in table("page.sides").items()
        }
        gr.HTML(
            html_template=markup.extend_tools(),
            js_on_load=scripts.on_load("page/extend.js", call="extendTools(element)"),
            apply_default_css=False,
            elem_id="mge-extend-tools",
        )
    return fields


def _rarely_touched(spec: ModelSpec) -> dict[str, Any]:
    advice = spec.defaults
    placed: dict[str, Any] = {}
    with gr.Group(elem_classes="pg-part pg-only-new"):
        placed["sharpen"] = gr.Slider(0, 1, value=SHARPEN, step=0.05, label=say("page.sharpen"), elem_id="mge-sharpen")
        _note(say("page.sharpen_hint"))
    with gr.Group(elem_classes="pg-part pg-only-finished"):
        placed["finish"] = gr.Dropdown(
            _choices("page.finishes"),
            value="auto",
            label=say("page.finish"),
            elem_id="mge-finish",
            elem_classes="pg-line",
        )
        _note(say("page.finish_hint"))
    with gr.Group(elem_classes="pg-part pg-not-generate"):
        placed["guided_by"] = gr.Dropdown(
            _choices("page.guided_ways"),
            value="auto",
            label=say("page.guided_by"),
            interactive=spec.null_class,
            elem_id="mge-guided-by",
            elem_classes="pg-line",
        )
        _note(say("page.guided_by_hint"))
    placed["order"] = gr.Dropdown(
        list(KNOBS["order"].choices),
        value=advice.order,
        label=say("page.order"),
        elem_id="mge-order",
        elem_classes="pg-line",
    )
    placed["choice_temperature"] = gr.Slider(
        0, 12, value=advice.choice_temperature, step=0.1, label=say("page.choice_temperature"), elem_id="mge-choice"
    )
    placed["token_temperature"] = gr.Slider(
        0.1, 2, value=advice.token_temperature, step=0.05, label=say("page.token_temperature"), elem_id="mge-token"
    )
    placed["coverage"] = gr.Slider(
        0, 0.95, value=0, step=0.05, label=say("page.coverage"), elem_id="mge-coverage", elem_classes="pg-not-generate"
    )
    placed["context"] = gr.Slider(
        1, 6, value=2, step=0.25, label=say("page.context"), elem_id="mge-context", elem_classes="pg-not-generate"
    )
    placed["opaque"] = gr.Checkbox(
        False, label=say("page.opaque"), container=False, elem_id="mge-opaque", elem_classes="pg-not-generate"
    )
    return placed


def _choices(name: str) -> list[Any]:
    """List the choices of a control as Gradio takes them: pairs of what is shown and the value."""
    return [(label, value) for value, label in table(name).items()]


def _note(text: str) -> None:
    gr.HTML(markup.note(text), apply_default_css=False)


def _sweep_controls(examples: Mapping[str, str]) -> SweepControls:
    names = _choices("page.axes")
    with gr.Group(elem_classes="pg-part pg-only-sweep", elem_id="mge-sweep"):
        rows = gr.Dropdown(
            names, value="schedule", label=say("page.sweep_rows"), elem_id="mge-sweep-rows", elem_classes="pg-line"
        )
        row_values = gr.Textbox(
            examples["schedule"],
            label=say("page.sweep_row_values"),
            show_label=False,
            max_lines=1,
            elem_id="mge-sweep-row-values",
            elem_classes="pg-values",
        )
        columns = gr.Dropdown(
            names, value="steps", label=say("page.sweep_columns"), elem_id="mge-sweep-columns", elem_classes="pg-line"
        )
        column_values = gr.Textbox(
            examples["steps"],
            label=say("page.sweep_column_values"),
            show_label=False,
            max_lines=1,
            elem_id="mge-sweep-column-values",
            elem_classes="pg-values",
        )
        curves = gr.HTML("", elem_id="mge-sweep-curves", apply_default_css=False)
        grid = gr.HTML(
            markup.sweep_empty(),
            js_on_load=scripts.on_load("page/sweep.js", call="sweepGrid(element, trigger, props)"),
            elem_id="mge-sweep-grid",
            apply_default_css=False,
            settings=say("page.adopt_settings"),
            picture=say("page.adopt_picture"),
        )
        with gr.Row(elem_classes="pg-row"):
            sheet = gr.DownloadButton(say("page.sweep_sheet"), size="sm", interactive=False, elem_id="mge-sweep-sheet")
            csv = gr.DownloadButton(say("page.sweep_csv"), size="sm", interactive=False, elem_id="mge-sweep-csv")
    return SweepControls(rows, row_values, columns, column_values, curves, grid, sheet, csv)


def form_controls() -> FormControls:
    """Place the controls of the Form tab."""
    gr.HTML(markup.hint(say("page.form_hint")), apply_default_css=False)
    # Files of any name, not images: core's gate checks them, and nothing decodes or judges them before.
    image = gr.File(label=say("page.form_image"), height=96, elem_id="mge-form-image")
    mask = gr.File(label=say("page.form_mask"), height=96, elem_id="mge-form-mask")
    run = gr.Button(say("page.run"), variant="primary", elem_id="mge-form-run")
    result = gr.Image(
        label=say("page.form_result"), type="filepath", format="png", interactive=False, elem_id="mge-form-result"
    )
    return FormControls(image, mask, run, result)
