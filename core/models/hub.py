"""Fetches the files of published models, whole and checked, into the Hugging Face cache; the only room on the network.

Knows nothing of the files' contents. Addresses, tokens and proxies are huggingface_hub's, with its environment
variables (HF_HUB_OFFLINE, HF_ENDPOINT, HF_TOKEN); places on disk are core/models/library.py's. huggingface_hub's own
download restarts after an interruption, so the bytes are fetched here, to where it keeps them, and it finds them there.
"""

from __future__ import annotations

import hashlib
import itertools
import logging
import os
import re
import shutil
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, TypeVar

import httpx2
from huggingface_hub import (
    constants,
    get_hf_file_metadata,
    get_session,
    hf_hub_download,
    hf_hub_url,
    try_to_load_from_cache,
)
from huggingface_hub.errors import FileMetadataError, HfHubHTTPError
from huggingface_hub.utils import build_hf_headers, hf_raise_for_status

from core.errors import CheckpointError, Sentence
from core.models.catalog import Published, PublishedFile
from core.models.checkpoints import file_digest
from core.models.containers import LFS_POINTER
from core.models.library import Pin, found, own_place, pin_of, set_pin, sources, turn
from core.models.refusals import Withheld, as_sentences, sent_a_page

logger = logging.getLogger(__name__)

Progress = Callable[[int, int], None]
"""Called with the bytes present and the bytes in all; an exception from it stops the download, to be resumed later."""

T = TypeVar("T")

_UNFINISHED = ".incomplete"
_MOST_TIMES = 4  # a computed size counts the weights; with both of Adam's moments a file is three times that
_WAITS_S = (1.0, 2.0, 4.0, 8.0)  # before the second to fifth attempt, doubled each time: 15 s in all
_PASSING = frozenset({408, 429, 500, 502, 503, 504})  # HTTP statuses that may pass (RFC 9110)
_SHA256 = re.compile(r"[0-9a-f]{64}")
_PLAIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}")  # an ETag that may become a file name


@dataclass(frozen=True)
class _Source:
    """A server's answer about a file: its address, size, ETag, and on the Hub its commit."""

    url: str
    bytes: int
    etag: str
    commit: str | None


# Downloads -------------------------------------------------------------------------------------------------------


def download(published: Published, *, progress: Progress | None = None) -> tuple[Path, ...]:
    """Fetch the missing files of a model; returns their places, one per role, in the catalog's order.

    An interrupted download continues where it stopped, in this process or a later one. Size and sha256 are checked if
    known; otherwise they are recorded, with the Hub's commit, and required from then on.

    Raises:
        CheckpointError: if a file cannot be had, or is not the expected one; one sentence that says what to do.
    """
    paths, before = [], 0
    for file in published.files:
        offered = sources(published, file)
        there = next(filter(None, map(found, offered)), None)
        path = there or _fetch_first(offered, _shifted(progress, before, published.bytes))
        before += path.stat().st_size
        paths.append(path)
    if progress is not None:
        progress(before, before)
    return tuple(paths)


def _shifted(progress: Progress | None, before: int, expected: int) -> Progress:
    """Convert the progress of one file to that of all; sizes that are only computed may turn out larger."""

    def report(done: int, total: int) -> None:
        if progress is not None:
            progress(before + done, max(expected, before + total))

    return report


def _fetch_first(offered: tuple[PublishedFile, ...], progress: Progress) -> Path:
    """Fetch a file from its first publisher that gives it away."""
    refusals = []
    for file in offered:
        try:
            return _fetch(file, progress)
        except Withheld as error:
            logger.info("%s", error)
            refusals.append(error)
    raise refusals[0]


def _fetch(file: PublishedFile, progress: Progress) -> Path:
    """Fetch one file while other processes wait; returns its place."""
    with turn(own_place(file)):
        if (path := found(file)) is not None:  # another process was faster
            return path
        pin = pin_of(file)
        wanted = file.sha256 or (pin and pin.sha256)
        revision = file.revision or (pin and pin.revision)
        there, commit = _brought(file, revision)
        if there is not None:
            path, digest = there, _check(file, there, None, wanted)
        else:
            with as_sentences(file):
                source = _retrying(lambda: _ask(file, revision), _WAITS_S[:2])
                _check_offer(file, source, wanted)
                path, digest = _place(file, source, progress, wanted)
                commit = source.commit
        set_pin(file, Pin(digest, path.stat().st_size, commit))
        return path


def _brought(file: PublishedFile, revision: str | None) -> tuple[Path | None, str | None]:
    """Find the path and commit of a file that was put there by hand or by another program."""
    if own_place(file).is_file():
        return own_place(file), None
    cached = try_to_load_from_cache(file.repo, file.path, revision=revision) if file.on_hub else None
    if not isinstance(cached, str):
        return None, None
    return Path(cached), Path(cached).relative_to(_repo_folder(file) / "snapshots").parts[0]


def _repo_folder(file: PublishedFile) -> Path:
    """Folder in which huggingface_hub keeps a repo: blobs by ETag, snapshots by commit (its documented layout)."""
    return Path(constants.HF_HUB_CACHE) / f"models--{file.repo.replace('/', '--')}"


def _ask(file: PublishedFile, revision: str | None) -> _Source:
    """Ask a file's server for its address, size and ETag, without fetching it."""
    if file.on_hub:
        metadata = get_hf_file_metadata(
            hf_hub_url(file.repo, file.path, revision=revision), timeout=constants.HF_HUB_ETAG_TIMEOUT
        )
        commit, count, etag = metadata.commit_hash, metadata.size, metadata.etag or ""
        if commit is None or not _PLAIN.fullmatch(commit) or not _PLAIN.fullmatch(etag):
            raise FileMetadataError("the answer names no commit or no ETag")
        url = hf_hub_url(file.repo, file.path, revision=commit)
    else:
        url, commit = f"{file.repo}/{file.path}", None
        # One byte, because addresses signed for GET alone refuse HEAD.
        headers, timeout = {"Accept-Encoding": "identity", "Range": "bytes=0-0"}, constants.HF_HUB_ETAG_TIMEOUT
        with get_session().stream("GET", url, headers=headers, timeout=timeout) as answer:
            hf_raise_for_status(answer)
            whole = answer.headers.get("Content-Range", "").rpartition("/")[2]
            whole = whole or answer.headers.get("Content-Length", "")
            count = int(whole) if whole.isdecimal() else None
            # The file will have its own name; only while unfinished is it identified by its ETag.
            etag = hashlib.sha256(answer.headers.get("ETag", "").encode()).hexdigest()[:40]
    if count is None:
        raise FileMetadataError("the answer names no size")
    return _Source(url, count, etag, commit)


def _check_offer(file: PublishedFile, source: _Source, wanted: str | None) -> None:
    """Refuse any but the expected file before fetching it, if the server says what it has."""
    if source.bytes > _MOST_TIMES * file.bytes or (file.exact and source.bytes != file.bytes):
        raise CheckpointError(
            "{file} of {repo} is offered with {bytes} bytes, expected {expected}: it was replaced, do not use it.",
            file=file.name,
            repo=file.repo,
            bytes=source.bytes,
            expected=file.bytes,
        )
    if wanted is not None and _SHA256.fullmatch(source.etag) and source.etag != wanted:
        raise CheckpointError(
            "{file} of {repo} is offered with sha256 {seen}..., expected {wanted}...: it was replaced, do not use it.",
            file=file.name,
            repo=file.repo,
            seen=source.etag[:12],
            wanted=wanted[:12],
        )


def _place(file: PublishedFile, source: _Source, progress: Progress, wanted: str | None) -> tuple[Path, str]:
    """Fetch a file, verify it and move it to its place; returns the place and the sha256."""
    if file.on_hub:
        target = _repo_folder(file) / "blobs" / source.etag
        wanted = wanted or (source.etag if _SHA256.fullmatch(source.etag) else None)
        partial = target.with_name(f"{source.etag}.maskgit-editor{_UNFINISHED}")
    else:
        target = own_place(file)
        partial = target.with_name(f"{target.name}.{source.etag}{_UNFINISHED}")
    if target.is_file():
        digest = _check(file, target, source.bytes, wanted)
    else:
        target.parent.mkdir(parents=True, exist_ok=True)
        _retrying(lambda: _append(file, source, partial, progress), _WAITS_S, lambda: _size(partial))
        try:
            digest = _check(file, partial, source.bytes, wanted)
        except CheckpointError:
            partial.unlink()  # none of it is usable
            raise
        os.replace(partial, target)
    if file.on_hub:
        # The blob is there, so this fetches nothing: it links the blob as a file of the commit.
        target = Path(hf_hub_download(file.repo, file.path, revision=source.commit))
    return target, digest


def _append(file: PublishedFile, source: _Source, partial: Path, progress: Progress) -> None:
    """Fetch the missing bytes of an unfinished file."""
    done = _size(partial)
    if done == source.bytes:
        return
    done = 0 if done > source.bytes else done
    free = shutil.disk_usage(partial.parent).free
    if free < source.bytes - done:
        raise CheckpointError(
            "{folder} has {free:.1f} GB free but {file} needs {needed:.1f} GB: make room, or set HF_HOME "
            "to a larger disk.",
            folder=partial.parent,
            free=free / 1e9,
            file=file.name,
            needed=(source.bytes - done) / 1e9,
        )
    headers = build_hf_headers() if file.on_hub else {}
    headers |= {"Accept-Encoding": "identity", "Range": f"bytes={done}-"}
    timeout = constants.HF_HUB_DOWNLOAD_TIMEOUT
    with get_session().stream("GET", source.url, headers=headers, timeout=timeout) as answer:
        hf_raise_for_status(answer)
        chunks = answer.iter_bytes()
        first = next(chunks, b"")
        if answer.headers.get("Content-Type", "").startswith("text/html") or _reads_as_page(first):
            raise sent_a_page(file)  # what came before is kept
        if answer.status_code != 206 or not answer.headers.get("Content-Range", "").startswith(f"bytes {done}-"):
            done = 0  # the server sends the whole file
        with partial.open("r+b" if done else "wb") as out:
            out.seek(done)
            out.truncate()
            _write(itertools.chain((first,), chunks), out, done, source.bytes, progress)
    if _size(partial) < source.bytes:
        raise httpx2.RemoteProtocolError("the connection closed early")


def _write(chunks: Iterator[bytes], out: BinaryIO, done: int, total: int, progress: Progress) -> None:
    for chunk in chunks:
        out.write(chunk)
        done += len(chunk)
        if done > total:
            raise CheckpointError(
                "the server sends more than the {total} bytes that it announced: try again later.", total=total
            )
        progress(done, total)


def _size(path: Path) -> int:
    return path.stat().st_size if path.is_file() else 0


def _retrying(act: Callable[[], T], waits_s: Sequence[float], reached: Callable[[], int] = lambda: 0) -> T:
    """Retry a network call after failures that may pass.

    Args:
        act: the call.
        waits_s: seconds before each further attempt; counted anew whenever more was reached than before.
        reached: bytes reached so far.
    """
    waits, seen = iter(waits_s), reached()
    while True:
        try:
            return act()
        except (httpx2.TransportError, HfHubHTTPError) as error:
            if isinstance(error, HfHubHTTPError) and error.response.status_code not in _PASSING:
                raise
            if reached() > seen:  # the line is bad, not dead
                waits, seen = iter(waits_s), reached()
            wait = next(waits, None)
            if wait is None:
                raise
            logger.info("%s; trying again in %g s", error, wait)
            time.sleep(wait)


def _check(file: PublishedFile, path: Path, count: int | None, wanted: str | None) -> str:
    """Verify a file; returns its sha256.

    Args:
        file: the expected file.
        path: its place.
        count: bytes that its server announced, None if no server was asked.
        wanted: its sha256, None if unknown.

    Raises:
        CheckpointError: if it is no weight file, or has another size or sha256 than expected.
    """
    with path.open("rb") as opened:
        head = opened.read(512)
    if _reads_as_page(head):
        raise sent_a_page(file)
    again = Sentence("download it again")
    if path.suffix != _UNFINISHED:
        again = Sentence("remove {path} and download it again", path=path)
    if head.startswith(LFS_POINTER):
        raise CheckpointError(
            "{file} from {repo} is a Git LFS pointer instead of the weights: {again}.",
            file=file.name,
            repo=file.repo,
            again=again,
        )
    size, expected = path.stat().st_size, file.bytes if file.exact else count
    if expected not in (None, size):
        raise CheckpointError(
            "{file} from {repo} has {size} bytes, expected {expected}: {again}.",
            file=file.name,
            repo=file.repo,
            size=size,
            expected=expected,
            again=again,
        )
    digest = file_digest(path)
    if wanted not in (None, digest):
        raise CheckpointError(
            "{file} from {repo} has sha256 {seen}..., expected {wanted}...: {again}.",
            file=file.name,
            repo=file.repo,
            seen=digest[:12],
            wanted=str(wanted)[:12],
            again=again,
        )
    return digest


def _reads_as_page(head: bytes) -> bool:
    return head.lstrip().lower().startswith((b"<!doctype", b"<html"))
