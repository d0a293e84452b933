"""Where photos come from: a part of a zip, and class names from a labels file of its own."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path

import pytest
import torch
from PIL import Image

from core.decoding.settings import NO_CLASS
from core.lab.training.data import SampleOrder, load_files, load_photos, read_classes

LABELS = [
    {"id": 0, "wnid": "n02", "name": "teapot"},
    {"id": 1, "wnid": "n01", "name": "teddy, teddy bear"},
]


@pytest.fixture
def parted(tmp_path: Path) -> Path:
    """A zip of train/<id>/ with two grey levels and val/<id>/ with one photo each."""
    path = tmp_path / "things.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for part, count in (("train", 3), ("val", 1)):
            for level, wnid in enumerate(("n01", "n02")):
                for i in range(count):
                    data = io.BytesIO()
                    Image.new("L", (8, 8), 100 * level).save(data, "png")
                    archive.writestr(f"{part}/{wnid}/{wnid}_{i}.PNG", data.getvalue())
    return path


def test_a_folder_inside_a_zip_is_a_data_path(parted: Path) -> None:
    train, held_back, both = (load_photos([path], 4) for path in (parted / "train", parted / "val", parted))
    assert (len(train), len(held_back), len(both)) == (6, 2, 8)
    assert train.classes == ("n01", "n02")
    assert len({train.digest, held_back.digest, both.digest}) == 3
    assert held_back.pixels[held_back.labels == 1].unique().tolist() == [100]


def test_a_zips_own_labels_name_and_order_the_classes(parted: Path) -> None:
    parted.with_name("things_labels.json").write_text(json.dumps(LABELS))
    photos = load_photos([parted / "train"], 4)
    assert photos.classes == ("teapot", "teddy")
    assert photos.pixels[photos.labels == 0].unique().tolist() == [100], "n02 is the teapot"


def test_parts_that_are_not_there_are_refused(parted: Path) -> None:
    with pytest.raises(ValueError, match="no photos"):
        load_photos([parted / "test"], 4)
    with pytest.raises(FileNotFoundError, match="no training data"):
        load_photos([parted.with_name("nothing.zip") / "train"], 4)


def test_a_file_of_classes_joins_folders_orders_classes_and_leaves_some_without(parted: Path, tmp_path: Path) -> None:
    listed = tmp_path / "classes.json"
    listed.write_text(json.dumps({"classes": ["cup", "n02"], "folders": {"n01": None}}))
    files = load_files([parted / "train"], read_classes(listed))
    assert (files.classes, files.labels.tolist()) == (("cup", "n02"), [NO_CLASS] * 3 + [1] * 3)
    assert files.picture(5).shape == (8, 8, 3)
    listed.write_text(json.dumps({"classes": ["cup"], "folders": {"n01": "cup", "n02": "cup"}}))
    assert load_photos([parted / "train"], 4, read_classes(listed)).labels.tolist() == [0] * 6


def test_folders_and_files_of_classes_that_fit_nothing_are_refused(parted: Path, tmp_path: Path) -> None:
    listed = tmp_path / "classes.json"
    listed.write_text(json.dumps({"classes": ["n01"]}))
    with pytest.raises(ValueError, match="folder 'n02' is of class 'n02', which the file of classes does not list"):
        load_files([parted / "train"], read_classes(listed))
    for text in ("[]", "{", "{}"):
        listed.write_text(text)
        with pytest.raises(ValueError, match="is no file of classes"):
            read_classes(listed)
    with pytest.raises(ValueError, match="is no file of classes"):
        read_classes(tmp_path / "nowhere.json")


def test_photos_without_a_class_are_drawn_once_and_small_classes_at_most_so_often() -> None:
    labels = torch.tensor([NO_CLASS] * 3 + [0] * 16 + [1] * 2)
    order = SampleOrder(labels, batch=1, seed=0, balance=1.0, most=4)
    drawn = torch.cat([order.at(step) for step in range(order.epoch)])
    assert drawn.bincount().tolist() == [1] * 3 + [1] * 16 + [4] * 2
