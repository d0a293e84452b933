"""The trainer on a handful of painted squares: order, masks, resuming, and a model that the engine loads."""

from __future__ import annotations

import io
import json
import zipfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from core.engine import load_engine
from core.evaluation.features import _STRIDES, MetricNet
from core.models.checkpoints import load_tokenizer
from core.models.compact import CompactTokenizerConfig, CompactTransformerConfig
from core.request import EditRequest, Task
from core.training.codebook import CodebookTrainer
from core.training.data import Photos, SampleOrder, augment, load_photos
from core.training.ema import Ema
from core.training.losses import masked_cross_entropy
from core.training.masking import draw_masks, draw_regions
from core.training.recipes import PRESETS, MvtmRecipe, TokenizerRecipe, with_settings
from core.training.run import Limits, Run, generator_of
from core.training.tokens import token_versions
from core.training.train_mvtm import train_mvtm
from core.training.train_tokenizer import train_tokenizer

CPU = torch.device("cpu")
TOKENIZER = TokenizerRecipe(
    net=CompactTokenizerConfig(channels=(32, 32), blocks=(1, 1), code_dim=8, codebook_size=16),
    size=32,
    stored=36,
    batch=4,
    warmup_steps=1,
    continuous_steps=2,
    restart_every=2,
    adversarial_from=0.0,
    r1_every=2,
    perceptual_block=2,
)
MVTM = MvtmRecipe(
    net=CompactTransformerConfig(width=32, layers=1, heads=2, hidden=32), stored=36, versions=2, batch=4, warmup_steps=1
)


@pytest.fixture(scope="module")
def photo_zip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    generator = np.random.default_rng(0)
    path = tmp_path_factory.mktemp("photos") / "squares.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for name, count in (("red", 9), ("blue", 3)):
            for i in range(count):
                pixels = generator.integers(0, 80, (40, 48, 3), dtype=np.uint8)
                pixels[..., 0 if name == "red" else 2] += 150
                data = io.BytesIO()
                Image.fromarray(pixels).save(data, "png")
                archive.writestr(f"{name}/{i:03d}.png", data.getvalue())
    return path


@pytest.fixture(scope="module")
def photos(photo_zip: Path) -> Photos:
    return load_photos([photo_zip], 36)


@pytest.fixture(scope="module")
def metric_net(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A metric net of the right layout with random weights."""
    generator = np.random.default_rng(1)
    arrays: dict[str, np.ndarray] = {}

    def conv(name: str, *shape: int) -> None:
        arrays[f"{name}.w"] = (generator.standard_normal(shape) * 0.3).astype(np.float16)
        arrays[f"{name}.b"] = np.zeros(shape[0], np.float16)

    conv("stem", 8, 3, 3, 3)
    for i in range(len(_STRIDES)):
        conv(f"b{i}.dw", 8, 1, 3, 3)
        conv(f"b{i}.proj", 8, 8, 1, 1)
    conv("head", 16, 8, 1, 1)
    path = tmp_path_factory.mktemp("metric") / "net.npz"
    np.savez(path, **arrays)  # type: ignore[arg-type]
    return path


def test_zips_and_folders_hold_the_same_photos(photo_zip: Path, photos: Photos, tmp_path: Path) -> None:
    with zipfile.ZipFile(photo_zip) as archive:
        archive.extractall(tmp_path / "squares")
    unpacked = load_photos([tmp_path / "squares"], 36)
    assert photos.classes == unpacked.classes == ("blue", "red")
    assert photos.digest == unpacked.digest
    assert torch.equal(photos.pixels, unpacked.pixels)
    assert photos.pixels.shape == (12, 36, 36, 3)
    assert photos.labels.bincount().tolist() == [3, 9]


def test_a_labels_file_beside_the_data_gives_the_class_order(photo_zip: Path, tmp_path: Path) -> None:
    copy = tmp_path / "squares.zip"
    copy.write_bytes(photo_zip.read_bytes())
    (tmp_path / "labels.json").write_text(json.dumps({"classes": ["red", "green", "blue"]}))
    loaded = load_photos([copy], 36)
    assert loaded.classes == ("red", "green", "blue")
    assert loaded.labels.bincount().tolist() == [9, 0, 3]


def test_missing_and_empty_data_are_refused(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="no training data"):
        load_photos([tmp_path / "nowhere"], 36)
    with pytest.raises(ValueError, match="no photos"):
        load_photos([tmp_path], 36)


@given(counts=st.lists(st.integers(1, 20), min_size=1, max_size=4), batch=st.integers(1, 5), seed=st.integers(0, 9))
def test_an_epoch_visits_each_photo_once(counts: list[int], batch: int, seed: int) -> None:
    labels = torch.repeat_interleave(torch.arange(len(counts)), torch.tensor(counts))
    order = SampleOrder(labels, batch, seed)
    steps = len(labels) // batch
    if steps:
        assert order.steps_per_epoch == steps
        seen = torch.cat([order.at(step) for step in range(steps)])
        assert len(seen.unique()) == steps * batch
    assert torch.equal(order.at(3), SampleOrder(labels, batch, seed).at(3)), "the order depends on seed and step alone"


def test_balance_repeats_small_classes() -> None:
    labels = torch.tensor([0] * 16 + [1] * 4)
    order = SampleOrder(labels, 1, 0, balance=1.0)
    seen = torch.cat([order.at(step) for step in range(order.steps_per_epoch)])
    assert labels[seen].bincount().tolist() == [16, 16]


def test_augmenting_repeats_itself_and_stays_in_range() -> None:
    pixels = torch.randint(0, 256, (6, 36, 36, 3), dtype=torch.uint8)
    first, second = (augment(pixels, 32, 0.85, generator_of(0, 5)) for _ in range(2))
    assert torch.equal(first, second)
    assert first.shape == (6, 3, 32, 32)
    assert first.min() >= 0
    assert first.max() <= 1
    whole = augment(pixels, 36, 1.0, generator_of(0, 5))
    originals = pixels.permute(0, 3, 1, 2).float() / 255
    for picture, original in zip(whole, originals, strict=True):
        assert torch.allclose(picture, original, atol=1e-5) or torch.allclose(picture, original.flip(2), atol=1e-5)


@given(seed=st.integers(0, 1000), share=st.floats(0, 1))
def test_masks_hide_at_least_one_token_and_stay_in_their_region(seed: int, share: float) -> None:
    masks = draw_masks(8, 8, "cosine", share, torch.Generator().manual_seed(seed))
    assert masks.shape == (8, 64)
    assert masks.any(1).all()
    regions = draw_regions(8, 8, torch.Generator().manual_seed(seed))
    if share == 1.0:
        assert (regions | ~masks).all()


def test_the_loss_counts_hidden_tokens_only() -> None:
    logits = torch.zeros(1, 4, 5)
    logits[0, 0, 2] = 50.0
    targets = torch.tensor([[2, 0, 0, 0]])
    first_only = torch.tensor([[True, False, False, False]])
    assert masked_cross_entropy(logits, targets, first_only, 0.0).item() == pytest.approx(0.0, abs=1e-5)
    everything = masked_cross_entropy(logits, targets, torch.ones(1, 4, dtype=torch.bool), 0.0)
    assert everything.item() == pytest.approx(0.75 * np.log(5), rel=1e-4)


def test_codes_move_to_their_vectors_and_dead_ones_are_placed_again() -> None:
    directions = torch.nn.functional.normalize(torch.tensor([[1.0, 0.2], [-0.3, 1.0]]), dim=1)
    vectors = directions.repeat(20, 1)
    codebook = torch.nn.functional.normalize(torch.tensor([[1.0, 0.0], [0.0, 1.0], [0.0, -1.0]]), dim=1)
    codes = CodebookTrainer(codebook, 0.5)
    for step in range(30):
        _, commitment, indices = codes.quantise(codebook, vectors.t().reshape(1, 2, 40, 1))
        codes.update(codebook, vectors, indices, restart=step == 20)
    nearest = (directions @ codebook.T).max(1).values
    assert nearest.tolist() == pytest.approx([1.0, 1.0], abs=1e-4)
    assert commitment.item() == pytest.approx(0.0, abs=1e-3)
    assert (codebook @ directions.T).max(1).values.min() > 0.99, "the dead code was not placed among the vectors"


def test_the_average_follows_the_weights() -> None:
    layer = torch.nn.Linear(2, 2)
    ema = Ema(layer, 0.5)
    with torch.no_grad():
        layer.weight.fill_(3.0)
    for step in range(40):
        ema.update(layer, step)
    assert torch.allclose(ema.module.weight, layer.weight, atol=1e-3)


def test_settings_reach_every_field() -> None:
    recipe = with_settings(PRESETS["scenes-128"].mvtm, ["batch=8", "net.width=64", "schedule=arccos", "tail=0.25"])
    assert (recipe.batch, recipe.net.width, recipe.schedule, recipe.tail) == (8, 64, "arccos", 0.25)
    for wrong in ("width=3", "batch", "net.wide=3", "net=3.5.1", "batch=many", "net=3"):
        with pytest.raises(ValueError, match="--set"):
            with_settings(PRESETS["scenes-128"].mvtm, [wrong])


def test_presets_make_nets() -> None:
    for preset in PRESETS.values():
        assert preset.mvtm.net.codebook_size == preset.tokenizer.net.codebook_size


class _Counter:
    """A state part that remembers the steps it saw."""

    def __init__(self) -> None:
        self.seen: list[int] = []

    def state_dict(self) -> dict[str, list[int]]:
        return {"seen": list(self.seen)}

    def load_state_dict(self, state: dict[str, list[int]]) -> None:
        self.seen = list(state["seen"])


def _run(folder: Path, counter: _Counter, minutes: float, *, resume: bool, stop_after: int | None = None) -> Run:
    run = Run(folder, MVTM, {"data": "x"}, {"counter": counter}, Limits(minutes, 0.0, 1e9), resume=resume)
    blank = np.zeros((2, 2, 3), np.uint8)
    for report in run.steps(1, lambda: None, lambda: blank):
        counter.seen.append(run.step)
        report({"loss": float("nan")})
        if stop_after is not None and len(counter.seen) > stop_after:
            raise KeyboardInterrupt
    return run


def test_a_killed_run_goes_on_with_nothing_repeated_or_skipped(tmp_path: Path) -> None:
    counter = _Counter()
    with pytest.raises(KeyboardInterrupt):
        _run(tmp_path, counter, 1.0, resume=False, stop_after=7)
    again = _Counter()
    with pytest.raises(KeyboardInterrupt):
        _run(tmp_path, again, 1.0, resume=True, stop_after=15)
    assert again.seen == list(range(16))


def test_a_run_folder_is_not_overwritten_nor_resumed_with_another_recipe(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt):
        _run(tmp_path, _Counter(), 1.0, resume=False, stop_after=2)
    with pytest.raises(ValueError, match="already holds a run"):
        _run(tmp_path, _Counter(), 1.0, resume=False)
    with pytest.raises(ValueError, match="another recipe"):
        Run(tmp_path, replace(MVTM, batch=5), {"data": "x"}, {}, Limits(1.0), resume=True)


def test_the_rate_warms_up_and_falls_to_zero(tmp_path: Path) -> None:
    run = Run(tmp_path, MVTM, {}, {}, Limits(10.0), resume=False)
    run.step = 4
    assert run.rate(1.0, 10, 0.5) == pytest.approx(0.5)
    run.step, run.seconds = 1000, 450.0
    assert run.rate(1.0, 10, 0.5) == pytest.approx(0.5)
    run.seconds = 600.0
    assert run.rate(1.0, 10, 0.5) == pytest.approx(0.0)


def test_the_metric_net_is_zero_on_equals_and_sees_changes(metric_net: Path) -> None:
    net = MetricNet(metric_net)
    a, b = torch.rand(2, 3, 64, 64), torch.rand(2, 3, 64, 64)
    assert net.distance(a, a).tolist() == [0.0, 0.0]
    assert (net.distance(a, b) > 0).all()
    mask = torch.zeros(2, 1, 64, 64, dtype=torch.bool)
    mask[:, :, 20:40, 20:40] = True
    assert (net.distance(a, b, mask=mask) > 0).all()
    assert net.features(a).shape == (2, 16)


def test_both_stages_make_a_model_that_the_engine_loads(photos: Photos, metric_net: Path, tmp_path: Path) -> None:
    stage_one, stage_two = tmp_path / "tokenizer", tmp_path / "mvtm"
    train_tokenizer(TOKENIZER, photos, stage_one, Limits(0.04), metric_net=metric_net, device=CPU)
    tokenizer, pixels = load_tokenizer(stage_one)
    assert pixels == 32
    assert torch.allclose(tokenizer.codebook.norm(dim=1), torch.ones(16), atol=2e-3)
    train_mvtm(MVTM, photos, stage_two, Limits(0.03), tokenizer=stage_one, device=CPU, name="squares", compiled=False)
    table = token_versions(
        stage_two, photos, tokenizer, pixels=32, versions=2, smallest_crop=MVTM.smallest_crop, seed=0, device=CPU
    )
    assert table.shape == (2, 12, 64)
    assert {"recipe.json", "checkpoint.pt", "model"} <= {p.name for p in stage_two.iterdir()}
    assert list(stage_two.glob("sheet-*.png"))
    engine = load_engine(folder=stage_two / "model", device="cpu")
    assert (engine.spec.name, engine.spec.classes, engine.spec.grid) == ("squares", ("blue", "red"), 8)
    image = np.zeros((40, 40, 3), np.uint8)
    mask = np.zeros((40, 40), np.bool_)
    mask[10:20, 10:20] = True
    assert engine.edit(EditRequest(Task.INPAINT, image, mask)).images.shape == (1, 40, 40, 3)
