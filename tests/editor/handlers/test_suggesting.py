"""Suggested classes: for models that need one, of what is visible, and never a complaint."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from core import BadRequest, CheckpointError, CoreError
from core.engine.suggestions import Suggestion
from core.pictures import encode_png
from editor.documents.visitors import Documents
from editor.handlers import Handlers, suggesting
from editor.models.current import Models
from editor.settings import AppSettings
from tests.editor.fakes import OTHER, FakeEngine
from tests.editor.handlers.visits import visitor
from tests.editor.wire.sent import intent


class Classifier:
    """Finds the second class, then the first; keeps what it was shown."""

    def __init__(self) -> None:
        self.shown: list[NDArray[np.bool_]] = []
        self.fails: CoreError | None = None

    def __call__(
        self, recogniser: object, image: NDArray[np.uint8], mask: NDArray[np.bool_], count: int
    ) -> tuple[Suggestion, ...]:
        assert (image.shape[:2], recogniser, count >= 2) == (mask.shape, "its recogniser", True)
        self.shown.append(mask)
        if self.fails is not None:
            raise self.fails
        return Suggestion(1, 0.7), Suggestion(0, 0.2)


@pytest.fixture
def classifier(monkeypatch: pytest.MonkeyPatch) -> Classifier:
    """Takes the place of the real one."""
    found = Classifier()
    monkeypatch.setattr(suggesting, "suggest_classes", found)
    return found


@pytest.fixture
def needy(settings: AppSettings, documents: Documents) -> Handlers:
    """Gestures over a model that paints with a class only."""
    engine: Any = FakeEngine(spec=OTHER)
    engine.recogniser = "its recogniser"
    return Handlers(Models(engine, settings), settings, documents)


@pytest.fixture
def asked(needy: Handlers, photo: NDArray[np.uint8], tmp_path: Path) -> Callable[..., dict[str, Any]]:
    """Opens the photo; returns what makes an intent on it."""
    (tmp_path / "p.png").write_bytes(encode_png(photo))
    opened = needy.opening.open_upload(str(tmp_path / "p.png"), visitor()).message
    assert opened is not None
    return lambda **changes: {**intent(None), "doc": opened["doc"], **changes}


def test_what_is_marked_is_not_looked_at(
    needy: Handlers, classifier: Classifier, asked: Callable[..., dict[str, Any]]
) -> None:
    assert needy.suggesting.suggest(asked()) == {"ids": [1, 0], "said": ""}
    needy.suggesting.suggest(asked(mask=None))
    needy.suggesting.suggest(asked(mode="replace", mask=None, box=[2, 3, 12, 23]))
    assert [int(mask.sum()) for mask in classifier.shown] == [20, 0, 200]


def test_what_is_missing_is_one_sentence(
    needy: Handlers, classifier: Classifier, asked: Callable[..., dict[str, Any]]
) -> None:
    classifier.fails = CheckpointError("it is damaged: fetch it again.")
    assert needy.suggesting.suggest(asked()) == {
        "ids": [],
        "said": "No suggestions: it is damaged: fetch it again.",
    }
    classifier.fails = BadRequest("none of these classes is known.")
    assert needy.suggesting.suggest(asked()) == {"ids": [], "said": ""}


@pytest.mark.parametrize("sent", [None, {}, [], {"v": 2}])
def test_a_foreign_question_has_an_empty_answer(needy: Handlers, classifier: Classifier, sent: Any) -> None:
    assert needy.suggesting.suggest(sent) == {"ids": [], "said": ""}
    assert not classifier.shown


def test_a_model_that_needs_no_class_suggests_none(
    handlers: Handlers, opened: dict[str, Any], classifier: Classifier
) -> None:
    assert handlers.suggesting.suggest({**intent(None), "doc": opened["doc"]}) == {"ids": [], "said": ""}
    assert not classifier.shown
