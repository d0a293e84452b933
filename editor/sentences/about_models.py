"""Every sentence about models: labels of the menu, and the results of a choice.

Knows nothing of widgets; the page's other sentences are in on_page.py.
"""

from __future__ import annotations

from collections.abc import Sequence

from editor.sentences.language import listed_with_and, say, table


# labels with numbers in them ------------------------------------------------------------------------------------------
def bytes_text(count: float) -> str:
    """Write a file size for people."""
    return (
        say("models.gigabytes", count=count / 1e9) if count >= 1e9 / 2 else say("models.megabytes", count=count / 1e6)
    )


def parameters_text(count: int) -> str:
    """Write the number of a model's parameters."""
    if count < 1e8:
        return say("models.parameters_small", millions=count / 1e6)
    return say("models.parameters", millions=count / 1e6)


def facts(pixels: int, grid: int, parameters: int | None = None) -> str:
    """Describe a model in short."""
    said = say("models.facts", pixels=pixels, grid=grid)
    return said if parameters is None else f"{said} · {parameters_text(parameters)}"


def computes(model: str, device: str, numbers: str, threads: int) -> str:
    """Say how the model at work computes; `numbers` is a number format as recipes call it."""
    numbers = table("models.numbers").get(numbers, numbers)
    if device == "cpu":
        return say("models.computes_on_cpu", model=model, numbers=numbers, count=threads)
    return say("models.computes_on_gpu", model=model, numbers=numbers)


def question(name: str, size: int, sources: Sequence[str], converted: int) -> str:
    """Ask whether a model shall be downloaded."""
    listed = listed_with_and(sources)
    return say("models.question", name=name, size=bytes_text(size), sources=listed, converted=bytes_text(converted))


def progress(stage: str, name: str, done: int, total: int, seconds_left: float | None) -> str:
    """Say how far the next model is."""
    said = table("models.stages")[stage].format(model=name)
    if stage != "download":
        return f"{said} …"
    percent = 100 * done / max(total, 1)
    parts = [say("models.progress", done=bytes_text(done), total=bytes_text(total), percent=percent)]
    if seconds_left is not None:
        left = f"{seconds_left / 60:.0f} min" if seconds_left >= 90 else f"{max(seconds_left, 1):.0f} s"
        parts.append(say("models.left", time=left))
    return f"{said}: {', '.join(parts)}"


# what happened --------------------------------------------------------------------------------------------------------
def works(model: str) -> str:
    """Say that a swap is done."""
    return say("models.works", model=model)


def cancelled(model: str, here: str) -> str:
    """Say that the next model is not wanted any more."""
    return say("models.cancelled", model=model, here=here)


def failed(model: str, here: str, why: str) -> str:
    """Say that the next model could not be had; `why` is a sentence."""
    return say("models.failed", here=here, model=model, why=why)


def not_converted(model: str, status: int) -> str:
    """Say that the conversion ended without an explanation; `status` below 0 is the signal that ended it."""
    return say("models.not_converted", model=model, status=status)


def disk_refuses(path: object, why: str | None) -> str:
    """Say that a file cannot be written or read."""
    place, reason = path or say("models.the_disk"), why or say("models.unknown_reason")
    return say("models.disk_refuses", place=place, reason=reason)


def fixed(here: str) -> str:
    """Say that nobody may choose."""
    return say("models.fixed", here=here)


def unknown(key: object) -> str:
    """Say that there is no such model."""
    return say("models.unknown", key=str(key)[:60])


def not_agreed(model: str, size: int, licence: str) -> str:
    """Say that a download needs a yes."""
    return say("models.not_agreed", model=model, size=bytes_text(size), licence=licence)


def under_way(model: str) -> str:
    """Say that one model is on its way already."""
    return say("models.under_way", model=model)
