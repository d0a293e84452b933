"""`evaluate` and `bench`: figures of a model on photos, and its seconds on this machine.

Knows nothing of how a figure is computed.
"""

from __future__ import annotations

import argparse
import math
import pickle
import platform
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

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
from core.lab.cli.questions import chosen

if TYPE_CHECKING:
    from core.decoding.settings import Decoding
    from core.engine import LocalEngine
    from core.lab.evaluation.answers import Part
    from core.lab.evaluation.inception import Inception
    from core.lab.evaluation.model.exam import Exam

_ABLATION_SAMPLES = 8  # of each class: with eleven classes an hour of two cores, and errors that tell schedules apart
_DAMAGED = (OSError, RuntimeError, KeyError, ValueError, EOFError, pickle.UnpicklingError)
"""What torch-fidelity raises for a file that does not hold its weights."""
_SHOWN = 12  # photos on a sheet of squares: what fits on a screen at its own size


def add_commands(command: Command) -> None:
    """Add the commands of this file."""
    evaluate = command("evaluate", _evaluate, "Measure edits and reconstructions beside plain baselines.")
    evaluate.add_argument("--data", type=Path, nargs="+", required=True, help="class folders, or zips of them")
    add_probe(evaluate)
    evaluate.add_argument("--report", type=Path, required=True, metavar="DIR", help="where the report is written")
    evaluate.add_argument("--limit", type=whole, metavar="N", help="most photos to take, spread over all")
    evaluate.add_argument("--questions", nargs="+", metavar="NAME", help="only those that begin so, e.g. centre-50 rec")
    evaluate.add_argument(
        "--samples", type=whole, metavar="N", help="generated pictures a class: 12; --ablation: 8 a setting"
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
    bench.add_argument("--sizes", action="store_true", help="edit pictures of 256 px to 50 megapixels: time and memory")
    bench.add_argument(
        "--published",
        nargs="+",
        metavar="NAME",
        help="load and edit these with random weights instead: time and memory",
    )


def _evaluate(options: argparse.Namespace) -> None:
    from core.lab.evaluation.model.course import COURSE
    from core.lab.evaluation.paper.ablation import run_ablation

    if options.limit is not None and options.limit < 2:
        raise BadRequest(f"--limit is {options.limit}: give at least 2 photos.")
    if options.samples is not None and options.samples < 2:
        raise BadRequest(f"--samples is {options.samples}: give at least 2 pictures a class.")
    names = chosen(tuple(COURSE), options.questions)
    if options.ablation:
        unheard = [word for word in ("questions", "inception", "sharpen", *OPTIONS) if given(options, word)]
        if unheard:
            flags = " and ".join(flag(word) for word in unheard)
            raise BadRequest(f"--ablation has settings and questions of its own: leave out {flags}.")
    exam = _exam(options)
    options.report.mkdir(parents=True, exist_ok=True)
    if options.ablation:
        run_ablation(exam, options.report)
        say(options, f"wrote {options.report}", {"outputs": [str(options.report)], "model": exam.name})
    else:
        _ask(options, exam, names)


def _exam(options: argparse.Namespace) -> Exam:
    """Return the model before the photos that the words name."""
    from core.lab.evaluation.judge import Judge
    from core.lab.evaluation.model.exam import SAMPLES, Exam
    from core.lab.training.data import load_photos
    from core.values.groups import Painting

    judge, engine = Judge(), named_engine(options)
    with data_errors():
        photos = load_photos(options.data, 256)
        # Where all of the data's classes are the model's, count them as the model does.
        classes = engine.spec.classes if set(photos.classes) <= set(engine.spec.classes) else photos.classes
        if options.probe is not None:
            learn_classes(judge, options.probe, classes)
    labels = tuple(classes.index(photos.classes[i]) for i in photos.labels.tolist())
    exam = Exam(
        engine,
        photos.pixels.numpy(),
        labels,
        classes,
        judge,
        options=decode_options(options),
        sharpen=Painting.sharpen if options.sharpen is None else options.sharpen,
        samples=options.samples or (_ABLATION_SAMPLES if options.ablation else SAMPLES),
    )
    return exam.first(options.limit)


def _ask(options: argparse.Namespace, exam: Exam, names: Sequence[str]) -> None:
    """Ask the questions; the report is written anew after each, so that an interrupted run leaves what it measured."""
    from tqdm import tqdm

    from core.lab.evaluation.model.course import READING, course, ours
    from core.lab.evaluation.model.questions import MODEL_BARS
    from core.lab.evaluation.report import figures_csv, markdown, report, sheets
    from core.pictures.encoding import encode_png, write_whole

    inception, unmeasured = find_inception(options.inception)
    exam = replace(exam, inception=inception)
    asks, left_out = course(exam, names)
    missing = [*([unmeasured] if unmeasured else []), *left_out]
    for sentence in missing:
        print(sentence, file=sys.stderr)
    parts: list[Part] = []
    outputs, seconds = [options.report / "report.md", options.report / "figures.csv"], {}
    with tqdm(asks.items(), desc="evaluate", unit="question", disable=None) as bar:
        for name, ask in bar:
            bar.set_postfix_str(name)
            started = time.perf_counter()
            parts.append(ask(exam))
            seconds[name] = time.perf_counter() - started
            tqdm.write(f"{markdown(parts[-1])}\n{seconds[name]:.0f} s\n")
            for stem, sheet in sheets(parts[-1], most=_SHOWN).items():
                outputs.append(options.report / f"sheet-{stem}.png")
                write_whole(outputs[-1], encode_png(sheet))
            text = report(_title(exam), parts, MODEL_BARS, partial(ours, model=exam.name), [READING, *missing])
            write_whole(outputs[0], text.encode())
            write_whole(outputs[1], figures_csv(parts).encode())
    figures = [
        {"question": part.question, "method": method}
        | {name: value for name, value in found.items() if math.isfinite(value)}  # JSON has no nan
        for part in parts
        for method, found in part.figures().items()
    ]
    facts = {"model": exam.name, "device": exam.engine.device, "seconds": seconds, "figures": figures}
    say(options, f"wrote {outputs[0]}", {"outputs": [str(path) for path in outputs], **facts})


def find_inception(weights: Path | None) -> tuple[Inception | None, str]:
    """Load the net, or return None and a sentence on why FID and IS will not be measured."""
    from core.lab.evaluation.inception import Inception

    if weights is None:
        return None, "FID and IS were not measured: no Inception weights were given (--inception WEIGHTS)."
    try:
        return Inception(weights), ""
    except ImportError as error:
        return None, f"FID and IS were not measured: {' '.join(str(error).split()).rstrip('.')}."
    except _DAMAGED:
        return None, f"FID and IS were not measured: {weights.name} does not hold torch-fidelity's Inception weights."


def _title(exam: Exam) -> str:
    """Return a report's first line: the model, the photos, and how tokens were decoded."""
    engine = exam.engine
    edits, new = (exam.options.over(engine.spec.advice(from_nothing=each)) for each in (False, True))
    ways = _said(edits) if new == edits else f"{_said(edits)}; from nothing: {_said(new)}"
    return f"{exam.name} on {len(exam.photos)} photos ({engine.device}, {engine.dtype}; {ways})"


def _said(decoding: Decoding) -> str:
    """Return how tokens were decoded, in words."""
    return (
        f"{decoding.schedule}, {decoding.order} order, T = {decoding.steps}, guidance {decoding.guidance_scale:g}, "
        f"choice temperature {decoding.choice_temperature:g}, token temperature {decoding.token_temperature:g}"
    )


def _peak(engine: LocalEngine) -> dict[str, Any]:
    """Measure the peak in the engine's number format, in GFLOP/s, and each stage's share of it in per cent."""
    from core.engine.device import FORMATS, format_called
    from core.engine.products import measure_peak
    from core.lab.evaluation.machine import edits

    name = format_called(engine.dtype)
    assert name is not None, "the engine computes in one of the formats"
    most = measure_peak(FORMATS[name].dtype, packed=FORMATS[name].packed, device=engine.device)
    shares = {f"{stage}, % of peak": round(100 * n) for stage, n in edits.measure_shares(engine, most).items()}
    return {"peak, GFLOP/s": round(most / 1e9), **shares}


def _bench(options: argparse.Namespace) -> None:
    import torch

    from core.lab.evaluation.machine import edits, published
    from core.lab.evaluation.machine.watching import table, watched

    facts: dict[str, Any] = {"python": platform.python_version(), "torch": str(torch.__version__)}
    facts |= {"threads": torch.get_num_threads(), "dtype": options.dtype}
    if options.published:
        if options.model is not None or options.sizes:
            other = "--sizes" if options.sizes else f"--model {options.model}"
            raise BadRequest(f"--published measures models of its own: leave out {other}.")
        asked = (published.measure_published(n, device=options.device, dtype=options.dtype) for n in options.published)
        timings = [timing for both in asked for timing in both]
    elif options.sizes:
        timings = edits.measure_loads(partial(named_engine, options))
    else:
        imports = edits.measure_imports()
        loading, engine = watched("start: load model", lambda: named_engine(options))
        timings = [imports, loading, *edits.measure_edits(engine), edits.measure_stream(engine)]
        facts |= {"model": engine.spec.name, "device": engine.device, "dtype": engine.dtype}
        facts |= _peak(engine)
    head = ", ".join(f"{name} {value}" for name, value in facts.items())
    say(options, f"{head}\n\n{table(timings)}", {**facts, "timings": [asdict(timing) for timing in timings]})
