"""Photos that stay in their files: the same ones from folders, zips and tars, in a memory that does not grow."""

from __future__ import annotations

import io
import os
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest
import torch

from core.lab.training.data import Photos, find_photos, load_photos
from core.lab.training.streaming import StreamedPhotos, photos_within

ROOT = Path(__file__).resolve().parents[4]
SIZE = 36


@pytest.fixture(scope="module")
def packed(photo_zip: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The same photos in a folder, a deflated zip, a part of a zip, and a tar."""
    root = tmp_path_factory.mktemp("packed")
    made = {"folder": root / "set", "deflated": root / "d.zip", "part": root / "p.zip", "tar": root / "t.tar"}
    with (
        zipfile.ZipFile(photo_zip) as source,
        zipfile.ZipFile(made["deflated"], "w", zipfile.ZIP_DEFLATED) as deflated,
        zipfile.ZipFile(made["part"], "w") as part,
        tarfile.open(made["tar"], "w") as tar,
    ):
        part.writestr("val/red/zzz.png", source.read(source.namelist()[0]))
        for name in sorted(source.namelist()):
            data = source.read(name)
            (made["folder"] / name).parent.mkdir(parents=True, exist_ok=True)
            (made["folder"] / name).write_bytes(data)
            deflated.writestr(name, data)
            part.writestr(f"train/{name}", data)
            info = tarfile.TarInfo(name)
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))
        tar.addfile(tarfile.TarInfo("red/notes.txt"))
    return {**made, "part": made["part"] / "train"}


@pytest.mark.parametrize("kind", ["folder", "deflated", "part", "tar"])
def test_the_same_photos_are_the_same_however_they_are_packed(
    packed: dict[str, Path], photos: Photos, kind: str
) -> None:
    streamed = photos_within(0.0, [packed[kind]], SIZE)
    assert isinstance(streamed, StreamedPhotos)
    assert (streamed.digest, streamed.classes, len(streamed)) == (photos.digest, photos.classes, len(photos))
    assert torch.equal(streamed.labels, photos.labels)
    everything = torch.arange(len(photos))
    assert torch.equal(streamed.near(torch.device("cpu")).at(everything), photos.pixels)
    streamed.soon(torch.tensor([3, 1]))
    assert torch.equal(streamed.at(torch.tensor([3, 1])), photos.pixels[[3, 1]]), "as was announced"
    assert torch.equal(streamed.at(torch.tensor([0, 0, 5])), photos.pixels[[0, 0, 5]]), "as was not"


def test_several_places_count_on_and_few_photos_are_decoded_at_once(packed: dict[str, Path], photos: Photos) -> None:
    both = photos_within(1.0, [packed["tar"], packed["folder"]], SIZE)
    assert isinstance(both, Photos)
    assert torch.equal(both.pixels, torch.cat([photos.pixels] * 2))
    assert torch.equal(both.at(torch.tensor([13])), photos.pixels[[1]])
    with pytest.raises(IndexError):
        find_photos([packed["tar"]]).read(len(photos))


def test_archives_that_cannot_be_read_photo_by_photo_are_refused(packed: dict[str, Path], tmp_path: Path) -> None:
    cut, squeezed, rare = tmp_path / "cut.tar", tmp_path / "squeezed.tar", tmp_path / "rare.zip"
    whole = packed["tar"].read_bytes()
    cut.write_bytes(whole[: len(whole) // 3])
    with tarfile.open(squeezed, "w:gz") as tar:
        tar.add(packed["folder"], "set")
    with zipfile.ZipFile(rare, "w", zipfile.ZIP_LZMA) as archive:
        archive.write(packed["folder"] / "red" / "000.png", "red/000.png")
    for path, why in (
        (cut, "not a whole tar"),
        (squeezed, "unpack it first"),
        (rare, "red/000.png in a rare compress"),
    ):
        with pytest.raises(ValueError, match=rf"{path.name} .*{why}"):
            load_photos([path], SIZE)


def test_a_file_that_is_changed_while_it_is_streamed_is_refused(packed: dict[str, Path], tmp_path: Path) -> None:
    copy = tmp_path / "d.zip"
    copy.write_bytes(packed["deflated"].read_bytes())
    streamed = photos_within(0.0, [copy], SIZE)
    copy.write_bytes(copy.read_bytes()[::-1])
    with pytest.raises(ValueError, match=r"d\.zip is not a whole zip file"):
        streamed.at(torch.tensor([2]))
    (tmp_path / "set" / "red").mkdir(parents=True)
    photo = tmp_path / "set" / "red" / "a.png"
    photo.write_bytes((packed["folder"] / "red" / "000.png").read_bytes())
    streamed = photos_within(0.0, [tmp_path / "set"], SIZE)
    photo.unlink()
    with pytest.raises(ValueError, match="is gone since the start"):
        streamed.at(torch.tensor([0]))


GROWING = """
import sys
from pathlib import Path
import torch
from core.lab.training.data import SampleOrder
from core.lab.training.streaming import photos_within

def resident():  # bytes now
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096

def epoch(path):
    photos = photos_within(0.1, [Path(path)], 640)
    order = SampleOrder(photos.labels, 8, seed=1)
    for step in range(order.epoch // 8):
        photos.at(order.at(step))
        photos.soon(order.at(step + 1))
    return len(photos), resident(), photos

few, before, kept = epoch(sys.argv[1])
many, after, kept = epoch(sys.argv[2])
assert many == 10 * few
print((after - before) / 1e6)
"""
"""Decoded, the many would take 590 MB, and the few 59."""


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_ten_times_the_photos_take_no_more_memory(packed: dict[str, Path], tmp_path: Path) -> None:
    data = (packed["folder"] / "red" / "000.png").read_bytes()
    for name, count in (("few", 48), ("many", 480)):
        with tarfile.open(tmp_path / f"{name}.tar", "w") as tar:
            for number in range(count):
                info = tarfile.TarInfo(f"{'red' if number % 3 else 'blue'}/{number:04d}.png")
                info.size = len(data)
                tar.addfile(info, io.BytesIO(data))
    command = [sys.executable, "-c", GROWING, str(tmp_path / "few.tar"), str(tmp_path / "many.tar")]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    ran = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120, check=False)
    assert ran.returncode == 0, ran.stderr
    assert float(ran.stdout) < 200, "MB"
