"""Which published file a file is, by its sha256: the catalogue's, or the one that its first download pinned.

Knows nothing of networks, or of what a file holds. Shapes cannot tell Google's tokenizers for 256 and 512 px apart, and
nobody has published their sha256: once both were downloaded, each is known wherever it lies and whatever it is called.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from core.errors import CheckpointError
from core.models.catalog import CATALOG, PublishedFile
from core.models.checkpoints import file_digest
from core.models.library import Pin, pin_of, place_of, sources


class Origin(NamedTuple):
    """A published file, and the names of the models that it belongs to."""

    file: PublishedFile
    models: tuple[str, ...]


def origin_of(path: Path) -> Origin | None:
    """Find which published file this one is; None if it is none whose sha256 is known. Uses no network.

    Raises:
        CheckpointError: if it lies where a published file was downloaded to, and is not that file any more.
    """
    if not path.is_file():
        return None
    pins = {file: pin for file in _published() if (pin := _known(file)) is not None}
    at_home = next((file for file, pin in pins.items() if _is_at(path, file, pin)), None)
    if at_home is None and path.stat().st_size not in {pin.bytes for pin in pins.values()}:
        return None  # gigabytes need not be read
    digest = file_digest(path)
    if at_home is not None and digest != pins[at_home].sha256:
        raise CheckpointError(
            "{path} has sha256 {seen}..., expected {expected}...: it is not what was published or first "
            "downloaded, remove it and download it again.",
            path=path,
            seen=digest[:12],
            expected=pins[at_home].sha256[:12],
        )
    file = at_home or next((file for file, pin in pins.items() if pin.sha256 == digest), None)
    return None if file is None else Origin(file, _models(file))


def shared(models: tuple[str, ...]) -> bool:
    """Tell whether published models have one tokenizer, and not only tokenizers of one shape."""
    return len({file for name in models for file in CATALOG[name].files if file.role == "tokenizer"}) <= 1


def _published() -> Iterator[PublishedFile]:
    for published in CATALOG.values():
        yield from (*published.files, *published.twins)


def _known(file: PublishedFile) -> Pin | None:
    """Return a file's sha256 and size, pinned or published; None if its sha256 is not known."""
    if (pin := pin_of(file)) is not None or file.sha256 is None or not file.exact:
        return pin
    return Pin(file.sha256, file.bytes, file.revision)


def _is_at(path: Path, file: PublishedFile, pin: Pin) -> bool:
    place = place_of(file, pin)
    return place.is_file() and place.samefile(path)


def _models(file: PublishedFile) -> tuple[str, ...]:
    return tuple(
        name for name, published in CATALOG.items() if any(file in sources(published, own) for own in published.files)
    )
