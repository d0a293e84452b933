"""`models`, `download`, `convert`, `reconstruct`, `suggest`: the models, and what they can show and name.

Knows nothing of requests.
"""

from __future__ import annotations

import argparse
import json
import shlex
import time
from pathlib import Path

from core.cli.outcome import data_errors
from core.cli.output import check_output, encoded, say
from core.cli.requests import opened
from core.cli.words import Command, add_engine, add_output, named_engine, whole
from core.errors import BadRequest, UnknownModel
from core.values.geometry import Size


def add_commands(command: Command) -> None:
    """Add the commands of this file."""
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
    add_output(reconstruct)
    add_engine(reconstruct)

    suggest = command("suggest", _suggest, "Name ImageNet classes that a picture may show, for models that need one.")
    suggest.add_argument("--image", type=Path, required=True)
    suggest.add_argument("--mask", type=Path, help="a picture, read as `edit` reads it: repaint = not looked at")
    suggest.add_argument("--count", type=whole, default=5, metavar="N", help="how many at most; default 5")
    suggest.add_argument("--json", action="store_true", help="end standard output with one JSON object")


def _models(options: argparse.Namespace) -> None:
    from core.models.bundled import BUNDLED, list_models
    from core.models.catalog import CATALOG
    from core.models.families import count_parameters
    from core.models.library import model_state

    bundled, published = [], []
    for spec in list_models():
        names = ("name", "title", "family", "pixels", "grid", "codebook_size", "classes", "licence", "null_class")
        with data_errors():  # a config.json may describe nets that cannot be
            facts = {name: getattr(spec, name) for name in names} | {"parameters": count_parameters(spec)}
        weights = (path for path in (BUNDLED / spec.name).glob("*.safetensors") if path.name in spec.sha256)
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
    say(
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
    from core.engine.device import number_format
    from core.models.convert import convert

    dtype = number_format(options.dtype)
    if options.out.exists() and not options.out.is_dir():
        raise BadRequest(f"--out {options.out} is a file: name a folder.")
    told: list[str] = []
    spec = convert(options.files, options.out, dtype, told.append)
    size = sum((options.out / name).stat().st_size for name in spec.sha256)
    say(
        options,
        "\n".join((*told, f"wrote {options.out}: {spec.title}, {size / 1e6:.0f} MB ({options.dtype})")),
        {"output": str(options.out), "model": spec.name, "family": spec.family, "bytes": size, "told": told},
    )


def _reconstruct(options: argparse.Namespace) -> None:
    from core.pictures.encoding import write_whole

    check_output(options.output)
    image = opened(options.image)
    engine = named_engine(options)
    started = time.perf_counter()
    pixels = engine.reconstruct(image[..., :3])
    seconds = time.perf_counter() - started
    write_whole(options.output, encoded(pixels, options.output))
    say(
        options,
        f"wrote {options.output}: {seconds:.2f} s",
        {
            "outputs": [str(options.output)],
            "seconds": {"total": seconds},
            "model": engine.spec.name,
            "device": engine.device,
        },
    )


def _suggest(options: argparse.Namespace) -> None:
    from core.engine.suggestions import suggest_classes
    from core.models.recogniser import imagenet_recogniser
    from core.pictures.maskfiles import read_mask
    from core.values.labels import imagenet_classes

    classes = imagenet_classes()
    image = opened(options.image)
    height, width = image.shape[:2]
    mask = None if options.mask is None else read_mask(options.mask, Size(width, height)).mask > 0
    found = suggest_classes(imagenet_recogniser(classes), image, mask, options.count)
    say(
        options,
        "\n".join(f"{one.probability:4.0%}  {one.class_id:3}  {classes[one.class_id]}" for one in found),
        {
            "suggestions": [
                {"class_id": one.class_id, "class": classes[one.class_id], "probability": one.probability}
                for one in found
            ]
        },
    )
