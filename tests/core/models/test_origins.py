"""Published files that shapes cannot tell apart are known by the sha256 of their first download."""

from __future__ import annotations

import dataclasses
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from torch import Tensor

from core.errors import CheckpointError
from core.models.catalog import CATALOG
from core.models.convert import convert
from core.models.hub import download
from core.models.library import own_place
from core.models.origins import origin_of, shared
from core.models.presets import PRESETS
from tests.core.models import foreign
from tests.core.models.fake_hub import FakeHub, fake_hub, pretend

GRIDS = {"google-256": 4, "google-512": 8}
"""Two models whose tokenizers have one shape, as Google's have; the transformers differ in their positions."""
NETS = (
    dataclasses.replace(foreign.CONFIGS["google"][0], base_channels=32, groups=32),
    dataclasses.replace(foreign.CONFIGS["google"][1], width=768, heads=16, classes=1000),
)
"""What shapes show without a config.json: the published width and classes, all else small."""


def nets(published: Any, number: int, grid: int) -> dict[str, dict[str, Tensor]]:
    """Both nets of one of the two models, by role."""
    tokenizer = foreign.tokenizer("google", published, wider=4)
    sizes = {2304: 2304, 3072: 48, 257: grid * grid + 1, 2025: 32 + 1000 + 1}
    transformer = foreign.transformer("google", published, sizes)
    return {"tokenizer": {name: value + number for name, value in tokenizer.items()}, "transformer": transformer}


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, published: Any) -> Iterator[FakeHub]:
    """Small files under Google's names, outside the Hub as Google's are, and the presets that they make."""
    with fake_hub() as fake, pretend(fake, tmp_path, monkeypatch):
        for number, (name, grid) in enumerate(GRIDS.items()):
            states, files = nets(published, number, grid), []
            for file in CATALOG[name].files:
                foreign.write_state_dict(tmp_path / file.name, states[file.role])
                fake.files[f"plain/{file.name}"] = (tmp_path / file.name).read_bytes()
                files.append(dataclasses.replace(file, repo=f"{fake.url}/plain"))
            described = {
                "tokenizer": dataclasses.asdict(NETS[0]),
                "transformer": dataclasses.asdict(dataclasses.replace(NETS[1], grid=grid)),
            }
            spec = dataclasses.replace(PRESETS[name], pixels=16 * grid, grid=grid, codebook_size=32, **described)
            monkeypatch.setitem(PRESETS, name, spec)
            offered = dataclasses.replace(CATALOG[name], spec=spec, files=tuple(files), twins=())
            monkeypatch.setitem(CATALOG, name, offered)
        yield fake


def test_a_file_is_known_wherever_it_lies_once_it_was_downloaded(server: FakeHub, tmp_path: Path) -> None:
    elsewhere = tmp_path / "renamed.bin"
    elsewhere.write_bytes(server.files["plain/tokenizer_imagenet512.ckpt"])
    assert origin_of(elsewhere) is None
    download(CATALOG["google-256"])
    assert origin_of(elsewhere) is None  # of the same size, but not the same
    download(CATALOG["google-512"])
    origin = origin_of(elsewhere)
    assert origin is not None
    assert (origin.file.name, origin.models) == ("tokenizer_imagenet512.ckpt", ("google-512",))
    assert origin_of(tmp_path / "nowhere") is None


@pytest.mark.parametrize("change", [lambda data: data[:-1] + bytes([data[-1] ^ 1]), lambda data: data[:-1]])
def test_a_file_that_changed_since_its_download_is_refused_unopened(
    server: FakeHub, tmp_path: Path, change: Any
) -> None:
    files = download(CATALOG["google-256"])
    files[0].write_bytes(change(files[0].read_bytes()))
    with pytest.raises(CheckpointError) as error:
        convert(files, tmp_path / "ours")
    assert str(error.value).startswith(f"{files[0]} has sha256 ")
    assert str(error.value).endswith("remove it and download it again.")
    assert not (tmp_path / "ours").exists()


def test_conversion_says_which_file_each_is(server: FakeHub, tmp_path: Path) -> None:
    told: list[str] = []
    tokenizer, transformer = download(CATALOG["google-512"])
    assert convert((tokenizer, transformer), tmp_path / "ours", tell=told.append).name == "google-512"
    assert told == [
        f"{tokenizer} is tokenizer_imagenet512.ckpt of google-512, as its sha256 shows.",
        f"{transformer} is maskgit_imagenet512.ckpt of google-512, as its sha256 shows.",
    ]


def test_the_tokenizer_of_the_other_size_is_refused(server: FakeHub, tmp_path: Path) -> None:
    other, _ = download(CATALOG["google-512"])
    _, transformer = download(CATALOG["google-256"])
    shutil.copy(other, tmp_path / "tokenizer.bin")
    with pytest.raises(CheckpointError, match=r"is the tokenizer of google-512 .* tokenizer of google-256\.$"):
        convert((tmp_path / "tokenizer.bin", transformer), tmp_path / "ours")
    assert not (tmp_path / "ours").exists()


def test_a_tokenizer_that_nothing_tells_apart_is_taken_with_a_warning(server: FakeHub, tmp_path: Path) -> None:
    files = [tmp_path / file.name for file in CATALOG["google-256"].files]
    told: list[str] = []
    assert convert(files, tmp_path / "ours", tell=told.append).name == "google-256"
    (sentence,) = told
    assert "may be the tokenizer of google-256 or google-512" in sentence
    assert sentence.endswith("make sure that it is the one of google-256.")


def test_one_tokenizer_of_several_models_needs_no_warning() -> None:
    assert shared(tuple(name for name in CATALOG if name.startswith("halton")))
    assert not shared(tuple(GRIDS))


def test_a_file_put_there_by_hand_is_pinned_too(server: FakeHub) -> None:
    file = CATALOG["google-256"].files[0]
    own_place(file).parent.mkdir(parents=True)
    own_place(file).write_bytes(server.files["plain/tokenizer_imagenet256.ckpt"])
    download(CATALOG["google-256"])
    origin = origin_of(own_place(file))
    assert origin is not None
    assert origin.file == file
