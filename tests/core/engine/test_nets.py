"""The nets asked in batches: rows that are alike go through once, and come out as if each had gone by itself."""

from __future__ import annotations

import torch
from torch import Tensor

from core.decoding.settings import MASK, NO_CLASS
from core.engine.device import FORMATS
from core.engine.nets import Nets
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
