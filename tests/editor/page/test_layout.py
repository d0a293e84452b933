"""The page as Gradio runs it: whose files are whose."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]

PROGRAM = """
import asyncio
import json
import traceback
from types import SimpleNamespace

from editor import start  # which prepares what Gradio sees
import gradio as gr
import numpy as np
from gradio.processing_utils import move_files_to_cache
from gradio.route_utils import delete_files_created_by_app
from gradio.state_holder import StateHolder
from editor import AppSettings, build_app
from editor.page import layout
from editor.documents.store import Store
from editor.sentences.language import speaking, spoken
from tests.editor.fakes import FakeEngine

FLAT = (str, int, float, bool, type(None), type(len), type(lambda: 0))  # functions are not copied

def files():
    made = []
    layout.Store = lambda served: made.append(Store(served)) or made[0]
    app = build_app(FakeEngine(), AppSettings())
    layout.Store = Store
    picture = made[0].put(np.zeros((16, 16, 3), np.uint8), "photo")
    button = next(each for each in app.blocks.values() if isinstance(each, gr.DownloadButton))
    told = move_files_to_cache(button.postprocess(str(picture.png)), button, postprocess=True)
    delete_files_created_by_app(app, age=None)
    assert told["path"] == str(picture.png), told
    assert picture.png.exists(), "gone"
    made[0].close()

def parts(each, place):
    if isinstance(each, dict):
        for name, value in each.items():
            yield from parts(value, (*place, name))
    elif isinstance(each, (list, tuple)):
        for number, value in enumerate(each):
            yield from parts(value, (*place, number))
    elif not isinstance(each, FLAT):
        yield place, each

def description():
    found = list(parts(build_app(FakeEngine(), AppSettings()).get_config_file(), ()))
    assert not found, found

def sessions():
    page, held = build_app(FakeEngine(), AppSettings(visitors=3)), StateHolder()
    held.set_blocks(page)  # as Gradio's application does with its own
    for number in range(20):
        assert held[f"visitor {number}"] is held[f"visitor {number}"]
    assert len(held.session_data) <= 7, len(held.session_data)
    assert list(held.session_data)[-1] == "visitor 19"
    assert page._queue.ANALYTICS_MAX_EVENTS == 1

def heard(page, visibility):
    function = next(each for each in page.fns.values() if each.fn and each.api_visibility == visibility)
    function.fn, function.inputs_as_dict = lambda: spoken(), False
    return asyncio.run(page.call_function(function, [], None, SimpleNamespace(headers={"accept-language": "de"})))

def languages():
    page = build_app(FakeEngine(), AppSettings())
    english = page.config
    with speaking("de"):
        german = page.config
    assert (english["title"], german["title"]) == ("MaskGIT editor", "MaskGIT-Editor")
    both = list(zip(english["components"], german["components"], strict=True))
    assert all((one["id"], one["type"]) == (other["id"], other["type"]) for one, other in both)
    labels = [(one["props"].get("label"), other["props"].get("label")) for one, other in both]
    assert ("Steps T", "Schritte T") in labels, labels
    assert english["dependencies"] == german["dependencies"]
    assert heard(page, "private")["prediction"] == "de"
    assert heard(page, "public")["prediction"] == "en"

failed = {}
for look in (files, description, sessions, languages):
    try:
        look()
    except Exception:
        failed[look.__name__] = traceback.format_exc()
print(json.dumps(failed))
"""


@pytest.fixture(scope="module")
def failed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Why each part of the program failed that did.

    It is a process of its own, because a page that is never served leaves event loops open; all parts share its start.
    """
    environment = {**os.environ, "GRADIO_TEMP_DIR": str(tmp_path_factory.mktemp("served"))}
    command = [sys.executable, "-c", PROGRAM]
    ended = subprocess.run(command, check=False, cwd=ROOT, env=environment, capture_output=True, text=True)
    assert ended.returncode == 0, ended.stderr
    return dict(json.loads(ended.stdout.splitlines()[-1]))


def test_files_of_open_pictures_are_the_stores_alone(failed: dict[str, str]) -> None:
    """The download button names them; Gradio, which deletes by age what it cached, neither copies nor counts them."""
    assert "files" not in failed, failed["files"]


def test_the_pages_description_leads_to_nothing_that_is_copied_for_each_visit(failed: dict[str, str]) -> None:
    """Gradio copies all of it deeply whenever the page is asked for: once with the model and every open picture."""
    assert "description" not in failed, failed["description"]


def test_sessions_and_statistics_do_not_pile_up(failed: dict[str, str]) -> None:
    """Gradio would keep 10,000 of each, and each call of a program is a session to it."""
    assert "sessions" not in failed, failed["sessions"]


def test_the_page_is_the_same_in_every_language_and_only_its_own_gestures_are_answered_in_it(
    failed: dict[str, str],
) -> None:
    assert "languages" not in failed, failed["languages"]
