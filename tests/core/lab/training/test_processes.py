"""Two processes under torchrun, streaming, learn what one does with all photos in memory, die together, and go on
with the photos that were due."""

from __future__ import annotations

import importlib.util
import itertools
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from core.lab.training.data import PhotoFiles, Photos, SampleOrder
from core.lab.training.processes import Processes, joined_processes
from core.lab.training.run import Setup
from core.lab.training.train_mvtm import train_mvtm
from core.lab.training.train_tokenizer import train_tokenizer
from tests.core.lab.training.tiny import LATE, TAUGHT, metrics_of, ticking
from tests.core.lab.training.worker import STEPS

ROOT = Path(__file__).resolve().parents[4]
CPU = torch.device("cpu")
WORLD = 2


def _missing() -> bool:
    # On CI accelerate belongs to requirements-dev.txt: there its absence is a fault, not a reason to skip.
    return importlib.util.find_spec("accelerate") is None and os.environ.get("CI") != "true"


joined = pytest.mark.skipif(_missing(), reason="accelerate is not installed: pip install -r requirements-train.txt")


def _torchrun(folder: Path, photo_zip: Path, metric_net: Path, *more: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", f"--nproc_per_node={WORLD}", "-m"]
    arguments = ["tests.core.lab.training.worker", str(folder), str(photo_zip), str(metric_net), *more]
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "TORCHELASTIC_ERROR_FILE": ""}
    return subprocess.run(
        [*command, *arguments], cwd=ROOT, env=environment, capture_output=True, text=True, timeout=150, check=False
    )


def _seen(folder: Path) -> list[list[int]]:
    """Return the photos of each step over all processes, in order of rank."""
    files = [(folder / f"seen-{rank}.jsonl").read_text().splitlines() for rank in range(WORLD)]
    return [[photo for line in lines for photo in json.loads(line)] for lines in zip(*files, strict=True)]


@pytest.fixture(scope="module")
def straight(photo_zip: Path, metric_net: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("two") / "straight"
    finished = _torchrun(folder, photo_zip, metric_net)
    assert finished.returncode == 0, finished.stderr[-3000:]
    return folder


@joined
def test_two_processes_learn_what_one_does(
    straight: Path, photos: Photos, files: PhotoFiles, metric_net: Path, tmp_path: Path
) -> None:
    one = {"tokenizer": tmp_path / "tokenizer", "mvtm": tmp_path / "mvtm"}
    train_tokenizer(LATE, photos, Setup(one["tokenizer"], ticking(STEPS), dtype="fp32"), metric_net=metric_net)
    # Both second stages start from the codes of two processes, so that each stage is compared by itself.
    two = straight / "tokenizer"
    train_mvtm(TAUGHT, files, Setup(one["mvtm"], ticking(STEPS), compiled=False, dtype="fp32"), tokenizer=two)
    for stage, folder in one.items():
        facts = json.loads((straight / stage / "recipe.json").read_text())
        assert facts["processes"] == WORLD
        assert "accelerate" in facts["versions"]
        together, alone = metrics_of(straight / stage), metrics_of(folder)
        assert len(together) == len(alone) == STEPS
        for ours, theirs in zip(together, alone, strict=True):
            for name in ours:
                assert float(ours[name]) == pytest.approx(float(theirs[name]), rel=1e-4, nan_ok=True), (stage, name)
    for part in ("made", "targets", "known", "pictures", "features"):
        ours, theirs = (np.load(folder / f"views-{part}.npy") for folder in (straight / "mvtm", one["mvtm"]))
        assert np.array_equal(ours, theirs), part
    assert float(metrics_of(straight / "tokenizer")[-1]["discriminator"]) > 0.0, "the discriminator never played"


@joined
def test_each_photo_is_seen_once_an_epoch_over_all_processes(straight: Path, photos: Photos) -> None:
    seen = _seen(straight)
    order = SampleOrder(photos.labels, LATE.batch, LATE.seed, LATE.balance)
    assert seen == [order.at(step).tolist() for step in range(STEPS)]
    epoch = len(photos) // LATE.batch
    for start in (0, epoch):
        assert sorted(itertools.chain(*seen[start : start + epoch])) == list(range(len(photos)))


@joined
def test_killed_processes_go_on_where_the_checkpoint_was(
    straight: Path, photo_zip: Path, metric_net: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "killed"
    killed = _torchrun(folder, photo_zip, metric_net, "--kill-at", "7")
    assert killed.returncode != 0
    assert "Signal 9 (SIGKILL)" in killed.stderr
    step = torch.load(folder / "tokenizer" / "checkpoint.pt", weights_only=True)["step"]
    assert 0 < step < STEPS
    for file in folder.glob("seen-*.jsonl"):
        file.unlink()
    resumed = _torchrun(folder, photo_zip, metric_net, "--resume")
    assert resumed.returncode == 0, resumed.stderr[-3000:]
    assert _seen(folder) == _seen(straight)[step:], "photos were repeated or skipped"
    assert (folder / "tokenizer" / "metrics.csv").read_text() == (straight / "tokenizer" / "metrics.csv").read_text()
    first, second = (load_file(f / "mvtm" / "model" / "transformer.safetensors") for f in (straight, folder))
    assert all(torch.equal(first[name], second[name]) for name in first)


def test_several_processes_without_accelerate_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WORLD_SIZE", "2")
    monkeypatch.setitem(sys.modules, "accelerate", None)
    with (
        pytest.raises(ValueError, match=r"2 processes but Accelerate is missing.*requirements-train\.txt"),
        joined_processes(CPU),
    ):
        pass


def test_shares_cover_a_batch_and_uneven_ones_are_refused() -> None:
    every = torch.arange(12)
    parts: list[torch.Tensor] = []
    for rank in range(3):
        processes = Processes()
        processes.rank, processes.count = rank, 3
        parts.append(every[processes.share(12)])
    assert torch.equal(torch.cat(parts), every)
    with pytest.raises(ValueError, match="batch of 10 does not split evenly over 3"):
        processes.share(10)
