"""The models to choose from: the bundled ones, one's own, the published ones.

Knows nothing of which one is at work, or of how one is fetched; `editor.models.current` does.
"""

from __future__ import annotations

import gc
import logging
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Literal, NamedTuple

from core import CheckpointError, Engine, load_engine
from core.models import BUNDLED, CATALOG, ModelSpec, Published, count_parameters, list_models, model_state, read_spec
from core.serve import Cluster
from core.values import Sentence
from editor.settings import AppSettings

logger = logging.getLogger(__name__)

Group = Literal["bundled", "own", "published"]

_CONFIG = "config.json"  # marks a model folder


@dataclass(frozen=True, eq=False)
class Entry:
    """One model that can be chosen.

    Attributes:
        key: unique; its name, with a number added if another model has that name.
        group: its origin.
        spec: the model.
        parameters: numbers in both nets; None if they cannot be counted.
        bytes: of its files on disk, or of those to be downloaded.
        folder: of a model of one's own.
        published: the download, for a published one.
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

    def load(self, settings: AppSettings, cluster: Cluster | None = None) -> Engine:
        """Load an engine of this model, which must be ready.

        Args:
            settings: which device, or that a GPU is lent.
            cluster: where the nets are, if not here.

        Raises:
            CoreError: if it cannot be loaded.
        """
        return _loaded(self.spec.name, settings, self.folder, cluster)


class Broken(NamedTuple):
    """A model folder of one's own that cannot be used: its name, and a sentence that says why."""

    key: str
    why: str


def entries(settings: AppSettings) -> tuple[Entry, ...]:
    """List every model that can be chosen now, bundled ones first, published ones last."""
    bundled = [_bundled(BUNDLED / spec.name) for spec in list_models()]
    own = [replace(found, folder=folder) for folder, found in _owns(settings) if isinstance(found, Entry)]
    published = [_published(each) for each in CATALOG.values()]
    taken: set[str] = set()
    found = []
    for entry in (*bundled, *published, *own):  # names that others know keep theirs; one's own give way
        key, count = entry.key, 1
        while key in taken:
            count += 1
            key = f"{entry.key}-{count}"
        taken.add(key)
        found.append(replace(entry, key=key))
    return tuple(sorted(found, key=lambda entry: ("bundled", "own", "published").index(entry.group)))


def broken(settings: AppSettings) -> tuple[Broken, ...]:
    """List the model folders of one's own that cannot be used now, and those that do not exist."""
    absent = [Broken(folder.name, why) for folder, why in _absent(settings)]
    return (*absent, *(Broken(folder.name, found) for folder, found in _owns(settings) if isinstance(found, str)))


def start_engine(settings: AppSettings, cluster: Cluster | None = None) -> Engine:
    """Load the engine of the model named by `settings.model`.

    Args:
        settings: the settings.
        cluster: where the nets are, if not here.

    Raises:
        CoreError: if there is none, it is not on this disk, or cannot be used. A missing or damaged folder of another
            model is no error: the log and the menu report it.
    """
    for _, why in _absent(settings):
        logger.warning("%s", why)
    for entry in entries(settings):
        if entry.key == settings.model and entry.group == "own":
            return entry.load(settings, cluster)
    for folder, why in broken(settings):
        if folder == settings.model:
            raise CheckpointError(why)
    return _loaded(settings.model, settings, None, cluster)


def _loaded(name: str, settings: AppSettings, folder: Path | None, cluster: Cluster | None) -> Engine:
    engine: Engine
    if cluster is not None:
        engine = cluster.load(name, folder=folder)
    elif settings.lent:
        from editor.server.zerogpu import lend

        engine = load_engine(name, lend=lend, folder=folder)
    else:
        engine = load_engine(name, device=settings.device, folder=folder)
    gc.collect()  # loading leaves cycles around the nets, in which they would outlive their last edit
    return engine


def _absent(settings: AppSettings) -> list[tuple[Path, str]]:
    """List the given folders that contain no model, each with a sentence."""
    return [(folder, _holds_none(folder)) for folder in settings.model_folders if not _models_in(folder)]


def _holds_none(folder: Path) -> Sentence:
    return Sentence(
        "{folder} holds no model: give a model folder, which has a {config} in it.", folder=folder, config=_CONFIG
    )


def _models_in(folder: Path) -> list[Path]:
    """List the folder itself if it is a model's, else the model folders in it; none if it cannot be read."""
    try:
        if (folder / _CONFIG).is_file():
            return [folder]
        return sorted(path.parent for path in folder.glob(f"*/{_CONFIG}"))
    except (OSError, ValueError):  # ValueError: a NUL in the name
        return []


def _owns(settings: AppSettings) -> Iterator[tuple[Path, Entry | str]]:
    """Yield each folder of one's own with its entry, or with a sentence why it cannot be used, logged as well."""
    given = [folder for each in settings.model_folders for folder in _models_in(each)]
    for folder in dict.fromkeys(given):
        try:
            yield folder, _own(folder, _changed(folder))
        except OSError as error:  # gone since it was listed
            why = error.strerror or str(error)
            yield folder, _unread(folder, why)


def _unread(folder: Path, why: str) -> Sentence:
    return Sentence("{folder} cannot be read ({why}): look at the disk and its permissions.", folder=folder, why=why)


@cache
def _own(folder: Path, changed: int) -> Entry | str:
    try:
        return _entry(folder, "own", changed)
    except CheckpointError as error:
        logger.warning("%s", error)
        return error.sentence


def _bundled(folder: Path) -> Entry:
    return _entry(folder, "bundled", _changed(folder))


def _changed(folder: Path) -> int:
    return (folder / _CONFIG).stat().st_mtime_ns


@cache
def _entry(folder: Path, group: Group, changed: int) -> Entry:
    """Describe a model folder; `changed` distinguishes its states, so that it is read anew after a change."""
    spec = read_spec(folder)
    try:
        parameters = count_parameters(spec)
    except ValueError as error:
        raise CheckpointError("{path} does not make a model: {error}.", path=folder / _CONFIG, error=error) from error
    size = sum(path.stat().st_size for path in folder.glob("*.safetensors"))
    return Entry(spec.name, group, spec, parameters, size)


def _published(published: Published) -> Entry:
    try:
        state = model_state(published)
    except CheckpointError as error:  # the record of the files on disk is damaged; a download says so
        logger.warning("%s", error)
        state = "no"
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
