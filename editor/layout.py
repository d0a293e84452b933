"""The page: places the stage, the inspector and the tabs, and wires each event to its gesture.

Knows nothing of what a gesture does. Modes and drawers change by style sheet alone, so nothing on the page moves when
the server answers.
"""

from __future__ import annotations

from collections.abc import Iterator
from html import escape
from pathlib import Path
from typing import Any, NamedTuple

import gradio as gr
from gradio.utils import get_upload_folder

from core import Engine, ModelSpec, open_picture
from editor import axes, controls, drawings, export, messages
from editor.controls import Buttons, Controls, FormControls, SweepControls
from editor.documents import Documents, Store
from editor.handlers import Handlers, sample_paths
from editor.settings import AppSettings
from editor.stage import Stage

PAGE_CSS = Path(__file__).resolve().parent / "static" / "page.css"
ENGINE_LANE: dict[str, Any] = {"concurrency_id": "engine", "concurrency_limit": 1}
_THUMBNAIL_SIDE = 96

_SET_MODE = "(mode) => { document.getElementById('mge-side').dataset.mgeMode = mode; window.mgeStage?.setMode(mode); }"
_SET_EXTEND = """(...sides) => {
  window.mgeStage?.setExtend(sides.map((side) => Math.max(0, Math.round(Number(side) || 0))));
}"""
_FOLLOW_HANDLES = """() => {
  const fields = ['left', 'top', 'right', 'bottom'].map((side) => document.querySelector(`#mge-extend-${side} input`));
  const follow = () => {
    if (document.getElementById('mge-side').dataset.mgeMode !== 'extend' || !window.mgeStage) return;
    window.mgeStage.intent().extend.forEach((pixels, i) => {
      const field = fields[i];
      if (!field || field === document.activeElement || Number(field.value) === pixels) return;
      field.value = String(pixels);
      field.dispatchEvent(new Event('input', { bubbles: true }));
    });
  };
  document.querySelector('#mge-stage').addEventListener('pointerup', () => setTimeout(follow, 30));
  document.addEventListener('keyup', () => setTimeout(follow, 30));
}"""
_STRIP_JS = """
element.addEventListener('click', (event) => {
  const button = event.target.closest('button[data-index]');
  if (button) trigger('pick', { index: Number(button.dataset.index) });
});
"""


class Page(NamedTuple):
    """Every component that takes part in an event."""

    stage: Stage
    strip: gr.HTML
    upload: gr.UploadButton
    download: gr.DownloadButton
    theme: gr.Button
    curve: gr.HTML
    edit_tab: gr.Tab
    sweep_tab: gr.Tab
    controls: Controls
    buttons: Buttons
    sweep: SweepControls
    form: FormControls


def build_app(engine: Engine, settings: AppSettings) -> gr.Blocks:
    """Return the page over a loaded engine; queued; the caller launches it."""
    documents = Documents(Store(Path(get_upload_folder())), settings)
    handlers = Handlers(engine, settings, documents)
    app = gr.Blocks(title=messages.TITLE, fill_width=True, delete_cache=(3600, 86400), analytics_enabled=False)
    with app:
        page = _place(engine.spec, settings, handlers)
        _wire_documents(app, page, handlers)
        _wire_settings(page, handlers, engine.spec)
        _wire_runs(page, handlers)
        _wire_form(page, handlers)
        gr.api(handlers.fill, api_name="fill", **ENGINE_LANE)
        gr.api(handlers.extend, api_name="extend", **ENGINE_LANE)
        gr.api(handlers.generate, api_name="generate", **ENGINE_LANE)
    app.queue(max_size=32)
    return app


def _place(spec: ModelSpec, settings: AppSettings, handlers: Handlers) -> Page:
    with gr.Row(elem_id="mge-head"):
        gr.HTML(_brand(spec), elem_id="mge-brand", apply_default_css=False)
        with gr.Column(elem_id="mge-upload", scale=0, min_width=96):  # the stage looks for the file field in here
            upload = gr.UploadButton(messages.UPLOAD, size="sm", file_types=[".png", ".jpg", ".jpeg", ".webp"])
        download = gr.DownloadButton(messages.DOWNLOAD, size="sm", scale=0, min_width=112, elem_id="mge-download")
        theme = gr.Button("◐", size="sm", scale=0, min_width=36, elem_id="mge-theme")
    with gr.Row(elem_id="mge-body"):
        with gr.Column(elem_id="mge-left"):
            stage = Stage(plan=handlers.plan)
            strip = _strip(settings)
        with gr.Column(elem_id="mge-side"), gr.Tabs(elem_id="mge-tabs"):
            with gr.Tab(messages.TAB_EDIT, id="edit") as edit_tab:
                placed, buttons, curve = controls.edit_controls(spec)
            with gr.Tab(messages.TAB_SWEEP, id="sweep") as sweep_tab:
                sweep = controls.sweep_controls(axes.examples(spec))
            with gr.Tab(messages.TAB_FORM, id="form"):
                form = controls.form_controls()
    return Page(
        stage=stage,
        strip=strip,
        upload=upload,
        download=download,
        theme=theme,
        curve=curve,
        edit_tab=edit_tab,
        sweep_tab=sweep_tab,
        controls=placed,
        buttons=buttons,
        sweep=sweep,
        form=form,
    )


def _brand(spec: ModelSpec) -> str:
    return (
        f'<h1>{escape(messages.TITLE)}</h1><p title="{escape(spec.title, quote=True)}">{escape(spec.name)} · '
        f"{spec.pixels} px · {spec.grid}×{spec.grid} cells</p>"
    )


def _strip(settings: AppSettings) -> gr.HTML:
    samples = [
        (path.stem.replace("_", " "), export.thumbnail_url(open_picture(path), _THUMBNAIL_SIDE))
        for path in sample_paths(settings.samples)
    ]
    return gr.HTML(
        html_template=drawings.sample_strip(samples),
        js_on_load=_STRIP_JS,
        apply_default_css=False,
        elem_id="mge-samples",
    )


def _wire_documents(app: gr.Blocks, page: Page, handlers: Handlers) -> None:
    """Open, accept, undo, redo, leave."""
    shown: dict[str, Any] = {
        "outputs": [page.stage, page.download],
        "show_progress": "hidden",
        "api_visibility": "private",
    }
    app.load(handlers.open_first, **shown)
    app.load(None, None, None, js=_FOLLOW_HANDLES, api_visibility="private")
    app.unload(handlers.leave)
    page.upload.upload(handlers.open_upload, page.upload, **shown)
    page.strip.pick(handlers.open_sample, **shown)
    page.stage.accept(handlers.accept, **shown)
    page.stage.undo_accept(handlers.undo, **shown)
    page.stage.redo_accept(handlers.redo, **shown)


def _wire_settings(page: Page, handlers: Handlers, spec: ModelSpec) -> None:
    """Settings that the stage shows, and those that only the inspector shows."""
    placed = page.controls
    quiet: dict[str, Any] = {"show_progress": "hidden", "queue": False, "api_visibility": "private"}

    def changed(data: dict[Any, Any], request: gr.Request) -> Any:
        return handlers.settings_changed(placed, data, request)

    for control in (
        placed.coverage,
        placed.grow,
        placed.context,
        placed.steps,
        placed.variations,
        placed.schedule,
    ):
        control.change(changed, set(placed), page.stage, trigger_mode="always_last", **quiet)

    def curve(schedule: str, steps: float) -> str:
        return drawings.schedule_curve(schedule, int(steps), spec.grid**2)

    for control in (placed.schedule, placed.steps):
        control.change(curve, [placed.schedule, placed.steps], page.curve, trigger_mode="always_last", **quiet)

    here: dict[str, Any] = {"api_visibility": "private"}
    placed.mode.change(None, placed.mode, None, js=_SET_MODE, **here)
    for side in placed.sides:
        side.change(None, list(placed.sides), None, js=_SET_EXTEND, **here)
    page.edit_tab.select(None, placed.mode, None, js=_SET_MODE, **here)
    page.sweep_tab.select(None, None, None, js=f"() => ({_SET_MODE})('sweep')", **here)
    for button, (_, steps) in zip(page.buttons.presets, messages.PRESETS, strict=True):
        button.click(None, None, placed.steps, js=f"() => {steps}", **here)
    page.buttons.dice.click(None, None, placed.seed, js="() => Math.floor(Math.random() * 2 ** 31)", **here)
    page.theme.click(None, None, None, js="() => { document.body.classList.toggle('dark'); }", **here)

    known = axes.examples(spec)
    for axis, values in ((page.sweep.rows, page.sweep.row_values), (page.sweep.columns, page.sweep.column_values)):
        axis.input(lambda name: known[name], axis, values, **quiet)


def _wire_runs(page: Page, handlers: Handlers) -> None:
    """Run and Stop; the buttons only pull the stage's own triggers, so that keys and buttons are one road."""
    placed, sweeping = page.controls, page.sweep

    def run(data: dict[Any, Any], event: gr.EventData, request: gr.Request) -> Iterator[tuple[Any, Any, Any, Any]]:
        yield from handlers.run(placed, sweeping, data, event, request)

    running = page.stage.run(
        run,
        set(placed) | set(sweeping.axes),
        [page.stage, sweeping.grid, sweeping.sheet, sweeping.csv],
        show_progress="hidden",
        trigger_mode="once",
        api_visibility="private",
        **ENGINE_LANE,
    )
    page.stage.stop(
        handlers.stop,
        None,
        page.stage,
        cancels=[running],
        queue=False,
        show_progress="hidden",
        api_visibility="private",
    )
    here: dict[str, Any] = {"api_visibility": "private"}
    for button in (page.buttons.run, sweeping.run):
        button.click(None, None, None, js="() => { window.mgeStage?.run(); }", **here)
    for button in (page.buttons.stop, sweeping.stop):
        button.click(None, None, None, js="() => { window.mgeStage?.stop(); }", **here)


def _wire_form(page: Page, handlers: Handlers) -> None:
    """The road without the canvas."""
    placed, form = page.controls, page.form

    def run(data: dict[Any, Any], request: gr.Request) -> Any:
        return handlers.form(placed, form.image, form.mask, data, request)

    form.run.click(
        run,
        {*placed, form.image, form.mask},
        form.result,
        show_progress="minimal",
        api_visibility="private",
        **ENGINE_LANE,
    )
