"""One function for each gesture, a file for each kind of gesture.

Knows nothing of the layout; the functions return messages for the stage, values for the controls, and files. At this
edge the core's errors become their sentence for the person, anything else is logged and becomes an apology, and nothing
that was painted is ever touched.

    opening    the first picture, a sample, an upload, the picture of the last visit; leaving
    masking    a file, or what is transparent, as the mask
    selecting  the object in a box or under a scribble, like colours around a point
    planning   a changed setting of the overlay; the cells that a run would regenerate
    running    run, stop, keep the draft of a stopped run
    repeating  the same edit on another picture, as of a folder
    waiting    a run's place in the line, before its turn
    sweeping   a run under every pair of settings; adopting one of its cells
    reviewing  accept a variation, go to a version, frame one anew, look into a cell
    exporting  a file of any format
    choosing   another model, for everybody; fitting the page to the one at work
    suggesting classes that the picture may show, for models that need one
    api        the form, and the functions that programs call
    calls      what programs ask over plain HTTP, every step of it
"""

from __future__ import annotations

from core.models import ModelSpec
from editor.documents.visitors import Documents
from editor.handlers.api import Api
from editor.handlers.calls import Calls
from editor.handlers.choosing import Choosing
from editor.handlers.desk import Desk
from editor.handlers.exporting import Exporting
from editor.handlers.masking import Masking
from editor.handlers.opening import Opening, sample_paths
from editor.handlers.planning import Planning
from editor.handlers.reviewing import Reviewing
from editor.handlers.running import Running
from editor.handlers.selecting import Selecting
from editor.handlers.suggesting import Suggesting
from editor.handlers.sweeping import Sweeping
from editor.models.current import Models
from editor.settings import AppSettings

__all__ = ["Handlers", "sample_paths"]


class Handlers:
    """All gestures, over the server's models and all visitors' documents; each attribute is a file of this folder."""

    def __init__(self, models: Models, settings: AppSettings, documents: Documents) -> None:
        desk = Desk(models, settings, documents)
        self.opening = Opening(desk)
        self.masking = Masking(desk)
        self.selecting = Selecting(desk)
        self.planning = Planning(desk)
        self.sweeping = Sweeping(desk)
        self.running = Running(desk, self.sweeping)
        self.reviewing = Reviewing(desk)
        self.exporting = Exporting(desk)
        self.choosing = Choosing(desk)
        self.suggesting = Suggesting(desk)
        self.api = Api(desk)
        self.calls = Calls(desk)
        self._desk = desk

    @property
    def spec(self) -> ModelSpec:
        """The model at work."""
        return self._desk.engine.spec
