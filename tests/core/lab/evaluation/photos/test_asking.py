"""The evaluation at photo size, on fake nets: figures, ranking, bars, sheets, and the command."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from pathlib import Path

import cv2
import numpy as np
import pytest

from core.lab.cli import main
from core.lab.evaluation.answers import PHOTO
from core.lab.evaluation.cases import Case, Method, Painted, Photo
from core.lab.evaluation.judge import Judge
from core.lab.evaluation.photos.asking import SIDE, WAYS, ask, ours
from core.lab.evaluation.photos.methods import EDITOR, PATCHMATCH, PLAIN, VARIATIONS, photo_methods
from core.lab.evaluation.photos.questions import BORDER, DRIFT, MEAN, OBJECT, PHOTO_BARS, QUESTIONS
from core.lab.evaluation.report import bars_table, sheets
from core.lab.evaluation.tables import BY_NAME as MEASURES
from core.pictures.encoding import encode_png
from tests.fakes import fake_engine

BY_NAME = {question.name: question for question in QUESTIONS}


def picture(width: int = 96, height: int = 72, *, seed: int = 0) -> np.ndarray:
    small = np.random.default_rng(seed).integers(0, 256, (6, 8, 3)).astype(np.uint8)
    return np.asarray(cv2.resize(small, (width, height), interpolation=cv2.INTER_CUBIC), np.uint8)


PHOTOS = [Photo("first", picture()), Photo("second", picture(72, 96, seed=1))]


def perfect(case: Case) -> Painted:
    """Paint the truth and nothing else; without one leave the border as it is."""
    canvas = case.canvas()
    if case.truth is not None:
        canvas[case.mask] = case.truth[case.mask]
    return Painted(canvas, {"seconds": 1.0})


def careless(case: Case) -> Painted:
    """Change three pixels that nobody asked for."""
    found = perfect(case).picture
    rows, columns = np.nonzero(~case.mask)
    found[rows[:3], columns[:3]] ^= 1
    return Painted(found, {"seconds": 2.0})


def grey(case: Case) -> Painted:
    """Paint the mask grey."""
    canvas = case.canvas()
    canvas[case.mask] = 128
    return Painted(canvas, {"seconds": 1.0})


FAKES: dict[str, Method] = {EDITOR: perfect, PLAIN: careless}


@pytest.mark.parametrize("name", [OBJECT, BORDER])
def test_the_truth_as_an_answer_has_the_figures_of_the_photo(judge: Judge, name: str) -> None:
    part = ask(BY_NAME[name], "photos", PHOTOS, FAKES, judge)
    assert part.methods == (PHOTO, EDITOR, PLAIN)
    for measure in ("seam ratio", "ring delta-E", "sharpness", "seam ratio, shown", "sharpness, shown"):
        assert part.values(EDITOR, measure) == part.values(PHOTO, measure)
    assert part.values(EDITOR, "distance in hole") == pytest.approx([0.0, 0.0], abs=1e-6)
    assert part.values(EDITOR, "sharpness, of the photo's") == [1.0, 1.0]
    assert part.values(PHOTO, "distance in hole") == part.values(PHOTO, "seconds") == []
    assert [answer.photo for answer in part.answers] == ["first"] * 3 + ["second"] * 3


def test_a_method_that_changes_a_pixel_outside_is_reported(judge: Judge) -> None:
    """The planted fault: three pixels a photo, in an editor that is otherwise perfect."""
    part = ask(BY_NAME[OBJECT], "photos", PHOTOS, {EDITOR: careless, PLAIN: perfect}, judge)
    assert (part.figure(EDITOR, "changed outside"), part.figure(PLAIN, "changed outside")) == (6.0, 0.0)
    assert part.figure(PHOTO, "changed outside") is None
    assert f"| 6 | no; not by photos: {OBJECT} (6) |" in bars_table(PHOTO_BARS, [part], ours)


def test_fills_are_not_asked_for_panoramas_and_photos_are_limited(judge: Judge) -> None:
    methods = {EDITOR: perfect, PLAIN: perfect, "Telea": perfect}
    assert ask(BY_NAME["growth to 8:1"], "photos", PHOTOS, methods, judge).methods == (EDITOR, PLAIN)
    limited = ask(BY_NAME["growth to 16:9"], "photos", PHOTOS, methods, judge, 1)
    assert limited.methods == (EDITOR, PLAIN, "Telea")
    assert {answer.photo for answer in limited.answers} == {"first"}


def test_bars_ask_what_is_measured_of_questions_that_there_are() -> None:
    assert {bar.question for bar in PHOTO_BARS} <= {"", *BY_NAME}
    assert {bar.measure for bar in PHOTO_BARS} <= set(MEASURES)


def test_fills_are_compared_with_patchmatch_photo_by_photo(judge: Judge) -> None:
    photos = [Photo(str(i), picture(seed=i)) for i in range(8)]
    part = ask(BY_NAME[OBJECT], "wide", photos, {EDITOR: perfect, PLAIN: grey, PATCHMATCH: grey}, judge)
    own, plain = part.figures()[EDITOR], part.figures()[PLAIN]
    assert (own["distance / PatchMatch's"], plain["distance / PatchMatch's"]) == pytest.approx((0.0, 1.0), abs=1e-6)
    assert (own["nearer than PatchMatch"], plain["nearer than PatchMatch"]) == (1.0, 0.0)
    assert own["nearer by"] == pytest.approx(part.figure(PATCHMATCH, "distance in hole"))
    gains = part.values(PATCHMATCH, "distance in hole")
    assert own["its error"] == pytest.approx(np.std(gains, ddof=1) / np.sqrt(8), rel=1e-4)
    assert own["found"] == pytest.approx(0.5)
    assert own["found, less PatchMatch's"] == pytest.approx(0.5 - plain["found"])
    assert plain["found"] == part.figure(PATCHMATCH, "found")
    lines = bars_table(PHOTO_BARS, [part], ours).splitlines()
    assert f"| wide: {OBJECT} | distance / PatchMatch's | at most 0.95 |  | 0.000 | yes |" in lines
    assert not any(BORDER in line for line in lines)


def test_the_editor_is_its_first_ranked_and_other_ways_of_ranking_are_rows_of_their_own(judge: Judge) -> None:
    methods = {EDITOR: photo_methods(fake_engine())[0][EDITOR], PATCHMATCH: grey}
    case = BY_NAME[OBJECT].build(PHOTOS[0])
    assert case is not None
    answer = methods[EDITOR](case)
    assert answer.result is not None
    assert len(answer.result.patches) == VARIATIONS
    assert (answer.picture == answer.result.image(answer.result.ranking[0])).all()
    part = ask(BY_NAME[OBJECT], "photos", PHOTOS, methods, judge)
    ways = [f"{EDITOR}, ranked by {way}" for way in WAYS]
    mean, nearest = f"{EDITOR}, {MEAN}", f"{EDITOR}, nearest of variations"
    assert part.methods == (PHOTO, EDITOR, PATCHMATCH, *ways, mean, nearest)
    near = {name: np.array(part.values(name, "distance in hole")) for name in part.methods}
    for name in (EDITOR, *ways, mean):
        assert (near[nearest] <= near[name] + 1e-6).all(), name
    ratio = near[mean].mean() / near[PATCHMATCH].mean()
    assert part.figure(mean, "distance / PatchMatch's") == pytest.approx(ratio)
    (bar,) = (bar for bar in PHOTO_BARS if bar.method)
    assert ours(bar, part) == {mean: MEAN}


def test_ranking_by_a_value_takes_the_variation_with_the_best_of_it(judge: Judge) -> None:
    result = photo_methods(fake_engine())[0][EDITOR](BY_NAME[OBJECT].build(PHOTOS[0])).result
    best = {way: int(np.argmin(value(result))) for way, value in WAYS.items()}
    assert best["score"] == int(np.argmax(result.scores))
    assert best["fit"] == int(np.argmax(result.fits))
    assert best["seam"] == int(np.argmin(result.seams))
    assert best["colour shift"] == int(np.argmin(result.colour_shifts))


def test_sheets_show_what_was_asked_and_each_method(judge: Judge) -> None:
    photos = [Photo("large", picture(600, 450)), *PHOTOS, Photo("wide", picture(360, 90))]
    ((name, sheet),) = sheets(ask(BY_NAME[OBJECT], "photos", photos, FAKES, judge)).items()
    assert name == "photos-hole-object-shown"
    assert sheet.shape[1] == (2 + len(FAKES)) * SIDE
    ((_, panorama),) = sheets(ask(BY_NAME[DRIFT], "photos", PHOTOS, FAKES, judge)).items()
    assert panorama.shape[1] == (1 + len(FAKES)) * 4 * SIDE


@pytest.fixture
def words(tiny_model: Path, narrow_net: None, tmp_path: Path) -> list[str]:
    """The command over two photos."""
    folder = tmp_path / "photos"
    folder.mkdir()
    for i, photo in enumerate(PHOTOS):
        (folder / f"{i}.png").write_bytes(encode_png(photo.pixels))
    (folder / "CREDITS.md").write_text("no picture")
    found = ["evaluate-photos", "--photos", folder, "--report", tmp_path / "report"]
    return [str(word) for word in [*found, "--model", tiny_model, "--json"]]


def test_the_command_writes_report_figures_and_sheets(
    words: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*words, "--only", "hole-medium"]) == 0
    told = capsys.readouterr().out.splitlines()
    facts = json.loads(told[-1])
    assert told[0] == "| question | measure | bar | after a GPU run | measured | bar reached |"
    folder = tmp_path / "report"
    files = {path.name for path in folder.iterdir()}
    assert files == {"report.md", "figures.csv", "photos-hole-medium-shown.jpg"}
    assert facts["outputs"] == sorted(str(folder / name) for name in files)
    assert facts["photos"] == {"photos": 2}
    assert list(facts["seconds"]) == ["photos: hole: medium"]
    assert "### photos: hole: medium\n\n2 photos; a blob of 12 %." in (folder / "report.md").read_text()


def test_a_question_that_no_photo_fits_is_noted(words: list[str], tmp_path: Path) -> None:
    for path in (tmp_path / "photos").glob("*.png"):
        path.write_bytes(encode_png(np.zeros((72, 96, 4), np.uint8)))
    assert main([*words, "--only", "border-top"]) == 0
    assert "No photo of photos fits the question border: top." in (tmp_path / "report" / "report.md").read_text()


def test_a_zip_is_a_group_of_its_own_and_its_photos_are_brought_to_size(
    words: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = tmp_path / "wide.zip"
    with zipfile.ZipFile(data, "w") as archive:
        for i, label in enumerate(("sea", "sea", "street")):
            archive.writestr(f"{label}/{label}_{i}.png", encode_png(picture(40, 60, seed=i)))
        archive.writestr("index.json", "{}")
    given = words.index("--photos") + 2
    more = [*words[:given], str(data), *words[given:], "--side", "80", "--limit", "2", "--only", "hole-medium"]
    assert main(more) == 0
    facts = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert facts["photos"] == {"photos": 2, "wide": 2}
    rows = list(csv.DictReader(io.StringIO((tmp_path / "report" / "figures.csv").read_text())))
    assert {row["photo"] for row in rows if row["group"] == "wide"} - {""} == {"sea_0", "street_2"}
    assert (tmp_path / "report" / "wide-hole-medium-shown.jpg").is_file()


@pytest.mark.parametrize(
    ("more", "sentence"),
    [
        (["--limit", "0"], "--limit is 0"),
        (["--side", "5"], "--side is 5"),
        (["--only", "nothing"], "question 'nothing' is unknown"),
        (["--photos", "nowhere"], "holds no pictures"),
    ],
)
def test_what_cannot_be_asked_is_refused_in_one_sentence(
    words: list[str], more: list[str], sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*words, *more]) == 2
    complaint = capsys.readouterr().err.strip()
    assert sentence in complaint
    assert "\n" not in complaint
