"""`evaluate` and `bench`: figures of a model on photos, and its seconds on this machine.

Knows nothing of how a figure is computed.
"""

from __future__ import annotations

import argparse
import math
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from core.cli.outcome import data_errors
from core.cli.output import say
from core.cli.words import (
    OPTIONS,
    Command,
    add_decoding,
    add_engine,
    decode_options,
    flag,
    given,
    named_engine,
    number,
    whole,
)
from core.errors import BadRequest
from core.lab.cli.probe import add_probe, learn_classes

if TYPE_CHECKING:
    from core.decoding.settings import Decoding
    from core.engine import Engine
    from core.lab.evaluation.answers import TestSet
    from core.lab.evaluation.judge import Judge

_ABLATION_SAMPLES = 88  # eight of each of eleven classes


def add_commands(command: Command) -> None:
    """Add the commands of this file."""
    evaluate = command("evaluate", _evaluate, "Measure edits and reconstructions beside plain baselines.")
    evaluate.add_argument("--data", type=Path, nargs="+", required=True, help="class folders, or zips of them")
    add_probe(evaluate)
    evaluate.add_argument("--report", type=Path, required=True, metavar="DIR", help="where the report is written")
    evaluate.add_argument("--limit", type=whole, metavar="N", help="most photos to take, spread over all")
    evaluate.add_argument("--questions", nargs="+", metavar="NAME", help="only those that begin so, e.g. centre-50 rec")
    evaluate.add_argument(
        "--samples", type=whole, metavar="N", help="generated pictures: 12 a class; --ablation: 88 a setting"
    )
    evaluate.add_argument(
        "--sharpen", type=number, metavar="X", help="0 to 1, of class edits and generated pictures; default 0.5"
    )
    evaluate.add_argument(
        "--inception", type=Path, metavar="WEIGHTS", help="torch-fidelity's file (a pickle: trust it), for FID and IS"
    )
    evaluate.add_argument("--ablation", action="store_true", help="vary schedule, T and order instead")
    add_decoding(evaluate)
    evaluate.add_argument("--steps", type=whole, metavar="T")
    add_engine(evaluate)

    bench = command("bench", _bench, "Time imports, loading and edits on this machine.")
    add_engine(bench)
    bench.add_argument(
        "--published",
        nargs="+",
        metavar="NAME",
        help="load and edit these with random weights instead: time and memory",
    )


def _evaluate(options: argparse.Namespace) -> None:
    from core.lab.evaluation.answers import TestSet, chosen
    from core.lab.evaluation.judge import Judge
    from core.lab.evaluation.model.course import NAMES
    from core.lab.training.data import load_photos

    if options.limit is not None and options.limit < 2:
        raise BadRequest(f"--limit is {options.limit}: give at least 2 photos.")
    if options.samples is not None and options.samples < 2:
        raise BadRequest(f"--samples is {options.samples}: give at least 2 pictures.")
    names = chosen(NAMES, options.questions)
    if options.ablation:
        unheard = [word for word in ("questions", "inception", "sharpen", *OPTIONS) if given(options, word)]
        if unheard:
            flags = " and ".join(flag(word) for word in unheard)
            raise BadRequest(f"--ablation has settings and questions of its own: leave out {flags}.")
    judge, engine = Judge(), named_engine(options)
    with data_errors():
        photos = load_photos(options.data, 256)
        # Where all of the data's classes are the model's, count them as the model does.
        classes = engine.spec.classes if set(photos.classes) <= set(engine.spec.classes) else photos.classes
        if options.probe is not None:
            learn_classes(judge, options.probe, classes)
    labels = tuple(classes.index(photos.classes[i]) for i in photos.labels.tolist())
    test_set = TestSet(photos.pixels.numpy(), labels, classes).first(options.limit)
    options.report.mkdir(parents=True, exist_ok=True)
    if options.ablation:
        from core.lab.evaluation.paper.ablation import run_ablation

        run_ablation(engine, test_set, judge, options.report, samples=options.samples or _ABLATION_SAMPLES)
        say(options, f"wrote {options.report}", {"outputs": [str(options.report)], "model": engine.spec.name})
        return
    _examine(options, engine, test_set, judge, names)


def _examine(
    options: argparse.Namespace, engine: Engine, test_set: TestSet, judge: Judge, names: Sequence[str]
) -> None:
    """Ask the questions; the report is written anew after each, so that an interrupted run leaves what it measured."""
    from tqdm import tqdm

    from core.lab.evaluation.answers import Answer, slug
    from core.lab.evaluation.baselines import BASELINES
    from core.lab.evaluation.model import generation
    from core.lab.evaluation.model.course import course
    from core.lab.evaluation.model.report import answers_sheet, figures_csv, markdown, report, with_ratios
    from core.pictures.encoding import encode_png, write_whole
    from core.values.groups import Painting

    decoding = decode_options(options, engine.spec)
    asks, missing = course(
        engine,
        test_set,
        judge,
        options=decoding,
        sharpen=Painting.sharpen if options.sharpen is None else options.sharpen,
        names=names,
        samples=options.samples or generation.SAMPLES,
        inception_weights=options.inception,
    )
    for sentence in missing:
        print(sentence, file=sys.stderr)
    title = _title(engine, decoding, len(test_set.photos))
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
            write_whole(outputs[-1], encode_png(answers_sheet(parts[-1])))
            write_whole(outputs[0], report(title, parts, engine.spec.name, BASELINES, missing).encode())
            write_whole(outputs[1], figures_csv([answer for answers in parts for answer in answers]).encode())
    figures = [
        {"question": a.question, "method": a.method}
        | {name: value for name, value in a.figures.items() if math.isfinite(value)}  # JSON has no nan
        for answers in parts
        for a in answers
    ]
    facts = {"model": engine.spec.name, "device": engine.device, "seconds": seconds, "figures": figures}
    say(options, f"wrote {outputs[0]}", {"outputs": [str(path) for path in outputs], **facts})


def _title(engine: Engine, decoding: Decoding, photos: int) -> str:
    """Return a report's first line: the model, the photos, and how tokens were decoded."""
    return (
        f"{engine.spec.name} on {photos} photos ({engine.device}, {engine.dtype}; {decoding.schedule}, "
        f"{decoding.order} order, T = {decoding.steps}, guidance {decoding.guidance_scale:g}, "
        f"choice temperature {decoding.choice_temperature:g}, token temperature {decoding.token_temperature:g})"
    )


def _bench(options: argparse.Namespace) -> None:
    from core.lab.evaluation.machine import latency

    if options.published:
        _bench_published(options)
        return
    imports = latency.measure_imports()
    engine, loading = latency.measure_loading(lambda: named_engine(options))
    timings = [imports, loading, *latency.measure_edits(engine), latency.measure_reconstruction(engine)]
    facts = {"model": engine.spec.name, "device": engine.device, "dtype": engine.dtype, **latency.machine()}
    table = latency.markdown(timings)
    say(
        options,
        f"{', '.join(f'{name} {value}' for name, value in facts.items())}\n\n{table}",
        {**facts, "seconds": {timing.name: timing.seconds for timing in timings}},
    )


def _bench_published(options: argparse.Namespace) -> None:
    from dataclasses import asdict

    from core.lab.evaluation.machine import published
    from core.lab.evaluation.machine.latency import machine

    if options.model is not None:
        raise BadRequest(f"--published measures no --model: leave out --model {options.model}.")
    found = [published.measure_published(n, device=options.device, dtype=options.dtype) for n in options.published]
    facts = {"dtype": options.dtype, **machine()}
    say(
        options,
        f"{', '.join(f'{name} {value}' for name, value in facts.items())}\n\n{published.markdown(found)}",
        {**facts, "costs": [asdict(cost) for cost in found]},
    )
