"""How much memory loading takes, measured in a process of its own."""

from __future__ import annotations

import dataclasses
import json
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from core.models.checkpoints import save_nets
from core.models.families import build
from core.models.presets import PRESETS
from tests.core.models import foreign

PROGRAM = """
import json, sys
from pathlib import Path
import torch
from core.models.checkpoints import load_nets, read_spec
from core.models.families import build

def memory(line):
    return next(int(row.split()[1]) * 1024 for row in open("/proc/self/status") if row.startswith(line))

folder, dtype = Path(sys.argv[1]), getattr(torch, sys.argv[2])
spec = read_spec(folder)
with torch.device("meta"):
    build(spec)  # what its first use imports is not the model's
before = memory("VmRSS")
Path("/proc/self/clear_refs").write_text("5")
nets = load_nets(folder, spec, dtype)
numbers = sum(value.numel() for net in nets for value in net.state_dict().values())
print(json.dumps({"peak": memory("VmHWM") - before, "weights": numbers * dtype.itemsize}))
"""


@pytest.mark.skipif(not Path("/proc/self/clear_refs").exists(), reason="peaks are read as Linux tells them")
@pytest.mark.parametrize(("stored", "wanted"), [("float16", "float32"), ("float32", "bfloat16")])
def test_loading_takes_hardly_more_than_the_weights(stored: str, wanted: str, tmp_path: Path) -> None:
    tokenizer, transformer = foreign.CONFIGS["valeo"]
    spec = dataclasses.replace(
        PRESETS["valeo-256"],
        tokenizer=dataclasses.asdict(tokenizer),
        transformer=dataclasses.asdict(dataclasses.replace(transformer, width=1024, hidden=4096, layers=6)),
        pixels=64,
        grid=4,
        codebook_size=32,
    )  # 78 M numbers
    with torch.device("meta"):
        nets = build(spec)
    states = [{name: torch.zeros(value.shape) for name, value in net.state_dict().items()} for net in nets]
    save_nets(tmp_path, spec, states[0], states[1], getattr(torch, stored))
    finished = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(tmp_path), wanted],
        capture_output=True, text=True, check=True, cwd=Path(__file__).parents[3],
    )  # fmt: skip
    facts = json.loads(finished.stdout)
    assert facts["peak"] < 1.3 * facts["weights"]
