"""A tiny engine, and a judge: a metric net and a probe of the real layout, but narrow and untrained."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from core.engine import Engine, load_engine
from core.lab.evaluation.judge import Judge
from core.lab.features import Probe

WIDTH = 8


@pytest.fixture(scope="package", autouse=True)
def small_pictures() -> Iterator[None]:
    """Judge at 64 px: what is compared with what does not depend on it, and it is twelve times faster."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("core.lab.evaluation.judge.SIDE", 64)
        yield


@pytest.fixture(scope="session")
def metric_net(tmp_path_factory: pytest.TempPathFactory) -> Path:
    random = np.random.default_rng(0)

    def layer(name: str, outputs: int, inputs: int, kernel: int) -> dict[str, np.ndarray]:
        weights = random.normal(0.0, 1.0 / (kernel * np.sqrt(inputs)), (outputs, inputs, kernel, kernel))
        return {f"{name}.w": weights.astype(np.float16), f"{name}.b": np.full(outputs, 0.1, np.float16)}

    arrays = layer("stem", WIDTH, 3, 3)
    for i in range(16):
        arrays |= layer(f"b{i}_dw", WIDTH, 1, 3) | layer(f"b{i}_proj", WIDTH, WIDTH, 1)
    arrays |= layer("head", 12, WIDTH, 1)
    path = tmp_path_factory.mktemp("metrics") / "net.npz"
    np.savez(path, **arrays)
    return path


@pytest.fixture(scope="session")
def probe_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("metrics") / "probe.npz"
    np.savez(path, w=np.random.default_rng(1).normal(size=(3, 12)).astype(np.float16), b=np.zeros(3, np.float16))
    return path


@pytest.fixture
def narrow_net(metric_net: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The narrow net in place of the bundled one, for commands."""
    monkeypatch.setattr("core.lab.evaluation.judge.BUNDLED_NET", metric_net)


@pytest.fixture(scope="module")
def engine(tiny_model: Path) -> Engine:
    return load_engine(folder=tiny_model, device="cpu")


@pytest.fixture(scope="module")
def judge(metric_net: Path, probe_file: Path) -> Judge:
    judge = Judge(metric_net)
    judge.probe = Probe.read(probe_file)
    return judge
