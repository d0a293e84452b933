"""The settings of whoever starts the editor: address, model, device, limits.

Knows nothing of pictures or widgets. Invalid values are refused in one sentence before anything is loaded. Flags win
over environment variables; on a Space (SPACE_ID is set) the server listens on all addresses, because the container's
proxy is not on the loopback, and keeps to one model.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import NoReturn

from core import BadRequest
from core.values import DEVICES, device_name

_MOST_REPLICAS = 256  # more processes than one machine has use for
_MOST_MB = 10**9  # a petabyte: above any disk, and exact in arithmetic
SAMPLES = Path(__file__).resolve().parent.parent / "assets" / "samples"


@dataclass(frozen=True)
class AppSettings:
    """Settings of the editor.

    Attributes:
        host, port: address on which the server listens; port 0 is any free one.
        hosts: names besides localhost and this machine's addresses under which browsers may ask for the page, for
            example behind a proxy; ".name" stands for all names that end so.
        model: the first model: the name of a bundled model, of a published one on this disk, or of one in
            `model_folders`.
        model_folders: folders of models of one's own; each is a model folder or contains such folders.
        fixed_model: whether nobody may choose another model on the page; always so on a Space by default, because the
            choice is for every visitor.
        device: one of `core.values.DEVICES`.
        engine: "local", or "ray" for the replicas of the cluster that this machine belongs to.
        replicas: processes that paint, on a cluster of this machine's own; 0 for none.
        mcp: whether the functions of the API are MCP tools, too; needs the packages of `gradio[mcp]`.
        max_file_mb: megabytes of the largest upload and of a project's unpacked content: all of `document_mb`
            uncompressed, and 96 for masks and recipes, so that every export can be opened again.
        samples: folder of photos offered on the page.
        documents_per_visitor: pictures that one visitor can have open; beyond, the oldest is dropped.
        visitors: visitors whose pictures are kept; beyond, the longest absent is dropped.
        visitor_minutes: time for which a departed visitor's pictures are kept, in case the connection comes back.
        undo_steps: versions kept beside the first, per picture.
        document_mb: megabytes of pixels on disk for one picture's versions and runs.
        disk_mb: megabytes of files for all visitors together; at most twice the pixels, as PNG and array.
        memory_mb: megabytes of steps, masks and cells in memory for all visitors together. Beyond either, the pictures
            unused for longest are dropped, except those being worked on; browsers have their own copies.
        sweep_cells: most cells of one sweep.
        space: the Hugging Face Space that the server is, "owner/name"; empty elsewhere.
        lent: whether that Space is on ZeroGPU, which lends a GPU for one call at a time, and nobody named a device.
    """

    host: str = "127.0.0.1"
    port: int = 7860
    hosts: tuple[str, ...] = ()
    model: str = "scenes-128"
    model_folders: tuple[Path, ...] = ()
    fixed_model: bool = False
    device: str = "auto"
    engine: str = "local"
    replicas: int = 0
    mcp: bool = False
    max_file_mb: int = 864
    samples: Path = field(default=SAMPLES)
    documents_per_visitor: int = 6
    visitors: int = 64
    visitor_minutes: float = 30.0
    undo_steps: int = 32
    document_mb: int = 768
    disk_mb: int = 8192  # five pictures as large as one may get
    memory_mb: int = 1024
    sweep_cells: int = 64
    space: str = ""
    lent: bool = False


def read_settings(arguments: Sequence[str], environment: Mapping[str, str]) -> AppSettings:
    """Read the settings from flags and environment.

    Args:
        arguments: the command line without the program's name.
        environment: GRADIO_SERVER_NAME, GRADIO_SERVER_PORT, MASKGIT_EDITOR_HOSTS (joined by commas),
            MASKGIT_EDITOR_MODEL, MASKGIT_EDITOR_MODEL_FOLDER (folders joined as PATH's are),
            MASKGIT_EDITOR_FIXED_MODEL (1 or 0), MASKGIT_EDITOR_DEVICE, MASKGIT_EDITOR_MCP (1 or 0), SPACE_ID,
            SPACE_HOST and SPACES_ZERO_GPU are read.

    Raises:
        SystemExit: 2 after one sentence, for invalid flags and variables; 0 after `--help`.
    """
    parser = _parser(environment)
    chosen = parser.parse_args(arguments)
    if chosen.mcp and not find_spec("mcp"):
        parser.error("--mcp needs packages that are not installed: say pip install 'gradio[mcp]', then start again")
    if chosen.engine == "ray" and (chosen.replicas or chosen.device != "auto"):
        parser.error("--engine ray takes the cluster's replicas and their devices: leave out --replicas and --device")
    listed = environment.get("MASKGIT_EDITOR_MODEL_FOLDER", "").split(os.pathsep)
    return AppSettings(
        host=chosen.host,
        port=chosen.port,
        hosts=_hosts(chosen.allow_host, environment),
        model=chosen.model,
        model_folders=tuple(chosen.model_folder or map(Path, filter(None, listed))),
        fixed_model=chosen.fixed_model,
        device=chosen.device,
        engine=chosen.engine,
        replicas=chosen.replicas,
        mcp=chosen.mcp,
        disk_mb=chosen.disk_mb,
        memory_mb=chosen.memory_mb,
        space=environment.get("SPACE_ID", ""),
        lent=chosen.device == "auto" and environment.get("SPACES_ZERO_GPU", "").lower() in ("1", "t", "true"),
    )


class _Parser(argparse.ArgumentParser):
    """An argument parser that reports errors in one sentence."""

    def error(self, message: str) -> NoReturn:
        """End with argparse's sentence."""
        self.exit(2, f"{message}: see {self.prog} --help.\n")


def _device(text: str) -> str:
    """Read the name of a device."""
    try:
        return device_name(text)
    except BadRequest as error:
        raise argparse.ArgumentTypeError(str(error).rstrip(".")) from None


def _port(text: str) -> int:
    """Read a port."""
    if not text.isdecimal() or int(text) > 65535:
        raise argparse.ArgumentTypeError(f"{text!r} is no port, which is a whole number from 0 to 65535")
    return int(text)


def _replicas(text: str) -> int:
    """Read a number of replicas."""
    if not text.isdecimal() or int(text) > _MOST_REPLICAS:
        raise argparse.ArgumentTypeError(f"{text!r} is no number of replicas, which is whole and 0 to {_MOST_REPLICAS}")
    return int(text)


def _megabytes(text: str) -> int:
    """Read a number of megabytes."""
    if not text.isdecimal() or not 1 <= int(text) <= _MOST_MB:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of megabytes, which is whole and 1 to {_MOST_MB}")
    return int(text)


def _hosts(given: Sequence[str], environment: Mapping[str, str]) -> tuple[str, ...]:
    """List the given names, and on a Space its own and those that its proxy answers to."""
    said = [*given, *environment.get("MASKGIT_EDITOR_HOSTS", "").split(",")]
    if environment.get("SPACE_ID"):
        said += [environment.get("SPACE_HOST", ""), ".hf.space", "huggingface.co"]
    return tuple(dict.fromkeys(name.strip().lower() for name in said if name.strip()))


def _parser(environment: Mapping[str, str]) -> _Parser:
    """Define the flags, with defaults from the environment."""
    standard = AppSettings()
    host = environment.get("GRADIO_SERVER_NAME") or ("0.0.0.0" if environment.get("SPACE_ID") else standard.host)
    parser = _Parser(prog="app.py", description="Paint on a photo, get it back repainted.")
    port = environment.get("GRADIO_SERVER_PORT") or str(standard.port)
    try:
        _port(port)
    except argparse.ArgumentTypeError as error:  # argparse itself checks a default only if no flag is given
        parser.error(f"GRADIO_SERVER_PORT: {error}")
    parser.add_argument("--host", default=host, help="address to listen on (default: %(default)s)")
    parser.add_argument(
        "--port",
        default=port,
        type=_port,
        help="port to listen on, 0 for any that is free (default: %(default)s)",
    )
    parser.add_argument(
        "--allow-host",
        action="append",
        default=[],
        metavar="NAME",
        help="a further name of this server in addresses, as behind a proxy; may be given several times",
    )
    _add_models(parser, environment)
    _add_engines(parser)
    _add_limits(parser)
    parser.add_argument(
        "--mcp",
        action="store_true",
        default=environment.get("MASKGIT_EDITOR_MCP", "0") not in ("", "0"),
        help="offer the API as tools of the Model Context Protocol too",
    )
    return parser


def _add_models(parser: _Parser, environment: Mapping[str, str]) -> None:
    """Add the flags for models and devices."""
    standard = AppSettings()
    parser.add_argument(
        "--model",
        default=environment.get("MASKGIT_EDITOR_MODEL") or standard.model,
        help="name of a model, see `python -m core models` (default: %(default)s)",
    )
    parser.add_argument(
        "--model-folder",
        action="append",
        type=Path,
        metavar="DIR",
        help="a model of your own for the page's menu, or a folder of such; may be given several times",
    )
    parser.add_argument(
        "--fixed-model",
        action=argparse.BooleanOptionalAction,
        default=_fixed(environment),
        help="whether the page keeps to --model for everybody (default: only on a Space)",
    )
    parser.add_argument(
        "--device",
        default=environment.get("MASKGIT_EDITOR_DEVICE") or standard.device,
        type=_device,
        help=f"where the nets run: {DEVICES} (default: %(default)s)",
    )


def _add_engines(parser: _Parser) -> None:
    """Add the flags for painters elsewhere."""
    standard = AppSettings()
    parser.add_argument(
        "--replicas",
        type=_replicas,
        default=standard.replicas,
        metavar="N",
        help="paint in N processes beside this one; needs requirements-serve.txt (default: in this process)",
    )
    parser.add_argument(
        "--engine",
        choices=("local", "ray"),
        default=standard.engine,
        help="ray: paint on the Ray cluster that this machine belongs to (default: %(default)s)",
    )


def _add_limits(parser: _Parser) -> None:
    """Add the flags for limits."""
    standard = AppSettings()
    parser.add_argument(
        "--disk-mb",
        type=_megabytes,
        default=standard.disk_mb,
        help="megabytes of files kept for all visitors together; the longest unused go (default: %(default)s)",
    )
    parser.add_argument(
        "--memory-mb",
        type=_megabytes,
        default=standard.memory_mb,
        help="the same of steps and masks, which are kept in memory (default: %(default)s)",
    )


def _fixed(environment: Mapping[str, str]) -> bool:
    said = environment.get("MASKGIT_EDITOR_FIXED_MODEL")
    return bool(environment.get("SPACE_ID")) if not said else said != "0"
