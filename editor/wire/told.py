"""The types of everything that the page's scripts receive: the stage, the model menu, the class search.

Knows nothing of documents or requests, nor how a message is made. `python -m tests.scripts.messages` writes the same
types for the page's scripts.
"""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, SkipValidation

from editor.wire.sent import How, Mode

Level = Literal["info", "error"]


class Part(BaseModel):
    """A part of a message to the stage."""

    model_config = ConfigDict(frozen=True)

    @property
    def plain(self) -> dict[str, Any]:
        """The same as JSON values; fields left at their default are left out."""
        return self.model_dump(by_alias=True, exclude_defaults=True)


class MaskRuns(Part):
    """A mask as run lengths; `editor.wire.bits` describes them, and checks each that arrives."""

    width: int
    height: int
    runs: SkipValidation[list[int]]
    values: SkipValidation[list[int]] | None = None


class Told(Part):
    """A message to the stage, distinguished by `kind`; `rev`, which rises, and `ask` are added when it is sent."""

    kind: str


class Grid(Part):
    """Settings of a model and of the controls that decide which cells are regenerated."""

    pixels: int
    grid: int
    context: float
    coverage: float


class Lies(Part):
    """Where the picture of a version's parent lies on it; anew = no pixel of the parent is left as it was.

    Its left upper corner lies at offset, and it is turned about that by turn, see `core.values.Turn.number`.
    """

    offset: list[int]
    turn: int = 0
    anew: bool = False


class Node(Lies):
    """A version in the tree."""

    version: int
    parent: int | None
    url: str
    width: int
    height: int


class Shown(Part):
    """The version that is shown."""

    version: int
    url: str
    width: int
    height: int
    alpha: bool


class Open(Told, Shown):
    """A picture was opened: show it, with its marks, if there are any."""

    kind: Literal["open"] = "open"
    doc: str
    name: str
    format: str
    keep_mask: bool
    model: Grid
    tree: list[Node]
    mask: MaskRuns | None = None
    extend: list[int] | None = None
    box: list[int] | None = None
    mode: Mode | None = None
    state: dict[str, Any] | None = None
    notice: str | None = None
    first: bool | None = None


class Painted(Told):
    """A mask for the version shown, and its origin; it replaces what is painted."""

    kind: Literal["mask"] = "mask"
    doc: str
    mask: MaskRuns
    notice: str


class Head(Told, Shown, Lies):
    """Another version is shown: by accepting, by going back or forward in the tree, by framing anew."""

    kind: Literal["head"] = "head"
    doc: str
    parent: int | None
    keep_mask: bool
    dropped: list[int]


class Settings(Told, Grid):
    """Settings of the overlay changed, or the model that they are for."""

    kind: Literal["settings"] = "settings"
    id: str | None = None


class File(Told):
    """An exported file is ready for download; notice = what the format could not hold."""

    kind: Literal["file"] = "file"
    format: str
    url: str
    name: str
    bytes: int
    notice: str | None = None


class Step(Told):
    """One decoding step; unknown and confidence are hex, one per variation, see `editor.wire.bits`."""

    kind: Literal["step"] = "step"
    finish: bool
    run: str
    variation_count: int
    step: int
    steps: int
    pass_index: int
    passes: int
    window: list[int]
    canvas: list[int]
    offset: list[int]
    urls: list[str]
    grid: int
    unknown: list[str]
    confidence: list[str]
    seconds_left: float


class Alive(Told):
    """A run without steps on the stage made progress."""

    kind: Literal["alive"] = "alive"
    run: str


class Waiting(Told):
    """A run waits for its turn; before = turns that come first, seconds = about how long they take."""

    kind: Literal["waiting"] = "waiting"
    run: str
    before: int
    seconds: float


class Variation(Part):
    """One picture of a result; None for what was not measured."""

    url: str
    seed: int
    score: float | None
    seam: float | None
    shift: float | None
    fit: float | None
    class_fit: float | None
    worth: float | None
    changed_outside: int
    note: str | None = None


class WentOn(Part):
    """The run that a result continued."""

    run: str
    variation: int
    step: int
    how: How


class Result(Told):
    """The result of a run; ranking = indices of its variations, best first, None if they were not compared."""

    kind: Literal["result"] = "result"
    run: str
    variations: list[Variation]
    canvas: list[int]
    offset: list[int]
    seconds: float
    branchable: bool
    draft: bool
    settings: dict[str, Any]
    ranking: list[int] | None
    told: list[str] | None = None
    origin: WentOn | None = Field(None, serialization_alias="from")


class Repeated(Told):
    """The variations of an edit of another picture, to be fetched at once; best = index of the one that fits best."""

    kind: Literal["repeated"] = "repeated"
    run: str
    urls: list[str]
    best: int
    seconds: float
    told: str


class Alternative(Part):
    """A code that fits a cell."""

    code: int
    probability: float
    url: str


class Alternatives(Told):
    """The codes that fit a cell, likeliest first."""

    kind: Literal["alternatives"] = "alternatives"
    run: str
    variation: int
    cell: list[int]
    found: list[Alternative] = Field(serialization_alias="list")


class Stopped(Told):
    """A run ended before its result; draft = whether its last frame can be requested."""

    kind: Literal["stopped"] = "stopped"
    run: str
    message: str
    draft: bool


class Notice(Told):
    """A sentence for the person, and the run that it is about, if any; gone = what the server has no more."""

    kind: Literal["notice"] = "notice"
    level: Level
    message: str
    run: str | None = None
    gone: str | None = None


class Plan(Part):
    """The answer to the overlay's question which cells will be regenerated."""

    windows: list[list[int]]
    cells: list[str]
    unknown_tokens: int
    passes: int
    seconds: float


class Selected(Part):
    """The answer to a gesture that selects: a mask, or why there is none; gone = what the server has no more."""

    mask: MaskRuns | None = None
    said: str = ""
    gone: str | None = None


class Layer(Part):
    """The sources of one edit's pixels, packed."""

    box: list[int]
    data: str


class Sources(Part):
    """The answer to the inspector's question where the pixels of a picture came from, the newest edit first."""

    layers: list[Layer]
    whole: bool


class Suggested(Part):
    """The classes that the open picture may show, best first, or the reason why there are none."""

    ids: list[int]
    said: str


class MenuModel(Part):
    """A line of the model menu.

    short = the licence in a word; question, order and consent are there if a download comes first; broken = the reason
    why it cannot be used.
    """

    key: str
    group: str
    title: str
    facts: str
    needs: str
    licence: str
    short: str
    place: str
    question: str | None
    consent: str | None
    broken: str
    order: str | None = None


class MenuProgress(Part):
    """The model that is on its way; share is of its download."""

    key: str
    stage: str
    share: float | None
    said: str


class MenuNews(Part):
    """The result of the last choice, numbered so that each page says it once."""

    number: int
    level: Level
    text: str


class Menu(Part):
    """The state of the model menu.

    computes = a sentence about device, numbers and threads of the model at work; refused = the reason why the last
    choice was impossible.
    """

    model: str
    working: str
    fixed: bool
    models: list[MenuModel]
    progress: MenuProgress | None
    news: MenuNews | None
    computes: str
    refused: str | None = None
