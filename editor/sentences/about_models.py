"""Every sentence about models: labels of the menu, and the results of a choice.

Knows nothing of widgets; the page's other sentences are in on_page.py.
"""

from __future__ import annotations

from collections.abc import Sequence

# labels ---------------------------------------------------------------------------------------------------------------
MENU = "Model"
GROUPS = {
    "bundled": "Bundled",
    "own": "Your own",
    "published": "Published, best on a GPU",
}
SHARED = "One model works for everybody who uses this server: choosing another changes it for all of them."
FIXED = "This server keeps to one model."
DUPLICATE = "Duplicate this Space to choose yours."
IN_USE, ON_ITS_WAY, ON_DISK, NOT_CONVERTED = "in use", "on its way", "on disk", "on disk, not converted"
BROKEN = "cannot be used"
NEEDS_CLASS = "needs a class"
LICENCE = "Licence"
DOWNLOAD, RESUME, BACK, CANCEL = "Download", "Go on", "Not now", "Cancel"
NUMBERS = {
    "float32": "32-bit numbers",
    "float32 packed": "32-bit numbers, its weights packed for speed",
    "bfloat16": "16-bit numbers (bf16)",
    "float16": "16-bit numbers (fp16)",
}
"""How the number formats of recipes are called."""
STAGES = {
    "download": "Downloading {model}",
    "convert": "Converting {model}, once",
    "load": "Loading {model}",
}


# labels with numbers in them ------------------------------------------------------------------------------------------
def bytes_text(count: float) -> str:
    """Write a file size for people."""
    return f"{count / 1e9:.2f} GB" if count >= 1e9 / 2 else f"{count / 1e6:.0f} MB"


def parameters_text(count: int) -> str:
    """Write the number of a model's parameters."""
    return f"{count / 1e6:.1f} M" if count < 1e8 else f"{count / 1e6:.0f} M"


def facts(pixels: int, grid: int, parameters: int | None = None) -> str:
    """Describe a model in short."""
    parts = [f"{pixels} px", f"{grid}×{grid} cells"]
    return " · ".join(parts if parameters is None else [*parts, f"{parameters_text(parameters)} parameters"])


def computes(model: str, device: str, numbers: str, threads: int) -> str:
    """Say how the model at work computes; `numbers` is a number format as recipes call it."""
    chip = "processor" if device == "cpu" else "GPU"
    said = f"{model} computes on the {chip} in {NUMBERS.get(numbers, numbers)}"
    each = f"each variation on {threads} thread{'' if threads == 1 else 's'}"
    return f"{said}, {each}." if device == "cpu" else f"{said}."


def question(name: str, size: int, sources: Sequence[str], converted: int) -> str:
    """Ask whether a model shall be downloaded."""
    return (
        f"{name} is {bytes_text(size)} from {' and '.join(sources)}; converted once, it takes {bytes_text(converted)} "
        "more. You can go on working meanwhile."
    )


def progress(stage: str, name: str, done: int, total: int, seconds_left: float | None) -> str:
    """Say how far the next model is."""
    said = STAGES[stage].format(model=name)
    if stage != "download":
        return f"{said} …"
    parts = [f"{bytes_text(done)} of {bytes_text(total)}", f"{100 * done / max(total, 1):.0f} %"]
    if seconds_left is not None:
        left = f"{seconds_left / 60:.0f} min" if seconds_left >= 90 else f"{max(seconds_left, 1):.0f} s"
        parts.append(f"about {left} left")
    return f"{said}: {', '.join(parts)}"


# what happened --------------------------------------------------------------------------------------------------------
def works(model: str) -> str:
    """Say that a swap is done."""
    return f"{model} works now: its schedule, steps and guidance are in the controls."


def cancelled(model: str, here: str) -> str:
    """Say that the next model is not wanted any more."""
    return f"{model} was cancelled and {here} goes on: choose it again to go on where it stopped."


def failed(model: str, here: str, why: str) -> str:
    """Say that the next model could not be had; `why` is a sentence."""
    return f"{here} goes on, {model} could not be had: {why}"


def not_converted(model: str, status: int) -> str:
    """Say that the conversion ended without an explanation; `status` below 0 is the signal that ended it."""
    room = f"make room in memory and on disk, then choose {model} again"
    return f"its files could not be converted (exit status {status}): {room}."


def disk_refuses(path: object, why: str | None) -> str:
    """Say that a file cannot be written or read."""
    return f"{path or 'the disk'} cannot be used ({why or 'unknown reason'}): make room or set HF_HOME, then try again."


def fixed(here: str) -> str:
    """Say that nobody may choose."""
    return f"This server keeps to {here}: start an editor of your own to choose another model."


def unknown(key: object) -> str:
    """Say that there is no such model."""
    return f"There is no model {str(key)[:60]!r} here any more: choose one that the menu shows."


def not_agreed(model: str, size: int, licence: str) -> str:
    """Say that a download needs a yes."""
    return f"{model} is not on disk: agree to download {bytes_text(size)} under {licence} first."


def under_way(model: str) -> str:
    """Say that one model is on its way already."""
    return f"{model} is on its way: cancel it first, or wait until it works."
