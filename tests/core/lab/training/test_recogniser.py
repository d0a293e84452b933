"""The layer that recognises a model's classes, fitted on a handful of painted squares by the bundled classifier."""

from __future__ import annotations

import io
import json
import shutil
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from core.cli.outcome import EXIT_USER_ERROR
from core.engine.recognising import square
from core.lab.cli import main
from core.models.checkpoints import read_spec
from core.models.config import RECOGNISER_FILE
from core.models.recogniser import load_recogniser

COLOURS = {"green": (30, 200, 40), "blue": (20, 60, 220), "grey": (128, 128, 128)}


def squares(colour: tuple[int, int, int], count: int, seed: int) -> list[np.ndarray]:
    noise = np.random.default_rng(seed).integers(-20, 20, (count, 48, 40, 3))
    return list(np.clip(np.array(colour) + noise, 0, 255).astype(np.uint8))


@pytest.fixture
def words(tiny_model: Path, tmp_path: Path) -> list[str]:
    """The command, for a model of forest, sea and street; two colours are photos of the first two."""
    with zipfile.ZipFile(tmp_path / "photos.zip", "w") as archive:
        for name, colour in COLOURS.items():
            for i, pixels in enumerate(squares(colour, 4, seed=1)):
                data = io.BytesIO()
                Image.fromarray(pixels).save(data, "png")
                archive.writestr(f"{name}/{i}.png", data.getvalue())
    folders = {"green": "forest", "blue": "sea", "grey": "street"}
    (tmp_path / "classes.json").write_text(json.dumps({"classes": [*folders.values()], "folders": folders}))
    model = shutil.copytree(tiny_model, tmp_path / "model")
    data, listed = tmp_path / "photos.zip", tmp_path / "classes.json"
    return ["train-recogniser", "--data", str(data), "--classes", str(listed), "--model", str(model)]


def test_what_it_fits_recognises_other_pictures_of_the_classes(words: list[str]) -> None:
    assert main(words) == 0
    model = Path(words[-1])
    recogniser = load_recogniser(model, read_spec(model))
    assert recogniser is not None
    seen = np.stack([square(one) for colour in COLOURS.values() for one in squares(colour, 2, seed=2)])
    assert recogniser.log_shares(seen).argmax(1).tolist() == [0, 0, 1, 1, 2, 2]
    first = (model / RECOGNISER_FILE).read_bytes()
    assert main(words) == 0
    assert (model / RECOGNISER_FILE).read_bytes() == first, "the same photos, the same layer"


def test_photos_of_every_class_are_needed(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    words[words.index("--classes") + 1 : words.index("--classes") + 2] = [str(Path(words[4]).with_name("fewer.json"))]
    folders = {"green": "forest", "blue": "sea", "grey": None}
    Path(words[4]).write_text(json.dumps({"classes": ["forest", "sea"], "folders": folders}))
    assert main(words) == EXIT_USER_ERROR
    assert "there are no photos of street: give some of every class of the model." in capsys.readouterr().err
