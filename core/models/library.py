"""Where the files of published models lie on this disk, and the pins of their first downloads.

Knows nothing of networks; core/models/hub.py fetches. The places are huggingface_hub's: its cache of the Hub's files,
and its folder for what other programs keep (HF_HOME, HF_HUB_CACHE, HF_ASSETS_CACHE), where pins.json is ours.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from huggingface_hub import constants, try_to_load_from_cache
from huggingface_hub.utils import WeakFileLock

from core.errors import CheckpointError
from core.models.catalog import Published, PublishedFile
from core.models.checkpoints import CONFIG_FILE
from core.plumbing.json_text import json_object


class Pin(NamedTuple):
    """The first download of a file: sha256 as hex digits, bytes, and the Hub's commit (None outside the Hub)."""

    sha256: str
    bytes: int
    revision: str | None


def library() -> Path:
    """Return our folder in the Hugging Face home, for converted models, other files and the pins."""
    return Path(constants.HF_ASSETS_CACHE) / "maskgit-editor"


def converted_folder(name: str) -> Path:
    """Return the place of a published model's safetensors folder, whether it exists or not."""
    return library() / "models" / name


def own_place(file: PublishedFile) -> Path:
    """Return the place where a file may be put by hand, and to which one from outside the Hub is downloaded."""
    folder = file.repo.split("://", 1)[-1].replace("/", "--")
    return library() / "files" / folder / file.name


def on_disk(published: Published) -> tuple[Path, ...] | None:
    """Find a model's downloaded files, one per role; None if one is missing. Uses no network."""
    paths = [next(filter(None, map(found, sources(published, file))), None) for file in published.files]
    return tuple(path for path in paths if path is not None) if all(paths) else None


def model_state(published: Published) -> str:
    """Return "converted" if a model's folder exists, "downloaded" if its files do, else "no"."""
    if (converted_folder(published.name) / CONFIG_FILE).is_file():
        return "converted"
    return "no" if on_disk(published) is None else "downloaded"


def sources(published: Published, file: PublishedFile) -> tuple[PublishedFile, ...]:
    """List what may stand for a file of a model: itself, then its twins."""
    return (file, *(twin for twin in published.twins if twin.role == file.role))


def found(file: PublishedFile) -> Path | None:
    """Find a file that was checked before; None if there is none."""
    pin = pin_of(file)
    if pin is None:
        return None
    place = place_of(file, pin)
    return place if place.is_file() and place.stat().st_size == pin.bytes else None


def place_of(file: PublishedFile, pin: Pin) -> Path:
    """Return the place of a file that was checked before, whether it is still there or not."""
    place = own_place(file)
    if not place.is_file() and file.on_hub:
        cached = try_to_load_from_cache(file.repo, file.path, revision=file.revision or pin.revision)
        place = Path(cached) if isinstance(cached, str) else place
    return place


def pin_of(file: PublishedFile) -> Pin | None:
    """Read the pin of a file's first download; None if it was never downloaded.

    Raises:
        CheckpointError: if pins.json was damaged.
    """
    return _pins().get(f"{file.repo}/{file.path}")


def _pins_file() -> Path:
    return library() / "pins.json"


def _pins() -> dict[str, Pin]:
    try:
        pins = json_object(_pins_file().read_bytes())
    except FileNotFoundError:
        return {}
    except ValueError as error:
        raise CheckpointError(
            "{path} does not hold pins ({error}): remove it, download again.", path=_pins_file(), error=error
        ) from error
    if not all(map(_is_pin, pins.values())):
        raise CheckpointError("{path} does not hold pins: remove it, then download again.", path=_pins_file())
    return {key: Pin(**pin) for key, pin in pins.items()}


def _is_pin(value: Any) -> bool:
    return (
        isinstance(value, dict)
        and set(value) == set(Pin._fields)
        and isinstance(value["sha256"], str)
        and isinstance(value["bytes"], int)
        and isinstance(value["revision"], str | None)
    )


def set_pin(file: PublishedFile, pin: Pin) -> None:
    """Record the pin of a first download; required from then on.

    Raises:
        CheckpointError: if pins.json was damaged.
    """
    with turn(_pins_file()):
        pins = _pins()
        pins[f"{file.repo}/{file.path}"] = pin
        partial = _pins_file().with_suffix(".partial")
        partial.write_text(
            json.dumps({key: pin._asdict() for key, pin in pins.items()}, indent=1, sort_keys=True) + "\n",
            encoding="utf-8",
        )
        os.replace(partial, _pins_file())


@contextmanager
def turn(path: Path) -> Iterator[None]:
    """Wait until no other process works on a path, then lock it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with WeakFileLock(path.with_name(f"{path.name}.lock")):
        yield
