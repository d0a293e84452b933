"""Builds the messages to the stage: one function each, or one record for a message of many parts.

Knows nothing of requests or how anything is drawn; URLs and sentences are made by the caller.
"""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from core import BadRequest
from core.models import ModelSpec
from core.values import UNMOVED, Alternative, EditRequest, Preview, View
from editor.documents.document import Document, Shown
from editor.documents.store import Picture
from editor.documents.versions import Version
from editor.sentences import on_page
from editor.sentences.language import say
from editor.wire import told
from editor.wire.bits import MaskPixels, cells_hex, confidence_hex, write_mask
from editor.wire.intents import Origin
from editor.wire.requests import decoding_values, model_id
from editor.wire.sent import Mode

Message = dict[str, Any]
Address = Callable[[Picture], str]
"""The browser's path of a picture."""

_revisions = itertools.count(int(time.time() * 1000))  # rises over a restart of the server, too


# documents ------------------------------------------------------------------------------------------------------------
@dataclass(frozen=True, eq=False)
class OpenedWith:
    """Additions to an opened picture; None is left out of the message.

    Attributes:
        mask: painted by a recipe, or for the first visit.
        extend: pixels at each side, from a recipe.
        box: marked region, from a recipe.
        mode: of the marks.
        state: the stage's own, from a project file.
        notice: a sentence about it.
        first: True if nobody asked for it; it gives way to whatever is open.
    """

    mask: MaskPixels | None = None
    extend: Sequence[int] | None = None
    box: Sequence[int] | None = None
    mode: Mode | None = None
    state: dict[str, Any] | None = None
    notice: str | None = None
    first: bool | None = None


def opened(
    document: Document, address: Address, *, spec: ModelSpec, view: View, beside: OpenedWith | None = None
) -> Message:
    """A picture was opened: show it, with its marks, if there are any.

    Args:
        document: with at least one version.
        address: see `Address`.
        spec: for the overlay.
        view: for the overlay.
        beside: additions to the picture.
    """
    beside = OpenedWith() if beside is None else beside
    return _sent(
        told.Open(
            doc=document.id,
            name=document.name,
            format=document.format,
            keep_mask=False,
            model=told.Grid(**_grid(view, spec)),
            tree=[_node(each, address) for each in document.tree],
            mask=None if beside.mask is None else _runs(beside.mask),
            extend=None if beside.extend is None else list(beside.extend),
            box=None if beside.box is None else list(beside.box),
            mode=beside.mode,
            state=beside.state,
            notice=beside.notice,
            first=beside.first,
            **_picture(_shown(document), address),
        )
    )


def mask(document: Document, mask: MaskPixels, notice: str) -> Message:
    """A mask for the version shown, and its origin; it replaces what is painted."""
    return _sent(told.Painted(doc=document.id, mask=_runs(mask), notice=notice))


def head(document: Document, shown: Shown, address: Address, *, keep_mask: bool) -> Message:
    """Another version is shown: by accepting, by going back or forward in the tree, by framing anew."""
    return _sent(
        told.Head(
            doc=document.id,
            parent=shown.version.parent,
            keep_mask=keep_mask,
            dropped=list(shown.dropped),
            **_lies(shown.version),
            **_picture(shown.version, address),
        )
    )


def settings(*, view: View, spec: ModelSpec) -> Message:
    """Settings of the overlay changed; the mode is left out: the visitor may have changed it again meanwhile."""
    return _sent(told.Settings(**_grid(view, spec)))


def fitted(*, view: View, spec: ModelSpec) -> Message:
    """The page's controls are for another model from now on; the stage names it in its intents."""
    return _sent(told.Settings(**_grid(view, spec), id=model_id(spec)))


def file(file_format: str, *, url: str, name: str, size: int, notice: str | None = None) -> Message:
    """An exported file is ready for download; `size` is its bytes, `notice` what the format could not hold."""
    return _sent(told.File(format=file_format, url=url, name=name, bytes=size, notice=notice))


# runs -----------------------------------------------------------------------------------------------------------------
@dataclass(frozen=True, eq=False)
class Step:
    """One decoding step.

    Attributes:
        run: the browser's id.
        preview: from the engine.
        urls: the previews, one per variation; none if the step shows progress only.
        canvas: width and height of the result.
        offset: position of the source on it.
        seconds_left: until the result.
        finish: whether all steps are done, and the picture is being finished.
    """

    run: str
    preview: Preview
    urls: Sequence[str]
    canvas: tuple[int, int]
    offset: tuple[int, int]
    seconds_left: float
    finish: bool = False

    def message(self) -> Message:
        """Build the message; `unknown` and `confidence` are hex, one per variation, see `editor.wire.bits`."""
        preview = self.preview
        return _sent(
            told.Step(
                finish=self.finish,
                run=self.run,
                variation_count=len(preview.images),
                step=preview.step,
                steps=preview.steps,
                pass_index=preview.pass_index,
                passes=preview.passes,
                window=list(preview.window),
                canvas=list(self.canvas),
                offset=list(self.offset),
                urls=list(self.urls),
                grid=preview.unknown.shape[-1],
                unknown=[cells_hex(cells) for cells in preview.unknown],
                confidence=[confidence_hex(confidence) for confidence in preview.confidence],
                seconds_left=round(self.seconds_left, 2),
            )
        )


def waiting(run: str, before: int, seconds: float) -> Message:
    """A run waits for its turn: `before` turns come first, and take about so many seconds."""
    return _sent(told.Waiting(run=run, before=before, seconds=round(seconds, 1)))


def alive(run: str) -> Message:
    """A run without steps on the stage made progress: a sweep, or one without previews."""
    return _sent(told.Alive(run=run))


@dataclass(frozen=True)
class Variation:
    """One picture of a result.

    Attributes:
        url: of its PNG.
        seed: draws it alone.
        score: mean log probability of its tokens; 0, sent as None, if none was drawn.
        seam: visibility of its edge, about 1 = none; 0, sent as None, without an edge.
        shift: colour difference across its edge, delta E.
        changed_outside: pixels that changed outside the hole; 0 is the promise.
        fit: how well it suits its surroundings, `core.values.EditResult.fits`; None if not judged.
        class_fit: how much likelier the class makes it; None without a class.
        worth: value it is ranked by, `core.values.EditResult.worths`; None if not ranked, or by places alone.
        note: what distinguishes it from its neighbours, if the seed does not.
    """

    url: str
    seed: int
    score: float
    seam: float
    shift: float
    changed_outside: int
    fit: float | None = None
    class_fit: float | None = None
    worth: float | None = None
    note: str | None = None

    @property
    def record(self) -> told.Variation:
        """The record as a type of `told`."""
        return told.Variation(
            url=self.url,
            seed=self.seed,
            score=_rounded(self.score or None),
            seam=_rounded(self.seam or None),
            shift=_rounded(self.shift if self.seam else None),
            fit=_rounded(self.fit),
            class_fit=_rounded(self.class_fit),
            worth=_rounded(self.worth),
            changed_outside=self.changed_outside,
            note=self.note,
        )


@dataclass(frozen=True, eq=False)
class Result:
    """The result of a run.

    Attributes:
        run: the browser's id.
        variations: of the run.
        canvas: width and height of the pictures.
        offset: position of the source on them.
        seconds: duration of the run.
        branchable: whether the steps are kept.
        caption: the settings, see `caption`.
        ranking: positions among the variations, best first; None if they were not judged against each other.
        origin: the run it continued.
        draft: whether it is the last frame of a stopped run.
        told: sentences about what could not be done as requested.
    """

    run: str
    variations: Sequence[Variation]
    canvas: tuple[int, int]
    offset: tuple[int, int]
    seconds: float
    branchable: bool
    caption: Mapping[str, Any]
    ranking: Sequence[int] | None = None
    origin: Origin | None = None
    draft: bool = False
    told: Sequence[str] = ()

    def message(self) -> Message:
        """Build the message."""
        origin = self.origin
        return _sent(
            told.Result(
                run=self.run,
                variations=[each.record for each in self.variations],
                canvas=list(self.canvas),
                offset=list(self.offset),
                seconds=round(self.seconds, 2),
                branchable=self.branchable,
                draft=self.draft,
                settings=dict(self.caption),
                ranking=None if self.ranking is None else list(self.ranking),
                told=list(self.told) or None,
                origin=None
                if origin is None
                else told.WentOn(run=origin.run.id, variation=origin.variation, step=origin.step, how=origin.how),
            )
        )


def caption(request: EditRequest, spec: ModelSpec) -> dict[str, Any]:
    """Collect the settings for a result's caption."""
    name = say("page.no_class") if request.class_id is None else spec.classes[request.class_id]
    told = {"class_name": name, **decoding_values(request.decoding)}
    painting = request.painting
    if request.strength:
        told["sharpen"] = painting.sharpen
    if request.image is not None:
        told |= {setting: getattr(painting, setting) for setting in ("finish", "follow")}
        told["guided_by"] = request.decoding.guided_by
    return told


def alternatives(run: str, index: int, cell: tuple[int, int], found: Sequence[tuple[Alternative, str]]) -> Message:
    """The codes that fit a cell, likeliest first, each with the path of its patch."""
    listed = [told.Alternative(code=each.code, probability=round(each.probability, 4), url=url) for each, url in found]
    return _sent(told.Alternatives(run=run, variation=index, cell=list(cell), found=listed))


def repeated(run: str, urls: Sequence[str], *, best: int, seconds: float, said: str) -> Message:
    """The variations of an edit of another picture are there.

    Args:
        run: the browser's id.
        urls: of their PNGs.
        best: index of the one that fits best.
        seconds: of the edit.
        said: sentences about what was done otherwise than asked, or "".
    """
    return _sent(told.Repeated(run=run, urls=list(urls), best=best, seconds=round(seconds, 2), told=said))


def stopped(run: str, message: str, *, draft: bool = False) -> Message:
    """A run ended before its result; `draft` if its last frame can be requested."""
    return _sent(told.Stopped(run=run, message=message, draft=draft))


def notice(level: told.Level, message: str, *, run: str | None = None, gone: str | None = None) -> Message:
    """A sentence for the person, and the run that it is about, if any.

    Args:
        level: "info" or "error".
        message: the sentence.
        run: the browser's id.
        gone: "document", "version" or "run" if the server has it no more.
    """
    return _sent(told.Notice(level=level, message=message, run=run, gone=gone))


def answering(message: Message, ask: str) -> Message:
    """Mark a message as the answer to the page's question with that id."""
    return {**message, "ask": ask}


def _shown(document: Document) -> Version:
    version = document.version
    if version is None:
        raise BadRequest(on_page.nothing_open())
    return version


def _picture(version: Version, address: Address) -> dict[str, Any]:
    size, picture = version.picture.size, version.picture
    return {
        "version": version.id,
        "url": address(picture),
        "width": size.width,
        "height": size.height,
        "alpha": picture.alpha,
    }


def _node(version: Version, address: Address) -> told.Node:
    size = version.picture.size
    return told.Node(
        version=version.id,
        parent=version.parent,
        url=address(version.picture),
        width=size.width,
        height=size.height,
        **_lies(version),
    )


def _lies(version: Version) -> dict[str, Any]:
    x, y, turn = version.placing or UNMOVED
    return {"offset": [x, y], "turn": turn.number, "anew": version.placing is None}


def _grid(view: View, spec: ModelSpec) -> dict[str, Any]:
    return {"pixels": spec.pixels, "grid": spec.grid, "context": view.context, "coverage": view.coverage}


def _runs(mask: MaskPixels) -> told.MaskRuns:
    return told.MaskRuns(**write_mask(mask))


def _rounded(figure: float | None) -> float | None:
    return None if figure is None else round(figure, 4)


def _sent(message: told.Told) -> Message:
    return {"rev": next(_revisions), "kind": message.kind, **message.plain}
