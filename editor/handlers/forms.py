"""What programs fill in: a form for each function, with the names, order, types, defaults and words of the API.

Knows nothing of what is done with it. Gradio reads an API off the signature of a function; `flat` makes it of a form.
What comes over plain HTTP may ask for several variations, too; `written` reads it.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import MISSING, dataclass, fields
from typing import IO, Annotated, Any, NamedTuple, TypeVar, get_type_hints

import gradio as gr

from core import BadRequest
from core.values import written_number, written_whole
from editor.sentences import about_programs

Form = TypeVar("Form")

LEFT_OUT = -1
"""Stands for a number that a program does not give: MCP's schema drops defaults that are 0."""


@dataclass(frozen=True)
class About:
    """What an argument means in words, and the name of the control, or of the setting without one, that it sets."""

    text: str
    control: str


Picture = Annotated[gr.FileData, About("the picture, PNG, JPEG, WebP, AVIF, HEIC, TIFF or GIF.", "image")]
Brushed = Annotated[
    gr.FileData, About("a picture of the same size, bright (or opaque, on a transparent layer) = repaint.", "mask")
]
Paint = Annotated[str, About('what to paint, or "none".', "class")]
Steps = Annotated[int, About("T, 1 to 256; -1 is the model's own.", "steps")]
Seed = Annotated[int, About("0 or more; -1 is 0.", "seed")]
Detail = Annotated[str, About("fine detail taken from the surroundings: auto, patches, grain or none.", "detail")]
Border = Annotated[str, About("how it is blended in: auto, feather or poisson.", "blend")]
Sharper = Annotated[
    int,
    About(
        "closer looks for large regions, 1 to 3, each of up to four times the windows before it; -1 is none.", "refine"
    ),
]
Sharpen = Annotated[
    float, About("0 to 1, how much of a sharper picture is blended in; 0 is none, -1 the usual.", "sharpen")
]
Finish = Annotated[
    str,
    About(
        "auto ends with pixels of the photo itself, none with the model's own; then detail and border count.", "finish"
    ),
]
Follow = Annotated[
    float, About("how much the model's idea counts in the finish, 0 to 1; -1 is as much as on the page.", "follow")
]


@dataclass(frozen=True)
class Fill:
    """Repaint the white region of a mask and return the picture as PNG."""

    image: Picture
    mask: Brushed
    class_name: Paint = "none"
    steps: Steps = LEFT_OUT
    seed: Seed = LEFT_OUT
    detail: Detail = "auto"
    border: Border = "auto"
    sharper: Sharper = LEFT_OUT
    finish: Finish = "auto"
    follow: Follow = LEFT_OUT


@dataclass(frozen=True)
class Replace:
    """Turn the box of a picture into something of a class and return the picture as PNG."""

    image: Picture
    class_name: Annotated[str, About("what the box becomes.", "class")]
    left: Annotated[int, About("the box's edge in pixels; -1 is the picture's own, as for the others.", "left")] = (
        LEFT_OUT
    )
    top: Annotated[int, About("the same.", "top")] = LEFT_OUT
    right: Annotated[int, About("the same, not included in the box.", "right")] = LEFT_OUT
    bottom: Annotated[int, About("the same.", "bottom")] = LEFT_OUT
    steps: Steps = LEFT_OUT
    seed: Seed = LEFT_OUT
    detail: Detail = "auto"
    border: Border = "auto"
    sharper: Sharper = LEFT_OUT
    sharpen: Sharpen = LEFT_OUT


@dataclass(frozen=True)
class Extend:
    """Continue a picture beyond its border and return it as PNG."""

    image: Picture
    left: Annotated[int, About("pixels to add at the left; -1 is none, as for the others.", "extend_left")] = LEFT_OUT
    top: Annotated[int, About("pixels to add above.", "extend_top")] = LEFT_OUT
    right: Annotated[int, About("pixels to add at the right.", "extend_right")] = LEFT_OUT
    bottom: Annotated[int, About("pixels to add below.", "extend_bottom")] = LEFT_OUT
    steps: Steps = LEFT_OUT
    seed: Seed = LEFT_OUT
    detail: Detail = "auto"
    border: Border = "auto"
    sharper: Sharper = LEFT_OUT
    finish: Finish = "auto"
    follow: Follow = LEFT_OUT


@dataclass(frozen=True)
class Generate:
    """Draw a whole picture of a class and return it as PNG."""

    class_name: Annotated[str, About('what to draw, or "none".', "class")] = "none"
    steps: Steps = LEFT_OUT
    seed: Seed = LEFT_OUT
    sharpen: Sharpen = LEFT_OUT


@dataclass(frozen=True)
class Sweep:
    """Fill one mask under every pair of two settings; return a labelled sheet as PNG and a table as CSV."""

    image: Picture
    mask: Brushed
    rows: Annotated[
        str,
        About("schedule, steps, choice_temperature, token_temperature, guidance_scale, seed or class_id.", "rows"),
    ] = "schedule"
    row_values: Annotated[str, About("separated by commas.", "row_values")] = "cosine, linear"
    columns: Annotated[str, About("another of these.", "columns")] = "steps"
    column_values: Annotated[str, About("separated by commas.", "column_values")] = "4, 8"
    class_name: Paint = "none"
    seed: Seed = LEFT_OUT


Variations = Annotated[int, About("how many pictures are drawn and ranked, 1 to 16; -1 is 1.", "variations")]


@dataclass(frozen=True)
class ManyFilled(Fill):
    """Repaint the white region of a mask."""

    variations: Variations = LEFT_OUT


@dataclass(frozen=True)
class ManyReplaced(Replace):
    """Turn the box of a picture into something of a class."""

    variations: Variations = LEFT_OUT


@dataclass(frozen=True)
class ManyExtended(Extend):
    """Continue a picture beyond its border."""

    variations: Variations = LEFT_OUT


@dataclass(frozen=True)
class ManyGenerated(Generate):
    """Draw a whole picture of a class."""

    variations: Variations = LEFT_OUT


class Argument(NamedTuple):
    """An argument of a form: its type, what it means in words, and its default, None where one has to be given."""

    kind: type
    text: str
    default: Any


def arguments(form: type) -> dict[str, Argument]:
    """Describe the arguments of a form by their names, in order."""
    kinds, about = get_type_hints(form), _about(form)
    return {
        each.name: Argument(kinds[each.name], about[each.name].text, None if each.default is MISSING else each.default)
        for each in fields(form)
    }


def written(form: type[Form], given: Mapping[str, str | IO[bytes]]) -> Form:
    """Fill in a form with what a program sent: texts, and open files, which stay as they are.

    Raises:
        BadRequest: if an argument is missing, unknown, or of another type.
    """
    known = arguments(form)
    for name in given:
        if name not in known:
            raise BadRequest(about_programs.unknown_field(name, tuple(known)))
    for name, argument in known.items():
        if argument.default is None and name not in given:
            raise BadRequest(about_programs.field_missing(name))
    return form(**{name: _read(name, known[name].kind, value) for name, value in given.items()})


def _read(name: str, kind: type, value: str | IO[bytes]) -> Any:
    if (kind is gr.FileData) == isinstance(value, str):
        raise BadRequest(about_programs.no_file(name) if kind is gr.FileData else about_programs.no_text(name))
    try:
        return written_whole(value) if kind is int else written_number(value) if kind is float else value  # type: ignore[arg-type]
    except ValueError as error:
        raise BadRequest(about_programs.no_number(name, str(error))) from None


def controls(form: object) -> dict[str, Any]:
    """Return what a program has filled in, by the name of what it sets; numbers that it left out are missing."""
    given = {about.control: getattr(form, name) for name, about in _about(type(form)).items()}
    return {name: value for name, value in given.items() if value != LEFT_OUT}


def flat(name: str, form: type[Form], run: Callable[[Form], Any]) -> Callable[..., Any]:
    """Return a function of that name with a form's fields as its arguments, described as the fields are.

    Args:
        name: of the function.
        form: a dataclass whose fields are annotated with `About`.
        run: what is done with a filled form.
    """

    def function(*values: Any, **named: Any) -> Any:
        return run(form(*values, **named))

    types = get_type_hints(form)
    arguments = [each.replace(annotation=types[each.name]) for each in inspect.signature(form).parameters.values()]
    # Any: programs are told of a file whatever it is; a type would describe the record that stands for it.
    function.__signature__ = inspect.Signature(arguments, return_annotation=Any)  # type: ignore[attr-defined]
    function.__annotations__, function.__name__ = types, name
    described = "\n".join(f"    {argument}: {about.text}" for argument, about in _about(form).items())
    function.__doc__ = f"{form.__doc__}\n\nArgs:\n{described}"
    return function


def _about(form: type) -> dict[str, About]:
    return {name: hint.__metadata__[0] for name, hint in get_type_hints(form, include_extras=True).items()}
