"""Everything that the dialog says which does the same with a folder; the names in braces are filled in on the page.

Knows nothing of widgets.
"""

from __future__ import annotations

OPENER = "Folder…"
TITLE = "Do the same with a folder"

WORDS = {
    "opener": OPENER,
    "title": TITLE,
    "aboutMarks": "What is marked now, with the settings as they are now, on photos of {size} px.",
    "aboutBorder": "The border that is pulled now, with the settings as they are now, on photos of any size.",
    "chooseFolder": "Choose a folder",
    "choosePhotos": "Choose photos",
    "orDrop": "or drop them here",
    "onlyBest": "Only the best variation of each",
    "photos": "Photos",
    "nothing": "Each photo is edited in a turn of its own; then all of them can be saved as one zip.",
    "progress": "{made} of {count} made, {failed} failed.",
    "waits": "waits",
    "works": "is edited",
    "made": "made",
    "failed": "failed",
    "inLine": "{before} before it",
    "start": "Start",
    "goOn": "Go on",
    "tryAgain": "Try failed ones again",
    "stop": "Stop",
    "save": "Save zip",
    "close": "Close",
    "zip": "edited",
    "stopped": "Stopped: what was made can be saved, and Go on edits the rest.",
    "full": "What was made fills a zip: save it, then press Go on for the rest.",
    "noAnswer": "The server did not answer: what was made is here, press Go on to try again.",
    "stopFirst": "A folder is being edited: stop it first.",
    "saveFirst": "What was made is not saved yet: save the zip first, then choose other photos.",
    "noPhotos": "There are no photos among these files: choose PNG, JPEG, WebP, AVIF, HEIC, TIFF or GIF files.",
    "tooMany": "These are {count} photos: choose {most} at most.",
    "otherModes": "Only what is marked on a photo can be repeated: go to Fill, Replace or Extend first.",
}
"""By the names that folder.js and repetition.js know; waits, works, made and failed are also states of a photo."""
