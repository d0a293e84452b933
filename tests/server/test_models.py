"""A model whose numbers overflow, on the real server: a sentence at each door, and the next model works."""

from __future__ import annotations

import json
import random
import shutil
import time
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from tests.server.gestures import Person
from tests.server.running import started
from tests.server.visitor import Refused, Tab

PATIENCE_S = 60.0


@pytest.fixture
def overflowing(tiny_model: Path, tmp_path: Path) -> Path:
    """A model folder whose every weight is finite, and whose logits are not."""
    folder = tmp_path / "overflowing"
    shutil.copytree(tiny_model, folder)
    weights = load_file(folder / "transformer.safetensors")
    for name, tensor in weights.items():
        if name.startswith("head"):
            weights[name] = torch.full_like(tensor, 3e38, dtype=torch.float32)
    save_file(weights, folder / "transformer.safetensors")
    spec = json.loads((folder / "config.json").read_text())
    spec.pop("sha256", None)
    (folder / "config.json").write_text(json.dumps(spec | {"name": "overflowing"}))
    return folder


def test_a_model_that_overflows_is_said_everywhere_and_another_works(overflowing: Path, tmp_path: Path) -> None:
    words = ("--port", "0", "--model-folder", str(overflowing), "--model", "overflowing")
    with started(tmp_path / "tmp", *words) as app:
        person = Person(Tab(app.port), random.Random(0))
        _, head = person.open((48, 64))
        told = person.tab.tell("run", person.intent(head, "generate"), {"mode": "generate", "variations": 1})
        assert (told["kind"], told["level"]) == ("notice", "error")
        assert "not finite" in told["message"]
        with pytest.raises(Refused, match="not finite"):
            person.tab.wire.call("generate", steps=1)
        app.asked("mge-model", "choose", {"key": "scenes-128", "agreed": ""})
        until = time.monotonic() + PATIENCE_S
        while json.loads(app.asked("mge-model", "look", None).body)["working"] != "scenes-128":
            assert time.monotonic() < until
            time.sleep(0.1)
        assert person.tab.wire.call("generate", steps=1).startswith(b"\x89PNG")
        assert "Traceback" not in app.said()
