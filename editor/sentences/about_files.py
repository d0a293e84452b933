"""Every sentence about files that come or go: recipes in pictures, projects, exports.

Knows nothing of widgets; the page's other sentences are in on_page.py.
"""

from __future__ import annotations

from collections.abc import Mapping


def photo_of_other_size(photo: str, marked: str) -> str:
    """Say that what is marked on one picture fits no other; sizes as "width x height"."""
    return (
        f"The photo is {photo} px and the marks are for {marked} px: choose photos of that size, or a border (Extend), "
        "which fits any."
    )


def recipe_of_earlier_version() -> str:
    """Say that a picture was drawn before fills and borders were finished."""
    return (
        "The settings of this picture are restored. An earlier version drew it, without a finish: Finish is None now, "
        "as it was then; choose Auto for pixels of the photo."
    )


def recipe_of_other_finish() -> str:
    """Say that a picture was finished in another way than now."""
    return "The settings of this picture are restored. Another version finished it: Run will give it other pixels."


def recipe_restored() -> str:
    """Say that a picture brought its settings along."""
    return "The settings of this picture are restored: press Run to draw it again, or change them first."


def recipe_restored_in_part() -> str:
    """Say that a picture brought its settings along, some of which the page does not have."""
    return "The settings of this picture are restored as far as this page has them."


def recipe_beyond_page(settings: Mapping[str, object]) -> str:
    """Say which settings of a picture the page does not have."""
    listed = " and ".join(f"{name} {value}" for name, value in settings.items())
    return f"It was drawn with {listed}, for which there is no control: python -m core edit --replay FILE draws it so."


def recipe_of_other_weights() -> str:
    """Say that the model of that name has learnt more since."""
    return (
        "The settings of this picture are restored. It was drawn by other weights of this model, so that Run draws "
        "another picture."
    )


def recipe_of_other_model(model: str, here: str) -> str:
    """Say that a picture brought its mask along, but settings of another model."""
    return (
        f"The picture and its mask are here, but it was made with {model[:60]} and {here} works now: Run draws it with "
        f"{here}, or choose {model[:60]} in the model menu and open the picture again."
    )


def recipe_unreadable(why: str) -> str:
    """Say that a picture opened without its settings, and why; `why` is a sentence."""
    return f"The picture is open, but not the settings in it: {why}"


def project_opened(name: str, versions: int) -> str:
    """Say that a project was opened."""
    return f"{name} is open with {versions} version{'' if versions == 1 else 's'}."


def project_foreign() -> str:
    """Say that a zip is none of ours."""
    return "This zip is no project of this editor: open one that Export, Project wrote."


def project_too_large(megabytes: float, most: float) -> str:
    """Say that a project is too large unpacked."""
    return f"The project holds {megabytes:.0f} MB, at most {most:.0f} MB are opened: export single pictures instead."


def project_too_many(entries: int, most: int) -> str:
    """Say that a zip has too many entries."""
    return f"The zip has {entries} entries, a project has at most {most}: open one that Export, Project wrote."


def project_odd_name(name: str) -> str:
    """Say that a zip holds a file that no project has."""
    return f"The zip holds {name[:60]!r}, which no project of this editor has: open one that Export, Project wrote."


def project_damaged() -> str:
    """Say that a project cannot be read."""
    return "The project is damaged or was changed by hand: open another copy of it."


def project_newer(version: object) -> str:
    """Say that a project has another format."""
    return f"The project has format {str(version)[:20]}, this editor reads 1: open it with the editor that wrote it."


def state_too_large(megabytes: float, most: float) -> str:
    """Say that the stage's state is too large for a project."""
    return f"The history on the canvas takes {megabytes:.0f} MB, a project holds {most:.0f} MB: clear some of it first."


def export_flattened(kind: str) -> str:
    """Say that transparency was lost in a format."""
    return f"{kind} holds no transparency: clear pixels are white in this file. Choose PNG or WebP to keep them."


def export_changed(kind: str, levels: int) -> str:
    """Say that a format changes pixels, and by how much."""
    return f"{kind} changes pixels everywhere, by up to {levels} of 255 levels. PNG, or WebP at 100, keeps all of them."


def export_without_recipe(kind: str) -> str:
    """Say that the recipe did not fit."""
    return f"The settings and mask are too large for a {kind}'s comment and are left out: choose PNG to keep them."


def export_resized(width: int, height: int) -> str:
    """Say that a file is smaller than the picture."""
    return f"This file is {width}x{height} px and leaves out the settings, which belong to the whole picture."


def export_scaled(width: int, height: int) -> str:
    """Say that both pictures side by side were made smaller."""
    return f"Both pictures were made smaller: together they are {width}x{height} px."


def export_needs_change(*, straightened: bool) -> str:
    """Say that before and after are the same."""
    if straightened:
        return "Before and after begin anew where a picture was straightened: edit it first, then export both."
    return "There is no before and after yet: edit a picture first, then export both side by side."


def export_needs_run() -> str:
    """Say that a film needs a run."""
    return "A timeline film shows the steps of one run: press Run first, then export the film of a result."


def no_photoshop() -> str:
    """Say that this server writes no Photoshop files."""
    return (
        "This server writes no PSD: export OpenRaster, or say pip install -r requirements-psd.txt and start it again."
    )


def format_unknown() -> str:
    """Say that an export format is unknown."""
    return "This format is unknown: choose PNG, JPEG, WebP, GIF, OpenRaster or Project."
