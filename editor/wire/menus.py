"""The state of the model menu for the browser: all models, the one at work, the one on its way.

Knows nothing of widgets. The browser polls it while the page is visible: the choice is for everybody, so a page must
learn of a choice made on another.
"""

from __future__ import annotations

from typing import Any

from core.models import Published
from editor.models.current import MenuState
from editor.models.shelf import Broken, Entry
from editor.sentences import about_models
from editor.wire.requests import model_id

_BYTES_OF_A_NUMBER = 4  # convert writes fp32


def menu(state: MenuState, *, fixed: bool) -> dict[str, Any]:
    """Write the menu's state as a JSON object.

    Args:
        state: the state to show.
        fixed: whether nobody may choose.
    """
    working = next((entry for entry in state.entries if entry.key == state.working), None)
    shown = [entry for entry in state.entries if not fixed or entry is working]
    progress = state.progress
    return {
        "model": model_id(state.spec),
        "working": state.working,
        "fixed": fixed,
        "models": [*(_entry(entry, state) for entry in shown), *(() if fixed else map(_broken, state.broken))],
        "progress": None
        if progress is None
        else {
            "key": progress.key,
            "stage": progress.stage,
            "share": progress.done / max(progress.total, 1) if progress.stage == "download" else None,
            "said": about_models.progress(
                progress.stage, progress.key, progress.done, progress.total, progress.seconds_left
            ),
        },
        "news": None if state.news is None else state.news._asdict(),
    }


def _entry(entry: Entry, state: MenuState) -> dict[str, Any]:
    spec, reached = entry.spec, state.reached.get(entry.key, 0)
    told: dict[str, Any] = {
        "key": entry.key,
        "group": entry.group,
        "title": spec.title,
        "facts": about_models.facts(spec.pixels, spec.grid, entry.parameters),
        "needs": "" if spec.null_class else about_models.NEEDS_CLASS,
        "licence": spec.licence,
        "short": spec.licence.partition(";")[0].partition(" (")[0].removeprefix("weights "),
        "place": _place(entry, state),
        "question": None,
        "consent": None,
        "broken": "",
    }
    if entry.published is not None and entry.here == "no":
        numbers = _BYTES_OF_A_NUMBER * entry.published.parameters
        told["consent"] = state.consents.get(entry.key)
        told["question"] = about_models.question(entry.key, entry.bytes, _sources(entry.published), numbers)
        told["order"] = (
            f"{about_models.RESUME}: {about_models.bytes_text(entry.bytes - reached)}"
            if reached
            else f"{about_models.DOWNLOAD} {about_models.bytes_text(entry.bytes)}"
        )
    return told


def _broken(folder: Broken) -> dict[str, Any]:
    """Write the line of a model folder that cannot be used, with the reason."""
    empty = dict.fromkeys(("title", "needs", "licence", "short"), "")
    told = {"key": folder.key, "group": "own", "facts": folder.why, "place": about_models.BROKEN}
    return {**empty, **told, "question": None, "consent": None, "broken": folder.why}


def _place(entry: Entry, state: MenuState) -> str:
    """Write the end of a model's line: whether it is at work, here, or to be downloaded."""
    if entry.key == state.working:
        return about_models.IN_USE
    if state.progress is not None and entry.key == state.progress.key:
        return about_models.ON_ITS_WAY
    if entry.here == "ready":
        return about_models.ON_DISK
    if entry.here == "downloaded":
        return about_models.NOT_CONVERTED
    return about_models.bytes_text(entry.bytes)


def _sources(published: Published) -> list[str]:
    places = {f"huggingface.co/{file.repo}" if file.on_hub else file.repo: None for file in published.files}
    return [place.removeprefix("https://") for place in places]
