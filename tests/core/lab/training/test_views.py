"""Photos as an edit sees them, and what a step is given of them."""

from __future__ import annotations

import copy
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from core.canvas.fill import neutral_fill
from core.decoding.settings import MASK, NO_CLASS
from core.lab.training.data import PhotoFiles
from core.lab.training.lessons import Lesson, Lessons
from core.lab.training.views import ViewTable
from core.models.compact import CompactTokenizer
from tests.core.lab.training.tiny import MVTM, TOKENIZER

CPU = torch.device("cpu")


@pytest.fixture
def tokenizer() -> CompactTokenizer:
    torch.manual_seed(0)
    return CompactTokenizer(TOKENIZER.net).eval()


def table(folder: Path, files: PhotoFiles, tokenizer: CompactTokenizer, smallest: float = 0.5) -> ViewTable:
    return ViewTable(folder, files, tokenizer, replace(MVTM, smallest_crop=smallest), pixels=32, device=CPU)


def test_a_view_is_what_an_edit_of_that_crop_sees(
    files: PhotoFiles, tokenizer: CompactTokenizer, tmp_path: Path
) -> None:
    made = table(tmp_path, files, tokenizer)
    views = made.at(torch.tensor([0, 1]), torch.tensor([3, 7]))
    for row, (version, index) in enumerate(((0, 3), (1, 7))):
        crop, hole = made.crop(version, index), made.hole(version, index)
        filled = neutral_fill(crop, hole)
        whole, around = (torch.from_numpy(p).permute(2, 0, 1)[None] / 255.0 for p in (crop, filled))
        assert torch.equal(views.targets[row], tokenizer.encode(whole).flatten())
        assert torch.equal(views.known[row], tokenizer.encode(around).flatten())
        assert torch.equal(views.holes[row], torch.from_numpy(hole))
        assert torch.allclose(views.pictures[row], around[0])
    assert not torch.equal(views.targets, views.known), "nothing leaks in this example: it proves nothing"


def test_views_are_made_once_and_again_for_other_codes(
    files: PhotoFiles, tokenizer: CompactTokenizer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[int] = []
    encode = CompactTokenizer.encode
    monkeypatch.setattr(CompactTokenizer, "encode", lambda self, x: calls.append(len(x)) or encode(self, x))  # type: ignore[func-returns-value]
    asked = torch.tensor([0, 1, 0]), torch.tensor([3, 7, 3])
    first = table(tmp_path, files, tokenizer)
    targets = first.at(*asked).targets
    assert (len(calls), first.made) == (4, 2), "two views of two encodings each"
    again = table(tmp_path, files, tokenizer)
    assert torch.equal(again.at(*asked).targets, targets)
    assert len(calls) == 4, "made twice"
    decoded_otherwise = copy.deepcopy(tokenizer)
    torch.nn.init.zeros_(decoded_otherwise.last_weight)
    assert table(tmp_path, files, decoded_otherwise).made == 2, "the codes are the same"
    other = table(tmp_path, files, CompactTokenizer(TOKENIZER.net).eval())
    assert other.made == 0
    assert not torch.equal(other.at(*asked).targets, targets)


def test_no_crop_is_softer_than_its_photo(files: PhotoFiles, tokenizer: CompactTokenizer, tmp_path: Path) -> None:
    """Photos of 48x40 px and crops of 32: half of the shorter side would be 20 px, enlarged."""
    sharp = table(tmp_path, files, tokenizer, smallest=0.5)
    detail = [np.abs(np.diff(sharp.crop(0, i).astype(int), axis=1)).mean() for i in range(len(files))]
    whole = [np.abs(np.diff(files.picture(i).astype(int), axis=1)).mean() for i in range(len(files))]
    assert min(detail) > 0.4 * min(whole), "noise that was enlarged is smooth"


@pytest.fixture
def lessons(files: PhotoFiles, tokenizer: CompactTokenizer, tmp_path: Path) -> Lessons:
    recipe = replace(MVTM, batch=12, region_share=0.6, stranger_share=1.0, class_dropout=0.2)
    return Lessons(recipe, files, table(tmp_path, files, tokenizer), slice(0, 12), CPU)


def test_nothing_of_what_is_hidden_is_seen(lessons: Lessons) -> None:
    kinds = set()
    for step in range(6):
        lesson = lessons.at(step)
        assert torch.equal(lesson.inputs == MASK, lesson.hidden)
        cells = torch.nn.functional.max_pool2d((~lesson.known).float(), 4).flatten(1) > 0  # touched by the hole
        assert not (lesson.hidden & ~cells).any(), "a hidden cell shows its pixels whole"
        kinds |= {bool(known.any()) for known in lesson.known}
    assert kinds == {True, False}, "only holes, or only whole pictures"


def test_a_strangers_surroundings_are_the_sample_befores(
    files: PhotoFiles, tokenizer: CompactTokenizer, tmp_path: Path
) -> None:
    made = table(tmp_path, files, tokenizer)
    recipe = replace(MVTM, batch=12, region_share=1.0, class_dropout=0.0)
    alone, strange = (
        Lessons(replace(recipe, stranger_share=share), files, made, slice(0, 12), CPU) for share in (0.0, 1.0)
    )
    own, other = alone.at(0), strange.at(0)
    foreign = (own.labels != own.labels.roll(1)) & (own.labels != NO_CLASS)
    assert foreign.any()
    assert not foreign.all()
    assert torch.equal(own.targets, other.targets), "what is to be learnt stays its own"
    for sample in range(12):
        place = sample - 1 if foreign[sample] else sample
        assert torch.equal(other.pictures[sample], own.pictures[place])
        assert torch.equal(other.known[sample], own.known[place])


def _same(a: Lesson, b: Lesson) -> bool:
    return torch.equal(a.inputs, b.inputs) and torch.equal(a.pictures, b.pictures) and torch.equal(a.known, b.known)


def test_two_processes_share_a_batch_and_a_step_is_a_function_of_its_number(
    files: PhotoFiles, tokenizer: CompactTokenizer, tmp_path: Path
) -> None:
    made = table(tmp_path, files, tokenizer)
    recipe = replace(MVTM, batch=8, stranger_share=0.5)
    parts = [Lessons(recipe, files, made, mine, CPU).at(3) for mine in (slice(0, 8), slice(0, 4), slice(4, 8))]
    whole, first, second = parts
    assert _same(whole, Lessons(recipe, files, made, slice(0, 8), CPU).at(3))
    assert torch.equal(whole.inputs, torch.cat([first.inputs, second.inputs]))
    assert torch.equal(whole.pictures, torch.cat([first.pictures, second.pictures]))
    assert (whole.share, first.share + second.share) == (1.0, pytest.approx(1.0))
