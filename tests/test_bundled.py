"""The bundled model on real photos: the promises that fakes cannot prove."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from core import Engine, load_engine, recipe_text, sweep
from core.lab.evaluation.metrics import lattice
from core.models import BUNDLED
from core.models.checkpoints import file_digest, read_spec
from core.pictures import open_picture
from core.values import DecodeOptions, EditRequest, Mask, Sides
from core.values.saved import load_request
from tests.fakes import painted

SAMPLES = Path(__file__).resolve().parent.parent / "assets" / "samples"


@pytest.fixture(scope="module")
def engine() -> Engine:
    return load_engine(device="cpu")


def photo(name: str) -> NDArray[np.uint8]:
    return open_picture(SAMPLES / name)


def hole(image: NDArray[np.uint8], top: float, bottom: float, left: float, right: float) -> NDArray[np.bool_]:
    height, width = image.shape[:2]
    mask = np.zeros((height, width), np.bool_)
    mask[int(top * height) : int(bottom * height), int(left * width) : int(right * width)] = True
    return mask


def test_the_files_are_the_ones_described() -> None:
    folder = BUNDLED / "scenes-128"
    for name, digest in read_spec(folder).sha256.items():
        assert file_digest(folder / name) == digest
    assert sum(path.stat().st_size for path in folder.iterdir()) <= 48_000_000
    assert (folder / "README.md").read_text().startswith("# scenes-128")


def test_the_tokenizer_keeps_a_landscape(engine: Engine) -> None:
    image = photo("autumn_ridge.jpg")[:, 200:1052]
    small = image[::6, ::6]
    again = engine.reconstruct(small).astype(np.float64)
    psnr = 10 * np.log10(255**2 / np.mean((again - small) ** 2))
    assert psnr > 18


@pytest.mark.parametrize(("dtype", "error"), [("bf16", 0.02), ("fp16", 0.002)])
def test_the_nets_compute_in_half_the_memory_on_the_cpu(dtype: str, error: float) -> None:
    engine, half = (load_engine(device="cpu", dtype=each) for each in ("fp32", dtype))
    spec, draw = engine.spec, torch.Generator().manual_seed(0)
    tokens = torch.randint(spec.codebook_size, (2, spec.grid**2), generator=draw)
    tokens[:, ::3] = -1
    logits, codes = [], []
    for one in (engine._nets, half._nets):
        logits += [each.float() for each in one.each(one.transformer, [(tokens, torch.tensor([0, 3]))])]
        codes += [each.float() for each in one.each(one.tokenizer.decode, [(one.grids(tokens.clamp_min(0)),)])]
    assert half.dtype in str(next(half._nets.tokenizer.parameters()).dtype)
    assert 0 < (logits[0] - logits[1]).square().mean().sqrt() < error * logits[0].std()
    assert (codes[0] - codes[1]).abs().mean() < 1 / 255


@pytest.mark.parametrize("name", ["mountain_trail.jpg", "ridge_transparent_sky.png"])
def test_an_edit_changes_the_hole_and_nothing_else(engine: Engine, name: str) -> None:
    image = photo(name)[::8, ::8]
    mask = hole(image, 0.4, 0.6, 0.3, 0.6)
    request = EditRequest(image, Mask(mask), decoding=DecodeOptions(steps=4, variations=2, seed=3))
    result = engine.edit(request)
    for edited in result.images:
        assert np.array_equal(edited[~mask], image[~mask])
        assert (edited[mask] != image[mask]).any()
    assert not np.array_equal(result.images[0], result.images[1])
    alone = engine.edit(request.single(1))
    assert np.array_equal(alone.images[0], result.images[1])
    text = recipe_text(engine.spec, request, 1)
    replayed = load_request(json.loads(text["maskgit-editor"])["request"], image)
    assert np.array_equal(engine.edit(replayed).images[0], result.images[1])


def test_an_extended_sky_goes_on_in_the_colours_of_the_sky(engine: Engine) -> None:
    image = photo("mountain_trail.jpg")[::2, ::2]
    result = engine.edit(EditRequest(image, Sides(top=80), decoding=DecodeOptions(steps=6)))
    grown = result.images[0]
    assert np.array_equal(grown[80:], image)
    new, old = grown[:80].mean((0, 1)), image[:40].mean((0, 1))
    assert np.abs(new - old).max() < 40


def test_classes_tell_apart(engine: Engine) -> None:
    def mean_colour(name: str) -> NDArray[np.float64]:
        options = DecodeOptions(steps=8, variations=4, guidance_scale=2.0)
        request = painted(EditRequest(class_id=engine.spec.classes.index(name), decoding=options), sharpen=0.0)
        return np.asarray(engine.edit(request).images.mean((0, 1, 2)), np.float64)

    sea, forest, sunflowers = (mean_colour(name) for name in ("sea", "forest", "sunflowers"))
    assert sea[2] - sea[0] > sunflowers[2] - sunflowers[0] + 20, "the sea is bluer than sunflowers are"
    assert sunflowers[0] - sunflowers[2] > 20, "sunflowers are yellow"
    assert forest.mean() < sea.mean(), "a forest is darker than the sea"


def test_a_new_picture_is_sharp_and_the_decoders_lattice_is_gone(engine: Engine) -> None:
    request = EditRequest(class_id=engine.spec.classes.index("sea"), decoding=DecodeOptions(seed=1, variations=4))
    sharp, plain = engine.edit(request).images, engine.edit(painted(request, sharpen=0.0)).images
    assert (sharp.shape, plain.shape) == ((4, 512, 512, 3), (4, 128, 128, 3))
    for large, decoded in zip(sharp, plain, strict=True):
        small = cv2.resize(large, (128, 128), interpolation=cv2.INTER_AREA).astype(np.int64)
        assert np.abs(small - decoded).mean() < 8, "it is the same picture"
        assert np.abs(small.mean((0, 1)) - decoded.mean((0, 1))).max() < 1, "in the same colours"
    found, before = (np.median([lattice(one, 128) for one in all_]) for all_ in (sharp, plain))
    assert found < 1.5 < before


def test_the_licence_of_what_the_sharpener_began_with_comes_along() -> None:
    assert "Xintao Wang" in (BUNDLED / "scenes-128" / "LICENSE.sharpener").read_text()


def test_a_sweep_runs(engine: Engine) -> None:
    image = photo("temple.jpg")
    request = EditRequest(image, Mask(hole(image, 0.1, 0.3, 0.1, 0.3)))
    cells = list(sweep(engine, request, {"schedule": ["cosine", "linear"], "steps": [1, 3]}))
    assert [(cell.row, cell.column) for cell in cells] == [(0, 0), (1, 0), (0, 1), (1, 1)]
