"""The types of everything that the browser sends.

Knows nothing of documents or of how it is used. Anything may be sent: a field's description names an invalid value of
it in the refusal. `python -m tests.scripts.messages` writes the same types for the page's scripts.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal, TypeVar, get_args

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from core import BadRequest
from core.values import MOST_DEGREES, MOST_SIDE
from editor.sentences import on_page

Mode = Literal["fill", "replace", "extend", "generate", "sweep"]
Thing = Literal["sky", "rim"]
How = Literal["branch", "weakest", "pins", "more", "baseline"]
"""Ways to continue another run; `intents.Origin` describes them."""

LEAST_LONGEST = 16
"""Pixels of the longer side of an exported picture: fewer are not opened again."""
LONGEST_ID = 64
"""Most characters of an id that the browser chose: it is kept with the run and sent back in every message."""
_LONGEST_MODEL = 256
"""Characters of a model's id: its name and a digest, and room."""
_MOST_PINS = 4096
"""Pins in one payload: every cell of a 64 x 64 grid; the largest published grid has 32."""
_MOST_PLACES = 4096
"""Points of a scribble: a hand at 120 a second draws half a minute."""
_MOST_CODES = 2**20
"""Upper bound of a code, 64 times the largest published codebook; the model's own is checked later."""


def _printable(text: str) -> str:
    if not text.isprintable():
        raise ValueError("not printable")
    return text


def _no_text(value: object) -> object:
    if isinstance(value, (str, bytes, Mapping)):
        raise ValueError("no list")
    return value


_List = BeforeValidator(_no_text)
_Index = Annotated[int, Field(strict=True, ge=0, le=2**31)]
_Edge = Annotated[int, Field(strict=True, ge=-(2**31), le=2**31)]
_Row = Annotated[int, Field(strict=True, ge=0, le=2**16)]
_Side = Annotated[int, Field(strict=True, ge=0, le=MOST_SIDE)]
_Pin = Annotated[tuple[_Index, Annotated[int, Field(strict=True, ge=0, le=_MOST_CODES)]], _List]
_Text = Annotated[str, Field(strict=True)]
_Far = Annotated[float, Field(ge=-(2**31), le=2**31, allow_inf_nan=False)]
_Place = Annotated[tuple[_Far, _Far], _List]
_Edges = Annotated[tuple[_Edge, _Edge, _Edge, _Edge], _List]

Pins = Annotated[list[_Pin], Field(max_length=_MOST_PINS), _List]
"""Cells, row-major, and their new codes."""

Id = Annotated[_Text, Field(max_length=LONGEST_ID), AfterValidator(_printable)]


class Sent(BaseModel):
    """An input from the browser, which may send anything."""

    model_config = ConfigDict(frozen=True)


class From(Sent):
    """The start of a run: tokens of an earlier one, whose geometry it takes over."""

    run: Id = Field(description="a run without an id")
    variation: _Index = Field(description="no variation")
    how: How = Field(description="an unknown way to go on from a run")
    step: _Index | None = Field(None, description="no step")
    share: Annotated[float, Field(strict=True, gt=0, le=1, allow_inf_nan=False)] | None = Field(
        None, description="a share of the cells outside 0 to 1"
    )
    pins: Pins | None = Field(None, description="pins that are no pins")


class Intent(Sent):
    """The person's marks on the canvas, for a run, a plan or suggestions."""

    v: Annotated[int, Field(strict=True, ge=2, le=2)] = Field(description="an intent of an unknown version")
    mode: Mode = Field(description="an unknown mode")
    doc: str | None = Field(None, description="a document without an id")
    version: _Index | None = Field(None, description="no version")
    mask: Any = Field(None, json_schema_extra={"typescript": "MaskRuns | null"})  # `editor.wire.bits` reads it
    box: _Edges | None = Field(None, description="a box without four whole edges")
    extend: Annotated[tuple[_Side, _Side, _Side, _Side], _List] | None = Field(
        None, description=f"a border outside four sides of 0 to {MOST_SIDE} px"
    )
    window: _Edges | None = Field(None, description="a window without four whole edges")
    run: Id = Field("", description="a run without an id")
    origin: From | None = Field(None, alias="from", description="a run to go on from that is none")
    model: Annotated[_Text, Field(max_length=_LONGEST_MODEL)] | None = Field(None, description="a model that is none")


class Repeat(Intent):
    """The same marks for another picture, which comes beside them; `best` = only the variation that fits best."""

    size: Annotated[tuple[_Side, _Side], _List] = Field(description="marks on a picture without a size")
    best: Annotated[bool, Field(strict=True)] = Field(True, description="no choice between the best and all")


class OfDocument(Sent):
    """A document by its unguessable id; the one last used if none is given."""

    doc: Any = Field(
        None, json_schema_extra={"typescript": "string | null"}
    )  # whatever is none of the visitor's is none


class Select(OfDocument):
    """What to select on a version: by a gesture, which is a box, a scribble or a point, or a thing by its name."""

    version: _Index | None = Field(None, description="no version")
    box: _Edges | None = Field(None, description="a box without four whole edges")
    scribble: Annotated[list[_Place], Field(min_length=1, max_length=_MOST_PLACES), _List] | None = Field(
        None, description="a scribble without points"
    )
    width: Annotated[float, Field(ge=1, le=MOST_SIDE, allow_inf_nan=False)] = Field(
        1, description="a scribble without a width"
    )
    point: Annotated[tuple[_Edge, _Edge], _List] | None = Field(None, description="a point without two whole numbers")
    tolerance: Annotated[int, Field(strict=True, ge=0, le=255)] = Field(0, description="a tolerance outside 0 to 255")
    thing: Thing | None = Field(None, description="a thing that nobody knows how to find")


class OfFile(Sent):
    """The name of an uploaded file to be opened."""

    name: Any = Field(None, json_schema_extra={"typescript": "string"})  # `intents.read_name` does without a bad one


class OfRun(OfDocument):
    """A run, to be stopped."""

    run: Id = Field("", description="a run without an id")


class OfVariation(OfRun):
    """A picture of a run, to be accepted, or to be given as a draft."""

    variation: _Index = Field(description="no variation")


class OfCell(OfVariation):
    """A cell, row and column, to look into, with the present pins."""

    cell: Annotated[tuple[_Row, _Row], _List] = Field(description="a cell without row and column")
    pins: Pins | None = Field(None, description="pins that are no pins")


class OfSweep(OfRun):
    """A cell of a sweep."""

    row: _Index = Field(description="no row")
    column: _Index = Field(description="no column")


class OfVersion(OfDocument):
    """A version of a document."""

    version: _Index = Field(description="no version")


class Frame(OfVersion):
    """A version to be framed anew: turned, see `core.values.Turn.number`, then straightened, then cropped."""

    turn: Annotated[int, Field(strict=True, ge=0, le=7)] = Field(0, description="a turn outside 0 to 7")
    degrees: Annotated[float, Field(ge=-MOST_DEGREES, le=MOST_DEGREES, allow_inf_nan=False)] = Field(
        0, description=f"an angle outside {-MOST_DEGREES} to {MOST_DEGREES} degrees"
    )
    box: _Edges | None = Field(None, description="a crop without four whole edges")


class Export(OfDocument):
    """A file to be made of a version, or of a variation of a run; a project has the stage's own state."""

    format: Any = Field(None, json_schema_extra={"typescript": "string"})  # an unknown one has a sentence of its own
    quality: Annotated[int, Field(strict=True, ge=1, le=100)] | None = Field(
        None, description="a quality outside 1 to 100"
    )
    longest: Annotated[int, Field(strict=True, ge=LEAST_LONGEST, le=MOST_SIDE)] | None = Field(
        None, description=f"a longer side outside {LEAST_LONGEST} to {MOST_SIDE} px"
    )
    version: _Index | None = Field(None, description="no version")
    run: Id | None = Field(None, description="a run without an id")
    variation: _Index | None = Field(None, description="no variation")
    state: Any = None


EVENTS: dict[str, type[Sent]] = {
    "run": Intent,
    "sweep": Intent,
    "stop": OfRun,
    "draft": OfVariation,
    "accept": OfVariation,
    "goto": OfVersion,
    "frame": Frame,
    "bring": OfFile,
    "mask": OfDocument,
    "reopen": OfDocument,
    "inspect": OfCell,
    "export": Export,
    "capture": OfDocument,
}
"""Events of the stage by name, and what comes with each; beside it `ask`, if the page waits for an answer."""


S = TypeVar("S", bound=Sent)


def read(kind: type[S], payload: object) -> S:
    """Check an input from the browser.

    Raises:
        BadRequest: if it is not of that kind; names the first invalid value.
    """
    try:
        return kind.model_validate(payload)
    except ValidationError as error:
        place = error.errors(include_url=False, include_context=False, include_input=False)[0]["loc"]
        raise BadRequest(on_page.bad_intent(_called(kind, place))) from None


def _called(kind: type[BaseModel], place: tuple[int | str, ...]) -> str:
    """Return the name of the value at a place."""
    called = "nothing that could be read"
    fields = kind.model_fields
    for name in place:
        field = next((field for own, field in fields.items() if (field.alias or own) == name), None)
        if field is None:
            break
        called = field.description or called
        inner = next((each for each in get_args(field.annotation) if isinstance(each, type)), None)
        fields = inner.model_fields if inner and issubclass(inner, BaseModel) else {}
    return called
