"""Every sentence that a person reads on the page, apart from the core's own errors, which are sentences already.

Knows nothing of widgets. Each says what happened and what to do next; labels and hints of the controls are here too,
so that one file can be proofread.
"""

from __future__ import annotations

from collections.abc import Sequence

TITLE = "MaskGIT editor"

# labels ---------------------------------------------------------------------------------------------------------------
UPLOAD = "Open photo"
DOWNLOAD = "Download PNG"
EXPORT = "Export…"
THEME, HELP = "◐", "?"
RUN = "Run"
STOP = "Stop"
MODES = (
    ("Fill", "fill"),
    ("Replace", "replace"),
    ("Extend", "extend"),
    ("Generate", "generate"),
    ("Sweep", "sweep"),
)
MODE_HINTS = {
    "fill": "Paint what should go. Each marked cell is decoded anew from its surroundings.",
    "replace": "Drag a box and choose a class. The box becomes that class.",
    "extend": "Drag the handles, or type pixels for each side. The photo continues outwards.",
    "generate": "Choose a class. A whole picture is drawn from nothing.",
    "sweep": "One edit under every pair of settings. With nothing painted, whole pictures.",
}
CLASS = "Class"
NO_CLASS = "none"
NO_CLASS_FOUND = "No class is called that: try another word."
SCHEDULE = "Schedule"
STEPS = "Steps T"
PRESETS = (("Draft", 4), ("Balanced", 8), ("Quality", 12), ("Best", 16))
ORDER = "Order"
CHOICE_TEMPERATURE = "Choice temperature"
TOKEN_TEMPERATURE = "Token temperature"
GUIDANCE = "Guidance"
ADVISED = "Model's advice:"
SEED = "Seed"
DICE = "New"
RESET = "Reset to the model's advice"
OWN_PRESETS = "Your presets"
NO_PRESET = "Choose one …"
PRESET_NAME = "Name"
SAVE_PRESET, DROP_PRESET = "Save", "Delete"
PRESET_NAMELESS = "The settings have no name yet: type one, then save."
PRESET_SAVED = "Saved in this browser: choose it under Your presets."
PRESET_FULL = "This browser has no room for the preset: delete another one, or allow the page to keep data."
VARIATIONS = "Variations"
FOLLOW = "Follow the model"
FOLLOW_HINT = "0: the photo alone lays out a hole or border. 1: the model alone."
FINISH = "Finish"
FINISHES = (("Auto", "auto"), ("None", "none"))
FINISH_HINT = "Auto: Fill and Extend end with pixels of the photo. None: with the model's own."
FEATHER = "Feather, px"
SHARPEN = "Sharpness of what is new"
SHARPEN_HINT = "In Replace and Generate. 0: the model's own pixels."
GUIDED_BY = "Guided by"
GUIDED_WAYS = (("Auto", "auto"), ("Picture", "picture"), ("Hole", "hole"))
GUIDED_BY_HINT = "Picture: a class blends in. Hole: it stands out, in twice the time. Auto: the hole in Replace."
COVERAGE = "Coverage"
CONTEXT = "Context"
MATCH_COLOUR = "Match colour at the seam"
OPAQUE = "Make repainted pixels opaque"
SIDES = ("Left", "Top", "Right", "Bottom")
ADVANCED = "More: finish, sharpness, order"
ASPECTS = ("1:1", "4:3", "3:2", "16:9", "9:16", "3:1")
ANCHORS = (
    ("at the top left", "at the top", "at the top right"),
    ("at the left", "in the middle", "at the right"),
    ("at the bottom left", "at the bottom", "at the bottom right"),
)
ANCHOR = "The photo lies {place} of the new picture"
SHAPE = "Grow to {aspect}"
GROW_SIDES, RESET_SIDES = "+10 % each side", "Reset"
DRAWER = "Settings"
SAMPLES = "Sample photos"
TAB_EDIT, TAB_FORM = "Edit", "Form"
SWEEP_ROWS, SWEEP_COLUMNS = "Rows", "Columns"
SWEEP_ROW_VALUES, SWEEP_COLUMN_VALUES = "Values of the rows", "Values of the columns"
SWEEP_SHEET, SWEEP_CSV = "Sheet PNG", "CSV"
SWEEP_LARGE, SWEEP_SMALL = "Large", "Close"
ADOPT_SETTINGS, ADOPT_PICTURE = "Use these settings", "Take this picture"
SWEEP_EMPTY = "Press Run: the grid fills in here, cell by cell. A cell gives you its settings or its picture."
FORM_HINT = (
    "The same edit without the canvas: a picture, a mask (white = repaint), Run. Mode and settings are those of the "
    "Edit tab."
)
FORM_IMAGE, FORM_MASK, FORM_RESULT = "Picture", "Mask: PNG, white = repaint", "Result"

SUGGESTED = "Suggested"
FAVOURITE, CLASS_CHIPS = "Favourite class", "Classes"

SOURCE_LAYER = "Source"

AXES = (
    ("schedule", "schedule"),
    ("steps T", "steps"),
    ("choice temperature", "choice_temperature"),
    ("token temperature", "token_temperature"),
    ("guidance", "guidance_scale"),
    ("seed", "seed"),
    ("class", "class_id"),
)


# labels with numbers in them ------------------------------------------------------------------------------------------
def class_hint(model: str, *, needed: bool) -> str:
    """Say below the class field that a class is needed, if so."""
    return f"{model} paints with a class only: choose one before Run." if needed else ""


def no_guidance(model: str) -> str:
    """Say below the guidance that a model has none."""
    return f"{model} knows no guidance."


def variation_layer(index: int, seed: int) -> str:
    """Name the layer of a variation, counted from 0."""
    return f"Variation {index + 1}, seed {seed}"


def step_layer(number: int) -> str:
    """Name the layer of an edit, counted from 1."""
    return f"Edit {number}"


def search_among(classes: int) -> str:
    """Say what the class field searches."""
    return f"Search {classes} classes"


def revealed(tokens: Sequence[int]) -> str:
    """Say how many tokens the first and the last step reveal.

    Args:
        tokens: revealed in each step, at least one.
    """
    if len(tokens) == 1:
        return f"All {tokens[0]} tokens in one step"
    return f"{tokens[0]} token{'' if tokens[0] == 1 else 's'} in the first step, {tokens[-1]} in the last"


def revealed_in_step(step: int, tokens: int) -> str:
    """Say what one step reveals."""
    return f"step {step}: {tokens} tokens"


# what happened --------------------------------------------------------------------------------------------------------
def document_gone() -> str:
    """Say that the server no longer has the picture."""
    return "This picture is not open on the server any more: download what you need, then open it again."


def run_gone() -> str:
    """Say that a variation is not kept."""
    return "These variations are not kept any more: press Run to draw them again."


def run_of_other_size(width: int, height: int) -> str:
    """Say that a variation belongs to a picture of another size."""
    return f"These variations were made for a {width}x{height} px picture: undo back to it, or press Run again."


def version_gone() -> str:
    """Say that a version of the document is not kept."""
    return "This version is not kept any more: go to one that the history still shows."


def upload_missing() -> str:
    """Say that a file was to be opened that did not arrive."""
    return "The file did not arrive on the server: open it again."


def step_gone(step: int, last: int) -> str:
    """Say that a run has no such step."""
    return f"Step {step} of this run is not kept, it has {last}: choose one that the timeline shows."


def no_trace() -> str:
    """Say that a run's steps are not kept."""
    return "The steps of this run are not kept, because it took several windows: run one that fits into one window."


def cell_outside() -> str:
    """Say that a cell is none that the run decided."""
    return "This cell was not repainted by the run: choose one inside the hole."


def class_unknown(value: object) -> str:
    """Say that the class control holds no class."""
    return f"class {value!r} is unknown: choose one of the list, or none."


def temperature_note(temperature: float) -> str:
    """Say what sets one of "more like this" apart."""
    return f"token temperature {temperature:.2f}"


def no_draft() -> str:
    """Say that nothing of a stopped run can be kept."""
    return "There is no frame of this run to keep: press Run to start again."


def first_visit() -> str:
    """Say what the painted sample is for."""
    return "Two flowers at the edge of this sample are painted over."


def follows(share: float) -> str:
    """Say what a finished picture follows; `share` of it the model laid out, the rest the photo."""
    if share in (0, 1):
        return f"follows the {'model' if share else 'photo'}"
    return f"follows the model by {share:.0%}, the photo elsewhere"


def adopted(row: str, column: str) -> str:
    """Say that the settings of a sweep's cell are in the controls; each as "axis value"."""
    return f"The controls hold the settings of this cell, {row} and {column}: press Run to use them."


def nothing_open() -> str:
    """Say that a picture is needed."""
    return "No picture is open: open a photo or pick a sample below the canvas."


def bad_intent(what: str) -> str:
    """Say that the canvas sent something unusable."""
    return f"The canvas sent {what}: reload the page and paint again."


def mask_of_other_size(mask: str, picture: str) -> str:
    """Say that the mask does not fit the picture; both as "width x height"."""
    return f"The mask is {mask} px but the picture is {picture} px: clear the mask and paint again."


def mask_empty() -> str:
    """Say that nothing is painted."""
    return "Nothing is painted: brush over what should change, then press Run."


def nothing_transparent() -> str:
    """Say that the picture has no transparent part to select."""
    return "Nothing of this picture is transparent: what is painted stays as it is."


def nothing_selected(thing: str | None = None) -> str:
    """Say that a gesture meant nothing that can be told apart, or that a thing is not there."""
    if thing == "sky":
        return "No sky was found here: it takes a blue one along the upper edge; draw a box around another one (W)."
    if thing == "rim":
        return "No rim was found here: it takes a plain, straight one on two opposite sides; paint yours with R."
    return "Nothing here stands out from what is around: draw a box around it, or paint it with the brush."


def transparent_taken(share: float) -> str:
    """Say that the transparent part is the mask now; `share` of the picture, 0..1."""
    return f"What is transparent is selected, {100 * share:.2g} % of the picture: Run fills it, and fills it opaque."


def no_suggestions(why: str) -> str:
    """Say why no classes are suggested; `why` is a sentence without its capital."""
    return f"No suggestions: {why}"


def class_needed() -> str:
    """Say that Replace needs a class."""
    return "Replace needs a class: choose what the marked region should become."


def model_needs_class(model: str) -> str:
    """Say that a model cannot work without a class."""
    return f"{model} paints with a class only: choose one, then press Run."


def run_of_other_model(model: str, here: str) -> str:
    """Say that a run cannot be gone on from, because another model works now."""
    return f"{model} made these variations and {here} works now: choose {model} in the model menu, or press Run."


def model_changed(here: str) -> str:
    """Say that the page still shows another model's settings."""
    return f"{here} works on this server now: look at its settings, which this page fetches, then press Run."


def box_needed() -> str:
    """Say that Replace needs a region."""
    return "No region is marked: drag a box around what should be replaced."


def nothing_to_extend() -> str:
    """Say that all sides are 0."""
    return "All four sides are 0 px: drag a handle outwards or type the pixels to add."


def number_missing(label: str) -> str:
    """Say that a number field is empty or not a number."""
    return f"{label} is not a number: type one, then press Run."


def not_uploaded() -> str:
    """Say that an API argument is no file of this server."""
    return "This file was not uploaded to this server: upload it first and give what the upload returns."


def sample_unknown() -> str:
    """Say that there is no such sample."""
    return "This sample photo does not exist: pick one of those shown."


def stopped(step: int, steps: int, *, draft: bool = False) -> str:
    """Say that a run was stopped; `draft` where its last frame can be kept."""
    if step == 0:
        return "Stopped before the first step: the picture is as it was."
    if draft:
        return f"Stopped after step {step} of {steps}: the frame so far can be kept as a draft, or press Run again."
    return f"Stopped after step {step} of {steps}: your mask is kept, press Run to start again."


def nothing_running() -> str:
    """Say that nothing could be stopped."""
    return "Nothing is running: press Run to start."


def axis_values(axis: str, text: str, example: str) -> str:
    """Say that the values of a sweep axis cannot be read."""
    return f"The values {text!r} do not fit the axis {axis}: write them like {example}."


def axes_equal(axis: str) -> str:
    """Say that both axes are the same."""
    return f"Rows and columns are both {axis}: choose two different settings."


def too_many_cells(cells: int, most: int) -> str:
    """Say that a sweep is too large."""
    return f"The sweep has {cells} cells, at most {most} are drawn at once: give fewer values."


def sweep_progress(done: int, cells: int, seconds: float) -> str:
    """Say how far a sweep is."""
    return f"{done} of {cells} cells, {seconds:.1f} s."


def sweep_done() -> str:
    """Say that the grid is full."""
    return "The sweep is done: compare the cells, or save the sheet and the CSV."


def internal_error() -> str:
    """Say that something broke that is not the person's doing."""
    return "Something broke on the server and is written to its log: your picture and mask are kept, try again."


def picture_ended_its_process(*, opened: bool) -> str:
    """Say that a decoder or encoder fell, or was stopped."""
    if opened:
        return "This picture could not be opened, its decoder failed or took too long: save it again as PNG."
    return "This picture could not be written, its encoder failed or took too long: choose PNG, or a smaller picture."
