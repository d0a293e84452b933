"""Passes that are replayed: from when on, for which shapes, and what if recording fails; on a GPU the bytes, too."""

from __future__ import annotations

import logging
import sys
import time
from collections.abc import Callable, Sequence

import pytest
import torch
from torch import Tensor, nn

from core.engine.recording import Recorded, beside, recorded

Net = Callable[..., Tensor]


class Recorder:
    """Stands for a GPU's recordings.

    Attributes:
        made: shapes that were recorded.
        replayed: passes that were replayed.
    """

    def __init__(self, wrong: float = 0.0) -> None:
        self.made: list[torch.Size] = []
        self.replayed = 0
        self._wrong = wrong

    def __call__(self, net: Net, parts: Sequence[Tensor]) -> Net:
        self.made.append(parts[0].shape)

        def replay(*fresh: Tensor) -> Tensor:
            self.replayed += 1
            return net(*fresh) + self._wrong

        return replay


def doubled(x: Tensor) -> Tensor:
    return 2 * x


def asked(net: Recorded, rows: int, times: int) -> None:
    for time_ in range(times):
        x = torch.full((rows, 3), float(time_))
        assert torch.equal(net(x), 2 * x)


def test_a_shape_is_recorded_once_it_is_worth_it_and_replayed_from_then_on() -> None:
    recorder = Recorder()
    net = Recorded(doubled, recorder)
    asked(net, 8, 15)
    asked(net, 4, 15)
    assert not recorder.made
    asked(net, 8, 11)
    assert recorder.made == [(8, 3)]
    assert recorder.replayed == 1 + 10  # once to compare
    asked(net, 4, 1)
    assert recorder.made == [(8, 3), (4, 3)]
    net.forget()
    asked(net, 8, 15)
    assert len(recorder.made) == 2


def test_a_recording_that_says_something_else_is_never_used(caplog: pytest.LogCaptureFixture) -> None:
    recorder = Recorder(wrong=1e-6)
    with caplog.at_level(logging.WARNING):
        asked(Recorded(doubled, recorder), 8, 40)
    assert (len(recorder.made), recorder.replayed) == (1, 1)
    assert "says something else" in caplog.text


def test_where_nothing_can_be_recorded_the_net_is_called(caplog: pytest.LogCaptureFixture) -> None:
    def fails(net: Net, parts: Sequence[Tensor]) -> Net:
        raise RuntimeError("operation not permitted when stream is capturing\nand more")

    with caplog.at_level(logging.WARNING):
        asked(Recorded(doubled, fails), 8, 40)
    assert len(caplog.records) == 1
    assert "(operation not permitted when stream is capturing)" in caplog.text
    asked(Recorded(doubled, None), 8, 40)


def test_what_the_net_raises_is_raised() -> None:
    net = Recorded(nn.Linear(3, 3), Recorder())
    with pytest.raises(RuntimeError, match="shapes"):
        net(torch.zeros(8, 4))


def test_a_processor_has_one_stream() -> None:
    with beside(torch.device("cpu")):
        assert doubled(torch.ones(1)).item() == 2


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA GPU: none is here")
def test_a_gpu_replays_the_same_bytes_in_less_time() -> None:
    device = torch.device("cuda")
    layer = (nn.Linear(256, 1024), nn.GELU(), nn.Linear(1024, 256), nn.LayerNorm(256))
    net = nn.Sequential(*layer * 12).to(device).eval()
    seconds = {}
    with torch.no_grad(), torch.autocast("cuda", torch.bfloat16):
        parts = [torch.randn(8, 256, 256, device=device) for _ in range(40)]
        plain = [net(part) for part in parts]
        fast = Recorded(net, recorded)
        assert all(torch.equal(fast(part), answer) for part, answer in zip(parts, plain, strict=True))
        for name, each in (("plain", net), ("replayed", fast)):
            torch.cuda.synchronize()
            started = time.perf_counter()
            for part in parts:
                each(part)
            torch.cuda.synchronize()
            seconds[name] = time.perf_counter() - started
    told = (f"{name} {1000 * value / len(parts):.2f} ms a pass" for name, value in seconds.items())
    sys.stdout.write(f"{', '.join(told)}\n")
