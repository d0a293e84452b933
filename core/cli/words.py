"""Shared by all commands' options: the parser, kinds of values, and the groups for model and decoding.

Knows nothing of single commands. Heavy packages are imported when a model is loaded, so that --help is instant.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn, Protocol

from core.checks import DEVICES, written_number, written_whole
from core.decoding.settings import KNOBS
from core.errors import BadRequest
from core.values.geometry import Box

if TYPE_CHECKING:
    from core.engine import LocalEngine
    from core.values.groups import DecodeOptions

_MODEL = "scenes-128"

OPTIONS = {
    **{knob.word: knob.name for knob in KNOBS.values()},
    **{name: name for name in ("seed", "variations", "guided_by")},
}
"""Command line option -> field of `DecodeOptions`."""


class Parser(argparse.ArgumentParser):
    """An argument parser that raises its errors as one sentence instead of printing its usage."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(allow_abbrev=False, **settings)

    def error(self, message: str) -> NoReturn:
        """Raise BadRequest with argparse's sentence."""
        raise BadRequest(f"{message}: see {self.prog} --help.")


Command = Callable[[str, Callable[[argparse.Namespace], None], str], Parser]
"""(name, function, summary) -> the parser of a new command."""


class Noun(Protocol):
    """A file of commands."""

    def add_commands(self, command: Command, /) -> None:
        """Add the commands of this file."""


def parser_of(prog: str, description: str, nouns: Sequence[Noun], *, epilog: str | None = None) -> Parser:
    """Make a parser of all commands of some files; `run` among its options does a command's work."""
    parser = Parser(prog=prog, description=description, epilog=epilog)
    commands = parser.add_subparsers(metavar="COMMAND", required=True)

    def command(name: str, run: Callable[[argparse.Namespace], None], summary: str) -> Parser:
        made: Parser = commands.add_parser(name, help=summary, description=summary)
        made.set_defaults(run=run)
        return made

    for noun in nouns:
        noun.add_commands(command)
    return parser


# Kinds of values --------------------------------------------------------------------------------------------------


def whole(text: str) -> int:
    """Read a whole number."""
    try:
        return written_whole(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def number(text: str) -> float:
    """Read a number."""
    try:
        return written_number(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def ratio(text: str) -> float:
    """Read an aspect such as 16:9 as width / height."""
    try:
        width, height = (written_number(part) for part in text.split(":"))
        if not 0.01 <= width / height <= 100:
            raise ValueError
    except (ValueError, ZeroDivisionError):
        raise argparse.ArgumentTypeError(f"{text!r} is not a shape such as 16:9, from 1:100 to 100:1") from None
    return width / height


def list_of(kind: Callable[[str], Any]) -> Callable[[str], list[Any]]:
    """Make a reader of values separated by commas, none of them twice."""

    def read(text: str) -> list[Any]:
        values = [kind(part.strip()) for part in text.split(",")]
        if len({str(value) for value in values}) < len(values):
            raise argparse.ArgumentTypeError(f"{text!r} names a value twice")
        return values

    return read


def box(text: str) -> Box:
    """Read the box LEFT,TOP,WIDTH,HEIGHT, in pixels."""
    try:
        left, top, width, height = (written_whole(part) for part in text.split(","))
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not LEFT,TOP,WIDTH,HEIGHT in whole pixels") from None
    return Box(left, top, left + width, top + height)


# Groups of options ------------------------------------------------------------------------------------------------


def add_engine(parser: Parser) -> None:
    """Add the model, its device and number format, and --json."""
    parser.add_argument("--model", help=f"a name that `models` lists, or a model folder; default {_MODEL}")
    parser.add_argument("--device", default="auto", help=DEVICES)
    parser.add_argument("--dtype", default="auto", help="auto, fp32, packed, bf16 or fp16")
    parser.add_argument("--json", action="store_true", help="end standard output with one JSON object")


def add_output(parser: Parser) -> None:
    """Add the picture file to write."""
    parser.add_argument("--output", type=Path, required=True, help="a .png, .jpg or .webp file")


def add_decoding(parser: Parser) -> None:
    """Add the decoding options without T, of which a sweep takes several."""
    parser.add_argument("--schedule", metavar="NAME")
    parser.add_argument("--order", metavar="NAME", help="confidence, halton or raster")
    parser.add_argument("--start-step", type=whole, metavar="N", help="leading steps that count as done")
    parser.add_argument("--guidance", type=number, metavar="S", help="classifier-free guidance scale; 1 is off")
    parser.add_argument("--guidance-ramp", action="store_const", const="linear", help="grow guidance from 1 to S")
    parser.add_argument(
        "--no-guidance-ramp",
        action="store_const",
        const="constant",
        dest="guidance_ramp",
        help="keep guidance at S from the first step",
    )
    parser.add_argument(
        "--temperature", "--choice-temperature", type=number, metavar="X", help="of the noise on the order of choice"
    )
    parser.add_argument("--token-temperature", type=number, metavar="X")


# From words to values ---------------------------------------------------------------------------------------------


def named_engine(options: argparse.Namespace, *, dtype: str | None = None) -> LocalEngine:
    """Load the model of a given name or folder, in a number format other than the given one if there is one."""
    from core.engine import load_engine

    model = options.model or _MODEL
    folder = Path(model) if (Path(model) / "config.json").is_file() else None
    return load_engine(model, device=options.device, dtype=dtype or options.dtype, folder=folder)


def decode_options(options: argparse.Namespace) -> DecodeOptions:
    """Collect the decoding options that were given."""
    from core.values.groups import DecodeOptions

    return DecodeOptions(**chosen(options, OPTIONS))


def chosen(options: argparse.Namespace, fields: Mapping[str, str]) -> dict[str, Any]:
    """Collect the given options by the names of their fields."""
    return {name: getattr(options, word) for word, name in fields.items() if given(options, word)}


def given(options: argparse.Namespace, word: str) -> bool:
    """Tell whether an option was given."""
    return getattr(options, word, None) is not None


def flag(word: str) -> str:
    """Write an option as on the command line."""
    if word == "match_colour":
        return "--no-match-colour"
    return "--" + word.removesuffix("_name").replace("_", "-")
