"""One function for each gesture: open, change a setting, plan, run, stop, accept, undo, redo, sweep, form, and the API.

Knows nothing of the layout; what it returns are messages for the stage and files. This is the edge to the person:
errors of the core become their sentence, anything else is logged and becomes an apology, and nothing that was painted
is ever touched.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

import gradio as gr
import numpy as np
from gradio.utils import get_upload_folder

from core import (
    BadRequest,
    Box,
    Cell,
    CoreError,
    EditRequest,
    EditResult,
    Engine,
    Preview,
    Size,
    Task,
    class_id,
    open_mask,
    open_picture,
    sweep,
)
from editor import axes, drawings, export, messages, wire
from editor.controls import Controls, SweepControls
from editor.documents import Document, Documents, Picture, Run, Version
from editor.settings import FIRST_SAMPLE, AppSettings
from editor.wire import Intent, Message

logger = logging.getLogger(__name__)

_SAMPLE_SUFFIXES = (".jpg", ".jpeg", ".png", ".webp")
_FIRST_GUESS_S = 0.06  # a step of one variation, before any was measured
_SWEEP_SIDE = 112


@dataclass
class _Live:
    """How far a visitor's run is, so that Stop can say so."""

    run: str
    step: int = 0
    steps: int = 0


class Handlers:
    """The gestures, over one engine and all visitors' documents."""

    def __init__(self, engine: Engine, settings: AppSettings, documents: Documents) -> None:
        self.engine = engine
        self.settings = settings
        self.documents = documents
        self.samples = sample_paths(settings.samples)
        self._step_s = _FIRST_GUESS_S  # measured seconds of one step of one variation
        self._live: dict[str, _Live] = {}
        self._lock = threading.Lock()

    # open -------------------------------------------------------------------------------------------------------------
    def open_first(self, request: gr.Request) -> tuple[Any, Any]:
        """Open the first sample for a visitor who just came."""
        names = [path.name for path in self.samples]
        if not names:
            return gr.skip(), gr.skip()
        return self._open(self.samples[names.index(FIRST_SAMPLE) if FIRST_SAMPLE in names else 0], request)

    def open_sample(self, event: gr.EventData, request: gr.Request) -> tuple[Any, Any]:
        """Open the sample whose thumbnail was pressed."""
        index = _payload(event).get("index")
        if type(index) is not int or not 0 <= index < len(self.samples):
            return wire.notice("error", messages.sample_unknown()), gr.skip()
        return self._open(self.samples[index], request)

    def open_upload(self, path: str | None, request: gr.Request) -> tuple[Any, Any]:
        """Open the file that was uploaded; Gradio has checked that the path is its own upload."""
        if not path:
            return gr.skip(), gr.skip()
        return self._open(Path(path), request)

    def _open(self, path: Path, request: gr.Request) -> tuple[Any, Any]:
        def work() -> tuple[Any, Any]:
            document = self.documents.open(_owner(request), open_picture(path), path.stem)
            head = _head(document)
            logger.info("opened %dx%d px", head.size.width, head.size.height)
            message = wire.opened(document, url=_url(head.png, request), spec=self.engine.spec, view=wire.View())
            return message, str(head.png)

        return self._guarded(work)

    def leave(self, request: gr.Request) -> None:
        """Note that the page was closed."""
        self.documents.leave(_owner(request))

    # settings and plan ------------------------------------------------------------------------------------------------
    def settings_changed(self, controls: Controls, data: Mapping[Any, Any], request: gr.Request) -> Message:
        """Tell the stage which settings its overlay depends on, and remember them for the plan."""
        values = controls.values(data)
        try:
            view = wire.read_view(values)
        except CoreError as error:
            return wire.notice("error", str(error))
        document = self.documents.current(_owner(request))
        if document is not None:
            document.view = values
        return wire.settings(str(values.get("mode", "fill")), view=view, spec=self.engine.spec)

    def plan(self, intent: dict[str, Any]) -> Message:
        """Answer the overlay: which windows and cells a run would regenerate, and for how long.

        Args:
            intent: as described in editor/wire.py.
        """
        try:
            read = wire.read_intent(intent, self.documents, owner=None)
            known = {} if read.document is None else read.document.view
            # No class is needed to know the cells, but Replace insists on one.
            values = {**known, "class_id": 0 if read.mode == "replace" else -1}
            request = wire.read_request(read, values, self.engine.spec)
            passes = [(one.window, one.unknown) for one in self.engine.plan(request)]
            seconds = self._step_s * request.options.variations * self.engine.expected_steps(request)
            return wire.planned(passes, seconds=seconds)
        except CoreError as error:
            return {**wire.planned((), seconds=0.0), "message": str(error)}  # the run itself will say it aloud

    # run --------------------------------------------------------------------------------------------------------------
    def run(
        self,
        controls: Controls,
        sweeping: SweepControls,
        data: Mapping[Any, Any],
        event: gr.EventData,
        request: gr.Request,
    ) -> Iterator[tuple[Any, Any, Any, Any]]:
        """Run what the stage asks for.

        Yields:
            A message for the stage, then the sweep's grid, sheet and CSV, which only a sweep changes.
        """
        owner, payload = _owner(request), _payload(event)
        run = payload.get("run") if isinstance(payload.get("run"), str) else ""
        assert isinstance(run, str)
        live = self._live[owner] = _Live(run)
        try:
            intent = wire.read_intent(payload, self.documents, owner=owner)
            asked = wire.read_request(intent, controls.values(data), self.engine.spec)
            if intent.mode == "sweep":
                texts = [str(data[control]) for control in sweeping.axes]
                for grid, sheet, csv in self._sweep(asked, texts, live):
                    yield gr.skip(), grid, sheet, csv
                yield wire.stopped(run, messages.sweep_done()), gr.skip(), gr.skip(), gr.skip()
                return
            for message in self._edit(intent, asked, live, request):
                yield message, gr.skip(), gr.skip(), gr.skip()
        except CoreError as error:
            yield wire.notice("error", str(error)), gr.skip(), gr.skip(), gr.skip()
        except Exception:
            logger.exception("run failed")
            yield wire.notice("error", messages.internal_error()), gr.skip(), gr.skip(), gr.skip()
        finally:
            if self._live.get(owner) is live:
                del self._live[owner]

    def _edit(self, intent: Intent, asked: EditRequest, live: _Live, request: gr.Request) -> Iterator[Message]:
        """Stream one edit: a step message for each preview, then the result."""
        document = intent.document or self.documents.open(_owner(request), None, "generated")
        offset = (asked.extend.left, asked.extend.top)
        canvas = _canvas(asked, self.engine.spec.pixels)
        variations = asked.options.variations
        stream = self.engine.stream(asked)
        started = before = time.perf_counter()
        try:
            for item in stream:
                if isinstance(item, EditResult):
                    pictures = self._keep(document, intent.run, asked, item, offset)
                    yield wire.result(
                        intent.run,
                        [self._variation(asked, item, i, pictures[i], request, offset) for i in range(variations)],
                        canvas=canvas,
                        offset=offset,
                        seconds=time.perf_counter() - started,
                    )
                    return
                now = time.perf_counter()
                self._measure((now - before) / variations)
                before = now
                live.step, live.steps = item.step, item.steps
                yield self._step(intent, item, canvas, offset, variations)
        finally:
            close = getattr(stream, "close", None)
            if close is not None:
                close()

    def _step(
        self, intent: Intent, preview: Preview, canvas: tuple[int, int], offset: tuple[int, int], variations: int
    ) -> Message:
        return wire.step(
            intent.run,
            preview,
            urls=[export.preview_url(image) for image in preview.images],
            canvas=canvas,
            offset=offset,
            seconds_left=self._step_s * variations * (preview.steps - preview.step),
        )

    def _keep(
        self, document: Document, run: str, asked: EditRequest, result: EditResult, offset: tuple[int, int]
    ) -> tuple[Picture, ...]:
        def keep(index: int) -> Picture:
            image = result.images[index]
            return export.store_variation(self.documents.store, image, document.name, self.engine.spec, asked, index)

        with ThreadPoolExecutor() as pool:  # compressing PNGs takes longer than decoding tokens, and threads do help
            pictures = tuple(pool.map(keep, range(len(result.images))))
        document.remember(Run(run, asked, pictures, offset))
        return pictures

    def _variation(
        self,
        asked: EditRequest,
        result: EditResult,
        index: int,
        picture: Picture,
        request: gr.Request,
        offset: tuple[int, int],
    ) -> dict[str, Any]:
        outside = 0
        if asked.image is not None:
            outside = wire.changed_outside(result.images[index], asked.image, _allowed(asked), offset)
            if outside:
                logger.error("%d pixels changed outside the mask", outside)
        return {
            "url": _url(picture.png, request),
            "seed": asked.options.seed + index,
            "score": round(float(result.scores[index]), 4),
            "changed_outside": outside,
        }

    def _measure(self, seconds: float) -> None:
        with self._lock:
            self._step_s += 0.3 * (seconds - self._step_s)

    def stop(self, request: gr.Request) -> Message:
        """Say how far the run came; the run itself is cancelled by Gradio, at its next step."""
        live = self._live.pop(_owner(request), None)
        if live is None:
            return wire.notice("info", messages.nothing_running())
        return wire.stopped(live.run, messages.stopped(live.step, live.steps))

    # results ----------------------------------------------------------------------------------------------------------
    def accept(self, event: gr.EventData, request: gr.Request) -> tuple[Any, Any]:
        """Make the chosen variation the current picture."""
        payload = _payload(event)
        run, variation = payload.get("run"), payload.get("variation")

        def work() -> tuple[Any, Any]:
            document = self.documents.of_run(str(run), _owner(request))
            index = variation if type(variation) is int else -1
            return self._shown(document, document.accept(str(run), index), request, keep_mask=False)

        return self._guarded(work)

    def undo(self, request: gr.Request) -> tuple[Any, Any]:
        """Take the last accepted result back."""
        return self._moved(Document.undo, request)

    def redo(self, request: gr.Request) -> tuple[Any, Any]:
        """Bring back the result that was undone."""
        return self._moved(Document.redo, request)

    def _moved(self, move: Callable[[Document], Version], request: gr.Request) -> tuple[Any, Any]:
        def work() -> tuple[Any, Any]:
            document = self.documents.current(_owner(request))
            if document is None:
                return wire.notice("info", messages.nothing_open()), gr.skip()
            return self._shown(document, move(document), request, keep_mask=True)

        return self._guarded(work)

    def _shown(self, document: Document, version: Version, request: gr.Request, *, keep_mask: bool) -> tuple[Any, Any]:
        png = version.picture.png
        return wire.accepted(document, url=_url(png, request), offset=version.offset, keep_mask=keep_mask), str(png)

    # sweep ------------------------------------------------------------------------------------------------------------
    def _sweep(self, asked: EditRequest, texts: Sequence[str], live: _Live) -> Iterator[tuple[Any, Any, Any]]:
        grid = axes.read_axes(texts, self.engine.spec, most_cells=self.settings.sweep_cells)
        live.steps = grid.cells
        started = time.perf_counter()
        passes = self.engine.plan(asked)
        focus = passes[0].window.slices if len(passes) == 1 else (slice(None), slice(None))  # where something happens
        done: list[Cell] = []
        drawn: dict[tuple[int, int], drawings.Thumbnail] = {}

        def picture() -> str:
            said = messages.sweep_progress(len(done), grid.cells, time.perf_counter() - started)
            return drawings.sweep_grid(grid.titles, grid.labels[0], grid.labels[1], drawn, said)

        yield picture(), gr.DownloadButton(interactive=False), gr.DownloadButton(interactive=False)
        for cell in sweep(self.engine, asked, grid.values):
            done.append(cell)
            live.step = len(done)
            caption = f"{cell.seconds:.2f} s · {cell.forwards}"
            shown = export.thumbnail_url(cell.image[focus], _SWEEP_SIDE)
            drawn[cell.row, cell.column] = drawings.Thumbnail(shown, caption)
            yield picture(), gr.skip(), gr.skip()
        folder = self.documents.store.new_folder()
        sheet, csv = export.sweep_files(folder, "maskgit", done, grid.values, self.engine.spec.classes)
        yield (
            gr.skip(),
            gr.DownloadButton(value=str(sheet), interactive=True),
            gr.DownloadButton(value=str(csv), interactive=True),
        )

    # without the canvas -----------------------------------------------------------------------------------------------
    def form(
        self, controls: Controls, image: gr.File, mask: gr.File, data: Mapping[Any, Any], request: gr.Request
    ) -> str | None:
        """Run the form: the first variation of the same edit, as a file."""
        values = {**controls.values(data), "variations": 1}
        mode = str(values.get("mode", "fill"))
        try:
            return self._file(mode, values, data.get(image), data.get(mask))
        except CoreError as error:
            raise gr.Error(str(error), print_exception=False) from error

    def fill(
        self, image: gr.FileData, mask: gr.FileData, class_name: str = "none", steps: int = 8, seed: int = -1
    ) -> gr.FileData:
        """Repaint the white region of a mask and return the picture as PNG.

        Args:
            image: the picture, PNG, JPEG or WebP.
            mask: a picture of the same size, white or opaque = repaint.
            class_name: what to paint, or "none".
            steps: T, 1 to 256.
            seed: 0 or more; -1 is 0.
        """
        return self._api("fill", {"class": class_name, "steps": steps, "seed": seed}, image, mask)

    def extend(
        self,
        image: gr.FileData,
        left: int = -1,
        top: int = -1,
        right: int = -1,
        bottom: int = -1,
        steps: int = 8,
        seed: int = -1,
    ) -> gr.FileData:
        """Continue a picture beyond its border and return it as PNG.

        Args:
            image: the picture, PNG, JPEG or WebP.
            left: pixels to add at the left; -1 is none, as for the others.
            top: pixels to add above.
            right: pixels to add at the right.
            bottom: pixels to add below.
            steps: T, 1 to 256.
            seed: 0 or more; -1 is 0.
        """
        sides = {"extend_left": left, "extend_top": top, "extend_right": right, "extend_bottom": bottom}
        return self._api("extend", {**{k: max(v, 0) for k, v in sides.items()}, "steps": steps, "seed": seed}, image)

    def generate(self, class_name: str = "none", steps: int = 8, seed: int = -1) -> gr.FileData:
        """Draw a whole picture of a class and return it as PNG.

        Args:
            class_name: what to draw, or "none".
            steps: T, 1 to 256.
            seed: 0 or more; -1 is 0.
        """
        return self._api("generate", {"class": class_name, "steps": steps, "seed": seed})

    def _api(self, mode: str, values: dict[str, Any], image: Any = None, mask: Any = None) -> gr.FileData:
        try:
            asked = class_id(self.engine.spec.classes, values.pop("class", None))
            values |= {"class_id": -1 if asked is None else asked, "variations": 1, "seed": max(values["seed"], 0)}
            return gr.FileData(path=self._file(mode, values, _uploaded(image), _uploaded(mask)))
        except CoreError as error:
            raise gr.Error(str(error), print_exception=False) from error

    def _file(self, mode: str, values: Mapping[str, Any], image: Any, mask: Any) -> str:
        """Run one variation and return where its PNG is."""
        picture = None if not image else open_picture(Path(str(image)))
        brushed = None
        if mask and picture is not None:
            brushed = open_mask(Path(str(mask)), Size(picture.shape[1], picture.shape[0]))
        asked = wire.build_request(mode, values, self.engine.spec, picture=picture, mask=brushed)
        result = self.engine.edit(asked)
        kept = export.store_variation(self.documents.store, result.images[0], "result", self.engine.spec, asked, 0)
        return str(kept.png)

    def _guarded(self, work: Callable[[], tuple[Any, Any]]) -> tuple[Any, Any]:
        try:
            return work()
        except CoreError as error:
            return wire.notice("error", str(error)), gr.skip()
        except Exception:
            logger.exception("gesture failed")
            return wire.notice("error", messages.internal_error()), gr.skip()


def sample_paths(folder: Path) -> tuple[Path, ...]:
    """Return the sample photos of a folder, by name."""
    if not folder.is_dir():
        return ()
    return tuple(sorted(path for path in folder.iterdir() if path.suffix.lower() in _SAMPLE_SUFFIXES))


def _owner(request: gr.Request) -> str:
    return str(request.session_hash or "")


def _payload(event: gr.EventData) -> Mapping[str, Any]:
    data = event._data  # the only way to the whole payload of an event of one's own
    return data if isinstance(data, Mapping) else {}


def _url(path: Path, request: gr.Request) -> str:
    """Return where the browser finds a served file: a path from the host's root, prefixed as the page is."""
    prefix = ""
    if request.request is not None:
        prefix = urlsplit(str(getattr(request.request.app, "root_path", "") or "")).path
        prefix = prefix or request.request.url.path.partition("/gradio_api/")[0]
    return f"{prefix.rstrip('/')}/gradio_api/file={quote(path.as_posix())}"


def _head(document: Document) -> Picture:
    head = document.head
    assert head is not None
    return head


def _canvas(asked: EditRequest, pixels: int) -> tuple[int, int]:
    if asked.image is None:
        return pixels, pixels
    height, width = asked.image.shape[:2]
    side = asked.extend
    return width + side.left + side.right, height + side.top + side.bottom


def _allowed(asked: EditRequest) -> np.ndarray[Any, np.dtype[np.bool_]]:
    """Return (H, W) bool on the source: what the person marked; nothing of it when only the border grows."""
    assert asked.image is not None
    allowed = np.zeros(asked.image.shape[:2], np.bool_)
    if asked.task is Task.EXTRAPOLATE:
        return allowed
    if asked.mask is not None:
        return asked.mask > 0
    allowed[Box(*asked.box).slices if asked.box is not None else slice(0)] = True
    return allowed


def _uploaded(file: Any) -> str | None:
    if file is None:
        return None
    path = Path(str(file.get("path")) if isinstance(file, Mapping) else file.path).resolve()
    # Gradio checks the paths of its own widgets, not those of plain API arguments.
    if not path.is_relative_to(Path(get_upload_folder()).resolve()):
        raise BadRequest(messages.not_uploaded())
    return str(path)
