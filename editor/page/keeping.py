"""Which controls the browser keeps between visits, and what it needs to restore them.

Knows nothing of how the browser keeps them, or of how the controls are placed.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import gradio as gr

from core.models import ModelSpec
from core.values import KNOBS, followed
from editor.page.controls import Controls, SweepControls, advised_for

ADVISED = frozenset(
    (
        *(knob.control for knob in KNOBS.values() if knob.control),
        *("variations", "feather", "coverage", "context", "match_colour", "opaque"),
        *("follow", "finish", "sharpen", "guided_by"),
    )
)
"""The settings that "Reset to the model's advice" resets: how, not what."""

OF_EACH_MODE = frozenset(("class_id", "token_temperature", "guidance"))
"""The settings of which every mode has its own."""

_TASKS = ("fill", "replace", "extend", "generate")

Setting = gr.Radio | gr.Dropdown | gr.Slider | gr.Number | gr.Checkbox | gr.Textbox | gr.HTML
"""A control whose value the browser keeps."""


def kept_settings(placed: Controls, sweep: SweepControls) -> dict[str, Setting]:
    """List the controls whose values the browser keeps; Extend's pixels belong to the picture and are left out."""
    names = ("rows", "row_values", "columns", "column_values")
    kept: dict[str, Setting] = {
        name: control for name, control in placed._asdict().items() if not name.startswith("extend_")
    }
    swept: tuple[Setting, ...] = sweep.axes
    kept.update({f"sweep_{name}": control for name, control in zip(names, swept, strict=True)})
    return kept


def describe(kept: Mapping[str, Setting], spec: ModelSpec) -> list[dict[str, Any]]:
    """Describe settings for the browser before it restores them: advice and bounds, as JSON objects.

    Settings with `own` belong to the model: values kept for another model are ignored. Of those with `tasks`, the
    advice for each, every mode has its own value; `carried` ones stay where a mode has none. `grows` lists the tasks
    in which the guidance is that of the last step and begins at 1.

    Args:
        kept: from `kept_settings`.
        spec: the model whose advice and classes are meant.
    """
    advice = {knob.control: getattr(spec.defaults, name) for name, knob in KNOBS.items() if knob.control}
    advice |= {"class_id": -1, "follow": followed(spec.follow)}
    suited = {task: {"class_id": -1, **advised_for(spec, task)} for task in _TASKS}
    separate: dict[str, dict[str, Any]] = {
        name: {"tasks": {task: values[name] for task, values in suited.items()}} for name in OF_EACH_MODE
    }
    separate["class_id"]["carried"] = not spec.null_class
    separate["guidance"]["grows"] = [task for task in _TASKS if _grows(spec, task)]
    return [
        {
            "name": name,
            "advice": advice.get(name, control.value),
            "own": name in advice,
            **_bounds(control, len(spec.classes)),
            **separate.get(name, {}),
        }
        for name, control in kept.items()
    ]


def _grows(spec: ModelSpec, task: str) -> bool:
    return spec.advice(from_nothing=task == "generate").guidance_ramp != "constant"


def _bounds(control: Setting, classes_count: int) -> dict[str, Any]:
    if isinstance(control, (gr.Radio, gr.Dropdown)):
        return {"choices": [choice[1] for choice in control.choices]}
    if isinstance(control, (gr.Slider, gr.Number)):
        return {"low": control.minimum, "high": control.maximum}
    if isinstance(control, gr.HTML):
        return {"choices": list(range(-1, classes_count))}
    return {}
