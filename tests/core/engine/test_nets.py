"""The nets asked in batches: rows that are alike go through once, and come out as if each had gone by itself."""

from __future__ import annotations

import threading
from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch import Tensor

from core.decoding.settings import MASK, NO_CLASS
from core.engine.device import FORMATS
from core.engine.nets import Nets
from core.models.compact import (
    CompactTokenizer,
    CompactTokenizerConfig,
    CompactTransformer,
    CompactTransformerConfig,
)
from tests.fakes import ColourTokenizer, RuleTransformer, fake_spec


class Counting(RuleTransformer):
    """Counts the rows that go through."""

    seen = 0

    def forward(self, tokens: Tensor, class_ids: Tensor, *, cells: Tensor | None = None) -> Tensor:
        self.seen += len(tokens)
        return super().forward(tokens, class_ids, cells=cells)


def test_rows_alike_go_through_once_and_come_out_as_they_do_alone() -> None:
    net = Counting()
    nets = Nets(fake_spec(), ColourTokenizer(), net, device=torch.device("cpu"), number=FORMATS["fp32"])
    empty, begun = torch.full((64,), MASK), torch.full((64,), MASK)
    begun[5] = 3
    tokens = torch.stack([empty, begun, empty, empty, begun])
    classes = torch.tensor([1, 1, 1, NO_CLASS, 1])
    together = nets.forward(tokens, classes)
    assert net.seen == 3, "the empty grid with a class and without, and the one begun"
    assert nets.forwards == 5
    for row in range(5):
        assert torch.equal(together[row], nets.forward(tokens[row : row + 1], classes[row : row + 1])[0])


SPEC = fake_spec(pixels=64, grid=16, codebook_size=32)


@pytest.fixture
def with_threads(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], Nets]:
    """Return what makes real nets whose products take one thread of so many."""

    def made(everyone: int) -> Nets:
        monkeypatch.setattr("core.engine.threads.EVERYONE", everyone)
        torch.manual_seed(0)
        tokenizer = CompactTokenizer(CompactTokenizerConfig((32, 32), (1, 1), code_dim=8, codebook_size=32))
        transformer = CompactTransformer(CompactTransformerConfig(64, 2, 4, 128, codebook_size=32, classes=3))
        for parameter in transformer.parameters():
            torch.nn.init.normal_(parameter, std=0.2)
        nets = Nets(SPEC, tokenizer, transformer, device=torch.device("cpu"), number=FORMATS["fp32"])
        nets.divide_among(1)
        return nets

    return made


def test_pictures_do_not_depend_on_how_many_samples_are_computed_at_a_time(with_threads: Callable[[int], Nets]) -> None:
    draw = np.random.default_rng(0)
    windows = draw.integers(0, 256, (5, 64, 64, 3), dtype=np.uint8)
    tokens, classes = torch.from_numpy(draw.integers(-1, 32, (5, 256))), torch.tensor([0, 1, 2, 0, NO_CLASS])
    answers = []
    for everyone in (1, 2, 3):
        nets = with_threads(everyone)
        pictures = nets.decode(nets.grids(tokens.clamp_min(0)))
        answers.append((nets.forward(tokens, classes), nets.encode_all(windows), torch.from_numpy(np.stack(pictures))))
    for other in answers[1:]:
        assert all(torch.equal(mine, theirs) for mine, theirs in zip(answers[0], other, strict=True))


def test_samples_are_computed_side_by_side_each_on_one_thread(with_threads: Callable[[int], Nets]) -> None:
    nets, meeting = with_threads(2), threading.Barrier(2, timeout=30)
    before = torch.get_num_threads()

    def ask(sample: int) -> tuple[int, int]:
        meeting.wait()  # breaks if one comes only after the other has gone
        assert not torch.is_grad_enabled()
        return sample, torch.get_num_threads()

    assert nets.each(ask, [(0,), (1,), (2,), (3,)]) == [(0, 1), (1, 1), (2, 1), (3, 1)]
    assert torch.get_num_threads() == before


def test_a_product_that_takes_every_thread_leaves_none_for_another_sample(with_threads: Callable[[int], Nets]) -> None:
    nets = with_threads(2)
    nets.divide_among(2)
    here = threading.get_ident()
    assert nets.each(lambda: (threading.get_ident(), torch.get_num_threads()), [(), ()]) == [(here, 2)] * 2


def test_windows_alike_are_encoded_once_and_stay_in_their_order(with_threads: Callable[[int], Nets]) -> None:
    nets = with_threads(2)
    one, other = np.random.default_rng(1).integers(0, 256, (2, 64, 64, 3), dtype=np.uint8)
    codes = nets.encode_all([one, other, one, other])
    assert nets.encodes == 2
    assert torch.equal(codes, torch.stack([nets.encode(window) for window in (one, other, one, other)]))
    assert nets.encodes == 2
