"""Which models there are to choose from: the bundled ones, one's own, the published ones.

Knows nothing of which one works, or of how one is fetched; `editor.models` does.
"""

from __future__ import annotations

import gc
import logging
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Literal

from core import (
    BUNDLED,
    CATALOG,
    CheckpointError,
    Engine,
    ModelSpec,
    Published,
    count_parameters,
    list_models,
    load_engine,
    model_state,
    read_spec,
)
from editor.settings import AppSettings

logger = logging.getLogger(__name__)

Group = Literal["bundled", "own", "published"]

_CONFIG = "config.json"  # what makes a folder a model's


@dataclass(frozen=True, eq=False)
class Entry:
    """One model that can be chosen.

    Attributes:
        key: tells it from all others; its name, with a number behind it where another has that name.
        group: whose it is.
        spec: what it is.
        parameters: numbers in both nets; None where they cannot be counted.
        bytes: of its files on disk, or of those to be downloaded.
        folder: of a model of one's own.
        published: what is to be downloaded, of a published one.
        here: "ready" to be loaded, "downloaded" and yet to be converted, or "no".
    """

    key: str
    group: Group
    spec: ModelSpec
    parameters: int | None
    bytes: int
    folder: Path | None = None
    published: Published | None = None
    here: Literal["ready", "downloaded", "no"] = "ready"

    def load(self, device: str) -> Engine:
        """Return an engine of this model, which must be ready.

        Args:
            device: "auto", "cpu" or "cuda".

        Raises:
            CoreError: where it cannot be loaded.
        """
        return _loaded(self.spec.name, device, self.folder)


def entries(settings: AppSettings) -> tuple[Entry, ...]:
    """Return all that can be chosen now, the bundled ones first, the published ones last."""
    bundled = [_bundled(BUNDLED / spec.name) for spec in list_models()]
    own = [replace(entry, folder=folder) for folder in _folders(settings) if (entry := _own(folder)) is not None]
    published = [_published(each) for each in CATALOG.values()]
    taken: set[str] = set()
    found = []
    for entry in (*bundled, *published, *own):  # names that others know are theirs; one's own give way
        key, count = entry.key, 1
        while key in taken:
            count += 1
            key = f"{entry.key}-{count}"
        taken.add(key)
        found.append(replace(entry, key=key))
    return tuple(sorted(found, key=lambda entry: ("bundled", "own", "published").index(entry.group)))


def start_engine(settings: AppSettings) -> Engine:
    """Return an engine of the model that `settings.model` names.

    Raises:
        CoreError: where there is none, it is not on this disk, or a model folder holds no model.
    """
    for folder in settings.model_folders:
        if not any(_models_in(folder)):
            raise CheckpointError(f"{folder} holds no model: give a model folder, which has a {_CONFIG} in it.")
    for entry in entries(settings):
        if entry.key == settings.model and entry.group == "own":
            return entry.load(settings.device)
    return _loaded(settings.model, settings.device)


def _loaded(name: str, device: str, folder: Path | None = None) -> Engine:
    engine = load_engine(name, device=device, folder=folder)
    gc.collect()  # loading leaves cycles around the nets, in which they would outlive their last edit
    return engine


def _folders(settings: AppSettings) -> Iterator[Path]:
    for folder in settings.model_folders:
        yield from _models_in(folder)


def _models_in(folder: Path) -> Iterator[Path]:
    """Give the folder itself where it is a model's, else those in it that are."""
    if (folder / _CONFIG).is_file():
        yield folder
    else:
        yield from sorted(path.parent for path in folder.glob(f"*/{_CONFIG}"))


def _own(folder: Path) -> Entry | None:
    return _own_entry(folder, _changed(folder))


@cache
def _own_entry(folder: Path, changed: int) -> Entry | None:
    """Return what lies in a folder of one's own, which may be under way or damaged: then None, and the log says why."""
    try:
        return _entry(folder, "own", changed)
    except CheckpointError as error:
        logger.warning("%s", error)
        return None


def _bundled(folder: Path) -> Entry:
    return _entry(folder, "bundled", _changed(folder))


def _changed(folder: Path) -> int:
    return (folder / _CONFIG).stat().st_mtime_ns


@cache
def _entry(folder: Path, group: Group, changed: int) -> Entry:
    """Return what lies in a folder; `changed` tells its states apart, so that it is read anew after each."""
    spec = read_spec(folder)
    try:
        parameters = count_parameters(spec)
    except ValueError as error:
        raise CheckpointError(f"{folder / _CONFIG} does not make a model: {error}.") from error
    size = sum(path.stat().st_size for path in folder.glob("*.safetensors"))
    return Entry(spec.name, group, spec, parameters, size)


def _published(published: Published) -> Entry:
    state = model_state(published)
    here: Literal["ready", "downloaded", "no"] = (
        "ready" if state == "converted" else "downloaded" if state == "downloaded" else "no"
    )
    return Entry(
        published.name,
        "published",
        published.spec,
        published.parameters,
        published.bytes,
        published=published,
        here=here,
    )
