"""The trainer on a handful of painted squares: data, order, masks, codes, and a model that the engine loads."""

from __future__ import annotations

import functools
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
from safetensors.torch import load_file
from torch import Tensor

from core.engine import load_engine
from core.lab.features import MetricNet
from core.lab.training.codebook import CodebookTrainer
from core.lab.training.data import PhotoFiles, Photos, SampleOrder, augment, load_photos
from core.lab.training.ema import Ema
from core.lab.training.losses import lattice_gap, masked_cross_entropy
from core.lab.training.processes import Processes
from core.lab.training.recipes import PRESETS, Preset, with_settings
from core.lab.training.run import Setup
from core.lab.training.train_mvtm import train_mvtm
from core.lab.training.train_tokenizer import train_tokenizer
from core.models.bundled import BUNDLED
from core.models.checkpoints import load_tokenizer, net_description, read_spec, write_spec
from core.models.compact import CompactTokenizer, CompactTransformer
from core.values.region import Mask
from core.values.request import EditRequest
from tests.core.lab.training.tiny import MVTM, TOKENIZER, metrics_of, ticking

CPU = torch.device("cpu")


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


def test_damaged_zips_and_photos_are_refused_by_name(photo_zip: Path, tmp_path: Path) -> None:
    whole = photo_zip.read_bytes()
    cut, flipped = tmp_path / "cut.zip", tmp_path / "flipped.zip"
    cut.write_bytes(whole[: len(whole) // 2])
    flipped.write_bytes(whole[:300] + bytes(b ^ 0xFF for b in whole[300:400]) + whole[400:])
    for broken in (cut, flipped):
        with pytest.raises(ValueError, match=rf"{broken.name} is not a whole zip file"):
            load_photos([broken], 36)
    (tmp_path / "set" / "red").mkdir(parents=True)
    (tmp_path / "set" / "red" / "a.png").write_bytes(b"not a picture")
    with pytest.raises(ValueError, match=r"red/a\.png cannot be read"):
        load_photos([tmp_path / "set"], 36)


@given(
    counts=st.lists(st.integers(1, 20), min_size=1, max_size=4),
    batch=st.integers(1, 30),
    seed=st.integers(0, 9),
    balance=st.sampled_from([0.0, 0.5, 1.0]),
)
def test_every_epoch_visits_each_entry_once_whatever_the_batch(
    counts: list[int], batch: int, seed: int, balance: float
) -> None:
    labels = torch.repeat_interleave(torch.arange(len(counts)), torch.tensor(counts))
    order = SampleOrder(labels, batch, seed, balance)
    steps = [order.at(step) for step in range(3 * order.epoch // batch + 1)]
    assert all(len(chosen) == batch for chosen in steps), "a short batch"
    stream = torch.cat(steps)
    wanted = [round((max(counts) / c) ** balance) for c in counts for _ in range(c)]
    for epoch in range(3):
        seen = stream[epoch * order.epoch : (epoch + 1) * order.epoch]
        assert seen.bincount(minlength=len(labels)).tolist() == wanted
    assert torch.equal(order.at(3), SampleOrder(labels, batch, seed, balance).at(3)), "it remembers something"


def test_augmenting_is_a_function_of_its_draws_and_stays_in_range() -> None:
    pixels = torch.randint(0, 256, (6, 36, 36, 3), dtype=torch.uint8)
    draws = torch.rand(6, 4)
    crops = augment(pixels, 32, 0.85, draws)
    assert crops.shape == (6, 3, 32, 32)
    assert crops.min() >= 0
    assert crops.max() <= 1
    assert torch.equal(augment(pixels[2:4], 32, 0.85, draws[2:4]), crops[2:4]), "a sample depends on its batch"
    originals = pixels.permute(0, 3, 1, 2).float() / 255
    for picture, original in zip(augment(pixels, 36, 1.0, draws), originals, strict=True):
        assert torch.allclose(picture, original, atol=1e-5) or torch.allclose(picture, original.flip(2), atol=1e-5)
    plain = augment(pixels, 36, 1.0, torch.full((6, 4), 0.5))
    assert torch.allclose(plain, originals, atol=1e-5)


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


def nets_of(preset: Preset, classes: int = 11) -> tuple[CompactTokenizer, CompactTransformer]:
    """Return both nets of a preset without weights, the transformer fitted to the tokenizer as train_mvtm fits it."""
    codes, grid = preset.tokenizer.net.codebook_size, preset.tokenizer.size // preset.tokenizer.net.downsample
    config = replace(preset.mvtm.net, codebook_size=codes, grid=grid, classes=classes)
    with torch.device("meta"):
        return CompactTokenizer(preset.tokenizer.net), CompactTransformer(config)


@pytest.mark.parametrize("name", PRESETS)
def test_presets_make_nets_that_fit_each_other(name: str) -> None:
    preset = PRESETS[name]
    tokenizer, transformer = nets_of(preset)
    assert preset.tokenizer.size % tokenizer.downsample == 0
    assert transformer.grid * tokenizer.downsample == preset.tokenizer.size


def test_the_gpu_preset_is_as_large_as_it_may_be_shipped() -> None:
    weights = sum(w.numel() for net in nets_of(PRESETS["scenes-128-gpu"]) for w in net.state_dict().values())
    assert 30e6 <= weights <= 60e6
    assert 2 * weights <= 96e6, "fp16 files of more than 96 MB"


def test_the_metric_net_is_zero_on_equals_and_sees_changes(metric_net: Path) -> None:
    net = MetricNet(metric_net)
    a, b = torch.rand(2, 3, 64, 64), torch.rand(2, 3, 64, 64)
    assert net.distance(a, a).tolist() == [0.0, 0.0]
    assert (net.distance(a, b) > 0).all()
    mask = torch.zeros(2, 1, 64, 64, dtype=torch.bool)
    mask[:, :, 20:40, 20:40] = True
    assert (net.distance(a, b, mask=mask) > 0).all()
    assert net.features(a).shape == (2, 16)


def test_both_stages_make_a_model_that_the_engine_loads(
    photos: Photos, files: PhotoFiles, metric_net: Path, tmp_path: Path
) -> None:
    stage_one, stage_two = tmp_path / "tokenizer", tmp_path / "mvtm"
    train_tokenizer(TOKENIZER, photos, Setup(stage_one, ticking(4)), metric_net=metric_net)
    tokenizer, pixels = load_tokenizer(stage_one)
    assert pixels == 32
    assert torch.allclose(tokenizer.codebook.norm(dim=1), torch.ones(16), atol=2e-3)
    train_mvtm(MVTM, files, Setup(stage_two, ticking(3), compiled=False), tokenizer=stage_one, name="squares")
    kept = {p.name for p in stage_two.iterdir()}
    assert kept >= {"recipe.json", "checkpoint.pt", "metrics.csv", "curves.png", "model", "views-known.npy"}
    assert not [name for name in kept if "partial" in name]
    with Image.open(stage_two / "sheet-000003.png") as sheet:
        assert sheet.size == (MVTM.batch * 32, 3 * 32), "masked, filled, original"
    engine = load_engine(folder=stage_two / "model", device="cpu")
    assert (engine.spec.name, engine.spec.classes, engine.spec.grid) == ("squares", ("blue", "red"), 8)
    image = np.zeros((40, 40, 3), np.uint8)
    mask = np.zeros((40, 40), np.bool_)
    mask[10:20, 10:20] = True
    assert engine.edit(EditRequest(image, Mask(mask))).images.shape == (1, 40, 40, 3)

    started = tmp_path / "started"
    two = {"tokenizer": stage_two / "model", "start": stage_two / "model"}
    train_mvtm(MVTM, files, Setup(started, ticking(1), compiled=False), **two)
    before, after = (load_file(f / "model" / "transformer.safetensors") for f in (stage_two, started))
    assert all((before[name] - after[name]).abs().max() < 0.1 for name in before), "it did not start from the model"
    wider = replace(MVTM, net=replace(MVTM.net, width=64))
    with pytest.raises(ValueError, match="another shape"):
        train_mvtm(wider, files, Setup(tmp_path / "wider", ticking(1), compiled=False), **two)


def test_a_decoder_gets_its_last_convolution_when_it_is_trained_on_and_keeps_it(
    photos: Photos, metric_net: Path, tmp_path: Path
) -> None:
    train_tokenizer(TOKENIZER, photos, Setup(tmp_path / "plain", ticking(3)), metric_net=metric_net)
    on = replace(TOKENIZER, net=replace(TOKENIZER.net, smooth=True), decoder_only=True)
    smoothing = Setup(tmp_path / "smooth", ticking(3))
    train_tokenizer(on, photos, smoothing, metric_net=metric_net, start=tmp_path / "plain")
    plain, smooth = (load_tokenizer(tmp_path / name)[0] for name in ("plain", "smooth"))
    pixels = torch.rand(2, 3, 32, 32)
    assert torch.equal(plain.encode(pixels), smooth.encode(pixels)), "the codes changed"
    back = replace(TOKENIZER, decoder_only=True)
    setup = Setup(tmp_path / "back", ticking(1))
    with pytest.raises(ValueError, match="another shape"):
        train_tokenizer(back, photos, setup, metric_net=metric_net, start=tmp_path / "smooth")


def test_the_bundled_model_can_be_trained_on_by_its_preset() -> None:
    spec, preset = read_spec(BUNDLED / "scenes-128"), PRESETS["scenes-128"]
    assert net_description(preset.tokenizer.net) == spec.tokenizer
    net = replace(preset.mvtm.net, classes=len(spec.classes), sees_pixels=bool(spec.transformer.get("sees_pixels")))
    assert {**net_description(net), **spec.transformer} == net_description(net)


def test_a_model_of_tokens_alone_learns_to_see_pixels_and_begins_as_what_it_was(
    photos: Photos, files: PhotoFiles, metric_net: Path, tmp_path: Path
) -> None:
    train_tokenizer(TOKENIZER, photos, Setup(tmp_path / "one", ticking(3)), metric_net=metric_net)
    blind = replace(MVTM, net=replace(MVTM.net, sees_pixels=False))
    one = tmp_path / "one"
    train_mvtm(blind, files, Setup(tmp_path / "blind", ticking(2), compiled=False), tokenizer=one)
    assert not (tmp_path / "blind" / "model" / "features.safetensors").exists()
    still = replace(MVTM, learning_rate=0.0)
    advice = {"guidance_scale": 3.0}
    write_spec(tmp_path / "blind" / "model", replace(read_spec(tmp_path / "blind" / "model"), from_nothing=advice))
    seeing = Setup(tmp_path / "seeing", ticking(1), compiled=False)
    train_mvtm(still, files, seeing, tokenizer=one, start=tmp_path / "blind" / "model")
    before, after = (load_engine(folder=tmp_path / name / "model") for name in ("blind", "seeing"))
    mask = np.zeros((40, 40), np.bool_)
    mask[10:20, 10:20] = True
    request = EditRequest(np.random.default_rng(0).integers(0, 255, (40, 40, 3), dtype=np.uint8), Mask(mask))
    assert after.spec.transformer["sees_pixels"]
    assert after.spec.from_nothing == advice
    assert np.array_equal(before.edit(request).images, after.edit(request).images)


def test_an_untaught_loss_term_costs_nothing_and_squared_error_is_one(
    photos: Photos, metric_net: Path, tmp_path: Path
) -> None:
    plain = replace(TOKENIZER, l1=0.0, mse=4.0, perceptual=0.0, lattice=0.0, adversarial_from=1.0)
    train_tokenizer(plain, photos, Setup(tmp_path, ticking(12)), metric_net=metric_net)
    rows = metrics_of(tmp_path)
    assert not {"perceptual", "lattice"} & rows[0].keys()
    assert float(rows[-1]["psnr"]) > float(rows[0]["psnr"]) + 1.0, "squared error alone taught nothing"


@pytest.mark.parametrize(("side", "seen"), [(0, 32), (32, 32), (48, 48)])
def test_the_metric_net_sees_small_pictures_enlarged(
    side: int, seen: int, photos: Photos, metric_net: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shapes = set()
    measure = MetricNet.distance

    def noted(net: MetricNet, a: Tensor, b: Tensor, *, last: int) -> Tensor:
        shapes.update([a.shape, b.shape])
        return measure(net, a, b, last=last)

    monkeypatch.setattr(MetricNet, "distance", noted)
    recipe = replace(TOKENIZER, perceptual_side=side)
    train_tokenizer(recipe, photos, Setup(tmp_path, ticking(2)), metric_net=metric_net)
    assert shapes == {(4, 3, seen, seen)}


def test_the_lattice_of_a_shuffle_is_weighed_and_other_patterns_hardly() -> None:
    plain, ramp = torch.zeros(1, 3, 32, 32), torch.arange(32.0).expand(1, 3, 32, 32) / 32.0
    signs = 1.0 - 2.0 * (torch.arange(32) % 2)
    along, down = 0.1 * signs.expand(1, 3, 32, 32), 0.1 * signs[:, None].expand(1, 3, 32, 32)
    assert float(lattice_gap(along, plain)) == pytest.approx(0.05, rel=1e-4), "of two directions one has it"
    assert float(lattice_gap(down, plain)) == pytest.approx(0.05, rel=1e-4)
    assert float(lattice_gap(ramp, plain)) < 1e-4
    period_of_three = 0.1 * torch.cos(torch.arange(32.0) * 2.0 * torch.pi / 3.0).expand(1, 3, 32, 32)
    assert float(lattice_gap(period_of_three, plain)) < 0.005
    assert float(lattice_gap(along + ramp, along)) < 1e-4, "a photo may have such a pattern"


def test_a_decoder_learns_to_leave_no_lattice(photos: Photos, metric_net: Path, tmp_path: Path) -> None:
    on = replace(TOKENIZER, lattice=100.0, l1=0.0, perceptual=0.0, adversarial_from=1.0, continuous_steps=0)
    train_tokenizer(on, photos, Setup(tmp_path, ticking(12)), metric_net=metric_net)
    patterns = [float(row["lattice"]) for row in metrics_of(tmp_path)]
    assert patterns[-1] < 0.8 * patterns[0]


@pytest.mark.filterwarnings("ignore::UserWarning")  # torch's tracing looks at .grad of tensors that are no leaves
def test_a_compiled_stage_one_learns_what_a_plain_one_does(
    photos: Photos, metric_net: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Traced and differentiated ahead of time as on CUDA, in bf16, but run without a compiler."""
    monkeypatch.setattr("core.lab.training.train_tokenizer.pick_dtype", lambda wanted, device: torch.bfloat16)
    traced = functools.partial(torch.compile, backend="aot_eager", fullgraph=True)
    monkeypatch.setattr("core.lab.training.train_tokenizer.torch.compile", traced)
    rows = []
    for compiled in (False, True):
        folder = tmp_path / str(compiled)
        train_tokenizer(TOKENIZER, photos, Setup(folder, ticking(3), compiled=compiled), metric_net=metric_net)
        rows.append([float(value) for row in metrics_of(folder) for value in row.values()])
    assert rows[0] == pytest.approx(rows[1], rel=1e-3)


@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.parametrize("compiled", [False, True])
def test_a_cuda_step_of_both_stages(
    photos: Photos, files: PhotoFiles, metric_net: Path, tmp_path: Path, compiled: bool
) -> None:
    if not torch.cuda.is_available():
        pytest.skip("no CUDA GPU here")
    cuda = torch.device("cuda")
    one, two = tmp_path / "tokenizer", tmp_path / "mvtm"
    train_tokenizer(
        TOKENIZER, photos, Setup(one, ticking(4), Processes(cuda), compiled=compiled), metric_net=metric_net
    )
    train_mvtm(MVTM, files, Setup(two, ticking(4), Processes(cuda), compiled=compiled), tokenizer=one)
    assert all(np.isfinite(float(row["loss"])) for row in metrics_of(two))
    assert all(np.isfinite(float(row["l1"])) for row in metrics_of(one))
    assert load_engine(folder=two / "model", device="cuda").device == "cuda"
