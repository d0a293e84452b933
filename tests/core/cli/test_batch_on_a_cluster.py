"""`python -m core batch --ray`, killed and gone on with on a cluster of this machine. Slow, and only where Ray is."""

from __future__ import annotations

import os
import secrets
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest

from core.cli import main
from core.serve.entering import connected, prepare
from tests.core.cli.test_batch import COUNT, STOPPED_AT, fill, manifest
from tests.core.serve.test_cluster import told

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(900),
    pytest.mark.skipif(find_spec("ray") is None, reason="Ray is not installed: see requirements-serve.txt"),
    pytest.mark.filterwarnings("ignore"),  # Ray's own
]


@pytest.fixture
def address(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A cluster of two CPUs, which other processes of this test may join."""
    os.environ.setdefault("RAY_AUTH_TOKEN", secrets.token_hex(32))  # Ray reads it once in a process
    monkeypatch.setenv("RAY_worker_niceness", "0")
    prepare()
    import ray

    with connected(address="local", num_cpus=2, include_dashboard=False):
        yield ray.get_runtime_context().gcs_address


def test_a_folder_on_a_cluster_is_gone_on_with_where_it_was_killed(
    address: str, tiny_model: Path, mask: Path, tmp_path: Path
) -> None:
    paths, output = fill(tmp_path / "photos", COUNT), tmp_path / "out"
    (tmp_path / "photos" / "torn.png").write_bytes(b"no picture")
    settings = ["--model", str(tiny_model), "--steps", "2", "--seed", "5", "--device", "cpu", "--dtype", "fp32"]
    words = ["batch", "--images", str(tmp_path / "photos"), "--masks", str(mask), "--output", str(output), *settings]
    command = [sys.executable, "-m", "core", *words, "--ray"]
    environment = os.environ | {"RAY_ADDRESS": address}
    first = subprocess.Popen(command, env=environment)
    while len(list(output.glob("*.png"))) < STOPPED_AT:
        assert first.poll() is None
        time.sleep(0.01)
    first.send_signal(signal.SIGKILL)
    first.wait()
    before = {path.name: path.stat().st_mtime_ns for path in output.glob("*.png")}
    assert len(before) < COUNT, "it was stopped before its end"

    began = time.monotonic()
    again = subprocess.run(command, env=environment, check=False, capture_output=True, text=True)
    told(f"killed after {len(before)} of {COUNT}; the rest took {time.monotonic() - began:.1f} s")
    assert again.returncode == 2, again.stderr
    assert "1 of 51 pictures failed" in again.stderr
    assert {name: (output / name).stat().st_mtime_ns for name in before} == before, "none is made twice"
    rows = manifest(output)
    assert [row["status"] for row in rows] == ["made"] * COUNT + ["failed"]
    single = tmp_path / "single.png"
    for path in (paths[0], paths[-1]):
        assert main(["edit", "--image", str(path), "--mask", str(mask), "--output", str(single), *settings]) == 0
        assert single.read_bytes() == (output / path.name).read_bytes()
