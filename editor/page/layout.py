"""The page: places the stage, the inspector and the tabs, and connects each event with its gesture.

Knows nothing of what a gesture does. Modes and drawers change by style sheet alone, so that nothing on the page moves
when the server answers.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import closing
from html import escape
from pathlib import Path
from typing import Any, NamedTuple

import gradio as gr
from gradio.utils import get_upload_folder

from core import Engine
from core.models import ModelSpec
from core.serve import Cluster
from editor import axes, markup
from editor.documents.store import Store
from editor.documents.visitors import Documents
from editor.handlers import Handlers
from editor.handlers.desk import answering, echoed, payload_of
from editor.handlers.drawing import Told
from editor.handlers.opening import Opened
from editor.models.current import Models
from editor.page import controls, keeping, menu, scripts
from editor.page.component import Carrier, Stage
from editor.page.controls import FormControls, Inspector, SweepControls
from editor.page.folder import folder_button, wire_folder
from editor.page.samples import sample_strip
from editor.page.spoken import SpokenPage, spoken_page
from editor.page.theme import editor_theme
from editor.sentences.language import say
from editor.server.turns import LINE
from editor.settings import AppSettings
from editor.wire.intents import read_name
from editor.wire.requests import model_id

PAGE_CSS = Path(__file__).resolve().parent.parent / "static" / "page" / "page.css"
_LOCAL: dict[str, Any] = {"api_visibility": "private"}  # done by the browser alone
_QUEUED: dict[str, Any] = {**_LOCAL, "show_progress": "hidden"}  # the stage shows progress by itself
_ANSWERED: dict[str, Any] = {**_QUEUED, "trigger_mode": "multiple"}
"""For events whose answer the page waits for: none is left out because another is on its way."""
_UNQUEUED: dict[str, Any] = {**_QUEUED, "queue": False}
_IN_TURNS: dict[str, Any] = {"concurrency_limit": None}
"""For events that wait in lines of our own (editor/server/turns.py), which are fair and have an end."""
_LAST_ONLY: dict[str, Any] = {**_UNQUEUED, "trigger_mode": "always_last"}  # of several changes, the last one counts

_SESSIONS_A_VISITOR = 2
"""Gradio keeps a copy of the page's description for each session, 0.2 MB, and counts each call of a program as one; our
own data do not depend on sessions."""
_THREADS = 160
"""Threads for gestures: all that may wait in the three lines of `Desk`, a hundred, and those that work."""


def appearance() -> dict[str, Any]:
    """Return the page's appearance for `launch`: theme, style sheet, and the script that tells dark from light."""
    return {"theme": editor_theme(), "css_paths": [PAGE_CSS], "head": scripts.head()}


class Page(NamedTuple):
    """Every component that takes part in an event."""

    stage: Stage
    model: gr.HTML
    strip: gr.HTML
    carrier: Carrier
    folder: gr.HTML
    download: gr.DownloadButton
    export: gr.Button
    help: gr.Button
    theme: gr.Button
    inspector: Inspector
    form: FormControls


def build_handlers(engine: Engine, settings: AppSettings, cluster: Cluster | None = None) -> Handlers:
    """Make the gestures over a loaded engine, which may be swapped later; see `Models`."""
    store = Store(Path(get_upload_folder()))
    gr.set_static_paths(store.served)  # Gradio neither copies these files nor deletes them by age: removing is ours
    return Handlers(Models(engine, settings, cluster), settings, Documents(store, settings))


def build_app(engine: Engine, settings: AppSettings, handlers: Handlers | None = None) -> gr.Blocks:
    """Build the page over a loaded engine; queued, and launched by the caller.

    Args:
        engine: for the first page.
        settings: the limits.
        handlers: the gestures, where another door shares them.
    """
    handlers = handlers or build_handlers(engine, settings)
    app = spoken_page(lambda: _built(engine, settings, handlers))
    app.state_session_capacity = _SESSIONS_A_VISITOR * settings.visitors
    app.max_threads = _THREADS
    app.queue(max_size=LINE)
    return app


def _built(engine: Engine, settings: AppSettings, handlers: Handlers) -> SpokenPage:
    """Build the page in the language that is spoken."""
    app = SpokenPage(title=say("page.title"), fill_width=True, analytics_enabled=False)
    with app:
        page = _place(engine.spec, settings, handlers)
        _wire_documents(app, page, handlers)
        _wire_settings(app, page, handlers, engine.spec)
        _wire_runs(page, handlers)
        _wire_form(page, handlers)
        for name, function in handlers.api.functions().items():
            gr.api(function, api_name=name, **_IN_TURNS)
    return app


def _place(spec: ModelSpec, settings: AppSettings, handlers: Handlers) -> Page:
    with gr.Row(elem_id="mge-head"):
        gr.HTML(f"<h1>{escape(say('page.title'))}</h1>", elem_id="mge-brand", apply_default_css=False)
        choosing = handlers.choosing
        model = menu.model_menu(
            spec, settings.space, look=choosing.look, choose=choosing.choose, cancel=choosing.cancel
        )
        gr.HTML(
            html_template=markup.open_button(),
            js_on_load=scripts.on_load("page/open.js", call="openButton(element)"),
            apply_default_css=False,
            elem_id="mge-upload",  # the stage presses the file field inside
        )
        folder = folder_button()
        download = gr.DownloadButton(say("page.download"), size="sm", scale=0, min_width=112, elem_id="mge-download")
        exporting = gr.Button(say("page.export"), size="sm", scale=0, min_width=80, elem_id="mge-export")
        theme = gr.Button("◐", size="sm", scale=0, min_width=36, elem_id="mge-theme")
        helping = gr.Button("?", size="sm", scale=0, min_width=36, elem_id="mge-help")
    with gr.Row(elem_id="mge-body"):
        with gr.Column(elem_id="mge-left"):
            plan, sources = handlers.planning.plan, handlers.reviewing.sources
            select = handlers.selecting.select
            stage = Stage(plan=plan, sources=sources, select=select, model=model_id(spec))
            carrier = Carrier()
            strip = sample_strip(settings)
        with gr.Column(elem_id="mge-side"):
            gr.HTML(markup.drawer_handle(), apply_default_css=False, elem_id="mge-drawer")
            with gr.Tabs(elem_id="mge-tabs"):
                with gr.Tab(say("page.tab_edit"), id="edit"):
                    inspector = controls.inspector(spec, suggest=handlers.suggesting.suggest)
                with gr.Tab(say("page.tab_form"), id="form"):
                    form = controls.form_controls()
    return Page(stage, model, strip, carrier, folder, download, exporting, helping, theme, inspector, form)


def _wire_documents(app: gr.Blocks, page: Page, handlers: Handlers) -> None:
    """Connect opening, reopening, accepting, going to a version, exporting, leaving."""
    placed = page.inspector.controls

    def answer(opened: Opened, event: gr.EventData | None = None) -> list[Any]:
        return [*_answer(echoed(opened.message, event), opened.download), *placed.updates(opened.values)]

    def first(request: gr.Request) -> list[Any]:
        return answer(handlers.opening.open_first(request))

    def brought(path: str | None, event: gr.EventData, request: gr.Request) -> list[Any]:
        return answer(handlers.opening.open_upload(path, request, read_name(payload_of(event))), event)

    def sample(event: gr.EventData, request: gr.Request) -> list[Any]:
        return answer(handlers.opening.open_sample(event, request), event)

    def reopened(event: gr.EventData, request: gr.Request) -> list[Any]:
        return answer(handlers.opening.reopen(event, request), event)

    opening: dict[str, Any] = {**_ANSWERED, "outputs": [page.stage, page.download, *placed]}
    app.load(first, **opening)
    app.unload(handlers.opening.leave)
    page.stage.bring(brought, page.carrier, js="() => window.mgeStage?.carried()", **opening)
    page.strip.pick(sample, **opening)

    def masked(path: str | None, event: gr.EventData, request: gr.Request) -> Any:
        return echoed(handlers.masking.load(path, event, request), event)

    page.stage.mask(masked, page.carrier, page.stage, js="() => window.mgeStage?.carried()", **_ANSWERED)
    page.stage.reopen(reopened, **opening)

    def accepted(event: gr.EventData, request: gr.Request) -> list[Any]:
        head = handlers.reviewing.accept(event, request)
        return _answer(echoed(head.message, event), head.download)

    def gone_to(event: gr.EventData, request: gr.Request) -> list[Any]:
        head = handlers.reviewing.goto(event, request)
        return _answer(echoed(head.message, event), head.download)

    def framed(event: gr.EventData, request: gr.Request) -> list[Any]:
        head = handlers.reviewing.frame(event, request)
        return _answer(echoed(head.message, event), head.download)

    shown: dict[str, Any] = {**_ANSWERED, "outputs": [page.stage, page.download]}
    page.stage.accept(accepted, **shown)
    page.stage.goto(gone_to, **shown)
    page.stage.frame(framed, **shown)
    page.stage.export(answering(handlers.exporting.export), None, page.stage, **_ANSWERED, **_IN_TURNS)


def _answer(*parts: Any) -> list[Any]:
    """Convert a handler's answer for Gradio: None leaves a component unchanged."""
    return [gr.skip() if part is None else part for part in parts]


def _wire_settings(app: gr.Blocks, page: Page, handlers: Handlers, spec: ModelSpec) -> None:
    """Connect settings that the stage shows, those that only the inspector shows, and all that are kept."""
    curves = _Curves(page, handlers)
    curves.wire(app)
    _wire_planning(page, handlers)
    _wire_local(page)
    kept = keeping.kept_settings(page.inspector.controls, page.inspector.sweep)
    _wire_keeping(app, page, kept, spec)
    _wire_fitting(page, handlers, kept, curves)


def _wire_planning(page: Page, handlers: Handlers) -> None:
    """Connect the settings that change which cells are regenerated."""
    placed = page.inspector.controls

    def changed(data: dict[Any, Any], request: gr.Request) -> Any:
        return handlers.planning.settings_changed(placed.values(data), request)

    for control in (placed.coverage, placed.context, placed.steps, placed.variations, placed.schedule):
        control.change(changed, set(placed), page.stage, **_LAST_ONLY)


class _Curves:
    """The drawings of the present schedule, and of those that a sweep tries."""

    def __init__(self, page: Page, handlers: Handlers) -> None:
        self._inspector, self._handlers = page.inspector, handlers

    def wire(self, app: gr.Blocks) -> None:
        """Redraw them whenever the settings they show change."""
        placed, sweep = self._inspector.controls, self._inspector.sweep
        shown: list[keeping.Setting] = [placed.schedule, placed.steps]
        for control in shown:
            control.change(self.drawn, shown, self._inspector.curve, **_LAST_ONLY)
        for tried in (*sweep.axes, *shown):
            tried.change(self.swept, [*sweep.axes, *shown], sweep.curves, **_LAST_ONLY)
        app.load(self.swept, [*sweep.axes, *shown], sweep.curves, **_UNQUEUED)
        for axis, values in ((sweep.rows, sweep.row_values), (sweep.columns, sweep.column_values)):
            axis.input(lambda name: axes.examples(self._handlers.spec)[name], axis, values, **_UNQUEUED)

    def drawn(self, schedule: str, steps: float) -> str:
        """Draw the curve of one schedule."""
        return markup.schedule_curve(schedule, int(steps), self._handlers.spec.grid**2)

    def swept(self, *given: Any) -> str:
        """Draw the curves of a sweep's schedules; given: its axes, then schedule and steps."""
        *texts, schedule, steps = given
        spec = self._handlers.spec
        return markup.sweep_curves(*axes.swept_schedules(texts, schedule, int(steps), spec), spec.grid**2)


def _wire_local(page: Page) -> None:
    """Connect what the browser does by itself."""
    placed, buttons = page.inspector.controls, page.inspector.buttons
    own = [control for name, control in placed._asdict().items() if name in keeping.OF_EACH_MODE]
    held = "(mode, ...now) => window.mgePage?.setMode(mode, ...now) ?? now"
    placed.mode.change(None, [placed.mode, *own], own, js=held, **_LOCAL)
    follow = "(...now) => window.mgePage?.follow(...now) ?? now"
    page.inspector.sweep.grid.swept(None, own, own, js=follow, **_LOCAL)
    for side in placed.sides:
        side.change(None, [*placed.sides], None, js="(...sides) => { window.mgePage?.setExtend(...sides); }", **_LOCAL)
    buttons.presets.input(None, buttons.presets, placed.steps, js="(steps) => steps", **_LOCAL)
    placed.steps.change(None, placed.steps, buttons.presets, js="(steps) => window.mgePage?.preset(steps)", **_LOCAL)
    buttons.dice.click(None, None, placed.seed, js="() => Math.floor(Math.random() * 2 ** 31)", **_LOCAL)
    page.theme.click(None, None, None, js="() => { window.mgeTheme?.toggle(); }", **_LOCAL)
    page.export.click(None, None, None, js="() => { window.mgeStage?.export?.(); }", **_LOCAL)
    page.help.click(None, None, None, js="() => { window.mgeStage?.help?.(); }", **_LOCAL)


def _wire_keeping(app: gr.Blocks, page: Page, kept: Mapping[str, keeping.Setting], spec: ModelSpec) -> None:
    """Connect the settings that the browser keeps between visits, and the reset to the model's advice."""
    start = {
        "model": model_id(spec),
        "settings": keeping.describe(kept, spec),
        "presets": [*controls.PRESETS.values()],
    }
    app.load(None, None, [*kept.values()], js=scripts.on_start(start), **_LOCAL)
    for setting in kept.values():
        setting.change(None, [*kept.values()], None, js="(...all) => { window.mgePage?.keep(...all); }", **_LOCAL)
    advised = {name: control for name, control in kept.items() if name in keeping.ADVISED}
    names = ", ".join(f"'{name}'" for name in advised)
    advise = f"() => window.mgePage?.advice({names})"
    buttons, guidance = page.inspector.buttons, page.inspector.controls.guidance
    buttons.reset.click(None, None, [*advised.values()], js=advise, **_LOCAL)
    wear = f"() => window.mgePage?.worn({names})"
    buttons.own.wear(None, None, [*advised.values()], js=wear, **_LOCAL)
    buttons.advised.click(None, None, guidance, js="() => window.mgePage?.advice('guidance')[0]", **_LOCAL)


def _wire_fitting(page: Page, handlers: Handlers, kept: Mapping[str, keeping.Setting], curves: _Curves) -> None:
    """Connect another model: the stage, the menu and the settings are fitted to it."""
    inspector = page.inspector
    placed, sweep = inspector.controls, inspector.sweep

    def fitted(data: dict[Any, Any], request: gr.Request) -> list[Any]:
        message, spec = handlers.choosing.fit(request)
        schedule, steps = data[placed.schedule], data[placed.steps]
        return [
            message,
            menu.fitted(spec, keeping.describe(kept, spec)),
            gr.update(interactive=spec.null_class),
            controls.said_of_guidance(spec),
            curves.drawn(schedule, steps),
            curves.swept(*(data[axis] for axis in sweep.axes), schedule, steps),
        ]

    fitting = page.model.fit(
        fitted,
        {placed.schedule, placed.steps, *sweep.axes},
        [page.stage, page.model, placed.guidance, inspector.unguided, inspector.curve, sweep.curves],
        **_LAST_ONLY,
    )
    # The values kept for that model, else its advice; settings that belong to no model are unchanged.
    fit = "(fitted, ...now) => window.mgePage?.fit(fitted, now) ?? now"
    fitting.then(None, [page.model, *kept.values()], [*kept.values()], js=fit, **_LOCAL)


def _wire_runs(page: Page, handlers: Handlers) -> None:
    """Connect Run, Stop and what follows; buttons pull the stage's own triggers, as keys do."""
    placed, sweeping, buttons = page.inspector.controls, page.inspector.sweep, page.inspector.buttons

    def drawn(data: dict[Any, Any], event: gr.EventData, request: gr.Request) -> Iterator[Told]:
        texts = [str(data[control]) for control in sweeping.axes]
        with closing(handlers.running.run(placed.values(data), texts, event, request)) as told:
            yield from told

    def run(data: dict[Any, Any], event: gr.EventData, request: gr.Request) -> Iterator[Any]:
        for each in drawn(data, event, request):
            yield _answer(each.message)[0]

    def swept(data: dict[Any, Any], event: gr.EventData, request: gr.Request) -> Iterator[list[Any]]:
        for each in drawn(data, event, request):
            yield _answer(*each)

    def stopped(event: gr.EventData, request: gr.Request) -> Any:
        return handlers.running.stop(request, payload_of(event).get("run"))

    def adopted(event: gr.EventData, request: gr.Request) -> list[Any]:
        message, values = handlers.sweeping.adopt(event, request)
        return [echoed(message, event), *placed.updates(values)]

    named: dict[Any, str] = {control: name for name, control in placed._asdict().items()}
    named |= dict(zip(sweeping.axes, SweepControls._fields, strict=False))  # the axes come first there
    controlled = sorted(named, key=lambda each: each._id)  # as Gradio hands over a set of inputs
    names = json.dumps([named[each] for each in controlled])
    captured = f"(...now) => {{ window.mgeStage?.captured({names}, now); }}"
    page.stage.capture(None, controlled, None, js=captured, **_LOCAL)
    # An edit that has waited goes with the settings that it was ordered with.
    ordered = f"(...now) => window.mgeStage?.settings({names}, now) ?? now"
    # For every message Gradio makes a new component of each unchanged output: so a run has one output only.
    drawing: dict[str, Any] = {"inputs": set(controlled), "js": ordered, **_ANSWERED, **_IN_TURNS}
    page.stage.run(run, outputs=page.stage, **drawing)
    page.stage.sweep(swept, outputs=[page.stage, sweeping.grid, sweeping.sheet, sweeping.csv], **drawing)
    page.stage.stop(stopped, None, page.stage, queue=False, **_ANSWERED)
    wire_folder(page.folder, page.carrier, placed, named, handlers.running, **_ANSWERED, **_IN_TURNS)
    page.stage.draft(answering(handlers.running.draft), None, page.stage, **_ANSWERED, **_IN_TURNS)
    inspected: dict[str, Any] = {**_QUEUED, **_IN_TURNS, "trigger_mode": "always_last"}
    page.stage.inspect(handlers.reviewing.inspect, None, page.stage, **inspected)
    sweeping.grid.adopt(adopted, None, [page.stage, *placed], **_QUEUED)
    buttons.run.click(None, None, None, js="() => { window.mgeStage?.run(); }", **_LOCAL)
    buttons.stop.click(None, None, None, js="() => { window.mgeStage?.stop(); }", **_LOCAL)


def _wire_form(page: Page, handlers: Handlers) -> None:
    """Connect the way without the canvas."""
    placed, form = page.inspector.controls, page.form

    def run(data: dict[Any, Any]) -> str | None:
        shown = data[page.model]["model"]
        return handlers.api.form(placed.values(data), data.get(form.image), data.get(form.mask), model=shown)

    form.run.click(
        run,
        {*placed, form.image, form.mask, page.model},
        form.result,
        show_progress="minimal",
        api_visibility="private",
        **_IN_TURNS,
    )
