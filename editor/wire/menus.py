"""The state of the model menu for the browser: all models, the one at work, the one on its way.

Knows nothing of widgets. The browser polls it while the page is visible: the choice is for everybody, so a page must
learn of a choice made on another.
"""

from __future__ import annotations

from typing import Any

from core.models import Published
from editor.models.current import MenuState, Progress
from editor.models.shelf import Broken, Entry
from editor.sentences import about_models
from editor.sentences.language import say, translated
from editor.wire import told
from editor.wire.requests import model_id

_BYTES_OF_A_NUMBER = 4  # convert writes fp32


def menu(state: MenuState, *, fixed: bool, refused: str | None = None) -> dict[str, Any]:
    """Write the menu's state as a JSON object.

    Args:
        state: the state to show.
        fixed: whether nobody may choose.
        refused: the reason why the last choice was impossible, if it was.
    """
    working = next((entry for entry in state.entries if entry.key == state.working), None)
    shown = [entry for entry in state.entries if not fixed or entry is working]
    return told.Menu(
        model=model_id(state.spec),
        working=state.working,
        fixed=fixed,
        models=[*(_entry(entry, state) for entry in shown), *(() if fixed else map(_broken, state.broken))],
        progress=None if state.progress is None else _progress(state.progress),
        news=None if state.news is None else told.MenuNews(**state.news._asdict()),
        computes=state.computes,
        refused=refused,
    ).plain


def _progress(progress: Progress) -> told.MenuProgress:
    done, total = progress.done, progress.total
    return told.MenuProgress(
        key=progress.key,
        stage=progress.stage,
        share=done / max(total, 1) if progress.stage == "download" else None,
        said=about_models.progress(progress.stage, progress.key, done, total, progress.seconds_left),
    )


def _entry(entry: Entry, state: MenuState) -> told.MenuModel:
    spec = entry.spec
    line = told.MenuModel(
        key=entry.key,
        group=entry.group,
        title=spec.title,
        facts=about_models.facts(spec.pixels, spec.grid, entry.parameters),
        needs="" if spec.null_class else say("models.needs_class"),
        licence=spec.licence,
        short=spec.licence.partition(";")[0].partition(" (")[0].removeprefix("weights "),
        place=_place(entry, state),
        question=None,
        consent=None,
        broken="",
    )
    if entry.published is None or entry.here != "no":
        return line
    numbers = _BYTES_OF_A_NUMBER * entry.published.parameters
    asked = {
        "consent": state.consents.get(entry.key),
        "question": about_models.question(entry.key, entry.bytes, _sources(entry.published), numbers),
        "order": _order(entry.bytes, state.reached.get(entry.key, 0)),
    }
    return line.model_copy(update=asked)


def _order(size: int, reached: int) -> str:
    """Write the button that starts a download, or goes on with one that was stopped."""
    if reached:
        return say("models.resume", size=about_models.bytes_text(size - reached))
    return say("models.download", size=about_models.bytes_text(size))


def _broken(folder: Broken) -> told.MenuModel:
    """Write the line of a model folder that cannot be used, with the reason."""
    why = translated(folder.why)
    return told.MenuModel(
        key=folder.key,
        group="own",
        title="",
        facts=why,
        needs="",
        licence="",
        short="",
        place=say("models.broken"),
        question=None,
        consent=None,
        broken=why,
    )


def _place(entry: Entry, state: MenuState) -> str:
    """Write the end of a model's line: whether it is at work, here, or to be downloaded."""
    if entry.key == state.working:
        return say("models.in_use")
    if state.progress is not None and entry.key == state.progress.key:
        return say("models.on_its_way")
    if entry.here == "ready":
        return say("models.on_disk")
    if entry.here == "downloaded":
        return say("models.not_converted_yet")
    return about_models.bytes_text(entry.bytes)


def _sources(published: Published) -> list[str]:
    places = {f"huggingface.co/{file.repo}" if file.on_hub else file.repo: None for file in published.files}
    return [place.removeprefix("https://") for place in places]
