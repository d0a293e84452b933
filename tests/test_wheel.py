"""The wheel, built and used elsewhere: one name, and no `core` or `editor` beside it."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from core.pictures.opening import open_picture

ROOT = Path(__file__).resolve().parent.parent
PIP = [sys.executable, "-m", "pip", "--disable-pip-version-check"]


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_the_wheel_paints_without_the_repository(tmp_path: Path) -> None:
    clone, site = tmp_path / "clone", tmp_path / "site"
    subprocess.run(["git", "clone", "-q", "--depth", "1", ROOT.as_uri(), clone], check=True)
    build = ["wheel", "-q", "--no-deps", "--no-build-isolation", "--wheel-dir", tmp_path, clone]
    subprocess.run([*PIP, *build], check=True)
    (wheel,) = tmp_path.glob("maskgit_editor-*.whl")
    with zipfile.ZipFile(wheel) as archive:
        assert {name.partition("/")[0].partition("-")[0] for name in archive.namelist()} == {"maskgit_editor"}
    subprocess.run([*PIP, "install", "-q", "--no-deps", "--target", site, wheel], check=True)
    elsewhere = {**os.environ, "PYTHONPATH": str(site)}
    program = (
        "import maskgit_editor.app, maskgit_editor.editor.page.layout, sys; "
        "assert not {'core', 'editor'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", program], cwd=tmp_path, env=elsewhere, check=True)
    words = ["-m", "maskgit_editor.core", "generate", "--class", "forest", "--steps", "1", "--output", "forest.png"]
    subprocess.run([sys.executable, *words], cwd=tmp_path, env=elsewhere, check=True)
    assert open_picture(tmp_path / "forest.png").shape[2] == 3
