"""The evaluation at photo size, on fake nets: figures, ranking, report and sheets."""

from __future__ import annotations

import csv
import io
import json
import math
import zipfile
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from core.lab.cli import main
from core.lab.evaluation.answers import PHOTO, chosen
from core.lab.evaluation.judge import Judge
from core.lab.evaluation.machine.sizes import LOADS, Cost, cost_table
from core.lab.evaluation.metrics import changed_outside
from core.lab.evaluation.photos import figures as names
from core.lab.evaluation.photos.asking import MEAN, NAMES, SIZES, Findings, Photo, ask, examine, spread
from core.lab.evaluation.photos.bars import OVERHEAD, PHOTO_BARS
from core.lab.evaluation.photos.cases import BORDER, DRIFT, OBJECT, QUESTIONS, THIN, Case, canvas_of, to_shorter
from core.lab.evaluation.photos.figures import distances, figures, hole_boxes
from core.lab.evaluation.photos.methods import EDITOR, PATCHMATCH, PLAIN, VARIATIONS, Method, Painted, photo_methods
from core.lab.evaluation.photos.report import bars_table, figures_csv, report, summary
from core.lab.evaluation.photos.tiles import SIDE, sheets
from core.pictures.encoding import encode_png
from core.values.geometry import Size
from tests.fakes import fake_engine

BY_NAME = {question.name: question for question in QUESTIONS}


def picture(width: int = 96, height: int = 72, *, seed: int = 0) -> np.ndarray:
    small = np.random.default_rng(seed).integers(0, 256, (6, 8, 3)).astype(np.uint8)
    return np.asarray(cv2.resize(small, (width, height), interpolation=cv2.INTER_CUBIC), np.uint8)


PHOTOS = [Photo("first", picture()), Photo("second", picture(72, 96, seed=1))]


def built(name: str, pixels: np.ndarray | None = None) -> Case:
    case = BY_NAME[name].build("a", picture() if pixels is None else pixels)
    assert case is not None
    return case


def perfect(case: Case, seed: int) -> Painted:
    """Paint the truth and nothing else; without one leave the border as it is."""
    canvas = canvas_of(case)
    if case.truth is not None:
        canvas[case.mask] = case.truth[case.mask]
    return Painted(canvas, 1.0, 1)


def careless(case: Case, seed: int) -> Painted:
    """Change three pixels that nobody asked for."""
    found = perfect(case, seed).picture
    rows, columns = np.nonzero(~case.mask)
    found[rows[:3], columns[:3]] ^= 1
    return Painted(found, 2.0, 1)


FAKES: dict[str, Method] = {EDITOR: perfect, PLAIN: careless}


@pytest.mark.parametrize("name", [OBJECT, "border: right"])
def test_the_truth_as_an_answer_has_the_figures_of_the_photo(judge: Judge, name: str) -> None:
    part = ask(BY_NAME[name], "photos", PHOTOS, FAKES, judge)
    assert part.methods == (PHOTO, EDITOR, PLAIN)
    for measure in (names.SEAM, names.RING, names.SHARPNESS, names.SEAM_SHOWN, names.SHARPNESS_SHOWN):
        assert part.values(EDITOR, measure) == part.values(PHOTO, measure)
    assert part.values(EDITOR, names.DISTANCE) == pytest.approx([0.0, 0.0], abs=1e-6)
    assert part.values(EDITOR, names.SHARPNESS_KEPT) == [1.0, 1.0]
    assert part.values(PHOTO, names.DISTANCE) == part.values(PHOTO, names.SECONDS) == []
    assert [answer.photo for answer in part.answers] == ["first"] * 3 + ["second"] * 3


def test_a_method_that_changes_a_pixel_outside_is_reported(judge: Judge) -> None:
    """The planted fault: three pixels a photo, in an editor that is otherwise perfect."""
    part = ask(BY_NAME[OBJECT], "photos", PHOTOS, {EDITOR: careless, PLAIN: perfect}, judge)
    assert summary(part, EDITOR, names.CHANGED) == 6.0
    assert summary(part, PLAIN, names.CHANGED) == 0.0
    text = report(Findings("fake", parts=[part]))
    (line,) = [line for line in text.splitlines() if line.startswith(f"| {names.CHANGED} |")]
    assert "| 0 | 6 | no |" in line
    assert f"photos, {OBJECT} (6)" in line


def test_alpha_counts_as_outside_and_other_sizes_are_refused() -> None:
    rgba = np.dstack([picture(), np.full((72, 96), 255, np.uint8)])
    case = built(OBJECT, rgba)
    answer = perfect(case, 0).picture
    assert changed_outside(answer, canvas_of(case), case.mask) == 0
    answer[0, 0, 3] = 254
    assert changed_outside(answer, canvas_of(case), case.mask) == 1
    with pytest.raises(ValueError, match="canvas"):
        changed_outside(answer[:-1], canvas_of(case), case.mask)


def test_a_border_is_searched_for_copies_and_a_panorama_for_drift() -> None:
    hole, border, wide = (figures(c, canvas_of(c)) for c in (built(OBJECT), built("border: left"), built(DRIFT)))
    assert names.REPETITION not in hole
    assert names.REPETITION in border
    assert names.DRIFTED not in border
    # A black border: as far from the photo as its own last strip is from black.
    assert wide[names.DRIFTED] > 20
    assert wide[names.BRIGHTNESS] < -20
    assert wide[names.FROM_FIRST] == 0.0
    assert wide[names.STEP] > wide[names.OWN_STEP]
    assert len([name for name in wide if name.startswith("strip")]) == 10


def test_distances_look_at_the_hole_alone(judge: Judge) -> None:
    case = built("hole: medium", picture(480, 360))
    assert case.truth is not None
    spoiled, far = case.truth.copy(), case.truth.copy()
    spoiled[case.mask] = 0
    far[0 if case.mask[180:].any() else -1] = 0  # a row far from the hole
    found = distances(judge, case, {"same": case.truth, "spoiled": spoiled, "far": far})
    assert found["same"] == pytest.approx(0.0, abs=1e-6)
    assert found["far"] == pytest.approx(0.0, abs=1e-6)
    assert found["spoiled"] > 0.1


def test_boxes_are_around_each_part_and_long_parts_are_looked_at_in_pieces() -> None:
    mask = np.zeros((100, 300), bool)
    mask[10:30, 20:40] = True
    mask[60:80, 100:120] = True
    assert [box.size for box in hole_boxes(mask)] == [Size(24, 24)] * 2
    strip = np.zeros((300, 300), bool)
    strip[:, 270:] = True
    pieces = hole_boxes(strip)
    assert len(pieces) == 4
    assert [piece.top for piece in pieces] == sorted({piece.top for piece in pieces})
    assert all(strip[piece.slices].any() for piece in pieces)


def test_fills_are_not_asked_for_panoramas(judge: Judge) -> None:
    methods = {EDITOR: perfect, PLAIN: perfect, "Telea": perfect}
    assert ask(BY_NAME["growth to 8:1"], "photos", PHOTOS, methods, judge).methods == (EDITOR, PLAIN)
    assert ask(BY_NAME["growth to 16:9"], "photos", PHOTOS, methods, judge).methods == (EDITOR, PLAIN, "Telea")


def test_photos_are_spread_and_limited() -> None:
    assert spread(range(16), 4) == [0, 5, 10, 15]
    assert spread(range(3), 8) == spread(range(3), None) == [0, 1, 2]
    assert spread(range(9), 1) == [0]


def cost(name: str, seconds: float, transformer: float) -> Cost:
    load = next(load for load in LOADS if load.name == name)
    stages = {"plan": 0.1, "encode": 0.1, "transformer": transformer, "decode": 0.1, "composite": 0.1}
    return Cost(load, {**stages, "total": seconds}, 500_000_000, 90_000_000)


def test_overhead_is_what_neither_transformer_nor_decoder_took() -> None:
    costs = [
        cost("1 MP", 1.0, 0.5),
        cost("12 MP", 1.5, 0.5),
        cost("50 MP", 2.5, 0.51),
        cost("12 MP, large hole", 3, 0.5),
    ]
    assert costs[0].overhead == pytest.approx(0.4)
    lines = bars_table(Findings("fake", costs=costs)).splitlines()[2:]
    assert lines == [f"| {OVERHEAD.measure} | at most 1.5 s | 2.40 s | no |  |  |"]
    assert bars_table(Findings("fake")) == ""
    table = cost_table(costs)
    assert "2.50 times the seconds, 4.7 times the overhead" in table
    assert "| 12 MP | 96 | 1.50 | 0.90 |" in table
    assert "| 500 | 90 |" in table


def test_bars_ask_what_is_measured_of_questions_that_there_are() -> None:
    wanted = {(bar.question, bar.measure, bar.method): bar.wanted for bar in PHOTO_BARS}
    assert wanted["", names.SEAM, ""] == "at most 1.15"
    assert wanted["", names.SHARPNESS, ""] == "0.7 to 1.3"
    assert wanted["", names.CHANGED, ""] == "0"
    assert wanted[OBJECT, names.RATIO, ""] == wanted[BORDER, names.RATIO, ""] == "at most 0.95"
    assert wanted[OBJECT, names.RATIO, names.MEAN] == wanted[THIN, names.RATIO, ""] == "at most 1"
    assert wanted[OBJECT, names.NEARER, ""] == "at least 0.65"
    assert {bar.question for bar in PHOTO_BARS} <= {"", *BY_NAME}
    assert not any(bar.met(math.nan) for bar in PHOTO_BARS)


def test_a_bar_names_the_questions_that_miss_it(judge: Judge) -> None:
    part = ask(BY_NAME[OBJECT], "photos", PHOTOS, FAKES, judge)
    blurred = [replace(o, figures={**o.figures, names.SHARPNESS: 0.2}) for o in part.answers if o.method == EDITOR]
    sharp = replace(part, group="others", answers=[replace(o, figures={names.SHARPNESS: 1.0}) for o in blurred])
    findings = Findings("fake", parts=[replace(part, answers=blurred), sharp, sharp])
    (line,) = [line for line in bars_table(findings).splitlines() if line.startswith(f"| {names.SHARPNESS} |")]
    assert line == f"| {names.SHARPNESS} | 0.7 to 1.3 | 1.00 | yes | - | photos, {OBJECT} (0.20) |"


def grey(case: Case, seed: int) -> Painted:
    """Paint the mask grey."""
    canvas = canvas_of(case)
    canvas[case.mask] = 128
    return Painted(canvas, 1.0)


def test_fills_are_compared_with_patchmatch_photo_by_photo(judge: Judge) -> None:
    photos = [Photo(str(i), picture(seed=i)) for i in range(8)]
    part = ask(BY_NAME[OBJECT], "wide", photos, {EDITOR: perfect, PLAIN: grey, PATCHMATCH: grey}, judge)
    assert summary(part, EDITOR, names.RATIO) == pytest.approx(0.0, abs=1e-6)
    assert summary(part, PLAIN, names.RATIO) == 1.0
    assert (summary(part, EDITOR, names.NEARER), summary(part, PLAIN, names.NEARER)) == (1.0, 0.0)
    assert summary(part, EDITOR, names.GAIN) == pytest.approx(summary(part, PATCHMATCH, names.DISTANCE))
    assert summary(part, EDITOR, names.FOUND) == pytest.approx(0.5)
    found, theirs = (summary(part, name, names.FOUND) for name in (PLAIN, PATCHMATCH))
    assert found == theirs
    assert found is not None
    assert summary(part, EDITOR, names.FOUND_MORE) == pytest.approx(0.5 - found)
    lines = bars_table(Findings("fake", parts=[part])).splitlines()
    (line,) = [line for line in lines if line.startswith(f"| wide, {OBJECT}: {names.RATIO} |")]
    assert line == f"| wide, {OBJECT}: {names.RATIO} | at most 0.95 | 0.000 | yes |  |  |"
    assert not any(BORDER in line for line in lines)


def test_the_editor_is_its_first_ranked_and_its_variations_are_a_row_of_their_own(judge: Judge) -> None:
    engine = fake_engine()
    methods = {EDITOR: photo_methods(engine)[0][EDITOR], PATCHMATCH: grey}
    case = built(OBJECT)
    answer = methods[EDITOR](case, 3)
    assert answer.result is not None
    assert len(answer.result.patches) == VARIATIONS
    assert (answer.picture == answer.result.image(answer.result.ranking[0])).all()
    part = ask(BY_NAME[OBJECT], "photos", PHOTOS, methods, judge)
    assert part.methods == (PHOTO, EDITOR, PATCHMATCH, MEAN)
    mean, (own, *_) = part.values(MEAN, names.DISTANCE), part.worths
    assert own.paired.ours == pytest.approx(np.mean(part.values(EDITOR, names.DISTANCE)), rel=1e-5)
    assert own.paired.theirs == pytest.approx(np.mean(mean))
    assert summary(part, MEAN, names.RATIO) == pytest.approx(
        np.mean(mean) / np.mean(part.values(PATCHMATCH, names.DISTANCE))
    )


def test_the_shorter_side_is_brought_to_size() -> None:
    assert to_shorter(picture(96, 72), 144).shape == (144, 192, 3)
    assert to_shorter(picture(72, 96), 36).shape == (48, 36, 3)
    assert to_shorter(PHOTOS[0].pixels, 72) is PHOTOS[0].pixels


def test_everything_is_asked_and_reported(judge: Judge, monkeypatch: pytest.MonkeyPatch) -> None:
    engine = fake_engine()
    usual = photo_methods(engine)[0]
    quick = {name: usual[name] for name in (EDITOR, PLAIN, "Telea")}
    monkeypatch.setattr(
        "core.lab.evaluation.photos.asking.photo_methods", lambda engine: (quick, ["PatchMatch was left out."])
    )
    groups = {"photos": PHOTOS[:1]}
    parts = chosen(NAMES, ["hole-object", "border-right", "panorama", SIZES])
    done = list(examine(engine, groups, judge, parts=parts, costs=lambda: [cost("1 MP", 1.0, 0.5)]))
    assert [name for name, _ in done][-1] == SIZES
    findings = done[-1][1]
    assert [part.question.name for part in findings.parts] == [OBJECT, "border: right", DRIFT]
    assert set(findings.seconds) == {name for name, _ in done}
    assert [bool(part.worths) for part in findings.parts] == [True, True, False]
    text = report(findings)
    for heading in (
        "### Bars",
        f"### photos: {OBJECT}",
        f"### photos: {DRIFT}",
        "### What ranking is worth: photos, border: right",
        "### Cost of an edit",
    ):
        assert heading in text
    assert "PatchMatch was left out." in text
    rows = list(csv.DictReader(io.StringIO(figures_csv(findings))))
    (drift,) = [row for row in rows if row["measure"] == names.DRIFTED and row["method"] == EDITOR]
    assert float(drift["value"]) == pytest.approx(findings.parts[-1].values(EDITOR, names.DRIFTED)[0], rel=1e-4)
    assert {row["method"] for row in rows if row["question"] == OBJECT} >= {PHOTO, EDITOR, MEAN, PLAIN, "Telea"}
    assert any(row["measure"] == "peak bytes" and row["value"] == "500000000" for row in rows)


def test_a_question_that_no_photo_fits_is_noted(judge: Judge) -> None:
    clear = Photo("clear", np.zeros((72, 96, 4), np.uint8))
    done = list(examine(fake_engine(), {"photos": [clear]}, judge, parts=["border: top"], costs=list))
    assert done[-1][1].parts == []
    assert done[-1][1].notes[-1] == "No photo of photos fits the question border: top."


def test_sheets_show_each_method_and_the_holes_edge_pixel_by_pixel(judge: Judge) -> None:
    photos = [Photo("large", picture(600, 450)), *PHOTOS, Photo("wide", picture(360, 90))]
    part = ask(BY_NAME[OBJECT], "photos", photos, FAKES, judge)
    found = sheets(part.tiles)
    columns = 2 + len(FAKES)
    assert found["shown"].shape == found["edges"].shape
    assert found["shown"].shape[1] == columns * SIDE
    edge = part.tiles[0].edges[PHOTO]
    assert edge.shape == (SIDE, SIDE, 3)
    unlike = cv2.matchTemplate(photos[0].pixels, edge, cv2.TM_SQDIFF)
    top, left = np.unravel_index(unlike.argmin(), unlike.shape)
    assert (photos[0].pixels[top : top + SIDE, left : left + SIDE] == edge).all()
    wide = ask(BY_NAME[DRIFT], "photos", PHOTOS, FAKES, judge)
    assert sheets(wide.tiles)["shown"].shape[1] == 8 * SIDE


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
    facts = json.loads(capsys.readouterr().out.splitlines()[-1])
    folder = tmp_path / "report"
    files = {path.name for path in folder.iterdir()}
    sheets_written = {"photos-hole-medium-shown.jpg", "photos-hole-medium-edges.jpg"}
    assert files == {"report.md", "figures.csv", *sheets_written}
    assert facts["outputs"] == sorted(str(folder / name) for name in files)
    assert facts["photos"] == {"photos": 2}
    assert "### photos: hole: medium" in (folder / "report.md").read_text()


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
