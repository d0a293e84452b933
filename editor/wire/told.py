"""What the stage is told, each message as a type.

Knows nothing of documents or requests, nor how a message comes about. `python -m tests.scripts.messages` writes the
same types for the page's scripts.
"""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, SkipValidation

from editor.wire.sent import How, Mode

Level = Literal["info", "error"]


class Part(BaseModel):
    """A part of what the stage is told."""

    model_config = ConfigDict(frozen=True)

    @property
    def plain(self) -> dict[str, Any]:
        """The same as JSON values; what has a default and is not given is left out."""
        return self.model_dump(by_alias=True, exclude_defaults=True)


class MaskRuns(Part):
    """A mask as run lengths; `editor.wire.bits` tells how, and checks each of them where they are sent."""

    width: int
    height: int
    runs: SkipValidation[list[int]]
    values: SkipValidation[list[int]] | None = None


class Told(Part):
    """A message to the stage. `kind` tells them apart; `rev`, which rises, and `ask` are added as it leaves."""

    kind: str


class Grid(Part):
    """What decides which cells are regenerated, of a model and of the controls."""

    pixels: int
    grid: int
    context: float
    coverage: float
    grow: int
    refine: int


class Node(Part):
    """A version in the tree; offset = where its parent's picture begins in it."""

    version: int
    parent: int | None
    url: str
    width: int
    height: int
    offset: list[int]


class Open(Told):
    """A picture was opened: show it, with what is marked on it where anything is."""

    kind: Literal["open"] = "open"
    doc: str
    name: str
    format: str
    keep_mask: bool
    model: Grid
    tree: list[Node]
    version: int
    url: str
    width: int
    height: int
    alpha: bool
    mask: MaskRuns | None = None
    extend: list[int] | None = None
    box: list[int] | None = None
    mode: Mode | None = None
    state: dict[str, Any] | None = None
    notice: str | None = None
    first: bool | None = None


class Painted(Told):
    """A mask for the version shown, and how it was come by; it takes the place of what is painted."""

    kind: Literal["mask"] = "mask"
    doc: str
    mask: MaskRuns
    notice: str


class Head(Told):
    """Another version is shown: by accepting, or by going back or forward in the tree."""

    kind: Literal["head"] = "head"
    doc: str
    parent: int | None
    offset: list[int]
    keep_mask: bool
    dropped: list[int]
    version: int
    url: str
    width: int
    height: int
    alpha: bool


class Settings(Told):
    """Controls changed that the overlay depends on, or the model that they are for."""

    kind: Literal["settings"] = "settings"
    pixels: int
    grid: int
    context: float
    coverage: float
    grow: int
    refine: int
    id: str | None = None


class File(Told):
    """An exported file is ready to be downloaded; notice = what the format could not hold."""

    kind: Literal["file"] = "file"
    format: str
    url: str
    name: str
    bytes: int
    notice: str | None = None


class Step(Told):
    """One decoding step; unknown and confidence are hex, one a variation, see `editor.wire.bits`."""

    kind: Literal["step"] = "step"
    finish: bool
    run: str
    variation_count: int
    level: int
    looks: int
    first_steps: int
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
    """A run that shows no steps on the stage got further."""

    kind: Literal["alive"] = "alive"
    run: str


class Variation(Part):
    """One picture of a result; what was not measured is None."""

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
    """The run that a result went on from."""

    run: str
    variation: int
    step: int
    how: How


class Result(Told):
    """All variations of a run are done; ranking = their places, best first, None where they were not compared."""

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


class Alternative(Part):
    """A code that fits into a cell."""

    code: int
    probability: float
    url: str


class Alternatives(Told):
    """The codes that fit into a cell, likeliest first."""

    kind: Literal["alternatives"] = "alternatives"
    run: str
    variation: int
    cell: list[int]
    found: list[Alternative] = Field(serialization_alias="list")


class Stopped(Told):
    """A run ended before its result; draft = whether the best frame so far can be asked for."""

    kind: Literal["stopped"] = "stopped"
    run: str
    message: str
    draft: bool


class Notice(Told):
    """A sentence for the person, about a run where it names one; gone = what is not on the server any more."""

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


class Layer(Part):
    """Where the pixels of one edit came from, packed."""

    box: list[int]
    data: str


class Sources(Part):
    """The answer to the inspector's question where the pixels of a picture came from, the newest edit first."""

    layers: list[Layer]
    whole: bool
