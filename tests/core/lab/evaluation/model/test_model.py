"""The questions at the model's size and the command that asks them, on an untrained model and untrained metric nets."""

from __future__ import annotations

import csv
import json
import math
import shutil
import zipfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from core.canvas.seam import seam_score
from core.engine import Engine
from core.errors import BadRequest
from core.lab.cli import main
from core.lab.evaluation.answers import PHOTO, Answer, Part, slug
from core.lab.evaluation.baselines import BASELINES, installed_baselines
from core.lab.evaluation.judge import Judge
from core.lab.evaluation.metrics import has_similarity
from core.lab.evaluation.model.course import COURSE, course, ours
from core.lab.evaluation.model.edits import RATIOS, answer_class_edit, answer_question, with_ratios
from core.lab.evaluation.model.exam import Exam
from core.lab.evaluation.model.questions import MODEL_BARS, QUESTIONS, RANKED
from core.lab.evaluation.model.whole import answer_generation, answer_reconstruction, generated
from core.lab.evaluation.tables import BY_NAME
from core.lab.features import Probe
from core.models.checkpoints import read_spec, write_spec
from core.pictures.encoding import encode_png
from core.pictures.opening import open_picture
from core.values.groups import DecodeOptions

SIDE = 64
ASKED = ("centre 50 %", "right 25 %", "all sides 25 %")
OPTIONS = DecodeOptions(steps=1)
CLASSES = ("forest", "sea", "street")
KID, DISTANCE = "KID of hole crops", "distance in hole"


@pytest.fixture(scope="module")
def exam(engine: Engine, judge: Judge) -> Exam:
    random = np.random.default_rng(0)
    small = random.integers(0, 256, (3, 4, 4, 3)).astype(np.uint8)
    photos = small.repeat(SIDE // 4, 1).repeat(SIDE // 4, 2)
    return Exam(engine, photos, (0, 1, 2), CLASSES, judge, OPTIONS, samples=3)


@pytest.fixture(scope="module")
def parts(exam: Exam) -> dict[str, Part]:
    return {question.name: answer_question(exam, question) for question in QUESTIONS if question.name in ASKED}


def test_every_method_answers_every_question(parts: dict[str, Part], exam: Exam) -> None:
    for name, part in parts.items():
        assert set(part.methods) == {PHOTO, *installed_baselines()[0], "tiny", "tiny + class"}
        # A question of several windows is asked about some of the photos, but never fewer than two.
        count = len(exam.photos) if name == "centre 50 %" else 2
        assert {part.figure(method, "pictures") for method in part.methods} == {count}
        assert [len(line) for _, line in part.lines[""]] == [len(part.methods)] * count


@pytest.mark.parametrize("name", ASKED[:2])
def test_nobody_sees_what_is_hidden_or_changes_what_is_not(name: str, parts: dict[str, Part], exam: Exam) -> None:
    (question,) = (one for one in QUESTIONS if one.name == name)
    altered = exam.photos.copy()
    for photo, number in zip(altered, exam.numbered(), strict=True):
        case = question.build(number)
        assert case is not None
        photo[case.mask] = 255 - photo[case.mask]
    again, before = answer_question(replace(exam, photos=altered), question), parts[name]
    for (_, pictures), (_, others) in zip(before.lines[""], again.lines[""], strict=True):
        shown = zip(before.methods[1:], pictures[1:], others[1:], strict=True)  # after the photo itself
        assert [method for method, one, other in shown if (one != other).any()] == []
    assert {before.figure(method, "changed outside") for method in before.methods[1:]} == {0.0}


def test_figures_of_the_photo_itself_are_the_natural_ones(parts: dict[str, Part], exam: Exam) -> None:
    part = parts["centre 50 %"]
    masks = [case.mask for photo in exam.numbered() if (case := QUESTIONS[0].build(photo)) is not None]
    assert part.values(PHOTO, "seam ratio") == [seam_score(*pair) for pair in zip(exam.photos, masks, strict=True)]
    assert part.figure(PHOTO, KID) is None
    mean = part.figures()["mean colour"]
    assert set(mean) >= {KID, DISTANCE, "PSNR in hole", "ring delta-E", "class seen"}
    assert mean["PSNR"] > mean["PSNR in hole"]
    assert 0.0 <= mean["precision"] <= 1.0
    assert 0.0 <= mean["recall"] <= 1.0


def test_only_the_model_has_a_likelihood_and_seeds(parts: dict[str, Part]) -> None:
    for method, figures in parts["right 25 %"].figures().items():
        assert ({"NLL per token", "diversity"} <= set(figures)) == method.startswith("tiny"), method
    own = parts["right 25 %"].figures()["tiny + class"]
    assert own["NLL per token"] > 0.0
    assert own["diversity"] > 0.0


def test_similarity_of_the_whole_picture_is_higher_than_in_the_hole(parts: dict[str, Part]) -> None:
    pytest.importorskip("skimage")
    for method, figures in parts["centre 50 %"].figures().items():
        if method != PHOTO:
            assert -1.0 <= figures["SSIM in hole"] < figures["SSIM"] < 1.0, method


def test_ratios_are_to_the_best_baseline_and_to_the_best_that_copies_no_texture() -> None:
    kids = {"Telea": 4.0, "PatchMatch at 128 px": 2.0, "ours": 1.0}
    answers = [Answer("a", name, {DISTANCE: d}) for name, d in zip(kids, (1.0, 2.0, 3.0), strict=True)]
    pooled = {name: {KID: kid} for name, kid in kids.items()} | {PHOTO: {"class seen": 1.0}}
    rated = with_ratios(Part("q", answers, pooled, {}))
    found = [[rated.figure(method, ratio) for method in (*kids, PHOTO)] for ratio in RATIOS]
    assert found == [[2.0, 1.0, 0.5, None], [1.0, 0.5, 0.25, None], [1.0, 2.0, 3.0, None]]


def test_beside_a_baseline_as_good_as_the_photos_no_bar_is_reached() -> None:
    rated = with_ratios(Part("centre 50 %", (), {"Telea": {KID: -0.1}, "ours": {KID: -0.2}}, {}))
    assert rated.figure("ours", "KID / best baseline") == math.inf
    assert not MODEL_BARS[0].met(math.inf)


def test_bars_are_about_questions_measures_and_methods_that_there_are(parts: dict[str, Part]) -> None:
    assert {bar.question for bar in MODEL_BARS} <= set(COURSE)
    assert {bar.measure for bar in MODEL_BARS} <= set(BY_NAME)
    assert ours(MODEL_BARS[0], parts["centre 50 %"], model="tiny") == {"tiny": "", "tiny + class": "class"}


def test_diversity_is_the_mean_over_pairs_and_zero_for_equal_answers(exam: Exam) -> None:
    a, b, c = exam.photos
    assert exam.diversity([a, a, a]) == pytest.approx(0.0, abs=1e-6)
    pairs = exam.judge.distances([a, a, b], {"": [b, c, c]})[""][:, 0]
    assert exam.diversity([a, b, c]) == pytest.approx(float(pairs.mean()), rel=1e-5)


def test_the_class_edit_asks_for_another_class(exam: Exam) -> None:
    part = answer_class_edit(exam)
    own, *edits = part.methods
    assert own == "photo itself, its own class"
    assert edits == ["tiny, one sample", f"tiny, likeliest of {RANKED}", f"tiny, first ranked of {RANKED}"]
    assert all(0.0 <= figures["class seen"] <= 1.0 for figures in part.figures().values())
    for _, (photo, *pictures) in part.lines[""]:
        assert all((picture != photo).any() for picture in pictures)
        assert all((picture[:16, :16] == photo[:16, :16]).all() for picture in pictures)  # outside the box
    (bar,) = (bar for bar in MODEL_BARS if bar.method == "one sample")
    assert ours(bar, part, model="tiny") == {"tiny, one sample": "one sample"}


def test_generation_makes_as_many_of_each_class_and_none_twice(exam: Exam) -> None:
    results = list(generated(exam))
    assert [result.request.class_id for result in results] == [0, 0, 0, 1, 1, 1, 2, 2, 2]
    assert len({result.images[0].tobytes() for result in results}) == len(results)
    part = answer_generation(exam)
    figures = part.figures()["tiny + class"]
    assert {"KID", "precision", "recall", "class seen", "diversity", "lattice", "seconds"} <= set(figures)
    assert figures["pictures"] == 9
    assert part.figures()[PHOTO].keys() == {"pictures", "class seen"}
    assert [len(line) for _, line in part.lines[""]] == [1 + 3] * 3
    # Other photos ask for their own classes alone, with the same seeds.
    two = list(generated(replace(exam, photos=exam.photos[1:], labels=(1, 2))))
    assert [(a.images[0] == b.images[0]).all() for a, b in zip(two, results[3:], strict=True)] == [True] * 6


def test_reconstruction_is_measured_at_the_models_resolution(exam: Exam) -> None:
    part = answer_reconstruction(exam)
    optional = {"SSIM"} if has_similarity() else set()
    assert set(part.figures()["tiny"]) == {"pictures", "PSNR", "distance", "KID", "lattice", "seconds"} | optional


def test_a_limit_spreads_over_the_photos_and_two_are_needed(exam: Exam) -> None:
    many = replace(exam, photos=exam.photos.repeat(4, 0), labels=tuple(range(12)))
    assert many.first(3).labels == (0, 6, 11)
    assert (many.first(3).photos[1] == many.photos[6]).all()
    assert many.first(None).labels == many.first(99).labels == many.labels
    with pytest.raises(BadRequest, match="at least 2"):
        exam.first(1)
    with pytest.raises(BadRequest, match="--samples is 1"):
        replace(exam, samples=1)


def test_questions_of_classes_are_left_out_where_the_model_has_others(exam: Exam) -> None:
    asks, missing = course(replace(exam, classes=("cat", "dog", "hen")))
    assert list(asks) == list(COURSE)[:-2]
    assert any(all(name in sentence for name in list(COURSE)[-2:]) for sentence in missing)


def test_a_probe_tells_apart_what_it_was_fitted_on() -> None:
    labels = torch.arange(30) % 3
    features = torch.randn(30, 12, generator=torch.Generator().manual_seed(0)) + 4.0 * torch.eye(3, 12)[labels]
    probe = Probe.fitted(features, labels, 3)
    assert probe.logits(features).argmax(1).equal(labels)
    assert probe.w.equal(Probe.fitted(features, labels, 3).w)
    guesses = Probe.fitted(features.roll(1, 0), labels, 3).logits(features)
    assert not guesses.argmax(1).equal(labels)


def test_a_judge_knows_which_classes_its_probe_tells_apart(metric_net: Path, judge: Judge) -> None:
    bare = Judge(metric_net)
    assert bare.class_count == 0
    assert not bare.probes(CLASSES, [0, 1, 2])
    assert judge.class_count == 3
    assert judge.probes(CLASSES, [0, 1, 2])
    assert not judge.probes(CLASSES[:2], [0, 1])


def test_judge_is_zero_for_equal_pictures_and_looks_at_the_mask_alone(exam: Exam) -> None:
    photos = list(exam.photos)
    assert exam.judge.distances(photos, {"": photos})[""].max() == pytest.approx(0.0, abs=1e-6)
    changed, mask = [photo.copy() for photo in photos], np.zeros((SIDE, SIDE), bool)
    mask[:8] = True
    for picture in changed:
        picture[:8] = 255 - picture[:8]
    whole, inside = exam.judge.distances(photos, {"": changed}, [mask] * 3)[""].T
    assert (inside > whole).all()
    assert exam.judge.features(photos).shape == (3, 12)


@pytest.fixture
def words(tiny_model: Path, narrow_net: None, probe_file: Path, tmp_path: Path) -> list[str]:
    """The command over two photos."""
    data = tmp_path / "photos.zip"
    with zipfile.ZipFile(data, "w") as archive:
        for i, name in enumerate(("sea", "street")):
            pixels = np.random.default_rng(i).integers(0, 256, (40, 40, 3)).astype(np.uint8)
            archive.writestr(f"{name}/{name}_{i}.png", encode_png(pixels))
    words = ["evaluate", "--data", data, "--probe", probe_file, "--report", tmp_path / "report"]
    return [str(word) for word in [*words, "--model", tiny_model, "--json", "--steps", "1", "--samples", "2"]]


# Two photos of 256 px are slow for the fills that are tested by themselves, and no faster for a weak model.
@pytest.fixture
def quick_baselines(monkeypatch: pytest.MonkeyPatch) -> None:
    quick = {"mean colour": BASELINES["mean colour"], "Telea": BASELINES["Telea"]}
    for room in ("course", "edits"):
        place = f"core.lab.evaluation.model.{room}.installed_baselines"
        monkeypatch.setattr(place, lambda: (quick, ["Baseline slow was left out."]))


@pytest.mark.usefixtures("quick_baselines")
def test_evaluate_writes_a_report(words: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    report = tmp_path / "report"
    assert main(words) == 0
    caught = capsys.readouterr()
    facts = json.loads(caught.out.splitlines()[-1])
    assert facts["outputs"][:2] == [str(report / "report.md"), str(report / "figures.csv")]
    assert list(facts["seconds"]) == list(COURSE)

    text = (report / "report.md").read_text()
    for name in COURSE:
        assert f"### {name}\n" in text
    assert text.index("### Bars") < text.index("### reconstruction")
    for sentence in ("Baseline slow was left out.", "no Inception weights were given"):
        assert sentence in text
        assert sentence in caught.err
    assert str(tmp_path) not in text
    with (report / "figures.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert {row["method"] for row in rows} >= {"Telea", "mean colour", "tiny", "tiny + class"}
    assert {path.name for path in report.glob("sheet-*.png")} == {f"sheet-{slug(name)}.png" for name in COURSE}
    for path in report.glob("sheet-*.png"):
        assert open_picture(path).shape[2] == 3


@pytest.mark.usefixtures("quick_baselines")
def test_without_a_probe_the_report_says_what_is_left_out(words: list[str], tmp_path: Path) -> None:
    at = words.index("--probe")
    assert main([*words[:at], *words[at + 2 :], "--questions", "reconstruction"]) == 0
    text = (tmp_path / "report" / "report.md").read_text()
    assert "Which class is seen was not judged: give photos of every class with --probe" in text


@pytest.mark.usefixtures("quick_baselines")
def test_a_probe_is_fitted_on_photos_of_every_class(
    words: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A class that labels.json names and no photo shows is missed as well."""
    words[words.index("--probe") + 1] = words[words.index("--data") + 1]
    for listed in (False, True):
        if listed:
            (tmp_path / "labels.json").write_text(json.dumps({"classes": CLASSES}))
        assert main(words) == 2
        assert "there are no photos of forest: give some of every class of the model" in capsys.readouterr().err
    (tmp_path / "labels.json").unlink()
    with zipfile.ZipFile(words[words.index("--data") + 1], "a") as archive:
        archive.writestr("forest/forest_0.png", encode_png(np.zeros((40, 40, 3), np.uint8)))
    assert main([*words, "--questions", "class"]) == 0
    facts = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert all(0.0 <= figures["class seen"] <= 1.0 for figures in facts["figures"])


@pytest.mark.usefixtures("quick_baselines")
def test_an_interrupted_evaluation_leaves_what_it_measured(
    words: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(exam: Exam) -> Part:
        raise KeyboardInterrupt

    monkeypatch.setitem(COURSE, "centre 50 %", interrupted)
    assert main([*words, "--questions", "reconstruction", "centre-50"]) == 130
    report = tmp_path / "report"
    assert "### reconstruction" in (report / "report.md").read_text()
    assert [path.name for path in report.glob("*.png")] == ["sheet-reconstruction.png"]
    assert ",reconstruction,,tiny,PSNR," in (report / "figures.csv").read_text()


def test_pictures_from_nothing_are_decoded_by_their_own_advice(
    words: list[str], tiny_model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    model = Path(shutil.copytree(tiny_model, tmp_path / "model"))
    write_spec(model, replace(read_spec(model), from_nothing={"guidance_scale": 3.0, "token_temperature": 0.7}))
    chosen = ["--model", str(model), "--questions", "generation", "--token-temperature", "0.5"]
    assert main([*words, *chosen]) == 0
    capsys.readouterr()
    edits, new = (tmp_path / "report" / "report.md").read_text().splitlines()[0].split("; from nothing: ")
    assert "guidance 3," in new
    assert "guidance 3," not in edits
    assert edits.endswith("token temperature 0.5")
    assert new.endswith("token temperature 0.5)")


@pytest.mark.usefixtures("quick_baselines")
def test_decoding_and_questions_are_chosen_on_the_command_line(
    words: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    chosen = ["--questions", "centre 50 %", "--order", "halton", "--schedule", "linear", "--guidance", "1.5"]
    assert main([*words, *chosen, "--choice-temperature", "3", "--token-temperature", "0.5"]) == 0
    capsys.readouterr()
    text = (tmp_path / "report" / "report.md").read_text()
    settings = "linear, halton order, T = 1, guidance 1.5, choice temperature 3, token temperature 0.5"
    assert text.splitlines()[0].endswith(f"; {settings})")
    assert "### centre 50 %" in text
    assert "### reconstruction" not in text
    assert main([*words, "--questions", "nonsense"]) == 2
    assert "question 'nonsense' is unknown: give the beginnings of any of reconstruction, " in capsys.readouterr().err
    assert main([*words, "--samples", "1"]) == 2
    assert "--samples is 1" in capsys.readouterr().err


def test_the_ablation_is_wired_and_takes_no_settings(
    words: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []

    def run(exam: Exam, folder: Path) -> None:
        asked.append((exam.name, len(exam.photos), folder, exam.samples))

    monkeypatch.setattr("core.lab.evaluation.paper.ablation.run_ablation", run)
    assert main([*words, "--ablation"]) == 2
    assert "leave out --steps." in capsys.readouterr().err
    plain = [word for word in words if word not in ("--steps", "1")]
    assert main([*plain, "--ablation"]) == 0
    assert asked == [("tiny", 2, tmp_path / "report", 2)]
