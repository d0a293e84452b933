"""What the browser is told of the settings that it keeps."""

from __future__ import annotations

import gc
import json
import warnings
from dataclasses import replace

import gradio as gr
import pytest

from core.values import FOLLOW
from editor.page import controls, keeping
from editor.page.controls import BLENDING, Inspector
from tests.editor.fakes import OTHER, SPEC

OF_THE_PICTURE = {"variations", "feather", "coverage", "context", "match_colour", "opaque"} | {
    *("finish", "sharpen", "guided_by")
}
"""Reset by the model's advice, but the same for every model."""


@pytest.fixture(scope="module")
def placed() -> Inspector:
    """The inspector over the fake model."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)  # Blocks opens event loops and leaves them to the collector
        with gr.Blocks():
            made = controls.inspector(SPEC)
        gc.collect()
    return made


def test_everything_but_the_border_is_kept(placed: Inspector) -> None:
    kept = keeping.kept_settings(placed.controls, placed.sweep)
    left_out = set(placed.controls._fields) - set(kept)
    assert left_out == {"extend_left", "extend_top", "extend_right", "extend_bottom"}
    assert {kept[name] for name in kept if name.startswith("sweep_")} == set(placed.sweep.axes)
    assert set(kept) > keeping.ADVISED


def test_the_advice_is_the_models_and_within_its_own_bounds(placed: Inspector) -> None:
    kept = keeping.kept_settings(placed.controls, placed.sweep)
    described = keeping.describe(kept, SPEC)
    json.dumps(described)
    by_name = {setting["name"]: setting for setting in described}
    assert list(by_name) == list(kept)
    assert by_name["steps"]["advice"] == SPEC.defaults.steps
    assert by_name["guidance"]["advice"] == SPEC.defaults.guidance_scale
    assert by_name["class_id"]["choices"] == [-1, 0, 1, 2, 3]
    assert by_name["mode"]["choices"] == ["fill", "replace", "extend", "generate", "sweep"]  # keys 1 to 5
    other = {setting["name"]: setting for setting in keeping.describe(kept, OTHER)}
    assert (other["steps"]["advice"], other["schedule"]["advice"], other["order"]["advice"]) == (12, "arccos", "halton")
    assert other["class_id"]["choices"] == [-1, 0, 1]
    assert (by_name["follow"]["advice"], other["follow"]["advice"]) == (FOLLOW, OTHER.follow)
    assert {name for name in kept if other[name]["own"]} == keeping.ADVISED - OF_THE_PICTURE | {"class_id"}
    separate = {name: setting for name, setting in by_name.items() if "tasks" in setting}
    strong = SPEC.defaults.guidance_scale
    assert separate["guidance"]["tasks"] == {
        task: strong if task in ("replace", "generate") else min(2, strong)
        for task in ("fill", "replace", "extend", "generate")
    }
    assert set(separate) == keeping.OF_EACH_MODE
    assert (by_name["class_id"]["carried"], other["class_id"]["carried"]) == (False, True)
    for setting in described:
        if "choices" in setting:
            assert setting["advice"] in setting["choices"]
        if "low" in setting:
            assert setting["low"] <= setting["advice"] <= setting["high"]


def test_generate_has_the_advice_for_pictures_from_nothing(placed: Inspector) -> None:
    advice = {"guidance_scale": 3.0, "guidance_ramp": "linear", "token_temperature": 0.7}
    spec = replace(SPEC, defaults=replace(SPEC.defaults, guidance_scale=5.0), from_nothing=advice)
    described = keeping.describe(keeping.kept_settings(placed.controls, placed.sweep), spec)
    tasks = {setting["name"]: setting.get("tasks") for setting in described}
    assert tasks["guidance"] == {"fill": BLENDING, "replace": 5.0, "extend": BLENDING, "generate": 3.0}
    assert tasks["token_temperature"] == {**dict.fromkeys(("fill", "replace", "extend"), 1.0), "generate": 0.7}
    assert tasks["steps"] is None
    assert [setting["grows"] for setting in described if "grows" in setting] == [["generate"]]
