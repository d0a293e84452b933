"""Every sentence that a person reads on the page, apart from the core's own errors, which are sentences already.

Knows nothing of widgets. Each says what happened and what to do next; labels and hints of the controls are here too,
so that one file can be proofread.
"""

from __future__ import annotations

TITLE = "MaskGIT editor"

# labels ---------------------------------------------------------------------------------------------------------------
UPLOAD = "Open photo"
DOWNLOAD = "Download PNG"
RUN = "Run"
STOP = "Stop"
MODES = (("Fill", "fill"), ("Replace", "replace"), ("Extend", "extend"), ("Generate", "generate"))
MODE_HINTS = {
    "fill": "Paint what should go. Each marked cell is decoded anew from its surroundings.",
    "replace": "Drag a box and choose a class. The box becomes that class.",
    "extend": "Drag the handles, or type pixels for each side. The photo continues outwards.",
    "generate": "Choose a class. A whole picture is drawn from nothing.",
}
CLASS = "Class"
NO_CLASS = "none"
SCHEDULE = "Schedule"
STEPS = "Steps T"
PRESETS = (("Draft", 4), ("Balanced", 8), ("Quality", 12))
ORDER = "Order"
CHOICE_TEMPERATURE = "Choice temperature"
TOKEN_TEMPERATURE = "Token temperature"
GUIDANCE = "Guidance"
SEED = "Seed"
DICE = "⚄"
VARIATIONS = "Variations"
FEATHER = "Feather, px"
GROW = "Grow, cells"
COVERAGE = "Coverage"
CONTEXT = "Context"
MATCH_COLOUR = "Match colour at the seam"
OPAQUE = "Make repainted pixels opaque"
SIDES = ("Left", "Top", "Right", "Bottom")
ADVANCED = "Decoding and blending"
SAMPLES = "Sample photos"
TAB_EDIT, TAB_SWEEP, TAB_FORM = "Edit", "Sweep", "Form"
SWEEP_RUN = "Run sweep"
SWEEP_ROWS, SWEEP_COLUMNS, SWEEP_VALUES = "Rows", "Columns", "Values, comma separated"
SWEEP_SHEET, SWEEP_CSV = "Sheet PNG", "CSV"
SWEEP_HINT = (
    "One edit under every pair of settings. Paint on the photo first; with nothing painted, whole pictures are "
    "generated. All other settings are those of the Edit tab."
)
SWEEP_EMPTY = "The grid fills in here, cell by cell."
FORM_HINT = (
    "The same edit without the canvas: a picture, a mask (white = repaint), Run. Mode and settings are those of the "
    "Edit tab."
)
FORM_IMAGE, FORM_MASK, FORM_RESULT = "Picture", "Mask: PNG, white = repaint", "Result"

AXES = (
    ("schedule", "schedule"),
    ("steps T", "steps"),
    ("choice temperature", "choice_temperature"),
    ("token temperature", "token_temperature"),
    ("guidance", "guidance_scale"),
    ("seed", "seed"),
    ("class", "class_id"),
)


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


def nothing_to_undo() -> str:
    """Say that no accepted result is left to undo."""
    return "This is the picture as it was opened: there is no accepted result to undo."


def nothing_to_redo() -> str:
    """Say that no undone result is left."""
    return "There is no undone result: redo brings back what undo took away."


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


def class_needed() -> str:
    """Say that Replace needs a class."""
    return "Replace needs a class: choose what the marked region should become."


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


def stopped(step: int, steps: int) -> str:
    """Say that a run was stopped."""
    if step == 0:
        return "Stopped before the first step: the picture is as it was."
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
