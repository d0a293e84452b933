"""`python -m core edit|extend|generate`: files, the JSON line, and replays to the byte."""

from __future__ import annotations

import json
import re
import resource
import shutil
import signal
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from core.cli import main
from core.engine import load_engine
from core.engine.products import can_pack
from core.models.checkpoints import read_spec
from core.pictures.encoding import encode_png
from core.pictures.opening import open_picture
from core.pictures.pngtext import read_png_text
from core.recipe import Machine, read_recipe, recipe_text
from core.values.groups import DecodeOptions, Start
from core.values.region import Mask
from core.values.request import EditRequest
from core.values.saved import load_request
from tests.core.cli.speak import HEIGHT, WIDTH, hole, refusal, run


def test_edit_changes_the_hole_alone_and_says_what_it_did(
    tiny_model: Path, photo: Path, mask: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    output = tmp_path / "out.png"
    words = ("edit", "--image", photo, "--mask", mask, "--output", output, "--model", tiny_model, "--device", "cpu")
    facts = run(*words, "--class", "sea", "--steps", 3, "--seed", 5, capsys=capsys)

    before, after = open_picture(photo), open_picture(output)
    assert (before == after)[~hole()].all()
    assert (before != after)[hole()].any()
    assert facts["outputs"] == [str(output)]
    assert facts["model"] == "tiny"
    assert facts["device"] == "cpu"
    assert facts["passes"] == 1
    assert facts["forwards"] == 3
    assert 0 < facts["unknown_tokens"] <= 64
    assert set(facts["seconds"]) >= {"plan", "encode", "transformer", "decode", "composite", "total"}
    request = load_request(facts["request"], before)
    assert request.class_id == 1
    assert (request.decoding.steps, request.decoding.seed) == (3, 5)


def test_replay_gives_the_same_bytes_for_every_variation(
    tiny_model: Path, photo: Path, mask: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ("edit", "--image", photo, "--mask", mask, "--output", tmp_path / "o.png", "--model", tiny_model)
    facts = run(*words, "--variations", 3, "--steps", 2, "--temperature", 6, "--feather", 2, capsys=capsys)
    made = [tmp_path / f"o-{i}.png" for i in (1, 2, 3)]
    assert facts["outputs"] == [str(path) for path in made]
    assert len({path.read_bytes() for path in made}) == 3
    for path in made:
        again = tmp_path / "again.png"
        run("edit", "--replay", path, "--image", photo, "--output", again, "--model", tiny_model, capsys=capsys)
        assert again.read_bytes() == path.read_bytes()


def test_edit_looks_through_the_window_that_is_given(
    tiny_model: Path, photo: Path, mask: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ("edit", "--image", photo, "--mask", mask, "--model", tiny_model, "--steps", 2)
    planned, pinned, again = tmp_path / "planned.png", tmp_path / "pinned.png", tmp_path / "again.png"
    run(*words, "--output", planned, capsys=capsys)
    side = min(WIDTH, HEIGHT)
    facts = run(*words, "--output", pinned, "--window", f"0,0,{side},{side}", capsys=capsys)
    assert facts["request"]["view"]["window"] == [0, 0, side, side]
    assert pinned.read_bytes() != planned.read_bytes()
    run("edit", "--replay", pinned, "--image", photo, "--output", again, "--model", tiny_model, capsys=capsys)
    assert again.read_bytes() == pinned.read_bytes()
    assert "window 0,0,2,2" in refusal(*words, "--output", again, "--window", "0,0,2,2", capsys=capsys)


def test_replay_of_a_branch_gives_the_same_bytes(
    tiny_model: Path, photo: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    engine = load_engine(folder=tiny_model, device="cpu")
    tokens = np.random.default_rng(0).integers(-1, 32, (8, 8))
    request = EditRequest(open_picture(photo), Mask(hole()), start=Start(tokens, 3))
    made, again = tmp_path / "made.png", tmp_path / "again.png"
    made.write_bytes(encode_png(engine.edit(request).images[0], text=recipe_text(engine.spec, request)))
    run("edit", "--replay", made, "--image", photo, "--output", again, "--model", tiny_model, capsys=capsys)
    assert again.read_bytes() == made.read_bytes()


@pytest.fixture
def everyone(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    """Return what sets how many threads a machine has."""
    return lambda threads: monkeypatch.setattr("core.engine.threads.EVERYONE", threads)


@pytest.mark.parametrize(
    ("number", "said"),
    [
        ("fp32", "float32"),
        pytest.param(
            *("packed", "float32 packed"),
            marks=pytest.mark.skipif(not can_pack(), reason="this PyTorch has no packed products"),
        ),
        ("bf16", "bfloat16"),
    ],
)
def test_a_replay_computes_as_its_picture_was_made_whatever_is_quickest_and_however_many_threads_there_are(
    tiny_model: Path,
    photo: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    everyone: Callable[[int], None],
    number: str,
    said: str,
) -> None:
    made, again = tmp_path / "made.png", tmp_path / "again.png"
    words = ("extend", "--image", photo, "--right", 90, "--model", tiny_model, "--steps", 3, "--variations", 1)
    facts = run(*words, "--dtype", number, "--output", made, capsys=capsys)
    assert facts["passes"] >= 3
    recipe = read_recipe(read_png_text(made.read_bytes()))
    assert recipe.machine == Machine("cpu", said, 1), "small products are not divided"
    for here in (1, 2, 3):
        everyone(here)
        run("edit", "--replay", made, "--image", photo, "--output", again, "--model", tiny_model, capsys=capsys)
        assert again.read_bytes() == made.read_bytes()


def test_a_picture_whose_products_were_divided_is_replayed_so(
    tiny_model: Path, photo: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    engine = load_engine(folder=tiny_model, device="cpu")
    engine.divide_among(3)
    request = EditRequest(open_picture(photo), Mask(hole()), decoding=DecodeOptions(steps=2))
    made, again = tmp_path / "made.png", tmp_path / "again.png"
    text = recipe_text(engine.spec, request, machine=engine.machine)
    made.write_bytes(encode_png(engine.edit(request).images[0], text=text))
    run("edit", "--replay", made, "--image", photo, "--output", again, "--model", tiny_model, capsys=capsys)
    assert again.read_bytes() == made.read_bytes()
    machine = read_recipe(read_png_text(again.read_bytes())).machine
    assert (machine is not None, machine and machine.threads) == (True, 3)


def test_a_replay_says_what_it_cannot_do_the_same(
    tiny_model: Path, photo: Path, mask: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    engine = load_engine(folder=tiny_model, device="cpu")
    request = EditRequest(open_picture(photo), Mask(hole()), decoding=DecodeOptions(steps=1))
    pixels, made, again = engine.edit(request).images[0], tmp_path / "made.png", tmp_path / "again.png"
    for machine, sentence in ((None, "how many threads"), (Machine("cuda", "bfloat16", 4), "made in bfloat16 on cuda")):
        made.write_bytes(encode_png(pixels, text=recipe_text(engine.spec, request, machine=machine)))
        words = ("edit", "--replay", made, "--image", photo, "--output", again, "--model", tiny_model)
        assert main([str(word) for word in words]) == 0
        assert sentence in capsys.readouterr().err
        assert (read_recipe(read_png_text(again.read_bytes())).machine is None) == (machine is None)


def test_replay_of_generate_and_extend(
    tiny_model: Path, photo: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    made, grown, again = tmp_path / "made.png", tmp_path / "grown.png", tmp_path / "again.png"
    run("generate", "--class", "forest", "--output", made, "--model", tiny_model, "--steps", 2, capsys=capsys)
    assert open_picture(made).shape == (32, 32, 3)
    run("edit", "--replay", made, "--output", again, "--model", tiny_model, capsys=capsys)
    assert again.read_bytes() == made.read_bytes()

    words = ("extend", "--image", photo, "--output", grown, "--left", 9, "--bottom", 4, "--model", tiny_model)
    run(*words, "--steps", 2, capsys=capsys)
    before, after = open_picture(photo), open_picture(grown)
    assert after.shape == (HEIGHT + 4, WIDTH + 9, 3)
    assert (after[:HEIGHT, 9:] == before).all()
    run("edit", "--replay", grown, "--image", photo, "--output", again, "--model", tiny_model, capsys=capsys)
    assert again.read_bytes() == grown.read_bytes()


def test_replay_refuses_another_picture_and_further_settings(
    tiny_model: Path, photo: Path, mask: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    output, other = tmp_path / "o.png", tmp_path / "other.png"
    base = ("--output", output, "--model", tiny_model)
    run("edit", "--image", photo, "--mask", mask, *base, "--steps", 1, capsys=capsys)
    other.write_bytes(encode_png(np.zeros((HEIGHT, WIDTH, 3), np.uint8)))
    replay = ("edit", "--replay", output, *base)
    assert "not the picture" in refusal(*replay, "--image", other, capsys=capsys)
    assert "--steps and --seed" in refusal(*replay, "--image", photo, "--steps", 2, "--seed", 1, capsys=capsys)
    assert "no recipe" in refusal("edit", "--replay", photo, "--image", photo, *base, capsys=capsys)


def test_box_becomes_a_class_and_width_and_height_are_sizes(
    tiny_model: Path, photo: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    output = tmp_path / "o.png"
    words = ("edit", "--image", photo, "--box", "10,5,20,30", "--class", "2", "--output", output, "--model", tiny_model)
    facts = run(*words, "--steps", 1, capsys=capsys)
    assert facts["request"]["region"] == {"box": [10, 5, 30, 35]}
    changed = (open_picture(photo) != open_picture(output)).any(2)
    changed[5:35, 10:30] = False
    assert not changed.any()


def test_a_webp_keeps_what_is_outside_and_a_jpeg_says_what_it_does_not(
    tiny_model: Path, photo: Path, mask: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ("edit", "--image", photo, "--mask", mask, "--model", tiny_model, "--steps", 1)
    assert main([str(word) for word in (*words, "--output", tmp_path / "o.webp")]) == 0
    assert "levels" not in capsys.readouterr().err
    assert (open_picture(tmp_path / "o.webp") == open_picture(photo))[~hole()].all()
    assert main([str(word) for word in (*words, "--output", tmp_path / "o.jpg")]) == 0
    lost = re.search(r"differs by up to (\d+) of 255 levels", capsys.readouterr().err)
    assert lost
    with Image.open(tmp_path / "o.jpg") as image:
        assert {layer[1:3] for layer in image.layer} == {(1, 1)}
    outside = np.abs(open_picture(tmp_path / "o.jpg").astype(int) - open_picture(photo))[~hole()].max()
    assert 0 < outside <= int(lost[1])


def test_what_had_to_be_decided_of_a_mask_and_a_picture_is_said(
    tiny_model: Path, photo: Path, mask: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    layer, output = tmp_path / "layer.png", tmp_path / "o.png"
    layer.write_bytes(encode_png(np.dstack([np.zeros((HEIGHT, WIDTH, 3), np.uint8), hole() * np.uint8(255)])))
    deep = tmp_path / "deep.png"
    Image.fromarray(np.arange(HEIGHT * WIDTH, dtype=np.uint16).reshape(HEIGHT, WIDTH)).save(deep)
    words = ("--output", output, "--model", tiny_model, "--steps", 1)
    said = {}
    for name, image, marked in (("plain", photo, mask), ("layer", photo, layer), ("deep", deep, mask)):
        assert main([str(word) for word in ("edit", "--image", image, "--mask", marked, *words)]) == 0
        said[name] = capsys.readouterr().err
    assert said["plain"] == ""
    assert "transparency" in said["layer"]
    assert "16 bits" in said["deep"]
    assert "photo" in refusal("edit", "--image", photo, "--mask", photo, *words, capsys=capsys)


def test_a_failing_write_leaves_the_old_output(
    tiny_model: Path,
    photo: Path,
    mask: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    output = tmp_path / "o.png"
    output.write_bytes(b"old")

    def fail(self: Path, target: Path) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", fail)
    words = ("edit", "--image", photo, "--mask", mask, "--output", output, "--model", tiny_model, "--steps", 1)
    assert "no space left" in refusal(*words, capsys=capsys)
    assert output.read_bytes() == b"old"
    assert not list(tmp_path.glob("*.part"))


def test_edit_takes_how_the_hole_is_finished_and_ranks_variations(
    tiny_model: Path, photo: Path, mask: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ("edit", "--image", photo, "--mask", mask, "--output", tmp_path / "o.png", "--model", tiny_model)
    finish = ("--sharpen", 0.3, "--refine", 1, "--detail", "grain", "--blend", "poisson", "--guided-by", "hole")
    facts = run(*words, *finish, "--variations", 3, "--steps", 2, capsys=capsys)
    request = load_request(facts["request"], open_picture(photo))
    assert request.painting.sharpen == 0.3
    assert (request.view.refine, request.decoding.guided_by) == (1, "hole")
    assert (request.painting.detail, request.painting.blend) == ("grain", "poisson")
    assert sorted(facts["best_first"]) == facts["outputs"]
    assert len(facts["seams"]) == len(facts["colour_shifts"]) == 3
    assert "detail 'fur' is unknown" in refusal(*words, "--detail", "fur", capsys=capsys)


def test_extend_to_a_shape(tiny_model: Path, photo: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    output = tmp_path / "wide.png"
    words = ("extend", "--image", photo, "--output", output, "--model", tiny_model, "--steps", 2)
    run(*words, "--aspect", "3:1", capsys=capsys)
    height, width = open_picture(output).shape[:2]
    assert (width, height) == (3 * HEIGHT, HEIGHT)
    added = (3 * HEIGHT - WIDTH) // 2
    assert np.array_equal(open_picture(output)[:, added : added + WIDTH], open_picture(photo))
    assert "leave out --left" in refusal(*words, "--aspect", "3:1", "--left", 3, capsys=capsys)
    assert "is not a shape" in refusal(*words, "--aspect", "wide", capsys=capsys)


@pytest.mark.parametrize(
    ("size", "words", "grown"),
    [
        ((300, 200), ("--aspect", "16:9"), (356, 200)),
        ((200, 300), ("--aspect", "16:9"), (533, 300)),
        ((301, 200), ("--aspect", "1:1"), (301, 301)),
        ((200, 300), ("--aspect", "9:16"), (200, 356)),
        ((64, 48), ("--left", 300), (364, 48)),
    ],
)
def test_a_picture_grows_to_the_pixel_by_shape_and_by_several_times_its_own_size(
    tiny_model: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    size: tuple[int, int],
    words: tuple[object, ...],
    grown: tuple[int, int],
) -> None:
    before = np.random.default_rng(3).integers(90, 160, (size[1], size[0], 3)).astype(np.uint8)
    small, output = tmp_path / "small.png", tmp_path / "grown.png"
    small.write_bytes(encode_png(before))
    asked = ("--image", small, "--output", output, "--model", tiny_model, "--steps", 2, "--finish", "none")
    facts = run("extend", *asked, *words, capsys=capsys)
    after = open_picture(output)
    assert (after.shape[1], after.shape[0]) == grown
    left, top, _, _ = facts["request"]["region"]["sides"]
    assert np.array_equal(after[top : top + size[1], left : left + size[0]], before)


@pytest.mark.parametrize(
    "words",
    [
        ("edit", "--image", "{photo}", "--mask", "{mask}", "--finish", "none"),
        ("extend", "--image", "{photo}", "--right", "20", "--finish", "none"),
        ("edit", "--image", "{photo}", "--box", "10,5,20,30", "--class", "sea"),
        ("generate", "--class", "forest"),
    ],
    ids=["fill", "extend", "replace", "generate"],
)
def test_each_variation_is_what_its_own_seed_makes_alone(
    words: tuple[str, ...],
    tiny_model: Path,
    photo: Path,
    mask: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Of fills and borders without their finish, in which the layouts of all variations compete."""
    asked = [word.format(photo=photo, mask=mask) for word in words] + ["--model", tiny_model, "--steps", "4"]
    run(*asked, "--seed", 7, "--variations", 3, "--output", tmp_path / "many.png", capsys=capsys)
    run(*asked, "--seed", 9, "--output", tmp_path / "alone.png", capsys=capsys)
    many = [open_picture(tmp_path / f"many-{i}.png") for i in (1, 2, 3)]
    assert np.array_equal(many[2], open_picture(tmp_path / "alone.png"))
    assert not np.array_equal(many[0], many[2])


def test_decoding_that_is_left_out_is_the_models_advice(
    tiny_model: Path, photo: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    model = Path(shutil.copytree(tiny_model, tmp_path / "model"))
    spec = json.loads((model / "config.json").read_text())
    advice = {"guidance_scale": 5.0, "choice_temperature": 6.0, "token_temperature": 0.8, "steps": 3}
    (model / "config.json").write_text(json.dumps(spec | {"defaults": spec["defaults"] | advice}))
    words = ("edit", "--image", photo, "--box", "10,5,20,30", "--class", "sea", "--model", model)
    facts = run(*words, "--output", tmp_path / "o.png", "--temperature", 2, capsys=capsys)
    used = load_request(facts["request"], open_picture(photo)).decoding
    assert {name: getattr(used, name) for name in advice} == advice | {"choice_temperature": 2.0}


def test_a_picture_from_nothing_has_advice_of_its_own(
    tiny_model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    model = Path(shutil.copytree(tiny_model, tmp_path / "model"))
    spec = json.loads((model / "config.json").read_text())
    advice = {"from_nothing": {"guidance_scale": 3.0, "token_temperature": 0.7}}
    (model / "config.json").write_text(json.dumps(spec | advice))
    words = ("generate", "--class", "sea", "--model", model, "--steps", 2, "--token-temperature", 0.9)
    used = load_request(run(*words, "--output", tmp_path / "o.png", capsys=capsys)["request"], None).decoding
    assert (used.guidance_scale, used.token_temperature) == (3.0, 0.9)
    assert used.choice_temperature == read_spec(model).defaults.choice_temperature


@pytest.mark.parametrize(
    ("word", "ramp"), [((), "linear"), (("--guidance-ramp",), "linear"), (("--no-guidance-ramp",), "constant")]
)
def test_a_ramp_that_a_model_advises_can_be_left_out(
    word: tuple[str, ...], ramp: str, tiny_model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    model = Path(shutil.copytree(tiny_model, tmp_path / "model"))
    spec = json.loads((model / "config.json").read_text())
    (model / "config.json").write_text(json.dumps(spec | {"from_nothing": {"guidance_ramp": "linear"}}))
    words = ("generate", "--class", "sea", "--model", model, "--steps", 2, *word)
    used = load_request(run(*words, "--output", tmp_path / "o.png", capsys=capsys)["request"], None).decoding
    assert used.guidance_ramp == ramp


def test_a_disk_that_is_full_leaves_one_sentence_and_no_part_of_a_file(
    tiny_model: Path, photo: Path, mask: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The limit is the kernel's, and so is the error: no file may grow beyond a few bytes."""
    before, handler = resource.getrlimit(resource.RLIMIT_FSIZE), signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    there = sorted(tmp_path.iterdir())
    words = ("edit", "--image", photo, "--mask", mask, "--output", tmp_path / "o.png", "--model", tiny_model)
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (64, before[1]))
        sentence = refusal(*words, "--steps", 1, capsys=capsys)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, handler)
    assert "file too large" in sentence
    assert sorted(tmp_path.iterdir()) == there
