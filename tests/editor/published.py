"""A published model that a test can fetch: Google's names at small sizes and random weights, with all 1000 classes."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from core.models.catalog import CATALOG, Published, PublishedFile
from core.models.presets import PRESETS
from tests.core.models import foreign
from tests.core.models.conftest import KEYS, Shapes
from tests.core.models.fake_hub import FakeHub, fake_hub, pretend

NAME = "google-tiny"
REPO = "someone/maskgit"
PIXELS, GRID = 64, 4


def _shapes(entry: str, net: str) -> Shapes:
    """Names and shapes of a published net at full size."""
    found: Shapes = {}
    for name, text in KEYS[entry][net].items():
        for i in range(KEYS[entry]["layers"]) if "{i}" in name else (0,):
            found[name.replace("{i}", str(i))] = tuple(int(n) for n in text.split("x"))
    return found


def _files() -> dict[str, bytes]:
    """Both files as their publisher has them: pickles, by path."""
    # As wide as published, which tells the heads; 4x4 tokens of 32 codes, 1000 classes, MASK.
    sizes = {3072: 48, 257: GRID**2 + 1, 2025: 32 + 1000 + 1}
    nets = {
        "tokenizer.bin": foreign.tokenizer("google", _shapes, wider=4),  # group norm takes 32 channels or more
        "maskgit.ckpt": foreign.transformer("google", _shapes, sizes),
    }
    files = {}
    for path, state in nets.items():
        file = io.BytesIO()
        torch.save(dict(state), file)
        files[path] = file.getvalue()
    return files


@contextmanager
def one_published(home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeHub]:
    """Let `NAME` be all that is published, on a hub on loopback, with this process's cache under `home`."""
    files = _files()
    tokenizer, transformer = (
        PublishedFile(REPO, path, None, len(data), None, role)  # type: ignore[arg-type]
        for (path, data), role in zip(files.items(), ("tokenizer", "transformer"), strict=True)
    )

    spec = replace(PRESETS["google-256"], name=NAME, title="Google MaskGIT, tiny", pixels=PIXELS, grid=GRID)
    parameters = sum(map(len, files.values())) // 4
    before = dict(CATALOG)  # monkeypatch would put them back in another order
    CATALOG.clear()
    CATALOG[NAME] = Published(spec, parameters, (tokenizer, transformer))
    try:
        with fake_hub() as hub, pretend(hub, home, monkeypatch):
            hub.files = {f"{REPO}/{path}": data for path, data in files.items()}
            yield hub
    finally:
        CATALOG.clear()
        CATALOG.update(before)
