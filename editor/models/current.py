"""The model at work for everybody on this server, and the next one while it is fetched, converted and loaded.

Knows nothing of pages or visitors. An edit takes `Models.engine` once and works with it to the end; a swap only changes
what the next edit takes, so that no edit mixes two models. The old engine is freed with its last edit.
"""

from __future__ import annotations

import hashlib
import json
import logging
import secrets
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple

from core import BadRequest, CheckpointError, CoreError, Engine
from core.models import ModelSpec, converted_folder, download
from core.serve import Cluster
from editor.models import shelf
from editor.models.shelf import Broken, Entry
from editor.sentences import about_models, on_page
from editor.sentences.language import translated
from editor.settings import AppSettings

logger = logging.getLogger(__name__)

_ROOT = Path(__file__).resolve().parents[2]
"""Folder from which `python -m core` finds this very core: the repository, or the installed package."""
_LISTEN_S = 0.2  # between two checks for cancellation of a conversion
_RATE_OF = 40  # samples over which the speed of a download is measured: ten seconds
_SAMPLE_S = 0.25
"""Seconds between these samples: the page shows progress four times a second."""


class Progress(NamedTuple):
    """Progress of the next model.

    Attributes:
        key: of its entry.
        stage: "download", "convert" or "load".
        done: bytes already here.
        total: bytes to download.
        seconds_left: of the download, None if not known yet.
    """

    key: str
    stage: str
    done: int
    total: int
    seconds_left: float | None


class News(NamedTuple):
    """The result of the last choice: numbered from 1, so that each page says it once; level "info" or "error"."""

    number: int
    level: str
    text: str


class _News(NamedTuple):
    """The same before it is said, which every visitor hears in a language of their own."""

    number: int
    level: str
    say: Callable[[], str]


class MenuState(NamedTuple):
    """The state that a menu shows.

    Attributes:
        entries: the models to choose from.
        working: key of the model at work.
        spec: that model.
        progress: of the next one, if one is on its way.
        reached: key -> bytes of an unfinished download here.
        news: the last news, None before any.
        consents: key -> token that agrees to a download; only pages that showed size and licence have it.
        broken: model folders of one's own that cannot be used.
        computes: a sentence about device, number format and threads of the model at work.
    """

    entries: tuple[Entry, ...]
    working: str
    spec: ModelSpec
    progress: Progress | None
    reached: dict[str, int]
    news: News | None
    consents: Mapping[str, str] = MappingProxyType({})
    broken: tuple[Broken, ...] = ()
    computes: str = ""


class _Cancelled(Exception):
    """The person has cancelled the model."""


class _Job:
    """One model on its way."""

    def __init__(self, entry: Entry) -> None:
        self.entry = entry
        self.stage = "load" if entry.here == "ready" else "convert" if entry.here == "downloaded" else "download"
        self.done, self.total = 0, entry.bytes
        self.cancelled = threading.Event()
        self._samples: deque[tuple[float, int]] = deque(maxlen=_RATE_OF)

    def progressed(self, done: int, total: int) -> None:
        """Note the progress of a download; ends it if it was cancelled."""
        self.check()
        self.done, self.total = done, total
        now = time.monotonic()
        if not self._samples or now - self._samples[-1][0] >= _SAMPLE_S:
            self._samples.append((now, done))

    def check(self) -> None:
        """Raise if the job was cancelled."""
        if self.cancelled.is_set():
            raise _Cancelled

    def progress(self) -> Progress:
        """Return the progress."""
        return Progress(self.entry.key, self.stage, self.done, self.total, self._seconds_left())

    def _seconds_left(self) -> float | None:
        samples = list(self._samples)
        if self.stage != "download" or len(samples) < 4 or samples[-1][1] <= samples[0][1]:
            return None
        (first, before), (last, now) = samples[0], samples[-1]
        return (self.total - self.done) * (last - first) / (now - before)


class Models:
    """Thread-safe; one per server.

    Args:
        engine: the first.
        settings: the settings.
        cluster: where the nets are, if not here.
    """

    def __init__(self, engine: Engine, settings: AppSettings, cluster: Cluster | None = None) -> None:
        self._engine = engine
        self._cluster = cluster
        self._settings = settings
        self._started = Entry(engine.spec.name, "bundled", engine.spec, None, 0)
        # The name that `start_engine` was asked for; an engine from elsewhere has its own name.
        self._working = engine.spec.name if settings.model == AppSettings.model else settings.model
        self._job: _Job | None = None
        self._reached: dict[str, int] = {}
        self._news: _News | None = None
        self._secret = secrets.token_bytes(32)
        self._lock = threading.RLock()

    @property
    def engine(self) -> Engine:
        """The model at work; an edit asks once and keeps it."""
        return self._engine

    @property
    def fixed(self) -> bool:
        """Whether nobody may choose another."""
        return self._settings.fixed_model

    def state(self) -> MenuState:
        """Return the state that a menu shows."""
        found, broken = self._entries(), shelf.broken(self._settings)
        consents = {entry.key: self._consent(entry) for entry in found if entry.here == "no"}
        with self._lock:
            progress = None if self._job is None else self._job.progress()
            reached, spec, machine = dict(self._reached), self._engine.spec, self._engine.machine
            computes = about_models.computes(self._working, machine.device, machine.dtype, machine.threads)
            told = self._news
            news = None if told is None else News(told.number, told.level, told.say())
            return MenuState(found, self._working, spec, progress, reached, news, consents, broken, computes)

    def choose(self, key: object, *, agreed: object = None) -> None:
        """Start to swap a model in; returns at once.

        Args:
            key: of an entry.
            agreed: from `MenuState.consents`, if the person has seen size and licence of the download, and wants it.

        Raises:
            BadRequest: if there is no such model, another is on its way, nobody agreed to a download, or the model
                is fixed.
        """
        if self.fixed:
            raise BadRequest(about_models.fixed(self.engine.spec.name))
        entry = next((entry for entry in self._entries() if entry.key == key), None)
        if entry is None:
            why = next((each.why for each in shelf.broken(self._settings) if each.key == key), None)
            raise BadRequest(why or about_models.unknown(key))
        if entry.here == "no" and not self._agreed(entry, agreed):
            raise BadRequest(about_models.not_agreed(entry.key, entry.bytes, entry.spec.licence))
        with self._lock:
            if self._job is not None:
                raise BadRequest(about_models.under_way(self._job.entry.key))
            if entry.key == self._working:
                return
            self._job = _Job(entry)
            threading.Thread(target=self._bring, args=(self._job,), name=f"bring {entry.key}", daemon=True).start()

    def cancel(self) -> None:
        """Stop what is on its way; bytes already downloaded stay, and the next choice continues from there."""
        with self._lock:
            job, self._job = self._job, None
            if job is None:
                return
            job.cancelled.set()
            if job.stage == "download":
                self._reached[job.entry.key] = job.done
            self._tell("info", partial(about_models.cancelled, job.entry.key, self._working))

    def _consent(self, entry: Entry) -> str:
        """Return the token that agrees to the download of an entry, as it is now, from this server."""
        facts = repr((entry.key, entry.bytes, entry.spec.licence)).encode()
        return hashlib.blake2b(facts, key=self._secret, digest_size=16).hexdigest()

    def _agreed(self, entry: Entry, said: object) -> bool:
        return isinstance(said, str) and secrets.compare_digest(said.encode(), self._consent(entry).encode())

    def _entries(self) -> tuple[Entry, ...]:
        found = shelf.entries(self._settings)
        known = any(entry.key == self._started.key for entry in found)
        return found if known else (self._started, *found)

    def _tell(self, level: str, say: Callable[[], str]) -> None:
        self._news = _News(1 if self._news is None else self._news.number + 1, level, say)

    def _bring(self, job: _Job) -> None:
        entry = job.entry
        try:
            if entry.published is not None and entry.here != "ready":
                paths = download(entry.published, progress=job.progressed)
                job.stage = "convert"
                _convert(paths, converted_folder(entry.published.name), job)
            job.stage = "load"
            engine = entry.load(self._settings, self._cluster)
            with self._lock:
                job.check()
                self._engine, self._working, self._job = engine, entry.key, None
                self._reached.pop(entry.key, None)
                self._tell("info", partial(about_models.works, entry.key))
            logger.info("%s works now", entry.key)
        except _Cancelled:
            logger.info("%s was cancelled", entry.key)
        except CoreError as error:
            self._failed(job, partial(translated, error.sentence))
        except OSError as error:
            self._failed(job, partial(about_models.disk_refuses, error.filename, error.strerror))
        except Exception:
            logger.exception("bringing %s failed", entry.key)
            self._failed(job, on_page.internal_error)

    def _failed(self, job: _Job, why: Callable[[], str]) -> None:
        with self._lock:
            if self._job is job:
                self._job = None
                if job.stage == "download" and job.done:
                    self._reached[job.entry.key] = job.done
                here = self._working
                self._tell("error", lambda: about_models.failed(job.entry.key, here, why()))


def fetch_named(settings: AppSettings) -> None:
    """Fetch and convert the published model that the editor is to start with, unless it is here; the log says how far.

    Raises:
        CheckpointError: if it cannot be had.
    """
    named = [each for each in shelf.entries(settings) if each.key == settings.model and each.published is not None]
    if not named or named[0].here == "ready":
        return
    entry, job, told = named[0], _Job(named[0]), -1

    def progressed(done: int, total: int) -> None:
        nonlocal told
        if (tenths := 10 * done // max(total, 1)) > told:
            logger.info("%s: %d of %d MB are here", entry.key, done // 10**6, total // 10**6)
        told = max(told, tenths)

    assert entry.published is not None
    paths = download(entry.published, progress=progressed)
    logger.info("%s is being converted", entry.key)
    _convert(paths, converted_folder(entry.published.name), job)


def _convert(paths: Sequence[Path], folder: Path, job: _Job) -> None:
    """Convert downloaded files to a model folder.

    Runs in a process of its own: downloaded files may be pickles, which this process never opens, and the memory for
    gigabytes of them is freed with it.

    Raises:
        CheckpointError: if they cannot be used.
    """
    job.check()
    command = [sys.executable, "-m", "core", "convert", *map(str, paths), "--out", str(folder), "--json"]
    child = subprocess.Popen(command, cwd=_ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        while True:
            job.check()
            try:
                said, wrong = child.communicate(timeout=_LISTEN_S)
                break
            except subprocess.TimeoutExpired:
                continue
    finally:
        if child.poll() is None:
            child.kill()
            child.communicate()
            for half in folder.glob("*.partial"):  # gigabytes that nothing can continue from
                half.unlink()
    if child.returncode == 2:  # a sentence of the core
        raise CheckpointError((wrong.strip().splitlines() or [on_page.internal_error()])[-1])
    if child.returncode:
        logger.error("convert ended with %d: %s", child.returncode, wrong)
        raise CheckpointError(about_models.not_converted(job.entry.key, child.returncode))
    logger.info("converted: %s", json.loads(said.splitlines()[-1]))
