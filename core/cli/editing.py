"""`edit`, `extend` and `generate`: one request, its pictures, and the replay of a picture's own text.

Knows nothing of how a request is made of words (see requests.py) nor of how it is carried out.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from core.cli.output import aside, check_output, encoded, output_paths, say
from core.cli.requests import (
    PAINTING,
    VIEW,
    add_region,
    add_request,
    add_sides,
    make_request,
    opened,
    read_region,
    read_sides,
)
from core.cli.words import OPTIONS, Command, Parser, add_output, flag, given, named_engine, whole
from core.errors import BadRequest
from core.values.geometry import Size
from core.values.saved import load_request, save_request

if TYPE_CHECKING:
    from core.engine import Engine, LocalEngine
    from core.recipe import Machine
    from core.values.request import EditRequest
    from core.values.result import EditResult


def add_commands(command: Command) -> None:
    """Add the commands of this file."""
    edit = command("edit", _edit, "Repaint what a mask or a box marks.")
    edit.add_argument("--replay", type=Path, metavar="PNG", help="do again what this output's text says, on --image")
    add_region(edit)
    add_settings(edit)

    extend = command("extend", _extend, "Grow a picture at any of its sides.")
    extend.add_argument("--image", type=Path, required=True)
    add_sides(extend)
    add_output(extend)
    add_settings(extend)

    generate = command("generate", _generate, "Make a picture of a class from nothing.")
    add_output(generate)
    add_settings(generate)


def add_settings(parser: Parser) -> None:
    """Add the settings of one request, T and variations included."""
    add_request(parser)
    parser.add_argument("--steps", type=whole, metavar="T")
    parser.add_argument("--variations", type=whole, metavar="N", help="several write OUTPUT with -1, -2, ...")


def _edit(options: argparse.Namespace) -> None:
    check_output(options.output)
    if options.replay is not None:
        _replay(options)
        return
    region = read_region(options)
    engine = named_engine(options)
    _run(options, engine, make_request(options, engine.spec, **region))


def _replay(options: argparse.Namespace) -> None:
    from core.pictures.pngtext import read_png_text
    from core.recipe import read_recipe

    silent = ("mask", "box", "task", "class_name", *OPTIONS, *VIEW, *PAINTING)
    spoken = [flag(word) for word in silent if given(options, word)]
    if spoken:
        raise BadRequest(f"--replay takes every setting from the file: leave out {' and '.join(spoken)}.")
    recipe = read_recipe(read_png_text(options.replay.read_bytes()))
    image = None if options.image is None else opened(options.image)
    request = load_request(recipe.request, image)
    options.model = options.model or recipe.model
    if options.dtype == "auto":
        options.dtype = _number_of(recipe.machine)
    engine = named_engine(options)
    if not recipe.of_weights(engine.spec):
        aside(f"{options.replay} was made with other weights: the picture will differ.")
    if request.is_finished and not recipe.of_this_finish:
        aside(f"{options.replay} was finished by another version: the picture will differ.")
    _bind(options, engine, recipe.machine)
    _run(options, engine, request, says_machine=recipe.machine is not None)


def _number_of(made_by: Machine | None) -> str:
    """Return the `--dtype` in which a picture was made; "auto" if that is unknown or not available here."""
    from core.engine.device import FORMATS, format_called
    from core.engine.products import can_pack

    name = format_called(made_by.dtype) if made_by is not None and made_by.device == "cpu" else None
    return "auto" if name is None or (FORMATS[name].packed and not can_pack()) else name


def _bind(options: argparse.Namespace, engine: LocalEngine, made_by: Machine | None) -> None:
    """Compute with the threads that made the replayed picture, and report what cannot be the same."""
    if made_by is None:
        aside(f"{options.replay} does not say how many threads made it: pixels may differ by a level.")
        return
    engine.divide_among(made_by.threads)
    if engine.machine != made_by:
        here = f"{engine.machine.dtype} on {engine.machine.device}"
        aside(f"{options.replay} was made in {made_by.dtype} on {made_by.device}, this is {here}: pixels may differ.")


def _extend(options: argparse.Namespace) -> None:
    check_output(options.output)
    image = opened(options.image)
    sides = read_sides(options, Size(image.shape[1], image.shape[0]))
    engine = named_engine(options)
    _run(options, engine, make_request(options, engine.spec, image=image, region=sides))


def _generate(options: argparse.Namespace) -> None:
    check_output(options.output)
    engine = named_engine(options)
    _run(options, engine, make_request(options, engine.spec))


def _run(options: argparse.Namespace, engine: Engine, request: EditRequest, *, says_machine: bool = True) -> None:
    """Run a request, write its pictures and report them; their text says what made them unless told otherwise."""
    result = _watched(engine, request)
    for sentence in result.told:
        aside(sentence)
    machine = engine.machine if says_machine else None
    outputs = [str(path) for path in write_pictures(engine, request, result, options.output, machine)]
    best = f"; best first: {', '.join(str(i + 1) for i in result.ranking)}" if len(outputs) > 1 else ""
    say(
        options,
        f"wrote {', '.join(outputs)}: {result.unknown_tokens} tokens in {len(result.windows)} window(s), "
        f"{result.seconds['total']:.2f} s{best}",
        {
            "outputs": outputs,
            "best_first": [outputs[i] for i in result.ranking],
            "seams": list(result.seams),
            "colour_shifts": list(result.colour_shifts),
            "follows": None if result.follows is None else list(result.follows),
            "seconds": result.seconds,
            "unknown_tokens": result.unknown_tokens,
            "passes": len(result.windows),
            "forwards": result.forwards,
            "model": engine.spec.name,
            "device": engine.device,
            "request": save_request(request),
        },
    )


def write_pictures(
    engine: Engine, request: EditRequest, result: EditResult, output: Path, machine: Machine | None
) -> list[Path]:
    """Write a picture for each variation, after all are encoded, with the text that says what made it.

    Args:
        engine, request: that gave the result.
        result: the result.
        output: where to; see `output_paths`.
        machine: what the text says of the machine.
    """
    from core.pictures.encoding import write_whole
    from core.recipe import recipe_text

    paths = output_paths(output, len(result.patches))
    files = [
        encoded(result.image(i), path, recipe_text(engine.spec, request, i, machine=machine))
        for i, path in enumerate(paths)
    ]
    for path, data in zip(paths, files, strict=True):
        write_whole(path, data)
    return paths


def _watched(engine: Engine, request: EditRequest) -> EditResult:
    """Run a request, with a progress bar if standard error is a terminal."""
    if not sys.stderr.isatty():
        return engine.edit(request)
    from tqdm import tqdm

    from core.values.finishing import Finishing
    from core.values.result import EditResult

    with tqdm(desc="decode", unit="step", leave=False) as bar:
        for event in engine.stream(request, preview_budget_s=0.0):
            if isinstance(event, EditResult):
                return event
            if isinstance(event, Finishing):
                bar.set_description("finish")
                continue
            bar.total = event.steps
            bar.update(event.step - bar.n)
    raise AssertionError("a stream ends with its result")
