"""Which way things may point, what is exported, and what an import may do."""

from __future__ import annotations

import ast
import importlib
import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import fields
from importlib.util import find_spec
from itertools import chain
from pathlib import Path

import pytest

import core
import core.models
import core.pictures
import core.serve
import core.values
from core.decoding.decode import Sampling
from core.decoding.settings import STANDARD, Decoding
from core.values.groups import DecodeOptions

ROOT = Path(__file__).resolve().parent.parent
LAB = "core.lab"

PUBLIC = {"core": core, "core.values": core.values, "core.pictures": core.pictures, "core.models": core.models}
PUBLIC |= {"core.serve": core.serve}
"""Rooms whose listed names are all that other programs need, the front door first."""

VALUES = {"numpy", "core.decoding.settings", "core.errors"}
VALUES |= {f"core.values.{name}" for name in ("geometry", "groups", "region", "request", "result")}
SHARED = {
    f"core.lab.evaluation.{name}"
    for name in (
        *("answers", "bars", "baselines", "cases", "inception", "judge", "metrics", "requests", "shapes", "sheets"),
        "tables",
    )
}
"""What the rooms of the evaluation have in common."""

MAY_IMPORT: dict[str, set[str]] = {
    # values: no torch, no files
    "core": {"core.plumbing.lazy"},
    "core.plumbing": set(),
    "core.errors": set(),
    "core.values": {"core.plumbing.lazy"},
    "core.values.geometry": {"numpy", "cv2"},
    "core.checks": {"numpy", "core.errors"},
    "core.values.packing": {"numpy", "core.checks", "core.errors"},
    "core.values.finishing": {"numpy", "core.errors", "core.values.geometry"},
    "core.values.framing": {"numpy", "cv2", "core.checks", "core.errors", "core.values.geometry"},
    "core.values.region": {"numpy", "core.checks", "core.errors", "core.values.geometry"},
    "core.values.groups": {
        *("numpy", "core.checks", "core.decoding.settings", "core.errors"),
        *("core.values.finishing", "core.values.geometry"),
    },
    "core.values.request": {
        *("numpy", "core.checks", "core.decoding.settings", "core.errors", "core.values.finishing"),
        *("core.values.geometry", "core.values.groups", "core.values.region"),
    },
    "core.values.result": {"numpy", "core.values.geometry", "core.values.request"},
    "core.values.saved": {"numpy", "core.checks", "core.errors", "core.values"},
    "core.values.labels": {"core.errors"},
    "core.recipe": {
        *("core.checks", "core.errors", "core.values.finishing", "core.plumbing.json_text"),
        *("core.models.config", "core.values.request", "core.values.saved"),
    },
    # the gate for pictures: the only rooms that open picture files, and those that write them
    "core.pictures": {
        *("numpy", "cv2", "PIL", "core.checks", "core.errors", "core.plumbing.lazy"),
        *("core.pictures", "core.values.geometry"),
    },
    "core.pictures.maskfiles": {"numpy", "PIL", "core.errors", "core.pictures.opening", "core.values.geometry"},
    # the optional plug-in for HEIC is imported where a file is one
    "core.pictures.opening": {
        *("numpy", "PIL", "pillow_heif", "core.checks", "core.errors", "core.pictures", "core.values.geometry"),
    },
    "core.pictures.headers": {"core.errors", "core.pictures", "core.values.geometry"},
    "core.pictures.isoboxes": {"core.values.geometry"},
    "core.pictures.pngtext": set(),
    "core.pictures.profiles": {"numpy", "PIL", "core.errors"},
    "core.pictures.frames": {"numpy", "core.plumbing.json_text"},
    # the process that opens and writes pictures of strangers for the server
    "core.pictures.develop": {"core.errors", "core.pictures", "core.values.geometry"},
    # three wings that do not know each other
    "core.canvas": {"cv2", *VALUES, "core.canvas", "core.plumbing.crew"},
    "core.decoding": {"torch", "core.decoding"},
    # plain values that all three share: no torch
    "core.decoding.settings": {"core.checks", "core.errors"},
    "core.models": {
        *("torch", "numpy", "safetensors"),
        *("core.decoding.settings", "core.errors", "core.plumbing.json_text", "core.plumbing.lazy", "core.models"),
    },
    # the only rooms that open containers of other programs
    "core.models.containers": {"torch", "safetensors", "core.errors", "core.models.flax"},
    "core.models.flax": {"torch", "msgpack", "core.errors"},
    "core.models.convert": {"torch", "core.errors", "core.values.labels", "core.models"},
    "core.models.recogniser": {"torch", "numpy", "core.errors", "core.values.labels", "core.models"},
    # what was downloaded lies where huggingface_hub says
    "core.models.library": {"huggingface_hub", "core.errors", "core.plumbing.json_text", "core.models"},
    # the only room on the network
    "core.models.hub": {"huggingface_hub", "httpx2", "core.errors", "core.models"},
    # names the errors of that room's libraries
    "core.models.refusals": {"huggingface_hub", "httpx2", "core.errors", "core.models"},
    # the hall: what all its rooms may know; those below know less
    "core.engine": {"core.engine", "core.models", *VALUES},
    "core.engine.products": {"torch", "core.models.attention"},
    "core.engine.device": {"torch", "core.checks", "core.engine.products", "core.errors"},
    "core.engine.clock": set(),
    "core.engine.swatches": {"numpy"},
    "core.engine.threads": {"torch", "core.plumbing.crew"},
    # what crosses the narrow waist: arrays and how they are decoded
    "core.engine.painter": {"numpy", "core.decoding", "core.recipe"},
    # a painter elsewhere, by whatever way words reach it
    "core.engine.remote": {"numpy", "core.decoding", "core.engine.painter", "core.errors", "core.recipe"},
    # the only rooms that touch nets
    "core.engine.batching": {"torch"},
    "core.engine.recording": {"torch"},
    "core.engine.nets": {
        *(
            "torch",
            "numpy",
            "core.engine.batching",
            "core.engine.device",
            "core.engine.products",
            "core.engine.recording",
            "core.engine.swatches",
        ),
        *("core.engine.threads", "core.errors", "core.models"),
    },
    "core.engine.recall": {"core.decoding", "core.engine.painter", "core.models.memory"},
    "core.engine.local": {
        *("torch", "numpy", "core.decoding", "core.engine.clock", "core.engine.device", "core.engine.nets"),
        *("core.engine.painter", "core.engine.recall", "core.engine.swatches", "core.errors", "core.models"),
        "core.recipe",
    },
    # a run's rows, canvases and accounts
    "core.engine.sample": {*VALUES, "core.canvas.plan", "core.decoding"},
    "core.engine.layers": {*VALUES, "core.canvas"},
    "core.engine.blending": {*VALUES, "core.canvas", "core.engine.layers"},
    "core.engine.work": {
        *(*VALUES, "core.canvas", "core.values.finishing"),
        *("core.engine.blending", "core.engine.clock", "core.engine.layers"),
        *("core.engine.painter", "core.engine.sample"),
    },
    # where the hall meets the finish
    "core.engine.ending": {*VALUES, "core.canvas", "core.engine.blending", "core.engine.work", "core.values.finishing"},
    "core.engine.asked": {
        *(*VALUES, "core.canvas", "core.models.config"),
        *("core.engine.ending", "core.engine.layers", "core.engine.painter", "core.engine.sample", "core.engine.work"),
    },
    "core.engine.learning": {
        *("numpy", "core.canvas", "core.engine.layers", "core.engine.painter", "core.engine.work"),
    },
    "core.engine.sharpening": {"numpy", "core.canvas", "core.engine.painter", "core.values.geometry"},
    "core.engine.lent": {
        *("torch", "core.engine.device", "core.engine.local", "core.engine.nets", "core.engine.painter"),
        *("core.engine.products", "core.engine.remote", "core.errors", "core.recipe"),
    },
    "core.engine.run": {*VALUES, "core.canvas.detail", "core.canvas.plan", "core.engine", "core.recipe"},
    "core.engine.inspect": {*VALUES, "core.canvas", "core.decoding", "core.engine"},
    "core.engine.engine": {
        *(*VALUES, "core.canvas", "core.engine", "core.values.finishing", "core.models", "core.recipe"),
    },
    # a classifier beside the engine: the canvas's fill meets a net that decodes nothing
    "core.engine.suggestions": {
        *("cv2", "core.checks", "core.canvas.fill", "core.engine.recognising", "core.models.recogniser", *VALUES),
    },
    "core.engine.recognising": {"cv2", "core.models", *VALUES},
    # many edits of one request
    "core.engine.sweeps": {"cv2", *VALUES, "core.engine"},
    # the lab's metric net, which training learns by and evaluation measures by
    "core.lab.features": {"torch", "numpy", "core.models.efficientnet"},
    # what all rooms of the evaluation share: figures, the nets that judge, fills that need no learning
    "core.lab.evaluation": {"torch", "numpy", "cv2", "skimage", "patchmatch", "torchmetrics"},
    "core.lab.evaluation.judge": {
        *("torch", "numpy", "cv2", "core.lab.evaluation.metrics", "core.lab.features", "core.models.vision"),
    },
    "core.lab.evaluation.inception": {"torch", "numpy", "torchmetrics", "core.lab.evaluation.metrics"},
    # the only room that draws pictures
    "core.lab.evaluation.sheets": {"numpy", "PIL", "core.lab.evaluation.metrics", "core.values.geometry"},
    # photos with something hidden, how they are asked about, and what was answered
    "core.lab.evaluation.shapes": {"numpy", "cv2", "core.lab.evaluation.metrics", "core.values.geometry"},
    "core.lab.evaluation.cases": {
        *("numpy", "cv2", "tqdm", "core.lab.evaluation.metrics", "core.values.geometry", "core.values.result"),
    },
    "core.lab.evaluation.baselines": {
        *("numpy", "cv2", "skimage", "patchmatch", "core.lab.evaluation.cases", "core.lab.evaluation.metrics"),
    },
    "core.lab.evaluation.requests": {"core.lab.evaluation.cases", "core.models.config", *VALUES},
    "core.lab.evaluation.tables": {"numpy"},
    "core.lab.evaluation.bars": set(),
    "core.lab.evaluation.answers": {"numpy", "core.lab.evaluation.sheets", "core.lab.evaluation.tables"},
    "core.lab.evaluation.report": {
        "numpy",
        *(f"core.lab.evaluation.{name}" for name in ("answers", "bars", "metrics", "sheets", "tables")),
    },
    # the four rooms, which enter through the engine
    "core.lab.evaluation.model": {
        *("torch", "tqdm", *VALUES, *SHARED, "core.canvas.seam", "core.engine", "core.lab.evaluation.model"),
    },
    "core.lab.evaluation.photos": {
        *("torch", "cv2", *VALUES, *SHARED, "core.canvas.colours", "core.canvas.repetition", "core.canvas.seam"),
        *("core.engine", "core.lab.evaluation.photos"),
    },
    "core.lab.evaluation.machine": {*VALUES, *SHARED, "core.engine", "core.lab.evaluation.machine"},
    "core.lab.evaluation.machine.operations": {"torch", *VALUES, "core.models"},
    # published models are timed with weights of its own making
    "core.lab.evaluation.machine.published": {
        *("torch", *VALUES, *SHARED, "core.lab.evaluation.machine"),
        *("core.engine.device", "core.values.labels", "core.engine", "core.models"),
    },
    "core.lab.evaluation.paper": {
        *("torch", "tqdm", "matplotlib", *VALUES, *SHARED, "core.lab.evaluation.model", "core.lab.evaluation.paper"),
        "core.pictures.encoding",
    },
    "core.lab.training": {
        *("torch", "numpy", "cv2", "PIL", "safetensors", "tqdm"),
        *("core.engine.device", "core.models", "core.decoding.schedule", "core.decoding.settings"),
        *("core.lab.features", "core.lab.training"),
    },
    # what a model decodes, to be sharpened: generated and reconstructed as the product does
    "core.lab.training.pairs": {
        *("torch", "numpy", "cv2", "tqdm"),
        *("core.engine", "core.values.groups", "core.values.request", "core.lab.training.data"),
    },
    # the teacher's nets are files of another program
    "core.lab.training.teacher": {"torch", "numpy", "ncnn", "core.errors", "core.models"},
    # the product's own classifier, over photos and what a tokenizer keeps of them
    "core.lab.training.train_recogniser": {
        *("torch", "numpy", "tqdm", "core.engine", "core.models", "core.lab.features", "core.lab.training.data"),
    },
    # photos as an edit sees them: the product's own windows, fills and cells
    "core.lab.training.views": {
        *("torch", "numpy", "core.values.geometry", "core.models", "core.lab.training"),
        *("core.canvas.compose", "core.canvas.fill", "core.canvas.masks"),
    },
    # what joins the processes that torchrun starts
    "core.lab.training.processes": {"torch", "accelerate"},
    # its contact sheets are decoded as the product decodes
    "core.lab.training.train_mvtm": {
        *("torch", "numpy", "safetensors"),
        *("core.engine.device", "core.models", "core.decoding", "core.canvas.fill", "core.lab.training"),
    },
    # the lab's door: words are read, and commands end, as at the product's
    "core.lab": set(),
    "core.lab.cli": {
        *("torch", "tqdm", "core.checks", "core.cli.outcome", "core.cli.output", "core.cli.words"),
        *(
            "core.decoding.settings",
            "core.engine",
            "core.errors",
            "core.lab",
            "core.models",
            "core.pictures",
            "core.values.groups",
        ),
    },
    "core.lab.__main__": {"core.lab.cli"},
    # painters elsewhere: the rooms that know Ray, and those that do not
    "core.serve": {"core.plumbing.lazy"},
    "core.serve.entering": {"ray", "core.errors"},
    "core.serve.spreading": {"ray", "core.errors", "core.serve"},
    "core.serve.plan": {"core.engine.local", "core.errors"},
    "core.serve.replica": {"torch", "core.engine"},
    "core.serve.wanted": {"core.engine", "core.errors", "core.models"},
    "core.serve.line": {"ray", "core.engine", "core.errors", "core.serve.replica"},
    "core.serve.deployment": {"ray", "core.engine.painter", "core.serve"},
    "core.serve.cluster": {"torch", "ray", "core.engine", "core.errors", "core.models", "core.serve"},
    "core.cli": {"numpy", "torch", "tqdm", "core"},
    "core.__main__": {"core.cli"},
    # the interface: public names of core only, see below
    "editor": {"editor.models", "editor.page", "editor.settings", "editor.start"},
    "editor.start": {
        *("core", "editor.models", "editor.page", "editor.programs", "editor.sentences", "editor.server"),
        "editor.settings",
    },
    # the only rooms that know Gradio, beside the one line that serves its application
    "editor.page": {
        *("gradio", "minify_html", "core", "editor.axes", "editor.documents", "editor.handlers", "editor.markup"),
        *("editor.models", "editor.page", "editor.sentences", "editor.server.language", "editor.server.turns"),
        *("editor.settings", "editor.wire"),
    },
    # the other way in, over the same gestures: plain HTTP
    "editor.programs": {
        *("starlette", "python_multipart", "core", "editor.handlers.calls", "editor.handlers.forms", "editor.programs"),
        *("editor.sentences", "editor.server.doorway", "editor.server.turns"),
    },
    # an argument that is a file has Gradio's type
    "editor.programs.openapi": {
        *("gradio", "editor.handlers.calls", "editor.handlers.forms", "editor.sentences", "editor.server.doorway"),
    },
    "editor.handlers": {
        *("gradio", "numpy", "core", "editor.axes", "editor.checks", "editor.documents", "editor.handlers"),
        *("editor.markup", "editor.models", "editor.sentences", "editor.server.darkroom", "editor.server.heap"),
        *("editor.server.results", "editor.server.turns", "editor.settings", "editor.wire"),
    },
    "editor.wire": {
        *("numpy", "pydantic", "core", "editor.checks", "editor.documents", "editor.models", "editor.sentences"),
        "editor.wire",
    },
    # an optional package, imported where a file of its kind is written
    "editor.documents.photoshop": {"PIL", "psd_tools", "editor.documents"},
    "editor.documents": {
        *("numpy", "PIL", "core", "editor.checks", "editor.documents", "editor.sentences"),
        *("editor.server.darkroom", "editor.settings"),
    },
    "editor.models": {"core", "editor.models", "editor.sentences", "editor.server.zerogpu", "editor.settings"},
    "editor.axes": {"core", "editor.sentences"},
    "editor.markup": {"core", "editor.sentences"},
    "editor.checks": {"core", "editor.sentences"},
    # before and beside Gradio: its application is served behind a door of ours
    "editor.server": set(),
    "editor.server.addresses": {"starlette", "editor.sentences"},
    "editor.server.doorway": {"starlette", "editor.sentences", "editor.server"},
    "editor.server.language": {"editor.sentences"},
    "editor.server.serving": {
        *("gradio", "fastapi", "starlette", "uvicorn", "editor.sentences", "editor.server", "editor.settings"),
    },
    "editor.server.assets": {"gradio", "starlette"},
    "editor.server.sessions": {"gradio"},
    # the only room that knows ZeroGPU's package
    "editor.server.zerogpu": {"gradio", "spaces", "uvicorn"},
    "editor.server.darkroom": {"numpy", "core", "editor.sentences"},
    "editor.server.turns": {"core", "editor.sentences"},
    # before gradio and torch are imported
    "editor.server.sockets": {"core", "editor.sentences"},
    "editor.server.workplace": {"filelock", "core", "editor.sentences"},
    "editor.sentences": {"core", "editor.sentences"},
    "editor.settings": {"core"},
    "app": {"gradio", "editor", "core"},
}
"""Room -> packages and rooms it may import, besides the standard library; the longest matching name counts."""


def modules() -> Iterator[tuple[str, Path]]:
    for folder in ("core", "editor"):
        for path in sorted((ROOT / folder).rglob("*.py")):
            parts = path.relative_to(ROOT).with_suffix("").parts
            yield ".".join(parts[:-1] if parts[-1] == "__init__" else parts), path
    if (ROOT / "app.py").exists():
        yield "app", ROOT / "app.py"


MODULES = dict(modules())


class Imports(ast.NodeVisitor):
    """Collects (module, name) pairs; what only a type checker sees is left out."""

    def __init__(self) -> None:
        self.found: list[tuple[str, str | None]] = []

    def visit_If(self, node: ast.If) -> None:
        if not (isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"):
            self.generic_visit(node)

    def visit_Import(self, node: ast.Import) -> None:
        self.found += [(alias.name, None) for alias in node.names]

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        assert node.level == 0, "relative import"
        self.found += [(node.module or "", alias.name) for alias in node.names]


def imports(path: Path) -> list[tuple[str, str | None]]:
    visitor = Imports()
    visitor.visit(ast.parse(path.read_text()))
    return visitor.found


def longest(name: str, among: set[str]) -> str | None:
    """Return the longest of the dotted names that is `name` or a parent of it."""
    parts = name.split(".")
    for count in range(len(parts), 0, -1):
        if ".".join(parts[:count]) in among:
            return ".".join(parts[:count])
    return None


@pytest.mark.parametrize("module", MODULES)
def test_imports_point_one_way(module: str) -> None:
    room = longest(module, set(MAY_IMPORT))
    assert room is not None, f"{module} belongs to no room: add it to the table, with a reason"
    if room in ("core", "editor") and module != room:
        pytest.fail(f"{module} is a new room of {room}: add it to the table, with a reason")
    for target, name in imports(MODULES[module]):
        if target.split(".")[0] in sys.stdlib_module_names:
            continue
        full = f"{target}.{name}" if f"{target}.{name}" in MODULES else target
        assert longest(full, MAY_IMPORT[room]), f"{module} imports {full}, which {room} must not know"


def test_nothing_outside_imports_the_lab() -> None:
    """Lazily neither; the old names of its commands alone look it up, by its name as a text."""
    outside = {module: path for module, path in MODULES.items() if not longest(module, {LAB})}
    texts: dict[str, set[str]] = {}
    for module, path in outside.items():
        assert not [target for target, _ in imports(path) if longest(target, {LAB})], f"{module} imports the lab"
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value.startswith(LAB):
                texts.setdefault(module, set()).add(node.value)
    assert texts == {"core.cli.moved": {LAB, f"{LAB}.cli"}}


def test_all_else_is_whole_without_the_lab(tmp_path: Path) -> None:
    """In a copy of the tree that lacks it."""
    leave_out = shutil.ignore_patterns("lab", "static", "__pycache__")
    for name in ("core", "editor"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=leave_out)
    shutil.copy(ROOT / "app.py", tmp_path)
    shutil.copytree(ROOT / "assets" / "labels", tmp_path / "assets" / "labels")
    (tmp_path / "editor" / "static").symlink_to(ROOT / "editor" / "static")
    optional = set() if find_spec("ray") else {"core.serve.deployment", "core.serve.line"}
    names = [module for module in MODULES if not longest(module, {LAB} | optional)]
    program = """
import importlib, sys
for name in sys.argv[1:]:
    importlib.import_module(name)
assert "core.lab" not in sys.modules
from core.cli import main
print([main([name]) for name in ("train-mvtm", "bench")])
"""
    command = [sys.executable, "-c", program, *names]
    finished = subprocess.run(command, capture_output=True, text=True, check=False, cwd=tmp_path)
    assert finished.returncode == 0, finished.stderr
    assert finished.stdout == "[2, 2]\n"
    assert finished.stderr.count("is a command of the lab, which is not here") == 2


@pytest.mark.parametrize("module", [name for name in MODULES if name.split(".")[0] in ("editor", "app")])
def test_the_editor_knows_public_names_only(module: str) -> None:
    for target, name in imports(MODULES[module]):
        if target.split(".")[0] == "core":
            assert target in PUBLIC, f"{module} reaches into {target}"
            assert name in PUBLIC[target].__all__, f"{module} uses {target}.{name}, which is not public"
            own = next(room for room in reversed(PUBLIC) if name in PUBLIC[room].__all__)
            assert target == own, f"{module} takes {name} from {target}: it is {own}'s"


@pytest.mark.parametrize("room", PUBLIC)
def test_public_names_are_those_listed(room: str) -> None:
    names = PUBLIC[room].__all__
    assert len(set(names)) == len(names)
    for name in names:
        value = getattr(PUBLIC[room], name)
        home = getattr(value, "__module__", None)
        if isinstance(home, str) and home.startswith("core"):
            assert value is getattr(importlib.import_module(home), name)
    shown = next(
        node for node in ast.parse(MODULES[room].read_text()).body if isinstance(node, ast.If)
    )  # what a type checker takes for the public names
    assert {alias.name for node in ast.walk(shown) if isinstance(node, ast.ImportFrom) for alias in node.names} == set(
        names
    )
    with pytest.raises(AttributeError, match=f"module '{room}' has no attribute 'no_such_name'"):
        _ = PUBLIC[room].no_such_name


def test_no_public_name_is_in_two_rooms_but_those_that_the_front_door_repeats() -> None:
    shared = {
        name: [room for room in PUBLIC if name in PUBLIC[room].__all__]
        for name in chain.from_iterable(room.__all__ for room in PUBLIC.values())
    }
    assert {name: rooms for name, rooms in shared.items() if len(rooms) > 1} == {
        name: ["core", "core.values"] for name in ("DecodeOptions", "EditRequest", "EditResult", "Mask", "Preview")
    }


def test_importing_core_is_free() -> None:
    """No torch, gradio or CUDA comes with the public rooms; importing the engine opens no socket and starts no CUDA."""
    program = """
import json, sys
opened = []
def watch(event, args):
    if event in ("socket.connect", "socket.getaddrinfo"):
        opened.append(event)
sys.addaudithook(watch)
import core, core.models, core.pictures, core.values
light = sorted({"torch", "gradio", "numpy", "cv2", "PIL"} & set(sys.modules))
core.load_engine, core.sweep, core.pictures.open_picture, core.values.EditRequest, core.models.CATALOG
import torch
facts = {"light": light, "gradio": "gradio" in sys.modules, "cuda": torch.cuda.is_initialized(), "opened": opened}
print(json.dumps(facts))
"""
    finished = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=ROOT)
    assert json.loads(finished.stdout) == {"light": [], "gradio": False, "cuda": False, "opened": []}


def test_loading_a_model_imports_no_compiler() -> None:
    """PyTorch's takes longer than all the rest: it comes with the first look for a shape that is not plain."""
    program = """
import sys
from core import load_engine
load_engine(device="cpu", dtype="fp32")
print(sorted({"torch._dynamo", "sympy", "torch._inductor", "onnx", "pandas", "matplotlib"} & set(sys.modules)))
"""
    finished = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=ROOT)
    assert finished.stdout == "[]\n"


def test_nothing_is_printed_outside_the_command_lines() -> None:
    printing = {
        module
        for module, path in MODULES.items()
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "print"
    }
    assert all(longest(module, {"core.cli", "core.lab.cli"}) for module in printing)


def test_one_declaration_of_decoding_serves_model_request_and_row() -> None:
    for kind in (DecodeOptions, Sampling):
        assert issubclass(kind, Decoding)
        assert list(STANDARD.plain) == [each.name for each in fields(kind)][: len(STANDARD.plain)]
