"""The page as Gradio runs it: whose files are whose."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]

AGED = """
import os
os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"
import gradio as gr
import numpy as np
from gradio.processing_utils import move_files_to_cache
from gradio.route_utils import delete_files_created_by_app
from editor import AppSettings, build_app, layout
from editor.store import Store
from tests.editor.fakes import FakeEngine

made = []
layout.Store = lambda served: made.append(Store(served)) or made[0]
app = build_app(FakeEngine(), AppSettings())
picture = made[0].put(np.zeros((16, 16, 3), np.uint8), "photo")
button = next(each for each in app.blocks.values() if isinstance(each, gr.DownloadButton))
told = move_files_to_cache(button.postprocess(str(picture.png)), button, postprocess=True)
delete_files_created_by_app(app, age=None)
assert told["path"] == str(picture.png), told
assert picture.png.exists(), "gone"
made[0].close()
"""


def test_files_of_open_pictures_are_the_stores_alone(tmp_path: Path) -> None:
    """The download button names them; Gradio, which deletes by age what it has cached, neither copies nor counts them.

    In a process of its own, because a page that is never served leaves event loops open.
    """
    environment = {**os.environ, "GRADIO_TEMP_DIR": str(tmp_path)}
    command = [sys.executable, "-c", AGED]
    ended = subprocess.run(command, check=False, cwd=ROOT, env=environment, capture_output=True, text=True)
    assert ended.returncode == 0, ended.stderr
