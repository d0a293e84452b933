"""Opens pictures on the stage: the first one, a sample, an upload, the picture of the last visit.

Knows nothing of what is done with a picture later. An upload may be a plain picture, one of ours with its recipe, or a
project with all its versions.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import gradio as gr

from core import BadRequest, CoreError, read_recipe
from core.pictures import picture_size
from core.values import Box, load_request
from editor.documents import export
from editor.documents.document import Document
from editor.documents.project import is_project, read_project
from editor.documents.versions import Version
from editor.handlers import welcome
from editor.handlers.desk import Desk, addresses, answered, owner_of, payload_of
from editor.sentences import about_files, on_page
from editor.sentences.language import translated
from editor.server.darkroom import open_picture, read_picture
from editor.wire import replies, requests
from editor.wire.replies import Message, OpenedWith

logger = logging.getLogger(__name__)

_SAMPLE_SUFFIXES = (".jpg", ".jpeg", ".png", ".webp")


@dataclass(frozen=True)
class Opened:
    """A message for the stage, the file of the download button, and values for the controls by name.

    None leaves a part unchanged, as in everything that handlers return.
    """

    message: Message | None = None
    download: str | None = None
    values: Mapping[str, Any] = field(default_factory=dict)


class Opening:
    """The gestures that open something."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self.samples = sample_paths(desk.settings.samples)

    def open_first(self, request: gr.Request) -> Opened:
        """Open the first sample, with something already painted over, for a new visitor."""
        if not self.samples or self._desk.documents.current(owner_of(request)) is not None:
            return Opened()
        names = [path.name for path in self.samples]
        path = self.samples[names.index(welcome.FIRST_SAMPLE) if welcome.FIRST_SAMPLE in names else 0]

        def work() -> Opened:
            document, *_ = self._new(path, request, path.stem)
            if self._desk.documents.withdrawn(document):
                return Opened()  # the picture of the last visit came meanwhile
            mask = welcome.first_mask(_head(document).picture.size) if path.name == welcome.FIRST_SAMPLE else None
            said = None if mask is None else on_page.first_visit()
            return self._shown(document, request, OpenedWith(mask=mask, notice=said, first=True))

        return answered(work, Opened)

    def open_sample(self, event: gr.EventData, request: gr.Request) -> Opened:
        """Open the sample whose thumbnail was pressed, {index}."""
        index = payload_of(event).get("index")
        if type(index) is not int or not 0 <= index < len(self.samples):
            return Opened(replies.notice("error", on_page.sample_unknown()))
        return self._open(self.samples[index], request, self.samples[index].stem)

    def open_upload(self, path: str | None, request: gr.Request, name: str | None = None) -> Opened:
        """Open an uploaded file under its own name; Gradio has checked that the path is its own upload."""
        if not path:
            return Opened(replies.notice("error", on_page.upload_missing()))
        return self._open(Path(path), request, Path(name or path).stem)

    def reopen(self, event: gr.EventData, request: gr.Request) -> Opened:
        """Give a visitor the document of the last visit, {doc}; if it is gone, the stage has its own copy."""

        def work() -> Opened:
            document = self._desk.documents.reopen(payload_of(event).get("doc"), owner_of(request))
            return self._shown(document, request)

        return answered(work, Opened)

    def leave(self, request: gr.Request) -> None:
        """Note that the page was closed; what waits for a turn waits no more."""
        self._desk.forget(owner_of(request))
        self._desk.documents.leave(owner_of(request))

    # kinds of files ---------------------------------------------------------------------------------------------------
    def _open(self, path: Path, request: gr.Request, name: str) -> Opened:
        def work() -> Opened:
            if is_project(path):
                return self._project(path, request)
            document, recipe, told = self._new(path, request, name)
            if not recipe:
                return self._shown(document, request, OpenedWith(notice=told and translated(told)))
            return self._with_recipe(document, recipe, request)

        return answered(work, Opened)

    def _new(self, path: Path, request: gr.Request, name: str) -> tuple[Document, dict[str, str], str | None]:
        """Open a picture file under a name; returns document, recipe in the file, and what was changed on the way."""
        pixels, told = read_picture(path)
        logger.info("opened %dx%d px", pixels.shape[1], pixels.shape[0])
        data = path.read_bytes()
        recipe = export.recipe_texts(data)
        owner, form = owner_of(request), _format(data)
        return self._desk.documents.open(owner, pixels, name, file_format=form, notes=recipe), recipe, told

    def _with_recipe(self, document: Document, texts: Mapping[str, str], request: gr.Request) -> Opened:
        """Show a picture of ours with its mask, and its settings in the controls."""
        spec = self._desk.engine.spec
        try:
            recipe = read_recipe(texts)
            foreign = recipe.model != spec.name
            asked = load_request(recipe.request, _head(document).picture.pixels(), anew=True)
            if not foreign and asked.class_id is not None and asked.class_id >= len(spec.classes):
                raise BadRequest(on_page.class_unknown(asked.class_id))
        except CoreError as error:
            return self._shown(
                document, request, OpenedWith(notice=about_files.recipe_unreadable(translated(error.sentence)))
            )
        values = requests.marking_values(asked) if foreign else requests.control_values(asked)
        beyond = requests.beyond_page(asked, None if foreign else spec)
        said = about_files.recipe_restored_in_part() if beyond else about_files.recipe_restored()
        if foreign:
            said = about_files.recipe_of_other_model(recipe.model, spec.name)
        elif not recipe.of_weights(spec):
            said = about_files.recipe_of_other_weights()
        elif not recipe.knew_finishes and not asked.is_new:
            said = about_files.recipe_of_earlier_version()
        elif not recipe.of_this_finish and asked.is_finished:
            said = about_files.recipe_of_other_finish()
        if beyond:
            said = f"{said} {about_files.recipe_beyond_page(beyond)}"
        box = asked.region if isinstance(asked.region, Box) else None
        extend = asked.sides if any(asked.sides) else None
        beside = OpenedWith(mode=values["mode"], mask=asked.mask, box=box, extend=extend, notice=said)
        return self._shown(document, request, beside, values=values)

    def _project(self, path: Path, request: gr.Request) -> Opened:
        project = read_project(path, most_bytes=self._desk.settings.max_file_mb * 2**20)
        _weigh((project.png(each) for each in project.versions), self._desk.settings.document_mb)
        documents = self._desk.documents
        versions: list[Version] = []
        try:
            for saved in project.versions:
                png = project.png(saved)
                picture = documents.store.put(open_picture(png), project.name, export.recipe_texts(png))
                versions.append(Version(saved.id, saved.parent, picture, saved.placing))
        except BaseException:
            for version in versions:
                documents.store.release(version.picture)
            raise
        document = documents.open(owner_of(request), None, project.name, file_format=project.format)
        document.restore(versions, project.head)
        said = about_files.project_opened(document.name, len(document.tree))
        return self._shown(document, request, OpenedWith(state=project.state, notice=said))

    def _shown(
        self,
        document: Document,
        request: gr.Request,
        beside: OpenedWith | None = None,
        *,
        values: Mapping[str, Any] | None = None,
    ) -> Opened:
        spec = self._desk.engine.spec
        view = requests.read_view(self._desk.documents.controls(document.owner))
        message = replies.opened(document, addresses(request), spec=spec, view=view, beside=beside)
        return Opened(message, str(_head(document).picture.png), values or {})


def _weigh(pngs: Iterable[bytes], most_mb: int) -> None:
    """Refuse a project whose pictures are, by their headers alone, more than a document keeps.

    Raises:
        BadRequest: with the number of megabytes.
    """
    sizes = [picture_size(png) for png in pngs]
    pixels_mb = sum(3 * width * height for width, height in sizes) / 1e6
    if len(sizes) > 2 and pixels_mb > most_mb:  # two are kept at any size
        raise BadRequest(about_files.project_too_large(pixels_mb, most_mb))


def sample_paths(folder: Path) -> tuple[Path, ...]:
    """List the sample photos of a folder, by name."""
    if not folder.is_dir():
        return ()
    return tuple(sorted(path for path in folder.iterdir() if path.suffix.lower() in _SAMPLE_SUFFIXES))


def _head(document: Document) -> Version:
    version = document.version
    assert version is not None  # it was opened with a picture
    return version


def _format(data: bytes) -> str:
    """Tell the format of an opened picture by its first bytes."""
    if data.startswith(b"\xff\xd8"):
        return "jpeg"
    return "webp" if data.startswith(b"RIFF") else "png"
