"""The native controls of the inspector, built by small functions, read by name.

Knows nothing of the engine's work or the canvas; which values make a request is decided in editor/wire.py alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import gradio as gr

from core import ORDER_NAMES, SCHEDULE_NAMES, ModelSpec
from editor import drawings, messages


class Controls(NamedTuple):
    """Every control that can change a picture; `values` reads them by these names."""

    mode: gr.Radio
    class_id: gr.Dropdown
    schedule: gr.Dropdown
    steps: gr.Slider
    order: gr.Dropdown
    choice_temperature: gr.Slider
    token_temperature: gr.Slider
    guidance: gr.Slider
    seed: gr.Number
    variations: gr.Slider
    feather: gr.Slider
    grow: gr.Slider
    coverage: gr.Slider
    context: gr.Slider
    match_colour: gr.Checkbox
    opaque: gr.Checkbox
    extend_left: gr.Number
    extend_top: gr.Number
    extend_right: gr.Number
    extend_bottom: gr.Number

    def values(self, data: Mapping[Any, Any]) -> dict[str, Any]:
        """Return the controls' values by name from what Gradio hands to a handler with a set of inputs."""
        return {name: data[component] for name, component in self._asdict().items() if component in data}

    @property
    def sides(self) -> tuple[gr.Number, gr.Number, gr.Number, gr.Number]:
        """The four pixel fields of Extend: left, top, right, bottom."""
        return self.extend_left, self.extend_top, self.extend_right, self.extend_bottom


class Buttons(NamedTuple):
    """What can be pressed in the inspector, besides the tabs."""

    run: gr.Button
    stop: gr.Button
    dice: gr.Button
    presets: tuple[gr.Button, ...]


class SweepControls(NamedTuple):
    """The two axes of a sweep and where its grid and files appear."""

    rows: gr.Dropdown
    row_values: gr.Textbox
    columns: gr.Dropdown
    column_values: gr.Textbox
    run: gr.Button
    stop: gr.Button
    grid: gr.HTML
    sheet: gr.DownloadButton
    csv: gr.DownloadButton

    @property
    def axes(self) -> tuple[gr.Dropdown, gr.Textbox, gr.Dropdown, gr.Textbox]:
        """The controls that describe the grid."""
        return self.rows, self.row_values, self.columns, self.column_values


class FormControls(NamedTuple):
    """The way without the canvas."""

    image: gr.File
    mask: gr.File
    run: gr.Button
    result: gr.Image


def edit_controls(spec: ModelSpec) -> tuple[Controls, Buttons, gr.HTML]:
    """Place the controls of the Edit tab; returns them and the drawing of the schedule's curve."""
    standard = spec.defaults
    mode = gr.Radio(
        list(messages.MODES),
        value="fill",
        show_label=False,
        container=False,
        elem_id="mge-mode",
        elem_classes="pg-modes",
    )
    gr.HTML(drawings.mode_hints(), apply_default_css=False, elem_id="mge-hints")
    with gr.Row(elem_classes="pg-row pg-only pg-only-extend"):
        left, top, right, bottom = (
            gr.Number(
                0,
                label=label,
                precision=0,
                minimum=0,
                maximum=16384,
                min_width=60,
                elem_id=f"mge-extend-{label.lower()}",
            )
            for label in messages.SIDES
        )
    class_id = gr.Dropdown(
        [(messages.NO_CLASS, -1), *((name, index) for index, name in enumerate(spec.classes))],
        value=-1,
        label=messages.CLASS,
        filterable=True,
        interactive=True,
        elem_id="mge-class",
    )
    with gr.Row(elem_classes="pg-row pg-presets"):
        presets = tuple(
            gr.Button(f"{name}  {steps}", size="sm", min_width=60, elem_id=f"mge-preset-{steps}")
            for name, steps in messages.PRESETS
        )
    steps = gr.Slider(1, 32, value=standard.steps, step=1, label=messages.STEPS, elem_id="mge-steps")
    with gr.Row(elem_classes="pg-row pg-schedule", equal_height=True):
        schedule = gr.Dropdown(
            list(SCHEDULE_NAMES),
            value=standard.schedule,
            label=messages.SCHEDULE,
            min_width=120,
            elem_id="mge-schedule",
        )
        curve = gr.HTML(
            drawings.schedule_curve(standard.schedule, standard.steps, spec.grid**2),
            elem_id="mge-curve",
            apply_default_css=False,
        )
    variations = gr.Slider(1, 8, value=4, step=1, label=messages.VARIATIONS, elem_id="mge-variations")
    with gr.Row(elem_classes="pg-row pg-seed"):
        seed = gr.Number(
            0, label=messages.SEED, precision=0, minimum=0, maximum=2**53, min_width=80, elem_id="mge-seed"
        )
        dice = gr.Button(messages.DICE, size="sm", min_width=40, scale=0, elem_id="mge-dice")
    with gr.Group(elem_classes="pg-plain pg-not pg-not-generate"):
        feather = gr.Slider(0, 64, value=8, step=1, label=messages.FEATHER, elem_id="mge-feather")
        grow = gr.Slider(0, 3, value=0, step=1, label=messages.GROW, elem_id="mge-grow")
    with gr.Accordion(messages.ADVANCED, open=False, elem_classes="pg-more"):
        order = gr.Dropdown(list(ORDER_NAMES), value=standard.order, label=messages.ORDER, elem_id="mge-order")
        choice = gr.Slider(
            0, 12, value=standard.choice_temperature, step=0.1, label=messages.CHOICE_TEMPERATURE, elem_id="mge-choice"
        )
        token = gr.Slider(
            0.1, 2, value=standard.token_temperature, step=0.05, label=messages.TOKEN_TEMPERATURE, elem_id="mge-token"
        )
        guidance = gr.Slider(
            1,
            8,
            value=standard.guidance_scale,
            step=0.1,
            label=messages.GUIDANCE,
            interactive=spec.null_class,
            elem_id="mge-guidance",
        )
        with gr.Group(elem_classes="pg-plain pg-not pg-not-generate"):
            coverage = gr.Slider(0, 0.95, value=0, step=0.05, label=messages.COVERAGE, elem_id="mge-coverage")
            context = gr.Slider(1, 6, value=2, step=0.25, label=messages.CONTEXT, elem_id="mge-context")
            match_colour = gr.Checkbox(True, label=messages.MATCH_COLOUR, container=False, elem_id="mge-match")
            opaque = gr.Checkbox(False, label=messages.OPAQUE, container=False, elem_id="mge-opaque")
    run, stop = _run_and_stop(messages.RUN, "")
    controls = Controls(
        mode=mode,
        class_id=class_id,
        schedule=schedule,
        steps=steps,
        order=order,
        choice_temperature=choice,
        token_temperature=token,
        guidance=guidance,
        seed=seed,
        variations=variations,
        feather=feather,
        grow=grow,
        coverage=coverage,
        context=context,
        match_colour=match_colour,
        opaque=opaque,
        extend_left=left,
        extend_top=top,
        extend_right=right,
        extend_bottom=bottom,
    )
    return controls, Buttons(run, stop, dice, presets), curve


def sweep_controls(examples: Mapping[str, str]) -> SweepControls:
    """Place the controls of the Sweep tab.

    Args:
        examples: for each axis, values that one could type.
    """
    axes = list(messages.AXES)
    gr.HTML(f"<p class='pg-hint'>{messages.SWEEP_HINT}</p>", apply_default_css=False)
    with gr.Row(elem_classes="pg-row pg-axis"):
        rows = gr.Dropdown(axes, value="schedule", label=messages.SWEEP_ROWS, min_width=90, elem_id="mge-sweep-rows")
        row_values = gr.Textbox(
            examples["schedule"], label=messages.SWEEP_VALUES, scale=2, max_lines=1, elem_id="mge-sweep-row-values"
        )
    with gr.Row(elem_classes="pg-row pg-axis"):
        columns = gr.Dropdown(
            axes, value="steps", label=messages.SWEEP_COLUMNS, min_width=90, elem_id="mge-sweep-columns"
        )
        column_values = gr.Textbox(
            examples["steps"], label=messages.SWEEP_VALUES, scale=2, max_lines=1, elem_id="mge-sweep-column-values"
        )
    grid = gr.HTML(drawings.sweep_empty(), elem_id="mge-sweep-grid", apply_default_css=False)
    with gr.Row(elem_classes="pg-row"):
        sheet = gr.DownloadButton(messages.SWEEP_SHEET, size="sm", interactive=False, elem_id="mge-sweep-sheet")
        csv = gr.DownloadButton(messages.SWEEP_CSV, size="sm", interactive=False, elem_id="mge-sweep-csv")
    run, stop = _run_and_stop(messages.SWEEP_RUN, "-sweep")
    return SweepControls(rows, row_values, columns, column_values, run, stop, grid, sheet, csv)


def form_controls() -> FormControls:
    """Place the controls of the Form tab."""
    gr.HTML(f"<p class='pg-hint'>{messages.FORM_HINT}</p>", apply_default_css=False)
    kinds = [".png", ".jpg", ".jpeg", ".webp"]  # files, not images: nothing may decode them before the gate in core
    image = gr.File(label=messages.FORM_IMAGE, file_types=kinds, height=96, elem_id="mge-form-image")
    mask = gr.File(label=messages.FORM_MASK, file_types=kinds, height=96, elem_id="mge-form-mask")
    run = gr.Button(messages.RUN, variant="primary", elem_id="mge-form-run")
    result = gr.Image(
        label=messages.FORM_RESULT, type="filepath", format="png", interactive=False, elem_id="mge-form-result"
    )
    return FormControls(image, mask, run, result)


def _run_and_stop(label: str, suffix: str) -> tuple[gr.Button, gr.Button]:
    with gr.Row(elem_classes="pg-row pg-run"):
        run = gr.Button(label, variant="primary", scale=3, min_width=80, elem_id=f"mge-run{suffix}")
        stop = gr.Button(messages.STOP, scale=1, min_width=60, elem_id=f"mge-stop{suffix}")
    return run, stop
