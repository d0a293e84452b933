"""The page's scripts that need no browser, tested by Node's own runner; what core computes too is held to one table.

Node comes with requirements-tools.txt. Without it these tests are skipped, and fail where CI=true.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from core.values import Placing, Turn
from editor.documents.project import read_project
from tests.scripts import messages
from tests.scripts.golden import FILE, as_text, golden

FOLDER = Path(__file__).parent
WORDS = (FOLDER / "words.js").as_uri()
"""What the scripts say is there before they are."""
NO_NODE = "The scripts' tests need Node: .venv/bin/python -m pip install -r requirements-tools.txt -c constraints.txt"
QUIET = "--disable-warning=MODULE_TYPELESS_PACKAGE_JSON"
"""Node tells modules from scripts by reading them; a package.json would be there for its sake alone."""


@pytest.fixture(scope="module")
def node() -> str:
    """The path of Node: the wheel's beside this Python, or another one."""
    beside = str(Path(sys.executable).parent)
    path = shutil.which("node", path=os.pathsep.join([beside, os.environ.get("PATH", "")]))
    if path is None:
        if os.environ.get("CI") == "true":
            pytest.fail(NO_NODE)
        sys.stderr.write(NO_NODE + "\n")
        pytest.skip(NO_NODE)
    return path


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.test.js")), ids=lambda path: path.name.split(".")[0])
def test_script(node: str, path: Path) -> None:
    command = [node, QUIET, "--import", WORDS, "--test", str(path)]
    ran = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert "pass 0" not in ran.stdout


def test_a_project_file_of_the_page_is_read_by_the_server(node: str, tmp_path: Path) -> None:
    path = tmp_path / "p.zip"
    subprocess.run([node, QUIET, str(FOLDER / "write_project.js"), str(path)], timeout=120, check=True)
    project = read_project(path, most_bytes=10_000)
    assert (project.name, project.format, project.head, project.state) == ("Käfer", "jpeg", 7, {"note": "…"})
    assert [(v.id, v.parent, v.placing) for v in project.versions] == [
        (3, None, Placing()),
        (7, 3, Placing(2, -5, Turn(2))),
    ]
    assert [project.png(v) for v in project.versions] == [b"first", bytes([0, 255, 13, 10])]


def test_the_table_is_what_core_computes() -> None:
    assert json.loads(FILE.read_text(encoding="utf-8")) == json.loads(as_text(golden()))


def test_the_page_knows_the_messages_as_the_server_writes_them() -> None:
    assert messages.FILE.read_text(encoding="utf-8") == messages.as_text()


def test_a_type_is_written_as_typescript_has_it() -> None:
    text = messages.as_text()
    for line in (
        'kind: "open";',
        "parent: number | null;",
        "mask?: MaskRuns;",
        "windows: number[][];",
        "from?: WentOn;",
    ):
        assert line in text
    for name in ("Step", "Notice", "Result", "Head"):
        assert f"export interface {name} {{\n  rev: number;\n  ask?: string;" in text
