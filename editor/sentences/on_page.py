"""Every sentence that a person reads on the page, apart from the core's own errors, which are sentences already.

Knows nothing of widgets. Each says what happened and what to do next; labels and hints of the controls are here too,
so that one file can be proofread.
"""

from __future__ import annotations

from collections.abc import Sequence

from editor.sentences.language import called, say


# labels with numbers in them ------------------------------------------------------------------------------------------
def class_hint(model: str, *, needed: bool) -> str:
    """Say below the class field that a class is needed, if so."""
    return say("page.class_hint", model=model) if needed else ""


def no_guidance(model: str) -> str:
    """Say below the guidance that a model has none."""
    return say("page.no_guidance", model=model)


def variation_layer(index: int, seed: int) -> str:
    """Name the layer of a variation, counted from 0."""
    return say("page.variation_layer", number=index + 1, seed=seed)


def step_layer(number: int) -> str:
    """Name the layer of an edit, counted from 1."""
    return say("page.step_layer", number=number)


def search_among(classes: int) -> str:
    """Say what the class field searches."""
    return say("page.search_among", classes=classes)


def revealed(tokens: Sequence[int]) -> str:
    """Say how many tokens the first and the last step reveal.

    Args:
        tokens: revealed in each step, at least one.
    """
    if len(tokens) == 1:
        return say("page.revealed_at_once", count=tokens[0])
    return say("page.revealed", count=tokens[0], last=tokens[-1])


def revealed_in_step(step: int, tokens: int) -> str:
    """Say what one step reveals."""
    return say("page.revealed_in_step", step=step, tokens=tokens)


# what happened --------------------------------------------------------------------------------------------------------
def document_gone() -> str:
    """Say that the server no longer has the picture."""
    return say("page.document_gone")


def run_gone() -> str:
    """Say that a variation is not kept."""
    return say("page.run_gone")


def run_of_other_size(width: int, height: int) -> str:
    """Say that a variation belongs to a picture of another size."""
    return say("page.run_of_other_size", width=width, height=height)


def version_gone() -> str:
    """Say that a version of the document is not kept."""
    return say("page.version_gone")


def upload_missing() -> str:
    """Say that a file was to be opened that did not arrive."""
    return say("page.upload_missing")


def step_gone(step: int, last: int) -> str:
    """Say that a run has no such step."""
    return say("page.step_gone", step=step, last=last)


def no_trace() -> str:
    """Say that a run's steps are not kept."""
    return say("page.no_trace")


def cell_outside() -> str:
    """Say that a cell is none that the run decided."""
    return say("page.cell_outside")


def class_unknown(value: object) -> str:
    """Say that the class control holds no class."""
    return say("page.class_unknown", value=value)


def temperature_note(temperature: float) -> str:
    """Say what sets one of "more like this" apart."""
    return say("page.temperature_note", temperature=temperature)


def no_draft() -> str:
    """Say that nothing of a stopped run can be kept."""
    return say("page.no_draft")


def first_visit() -> str:
    """Say what the painted sample is for."""
    return say("page.first_visit")


def follows(share: float) -> str:
    """Say what a finished picture follows; `share` of it the model laid out, the rest the photo."""
    if share in (0, 1):
        return say("page.follows_model") if share else say("page.follows_photo")
    return say("page.follows", share=share)


def adopted(row: str, column: str) -> str:
    """Say that the settings of a sweep's cell are in the controls; each as "axis value"."""
    return say("page.adopted", row=row, column=column)


def nothing_open() -> str:
    """Say that a picture is needed."""
    return say("page.nothing_open")


def bad_intent(what: str) -> str:
    """Say that the canvas sent something unusable."""
    return say("page.bad_intent", what=called("sent", what))


def mask_of_other_size(mask: str, picture: str) -> str:
    """Say that the mask does not fit the picture; both as "width x height"."""
    return say("page.mask_of_other_size", mask=mask, picture=picture)


def mask_empty() -> str:
    """Say that nothing is painted."""
    return say("page.mask_empty")


def nothing_transparent() -> str:
    """Say that the picture has no transparent part to select."""
    return say("page.nothing_transparent")


def nothing_selected(thing: str | None = None) -> str:
    """Say that a gesture meant nothing that can be told apart, or that a thing is not there."""
    if thing == "sky":
        return say("page.no_sky")
    if thing == "rim":
        return say("page.no_rim")
    return say("page.nothing_selected")


def transparent_taken(share: float) -> str:
    """Say that the transparent part is the mask now; `share` of the picture, 0..1."""
    return say("page.transparent_taken", percent=100 * share)


def no_suggestions(why: str) -> str:
    """Say why no classes are suggested; `why` is a sentence without its capital."""
    return say("page.no_suggestions", why=why)


def class_needed() -> str:
    """Say that Replace needs a class."""
    return say("page.class_needed")


def model_needs_class(model: str) -> str:
    """Say that a model cannot work without a class."""
    return say("page.model_needs_class", model=model)


def run_of_other_model(model: str, here: str) -> str:
    """Say that a run cannot be gone on from, because another model works now."""
    return say("page.run_of_other_model", model=model, here=here)


def model_changed(here: str) -> str:
    """Say that the page still shows another model's settings."""
    return say("page.model_changed", here=here)


def box_needed() -> str:
    """Say that Replace needs a region."""
    return say("page.box_needed")


def nothing_to_extend() -> str:
    """Say that all sides are 0."""
    return say("page.nothing_to_extend")


def number_missing(label: str) -> str:
    """Say that a number field is empty or not a number."""
    return say("page.number_missing", label=label)


def not_uploaded() -> str:
    """Say that an API argument is no file of this server."""
    return say("page.not_uploaded")


def sample_unknown() -> str:
    """Say that there is no such sample."""
    return say("page.sample_unknown")


def stopped(step: int, steps: int, *, draft: bool = False) -> str:
    """Say that a run was stopped; `draft` where its last frame can be kept."""
    if step == 0:
        return say("page.stopped_at_once")
    if draft:
        return say("page.stopped_with_draft", step=step, steps=steps)
    return say("page.stopped", step=step, steps=steps)


def nothing_running() -> str:
    """Say that nothing could be stopped."""
    return say("page.nothing_running")


def axis_values(axis: str, text: str, example: str) -> str:
    """Say that the values of a sweep axis cannot be read."""
    return say("page.axis_values", text=text, axis=axis, example=example)


def axes_equal(axis: str) -> str:
    """Say that both axes are the same."""
    return say("page.axes_equal", axis=axis)


def too_many_cells(cells: int, most: int) -> str:
    """Say that a sweep is too large."""
    return say("page.too_many_cells", cells=cells, most=most)


def sweep_progress(done: int, cells: int, seconds: float) -> str:
    """Say how far a sweep is."""
    return say("page.sweep_progress", done=done, cells=cells, seconds=seconds)


def sweep_done() -> str:
    """Say that the grid is full."""
    return say("page.sweep_done")


def internal_error() -> str:
    """Say that something broke that is not the person's doing."""
    return say("page.internal_error")


def picture_ended_its_process(*, opened: bool) -> str:
    """Say that a decoder or encoder fell, or was stopped."""
    if opened:
        return say("page.decoder_ended")
    return say("page.encoder_ended")
