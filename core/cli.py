"""The command line: `python -m core edit|extend|generate|sweep|models|download|convert|train-...|evaluate|bench`.

Knows nothing of how pictures are made: it turns words into one request and enters through the engine, as the editor
does. Its names are fixed; other programs rely on them. Whatever a user got wrong ends in exit status 2 and one
sentence on standard error. Heavy packages are imported by the commands that need them, so that --help is instant.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import math
import shlex
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from core.errors import BadRequest, CoreError, UnknownModel
from core.geometry import Box, Sides, Size

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from core.engine import Engine
    from core.evaluation.edits import TestSet
    from core.evaluation.judge import Judge
    from core.models.config import ModelSpec
    from core.request import DecodeOptions, EditRequest, EditResult

EXIT_USER_ERROR = 2
EXIT_INTERRUPTED = 130  # 128 + SIGINT, as shells report it

_MODEL = "scenes-128"
_ABLATION_SAMPLES = 88  # eight of each of eleven classes

_AXES = {
    "schedules": ("schedule", "schedule"),
    "steps": ("steps", "steps"),
    "temperatures": ("temperature", "choice_temperature"),
    "token_temperatures": ("token_temperature", "token_temperature"),
    "guidances": ("guidance", "guidance_scale"),
    "seeds": ("seed", "seed"),
    "classes": ("class_name", "class_id"),
}
"""Sweep option -> (the option for a single value, axis of `core.sweeps`); the first of two axes makes the rows."""

_OPTIONS = {
    "schedule": "schedule",
    "order": "order",
    "steps": "steps",
    "start_step": "start_step",
    "temperature": "choice_temperature",
    "token_temperature": "token_temperature",
    "guidance": "guidance_scale",
    "guidance_ramp": "guidance_ramp",
    "seed": "seed",
    "variations": "variations",
}
"""Command line option -> field of `DecodeOptions`."""

_SHAPE = {
    "coverage": "coverage",
    "grow": "grow_tokens",
    "feather": "feather_px",
    "context": "context",
    "match_colour": "match_colour",
    "opaque": "opaque",
    "window": "window",
}
"""Command line option -> field of `EditRequest`."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit status: 0, 2 for what the user can mend, 130 when interrupted.

    Args:
        arguments: as after `python -m core`; None takes them from the process.
    """
    try:
        options = _parser().parse_args(arguments)
        options.run(options)
    except CoreError as error:
        return _refused(str(error))
    except OSError as error:
        return _refused(f"{error.filename}: {error.strerror}." if error.filename and error.strerror else str(error))
    except KeyboardInterrupt:
        print("stopped.", file=sys.stderr)
        return EXIT_INTERRUPTED
    return 0


def _refused(sentence: str) -> int:
    print(" ".join(sentence.split()), file=sys.stderr)
    return EXIT_USER_ERROR


# The words -------------------------------------------------------------------------------------------------------


class _Parser(argparse.ArgumentParser):
    """An argument parser that raises its complaints as one sentence instead of printing its usage."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(allow_abbrev=False, **settings)

    def error(self, message: str) -> NoReturn:
        raise BadRequest(f"{message}: see {self.prog} --help.")


def _whole(text: str) -> int:
    try:
        return int(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number") from None


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number") from None


def _list_of(kind: Callable[[str], Any]) -> Callable[[str], list[Any]]:
    def read(text: str) -> list[Any]:
        values = [kind(part.strip()) for part in text.split(",")]
        if len({str(value) for value in values}) < len(values):
            raise argparse.ArgumentTypeError(f"{text!r} names a value twice")
        return values

    return read


def _box(text: str) -> Box:
    try:
        left, top, width, height = (int(part) for part in text.split(","))
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not LEFT,TOP,WIDTH,HEIGHT in whole pixels") from None
    return Box(left, top, left + width, top + height)


def _parser() -> _Parser:
    parser = _Parser(prog="python -m core", description="Repaint parts of pictures with a masked token transformer.")
    commands = parser.add_subparsers(metavar="COMMAND", required=True)

    def command(name: str, run: Callable[[argparse.Namespace], None], summary: str) -> _Parser:
        made: _Parser = commands.add_parser(name, help=summary, description=summary)
        made.set_defaults(run=run)
        return made

    edit = command("edit", _edit, "Repaint what a mask or a box marks.")
    edit.add_argument("--replay", type=Path, metavar="PNG", help="do again what this output's text says, on --image")
    _add_region(edit)
    _add_request(edit)

    extend = command("extend", _extend, "Grow a picture at any of its sides.")
    extend.add_argument("--image", type=Path, required=True)
    for side in Sides._fields:
        extend.add_argument(f"--{side}", type=_whole, default=0, metavar="PX", help="pixels to add there")
    _add_output(extend)
    _add_request(extend)

    generate = command("generate", _generate, "Make a picture of a class from nothing.")
    _add_output(generate)
    _add_request(generate)

    sweep = command("sweep", _sweep, "Do one edit over a grid of settings; values are separated by commas.")
    _add_region(sweep)
    _add_request(sweep, sweep=True)

    models = command("models", _models, "List the bundled models and the published ones.")
    models.add_argument("--json", action="store_true")

    download = command("download", _download, "Fetch a published model, or what is missing of it.")
    download.add_argument("name", metavar="NAME", help="as `models` lists it, e.g. halton-256-tiny")
    download.add_argument("--json", action="store_true", help="end standard output with one JSON object")

    convert = command("convert", _convert, "Write a model folder of a tokenizer and a transformer from elsewhere.")
    convert.add_argument(
        "files", type=Path, nargs="+", metavar="FILE", help="both nets' weights in any container, or a model folder"
    )
    convert.add_argument("--out", type=Path, required=True, metavar="DIR", help="the model folder to write")
    convert.add_argument("--dtype", default="fp32", help="of the weights written: fp32, bf16 or fp16")
    convert.add_argument("--json", action="store_true", help="end standard output with one JSON object")

    reconstruct = command("reconstruct", _reconstruct, "Encode and decode a picture: what the tokenizer can show.")
    reconstruct.add_argument("--image", type=Path, required=True)
    _add_output(reconstruct)
    _add_engine(reconstruct)

    tokenizer = command("train-tokenizer", _train_tokenizer, "Stage one: train a tokenizer on labelled photos.")
    _add_training(tokenizer)
    _add_metrics(tokenizer)

    mvtm = command("train-mvtm", _train_mvtm, "Stage two: train a transformer on the tokenizer's codes.")
    _add_training(mvtm)
    mvtm.add_argument("--tokenizer", type=Path, required=True, metavar="DIR", help="a train-tokenizer --out folder")

    evaluate = command("evaluate", _evaluate, "Measure edits and reconstructions beside plain baselines.")
    evaluate.add_argument("--data", type=Path, nargs="+", required=True, help="class folders, or zips of them")
    _add_metrics(evaluate)
    evaluate.add_argument("--report", type=Path, required=True, metavar="DIR", help="where the report is written")
    evaluate.add_argument("--limit", type=_whole, metavar="N", help="so many photos, spread over all")
    evaluate.add_argument("--questions", nargs="+", metavar="NAME", help="only these, e.g. centre-50 reconstruction")
    evaluate.add_argument(
        "--samples", type=_whole, metavar="N", help="generated pictures: 12 a class; --ablation: 88 a setting"
    )
    evaluate.add_argument(
        "--inception", type=Path, metavar="WEIGHTS", help="torch-fidelity's file (a pickle: trust it), for FID and IS"
    )
    evaluate.add_argument("--ablation", action="store_true", help="vary schedule, T and order instead")
    _add_decoding(evaluate)
    evaluate.add_argument("--steps", type=_whole, metavar="T")
    _add_engine(evaluate)

    compare = command("compare", _compare, "Cross transformers with tokenizers of the same codes: which gains what.")
    compare.add_argument("--data", type=Path, nargs="+", required=True, help="photos of the models' (ImageNet) classes")
    _add_metrics(compare)
    compare.add_argument("--models", type=Path, nargs="+", required=True, metavar="DIR", help="model folders")
    compare.add_argument(
        "--tokenizers", type=Path, nargs="+", required=True, metavar="DIR", help="train-tokenizer folders, codes alike"
    )
    compare.add_argument("--limit", type=_whole, metavar="N", help="so many photos, spread over all")
    compare.add_argument("--samples", type=_whole, default=50, metavar="N", help="pictures of each class")
    compare.add_argument("--guidances", type=_list_of(_number), default=(), metavar="S,S", help="tried besides")
    compare.add_argument("--report", type=Path, required=True, metavar="DIR", help="where the report is written")

    bench = command("bench", _bench, "Time imports, loading and edits on this machine.")
    _add_engine(bench)
    return parser


def _add_engine(parser: _Parser) -> None:
    parser.add_argument("--model", help=f"a name that `models` lists, or a model folder; default {_MODEL}")
    parser.add_argument("--device", default="auto", help="auto, cpu or cuda")
    parser.add_argument("--dtype", default="auto", help="auto, fp32, bf16 or fp16")
    parser.add_argument("--json", action="store_true", help="end standard output with one JSON object")


def _add_output(parser: _Parser) -> None:
    parser.add_argument("--output", type=Path, required=True, help="a .png, .jpg or .webp file")


def _add_region(parser: _Parser) -> None:
    parser.add_argument("--image", type=Path)
    parser.add_argument("--mask", type=Path, help="a picture: white (or opaque, where it has alpha) = repaint")
    parser.add_argument("--box", type=_box, metavar="L,T,W,H", help="repaint this box as --class instead of a mask")
    parser.add_argument(
        "--window", type=_box, metavar="L,T,W,H", help="look through this square, not the planned window"
    )
    parser.add_argument("--task", choices=("inpaint", "manipulate"), help="manipulate where --box is given")
    parser.add_argument("--output", type=Path, required=True, help="a .png, .jpg or .webp file; for sweep a folder")


def _add_request(parser: _Parser, *, sweep: bool = False) -> None:
    """Add what makes a request; a value left out is the model's own default."""
    _add_engine(parser)
    parser.add_argument("--class", dest="class_name", metavar="NAME|ID")
    _add_decoding(parser)
    parser.add_argument("--seed", type=_whole)
    parser.add_argument("--coverage", type=_number, metavar="X", help="repaint cells brushed by more than this share")
    parser.add_argument("--grow", type=_whole, metavar="N", help="repaint so many cells around the mask, too")
    parser.add_argument("--feather", type=_whole, metavar="PX", help="soft edge inside the mask; 0 is hard")
    parser.add_argument("--context", type=_number, metavar="X", help="window side over the hole's longer side")
    parser.add_argument("--no-match-colour", dest="match_colour", action="store_const", const=False)
    parser.add_argument("--opaque", action="store_const", const=True, help="make repainted pixels opaque")
    if not sweep:
        parser.add_argument("--steps", type=_whole, metavar="T")
        parser.add_argument("--variations", type=_whole, metavar="N", help="several write OUTPUT with -1, -2, ...")
        return
    parser.add_argument("--schedules", type=_list_of(str), metavar="A,B")
    parser.add_argument("--steps", type=_list_of(_whole), metavar="T,T")
    parser.add_argument("--temperatures", type=_list_of(_number), metavar="X,X")
    parser.add_argument("--token-temperatures", type=_list_of(_number), metavar="X,X")
    parser.add_argument("--guidances", type=_list_of(_number), metavar="S,S")
    parser.add_argument("--seeds", type=_list_of(_whole), metavar="N,N")
    parser.add_argument("--classes", type=_list_of(str), metavar="NAME,NAME")


def _add_decoding(parser: _Parser) -> None:
    """Add how tokens are decoded, but for T, of which a sweep takes several."""
    parser.add_argument("--schedule", metavar="NAME")
    parser.add_argument("--order", metavar="NAME", help="confidence, halton or raster")
    parser.add_argument("--start-step", type=_whole, metavar="N", help="leading steps that count as done")
    parser.add_argument("--guidance", type=_number, metavar="S", help="classifier-free guidance scale; 1 is off")
    parser.add_argument("--guidance-ramp", action="store_const", const="linear", help="grow guidance from 1 to S")
    parser.add_argument(
        "--temperature", "--choice-temperature", type=_number, metavar="X", help="of the noise on the order of choice"
    )
    parser.add_argument("--token-temperature", type=_number, metavar="X")


def _add_metrics(command: argparse.ArgumentParser) -> None:
    command.add_argument("--metrics", type=Path, metavar="DIR", help="the metric nets; default: ../metrics of the data")


def _add_training(parser: _Parser) -> None:
    parser.add_argument("--data", type=Path, nargs="+", required=True, help="class folders, or zips of them")
    parser.add_argument("--preset", default="scenes-128")
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="the run's folder")
    parser.add_argument("--minutes", type=_number, default=60.0, help="training time in all, resumed parts added up")
    parser.add_argument("--resume", action="store_true", help="go on with the run in --out")
    parser.add_argument("--start", type=Path, metavar="MODEL", help="begin with the weights of this model folder")
    parser.add_argument("--device", default="auto", help="auto, cpu or cuda")
    parser.add_argument(
        "--set", action="append", default=[], metavar="KEY=VALUE", help="change one entry of the recipe"
    )


# Words to request ------------------------------------------------------------------------------------------------


def _engine(options: argparse.Namespace) -> Engine:
    """Load the model that is named, or that lies in the folder that is named."""
    from core.engine import load_engine

    model = options.model or _MODEL
    folder = Path(model) if (Path(model) / "config.json").is_file() else None
    return load_engine(model, device=options.device, dtype=options.dtype, folder=folder)


def _decode_options(options: argparse.Namespace, spec: ModelSpec) -> DecodeOptions:
    """Return the decoding that the words ask for, the model's defaults where they are silent."""
    from core.request import DecodeOptions

    values = {field.name: getattr(spec.defaults, field.name) for field in fields(spec.defaults)}
    values |= {name: getattr(options, word) for word, name in _OPTIONS.items() if _given(options, word)}
    if not _given(options, "start_step"):
        values["start_step"] = min(values["start_step"], max(0, values["steps"] - 1))
    return DecodeOptions(**values)


def _given(options: argparse.Namespace, word: str) -> bool:
    return getattr(options, word, None) is not None


def _flag(word: str) -> str:
    """Return how an option is written on the command line."""
    if word == "match_colour":
        return "--no-match-colour"
    return "--" + word.removesuffix("_name").replace("_", "-")


def _request(options: argparse.Namespace, spec: ModelSpec, **parts: Any) -> EditRequest:
    from core.labels import class_id
    from core.request import EditRequest

    shape = {name: getattr(options, word) for word, name in _SHAPE.items() if _given(options, word)}
    wanted = class_id(spec.classes, options.class_name)
    return EditRequest(**parts, **shape, class_id=wanted, options=_decode_options(options, spec))


def _region(options: argparse.Namespace) -> dict[str, Any]:
    """Return task, image, mask and box of an edit."""
    from core.pictures import open_mask, open_picture
    from core.request import Task

    if options.image is None:
        raise BadRequest("no picture was given: name one with --image.")
    if (options.mask is None) == (options.box is None):
        raise BadRequest("give either --mask or --box: one says what to repaint, not both.")
    if options.box is not None and options.task == "inpaint":
        raise BadRequest("--box belongs to --task manipulate: leave --task out, or give --mask instead.")
    image = open_picture(options.image)
    task = Task(options.task or ("manipulate" if options.box else "inpaint"))
    if options.box is not None:
        return {"task": task, "image": image, "box": options.box}
    height, width = image.shape[:2]
    return {"task": task, "image": image, "mask": open_mask(options.mask, Size(width, height))}


# Commands --------------------------------------------------------------------------------------------------------


def _edit(options: argparse.Namespace) -> None:
    _check_output(options.output)
    if options.replay is not None:
        _replay(options)
        return
    region = _region(options)
    engine = _engine(options)
    _run(options, engine, _request(options, engine.spec, **region))


def _replay(options: argparse.Namespace) -> None:
    from core.pictures import open_picture, read_png_text
    from core.recipe import read_recipe
    from core.request import EditRequest

    silent = ("mask", "box", "task", "class_name", *_OPTIONS, *_SHAPE)
    spoken = [_flag(word) for word in silent if _given(options, word)]
    if spoken:
        raise BadRequest(f"--replay takes every setting from the file: leave out {' and '.join(spoken)}.")
    recipe = read_recipe(read_png_text(options.replay.read_bytes()))
    image = None if options.image is None else open_picture(options.image)
    if recipe.request.get("image") is None:
        image = None  # it was generated from nothing
    request = EditRequest.from_dict(recipe.request, image)
    options.model = options.model or recipe.model
    engine = _engine(options)
    if dict(recipe.weights) != dict(engine.spec.sha256):
        print(f"{options.replay} was made with other weights: the picture will differ.", file=sys.stderr)
    _run(options, engine, request)


def _extend(options: argparse.Namespace) -> None:
    from core.pictures import open_picture
    from core.request import Task

    _check_output(options.output)
    image = open_picture(options.image)
    sides = Sides(options.left, options.top, options.right, options.bottom)
    engine = _engine(options)
    _run(options, engine, _request(options, engine.spec, task=Task.EXTRAPOLATE, image=image, extend=sides))


def _generate(options: argparse.Namespace) -> None:
    from core.request import Task

    _check_output(options.output)
    engine = _engine(options)
    _run(options, engine, _request(options, engine.spec, task=Task.GENERATE))


def _run(options: argparse.Namespace, engine: Engine, request: EditRequest) -> None:
    """Carry out a request, write its pictures and say so."""
    from core.pictures import write_whole
    from core.recipe import recipe_text

    result = _watched(engine, request)
    pictures: list[tuple[Path, bytes]] = []
    for i, pixels in enumerate(result.images):
        path = options.output
        if len(result.images) > 1:
            path = path.with_stem(f"{path.stem}-{i + 1}")
        pictures.append((path, _encoded(pixels, path, recipe_text(engine.spec, request, i))))
    for path, data in pictures:
        write_whole(path, data)
    outputs = [str(path) for path, _ in pictures]
    _say(
        options,
        f"wrote {', '.join(outputs)}: {result.unknown_tokens} tokens in {len(result.windows)} window(s), "
        f"{result.seconds['total']:.2f} s",
        {
            "outputs": outputs,
            "seconds": result.seconds,
            "unknown_tokens": result.unknown_tokens,
            "passes": len(result.windows),
            "forwards": result.forwards,
            "model": engine.spec.name,
            "device": engine.device,
            "request": request.to_dict(),
        },
    )


def _watched(engine: Engine, request: EditRequest) -> EditResult:
    """Return the result of a request, with a progress bar where standard error is a terminal."""
    if not sys.stderr.isatty():
        return engine.edit(request)
    from tqdm import tqdm

    from core.request import EditResult

    with tqdm(desc="decode", unit="step", leave=False) as bar:
        for event in engine.stream(request, preview_budget_s=0.0):
            if isinstance(event, EditResult):
                return event
            bar.total = event.steps
            bar.update(event.step - bar.n)
    raise AssertionError("a stream ends with its result")


def _sweep(options: argparse.Namespace) -> None:
    from tqdm import tqdm

    from core.labels import class_id
    from core.pictures import encode_png, write_whole
    from core.recipe import recipe_text
    from core.sweeps import sheet, sweep, to_csv

    wide: dict[str, list[Any]] = {}
    for word, (single, name) in _AXES.items():
        values = getattr(options, word)
        if values is None:
            continue
        if word != single and _given(options, single):
            raise BadRequest(f"{_flag(single)} and {_flag(word)} say the same thing twice: give one of them.")
        # The request that is varied must be sound by itself, start step included.
        setattr(options, single, values[0] if name != "steps" else max(values))
        if len(values) > 1:
            wide[name] = values
    if len(wide) > 2:
        raise BadRequest(f"a sheet has two sides but {len(wide)} settings vary ({', '.join(wide)}): vary at most two.")
    if options.output.exists() and not options.output.is_dir():
        raise BadRequest(f"--output {options.output} is a file: give a folder for the sheet, the CSV and the cells.")
    region = _region(options)
    engine = _engine(options)
    spec = engine.spec
    if "class_id" in wide:
        wide["class_id"] = [class_id(spec.classes, text) for text in wide["class_id"]]
    request = _request(options, spec, **region)
    axes: dict[str, list[Any]] = wide or {"steps": [request.options.steps]}

    folder = options.output / "cells"
    folder.mkdir(parents=True, exist_ok=True)
    started = time.perf_counter()
    cells, outputs = [], []
    count = math.prod(len(values) for values in axes.values())
    for cell in tqdm(sweep(engine, request, axes), total=count, desc="sweep", unit="cell", leave=False, disable=None):
        name = "_".join(f"{axis}-{value}".replace(" ", "-") for axis, value in cell.settings.items())
        path = folder / f"{cell.row + 1}-{cell.column + 1}_{name}.png"
        write_whole(path, encode_png(cell.image, text=recipe_text(spec, cell.request)))
        cells.append(cell)
        outputs.append(str(path))
    table, path = options.output / "sweep.csv", options.output / "sheet.png"
    write_whole(table, to_csv(cells).encode())
    write_whole(path, encode_png(sheet(cells, axes, spec.classes)))
    seconds = time.perf_counter() - started
    _say(
        options,
        f"wrote {path}, sweep.csv and {len(cells)} cells: {seconds:.2f} s",
        {
            "outputs": [str(path), str(table), *outputs],
            "seconds": {"total": seconds},
            "forwards": sum(cell.forwards for cell in cells),
            "cells": [
                {"settings": dict(c.settings), "seconds": c.seconds, "forwards": c.forwards, "score": c.score}
                for c in cells
            ],
            "model": spec.name,
            "device": engine.device,
            "request": request.to_dict(),
        },
    )


def _models(options: argparse.Namespace) -> None:
    from core.engine import BUNDLED, list_models
    from core.models.catalog import CATALOG
    from core.models.families import count_parameters
    from core.models.library import model_state

    bundled, published = [], []
    for spec in list_models():
        names = ("name", "title", "family", "pixels", "grid", "codebook_size", "classes", "licence", "null_class")
        with _data_errors():  # a config.json may describe nets that cannot be
            facts = {name: getattr(spec, name) for name in names} | {"parameters": count_parameters(spec)}
        weights = (BUNDLED / spec.name).glob("*.safetensors")
        bundled.append(facts | {"bytes": sum(path.stat().st_size for path in weights)})
    for model in CATALOG.values():
        names = ("name", "title", "family", "pixels", "grid", "parameters", "bytes", "licence", "null_class")
        facts = {name: getattr(model, name) for name in (*names, "needs_class", "guidance")}
        published.append(facts | {"defaults": vars(model.defaults), "on_disk": model_state(model)})
    if options.json:
        print(json.dumps({"models": bundled, "published": published}))
        return
    for facts in bundled:
        print(
            f"{facts['name']}: {facts['title']} ({facts['pixels']} px, {facts['grid']}x{facts['grid']} of "
            f"{facts['codebook_size']} codes, {facts['parameters'] / 1e6:.1f} M parameters, "
            f"{facts['bytes'] / 1e6:.0f} MB, {len(facts['classes'])} classes; {facts['licence']})"
        )
        print(f"    {', '.join(facts['classes'])}")
    print("\nPublished models of ImageNet's 1000 classes, which `download NAME` fetches:")
    heads = ("name", "pixels", "grid", "parameters", "download", "class", "guidance", "on disk", "licence")
    rows = [
        (
            facts["name"],
            str(facts["pixels"]),
            f"{facts['grid']}x{facts['grid']}",
            f"{facts['parameters'] / 1e6:.0f} M",
            f"{facts['bytes'] / 1e9:.2f} GB",
            "needed" if facts["needs_class"] else "optional",
            facts["guidance"] or "none",
            facts["on_disk"],
            facts["licence"],
        )
        for facts in published
    ]
    widths = [max(map(len, column)) for column in zip(heads, *rows, strict=True)]
    for row in (heads, *rows):
        print("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())


def _download(options: argparse.Namespace) -> None:
    from tqdm import tqdm

    from core.models.catalog import CATALOG
    from core.models.hub import download
    from core.models.library import converted_folder

    if options.name not in CATALOG:
        raise UnknownModel(f"model {options.name!r} is not published: choose one of {', '.join(CATALOG)}.")
    model = CATALOG[options.name]
    with tqdm(total=model.bytes, desc=model.name, unit="B", unit_scale=True, disable=None) as bar:

        def show(done: int, total: int) -> None:
            bar.total = total
            bar.update(done - bar.n)

        paths = download(model, progress=show)
    folder = converted_folder(model.name)
    words = " ".join(shlex.quote(str(part)) for part in (*paths, "--out", folder))
    _say(
        options,
        "\n".join((*map(str, paths), f"{model.licence}. To use it: python -m core convert {words}")),
        {
            "model": model.name,
            "outputs": [str(path) for path in paths],
            "bytes": sum(path.stat().st_size for path in paths),
            "convert_to": str(folder),
        },
    )


def _convert(options: argparse.Namespace) -> None:
    from core.device import number_format
    from core.models.convert import convert

    dtype = number_format(options.dtype)
    if options.out.exists() and not options.out.is_dir():
        raise BadRequest(f"--out {options.out} is a file: name a folder.")
    spec = convert(options.files, options.out, dtype)
    size = sum((options.out / name).stat().st_size for name in spec.sha256)
    _say(
        options,
        f"wrote {options.out}: {spec.title}, {size / 1e6:.0f} MB ({options.dtype})",
        {"output": str(options.out), "model": spec.name, "family": spec.family, "bytes": size},
    )


def _reconstruct(options: argparse.Namespace) -> None:
    from core.pictures import open_picture, write_whole

    _check_output(options.output)
    image = open_picture(options.image)
    engine = _engine(options)
    started = time.perf_counter()
    pixels = engine.reconstruct(image[..., :3])
    seconds = time.perf_counter() - started
    write_whole(options.output, _encoded(pixels, options.output))
    _say(
        options,
        f"wrote {options.output}: {seconds:.2f} s",
        {
            "outputs": [str(options.output)],
            "seconds": {"total": seconds},
            "model": engine.spec.name,
            "device": engine.device,
        },
    )


def _train_tokenizer(options: argparse.Namespace) -> None:
    from core.training.train_tokenizer import train_tokenizer

    with _data_errors():
        recipe = _recipe(options, "tokenizer")
        weights = _metrics(options) / "effnet_lite0_fp16.npz"
        if not weights.is_file():
            raise BadRequest(f"{weights} is missing: give the folder of the metric net with --metrics.")
        _train(options, train_tokenizer, recipe, metric_net=weights)


def _train_mvtm(options: argparse.Namespace) -> None:
    from core.training.train_mvtm import train_mvtm

    with _data_errors():
        name = options.out.resolve().name
        _train(options, train_mvtm, _recipe(options, "mvtm"), tokenizer=options.tokenizer, name=name)


def _recipe(options: argparse.Namespace, stage: str) -> Any:
    from core.training.recipes import PRESETS, with_settings

    if options.preset not in PRESETS:
        raise BadRequest(f"preset {options.preset!r} is unknown: choose one of {', '.join(PRESETS)}.")
    if not 0.0 < options.minutes < math.inf:
        raise BadRequest(f"--minutes is {options.minutes:g}: give a number above 0.")
    return with_settings(getattr(PRESETS[options.preset], stage), options.set)


def _train(options: argparse.Namespace, train: Callable[..., None], recipe: Any, **parts: Any) -> None:
    import torch

    from core.device import pick_device
    from core.errors import OutOfMemory
    from core.training.data import load_photos
    from core.training.processes import joined_processes
    from core.training.run import Limits

    with joined_processes(pick_device(options.device)) as processes:
        photos = load_photos(options.data, recipe.stored)
        parts |= {"device": processes.device, "processes": processes, "start": options.start, "resume": options.resume}
        try:
            train(recipe, photos, options.out, Limits(options.minutes), **parts)
        except torch.OutOfMemoryError as error:
            advice = f"a batch of {recipe.batch} does not fit: halve it with --set batch={recipe.batch // 2}."
            raise OutOfMemory(f"{processes.device} has too little free memory; {advice}") from error


def _metrics(options: argparse.Namespace) -> Path:
    """Return the folder of the metric nets: as given, or beside the folder of the data (a path into a zip or not)."""
    if options.metrics is not None:
        return Path(options.metrics)
    data = next((p for p in options.data[0].parents if p.suffix.lower() == ".zip"), options.data[0])
    return Path(data.parent.parent / "metrics")


@contextlib.contextmanager
def _data_errors() -> Iterator[None]:
    """Turn what the training rooms raise about their data, recipe and folders into a sentence for the user."""
    import zipfile

    try:
        yield
    except CoreError:
        raise
    except (ValueError, zipfile.BadZipFile) as error:
        raise BadRequest(f"{str(error).rstrip('.')}.") from error


def _evaluate(options: argparse.Namespace) -> None:
    from core.evaluation.course import chosen_names
    from core.evaluation.edits import TestSet
    from core.evaluation.judge import Judge
    from core.training.data import load_photos

    if options.limit is not None and options.limit < 2:
        raise BadRequest(f"--limit is {options.limit}: give at least 2 photos.")
    if options.samples is not None and options.samples < 2:
        raise BadRequest(f"--samples is {options.samples}: give at least 2 pictures.")
    names = chosen_names(options.questions)
    if options.ablation:
        unheard = [word for word in ("questions", "inception", *_OPTIONS) if _given(options, word)]
        if unheard:
            flags = " and ".join(_flag(word) for word in unheard)
            raise BadRequest(f"--ablation has settings and questions of its own: leave out {flags}.")
    judge = Judge(_metrics(options))
    engine = _engine(options)
    with _data_errors():
        photos = load_photos(options.data, 256)
    # Where all of the data's classes are the model's, count them as the model does.
    classes = engine.spec.classes if set(photos.classes) <= set(engine.spec.classes) else photos.classes
    labels = tuple(classes.index(photos.classes[i]) for i in photos.labels.tolist())
    test_set = TestSet(photos.pixels.numpy(), labels, classes).first(options.limit)
    options.report.mkdir(parents=True, exist_ok=True)
    if options.ablation:
        from core.evaluation.ablation import run_ablation

        run_ablation(engine, test_set, judge, options.report, samples=options.samples or _ABLATION_SAMPLES)
        _say(options, f"wrote {options.report}", {"outputs": [str(options.report)], "model": engine.spec.name})
        return
    _examine(options, engine, test_set, judge, names)


def _examine(
    options: argparse.Namespace, engine: Engine, test_set: TestSet, judge: Judge, names: Sequence[str]
) -> None:
    """Ask the questions; the report is written anew after each, so that an interrupted run leaves what it measured."""
    from tqdm import tqdm

    from core.evaluation import generation
    from core.evaluation.baselines import BASELINES
    from core.evaluation.course import course, slug
    from core.evaluation.edits import Answer
    from core.evaluation.report import markdown, report, sheet, table_csv, with_ratios
    from core.pictures import encode_png, write_whole

    spec, decoding = engine.spec, _decode_options(options, engine.spec)
    asks, missing = course(
        engine,
        test_set,
        judge,
        options=decoding,
        names=names,
        samples=options.samples or generation.SAMPLES,
        inception_weights=options.inception,
    )
    for sentence in missing:
        print(sentence, file=sys.stderr)
    title = (
        f"{spec.name} on {len(test_set.photos)} photos ({engine.device}, {engine.dtype}; {decoding.schedule}, "
        f"{decoding.order} order, T = {decoding.steps}, guidance {decoding.guidance_scale:g}, "
        f"choice temperature {decoding.choice_temperature:g}, token temperature {decoding.token_temperature:g})"
    )
    parts: list[list[Answer]] = []
    outputs, seconds = [options.report / "report.md", options.report / "figures.csv"], {}
    with tqdm(asks.items(), desc="evaluate", unit="question", disable=None) as bar:
        for name, ask in bar:
            bar.set_postfix_str(name)
            started = time.perf_counter()
            parts.append(with_ratios(ask(), BASELINES))
            seconds[name] = time.perf_counter() - started
            tqdm.write(f"{markdown(parts[-1])}\n{seconds[name]:.0f} s\n")
            outputs.append(options.report / f"sheet-{slug(name)}.png")
            write_whole(outputs[-1], encode_png(sheet(parts[-1])))
            write_whole(outputs[0], report(title, parts, spec.name, BASELINES, missing).encode())
            write_whole(outputs[1], table_csv([answer for answers in parts for answer in answers]).encode())
    _say(
        options,
        f"wrote {outputs[0]}",
        {
            "outputs": [str(path) for path in outputs],
            "model": spec.name,
            "device": engine.device,
            "seconds": seconds,
            "figures": [
                {"question": a.question, "method": a.method}
                | {name: value for name, value in a.figures.items() if math.isfinite(value)}  # JSON has no nan
                for answers in parts
                for a in answers
            ],
        },
    )


def _compare(options: argparse.Namespace) -> None:
    from core.evaluation.comparison import Transformer, compare, markdown, sheet, table_csv
    from core.evaluation.edits import TestSet
    from core.evaluation.judge import Judge
    from core.models.checkpoints import load_nets, load_tokenizer, read_spec
    from core.pictures import encode_png, write_whole
    from core.training.data import load_photos

    if options.samples < 1:
        raise BadRequest(f"--samples is {options.samples}: give at least 1.")
    if options.limit is not None and options.limit < 2:
        raise BadRequest(f"--limit is {options.limit}: give at least 2 photos.")
    judge = Judge(_metrics(options))
    specs = [(read_spec(folder), folder) for folder in options.models]
    transformers = [Transformer(spec, load_nets(folder, spec)[1]) for spec, folder in specs]
    tokenizers = {folder.name: load_tokenizer(folder)[0] for folder in options.tokenizers}
    with _data_errors():
        photos = load_photos(options.data, specs[0][0].pixels)
    test_set = TestSet(photos.pixels.numpy(), tuple(photos.labels.tolist()), photos.classes).first(options.limit)

    options.report.mkdir(parents=True, exist_ok=True)
    lines = []
    for line in compare(
        transformers, tokenizers, test_set, judge, samples=options.samples, guidances=options.guidances
    ):
        lines.append(line)
        if line.pictures:
            slug = "-".join("".join(c if c.isalnum() else " " for c in f"{line.section} {line.name}").split())
            write_whole(options.report / f"{slug}.png", encode_png(sheet(line.pictures)))
        # Written after every line, so that an interrupted run leaves what it has measured.
        write_whole(options.report / "comparison.md", markdown(lines).encode())
        write_whole(options.report / "comparison.csv", table_csv(lines).encode())
    print(markdown(lines))
    print(f"wrote {options.report / 'comparison.md'}")


def _bench(options: argparse.Namespace) -> None:
    from core.evaluation import latency

    imports = latency.measure_imports()
    engine, loading = latency.measure_loading(lambda: _engine(options))
    timings = [imports, loading, *latency.measure_edits(engine), latency.measure_reconstruction(engine)]
    facts = {"model": engine.spec.name, "device": engine.device, "dtype": engine.dtype, **latency.machine()}
    table = latency.markdown(timings)
    _say(
        options,
        f"{', '.join(f'{name} {value}' for name, value in facts.items())}\n\n{table}",
        {**facts, "seconds": {timing.name: timing.seconds for timing in timings}},
    )


# What is written -------------------------------------------------------------------------------------------------


def _say(options: argparse.Namespace, sentence: str, facts: Mapping[str, Any]) -> None:
    """Print the sentence and, where it was asked for, the facts as the last line."""
    print(sentence)
    if options.json:
        print(json.dumps(facts))


def _check_output(path: Path) -> None:
    """Refuse an output that could not be written, before any work is done."""
    if path.suffix.lower() not in (".png", ".jpg", ".jpeg", ".webp"):
        raise BadRequest(f"--output {path} has no known ending: name it .png, .jpg or .webp.")
    if path.is_dir():
        raise BadRequest(f"--output {path} is a folder: name a file in it.")
    if not path.parent.is_dir():
        raise BadRequest(f"--output {path}: there is no folder {path.parent}, make it first.")


def _encoded(pixels: NDArray[np.uint8], path: Path, text: Mapping[str, str] | None = None) -> bytes:
    """Return a picture file of the format that the path's ending names; a PNG carries the text."""
    from core.pictures import encode_picture, encode_png

    if path.suffix.lower() == ".png":
        return encode_png(pixels, text=text)
    return encode_picture(pixels, path.suffix)
