"""Every sentence about files that come or go: recipes in pictures, projects, exports.

Knows nothing of widgets; the page's other sentences are in on_page.py.
"""

from __future__ import annotations

from collections.abc import Mapping

from editor.sentences.language import listed_with_and, say


def photo_of_other_size(photo: str, marked: str) -> str:
    """Say that what is marked on one picture fits no other; sizes as "width x height"."""
    return say("files.photo_of_other_size", photo=photo, marked=marked)


def recipe_of_earlier_version() -> str:
    """Say that a picture was drawn before fills and borders were finished."""
    return say("files.recipe_of_earlier_version")


def recipe_of_other_finish() -> str:
    """Say that a picture was finished in another way than now."""
    return say("files.recipe_of_other_finish")


def recipe_restored() -> str:
    """Say that a picture brought its settings along."""
    return say("files.recipe_restored")


def recipe_restored_in_part() -> str:
    """Say that a picture brought its settings along, some of which the page does not have."""
    return say("files.recipe_restored_in_part")


def recipe_beyond_page(settings: Mapping[str, object]) -> str:
    """Say which settings of a picture the page does not have."""
    listed = listed_with_and([f"{name} {value}" for name, value in settings.items()])
    return say("files.recipe_beyond_page", settings=listed)


def recipe_of_other_weights() -> str:
    """Say that the model of that name has learnt more since."""
    return say("files.recipe_of_other_weights")


def recipe_of_other_model(model: str, here: str) -> str:
    """Say that a picture brought its mask along, but settings of another model."""
    return say("files.recipe_of_other_model", model=model[:60], here=here)


def recipe_unreadable(why: str) -> str:
    """Say that a picture opened without its settings, and why; `why` is a sentence."""
    return say("files.recipe_unreadable", why=why)


def project_opened(name: str, versions: int) -> str:
    """Say that a project was opened."""
    return say("files.project_opened", name=name, count=versions)


def project_foreign() -> str:
    """Say that a zip is none of ours."""
    return say("files.project_foreign")


def project_too_large(megabytes: float, most: float) -> str:
    """Say that a project is too large unpacked."""
    return say("files.project_too_large", megabytes=megabytes, most=most)


def project_too_many(entries: int, most: int) -> str:
    """Say that a zip has too many entries."""
    return say("files.project_too_many", entries=entries, most=most)


def project_odd_name(name: str) -> str:
    """Say that a zip holds a file that no project has."""
    return say("files.project_odd_name", name=name[:60])


def project_damaged() -> str:
    """Say that a project cannot be read."""
    return say("files.project_damaged")


def project_newer(version: object) -> str:
    """Say that a project has another format."""
    return say("files.project_newer", version=str(version)[:20])


def state_too_large(megabytes: float, most: float) -> str:
    """Say that the stage's state is too large for a project."""
    return say("files.state_too_large", megabytes=megabytes, most=most)


def export_flattened(kind: str) -> str:
    """Say that transparency was lost in a format."""
    return say("files.export_flattened", kind=kind)


def export_changed(kind: str, levels: int) -> str:
    """Say that a format changes pixels, and by how much."""
    return say("files.export_changed", kind=kind, levels=levels)


def export_without_recipe(kind: str) -> str:
    """Say that the recipe did not fit."""
    return say("files.export_without_recipe", kind=kind)


def export_resized(width: int, height: int) -> str:
    """Say that a file is smaller than the picture."""
    return say("files.export_resized", width=width, height=height)


def export_scaled(width: int, height: int) -> str:
    """Say that both pictures side by side were made smaller."""
    return say("files.export_scaled", width=width, height=height)


def export_needs_change(*, straightened: bool) -> str:
    """Say that before and after are the same."""
    if straightened:
        return say("files.export_after_straightening")
    return say("files.export_needs_change")


def export_needs_run() -> str:
    """Say that a film needs a run."""
    return say("files.export_needs_run")


def no_photoshop() -> str:
    """Say that this server writes no Photoshop files."""
    return say("files.no_photoshop")


def format_unknown() -> str:
    """Say that an export format is unknown."""
    return say("files.format_unknown")
