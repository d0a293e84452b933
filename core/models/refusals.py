"""Says in one sentence why a file could not be fetched, and where it may be put by hand.

Knows nothing of how it is fetched; core/models/hub.py does that.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import httpx2
from huggingface_hub import constants, get_session
from huggingface_hub.errors import (
    FileMetadataError,
    GatedRepoError,
    HfHubHTTPError,
    LocalEntryNotFoundError,
    OfflineModeIsEnabled,
)

from core.errors import CheckpointError, Sentence
from core.models.catalog import PublishedFile
from core.models.library import own_place

_WITHHELD = frozenset({401, 403, 404, 410})  # HTTP statuses of a file that is not given away, or no longer


class Withheld(CheckpointError):
    """The publisher no longer gives the file away, or not to everybody."""


@contextmanager
def as_sentences(file: PublishedFile) -> Iterator[None]:
    """Turn network exceptions into one sentence that says where to put the file by hand."""
    by_hand, server = Sentence("put {file} at {place}", file=file.name, place=own_place(file)), _server(file)
    try:
        get_session()  # reads the environment's proxies, whatever they contain
    except (ImportError, ValueError, httpx2.InvalidURL) as error:
        raise CheckpointError(
            "the proxy that the environment names cannot be used ({error}): look at HTTPS_PROXY, "
            "HTTP_PROXY, ALL_PROXY and NO_PROXY, or {by_hand}.",
            error=error,
            by_hand=by_hand,
        ) from error
    try:
        yield
    except OfflineModeIsEnabled as error:
        raise CheckpointError(
            "{file} of {repo} is not on this disk and HF_HUB_OFFLINE is set: unset it, or {by_hand}.",
            file=file.name,
            repo=file.repo,
            by_hand=by_hand,
        ) from error
    except FileMetadataError as error:
        raise CheckpointError(
            "{server} does not answer as a server of files does when asked for {file} ({error}): look at "
            "HF_ENDPOINT and the proxy, or {by_hand}.",
            server=server,
            file=file.name,
            error=error,
            by_hand=by_hand,
        ) from error
    except HfHubHTTPError as error:
        raise _refused(file, error, by_hand) from error
    except (httpx2.TransportError, LocalEntryNotFoundError) as error:
        why = " ".join(str(error).split()) or type(error).__name__
        raise CheckpointError(
            "{file} cannot be fetched from {repo} ({why}): look at the network, then run the download "
            "again, which goes on where it stopped, or {by_hand}.",
            file=file.name,
            repo=file.repo,
            why=why,
            by_hand=by_hand,
        ) from error


def _refused(file: PublishedFile, error: HfHubHTTPError, by_hand: Sentence) -> CheckpointError:
    status = error.response.status_code
    if isinstance(error, GatedRepoError):
        return Withheld(
            "{repo} gives {file} to those it knows: run `hf auth login`, or {by_hand}.",
            repo=file.repo,
            file=file.name,
            by_hand=by_hand,
        )
    if status in _WITHHELD:
        return Withheld(
            "{repo} does not give away {file} (HTTP {status}): {by_hand}.",
            repo=file.repo,
            file=file.name,
            status=status,
            by_hand=by_hand,
        )
    return CheckpointError(
        "{repo} answers with HTTP {status} when asked for {file}: try again later, or {by_hand}.",
        repo=file.repo,
        status=status,
        file=file.name,
        by_hand=by_hand,
    )


def sent_a_page(file: PublishedFile) -> CheckpointError:
    """Return the error for a web page in place of a file."""
    return CheckpointError(
        "{repo} sent a web page instead of {file}: a proxy or a login page stands between, open {server} in a browser.",
        repo=file.repo,
        file=file.name,
        server=_server(file),
    )


def _server(file: PublishedFile) -> str:
    return constants.ENDPOINT if file.on_hub else file.repo
