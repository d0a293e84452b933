"""Values from outside are read, or refused in a sentence."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given

from core import BadRequest
from editor.checks import read_state
from tests.editor.wire.sent import JUNK


@given(junk=JUNK)
def test_junk_is_a_state_or_a_bad_request(junk: Any) -> None:
    with suppress(BadRequest):
        assert read_state(junk) == junk


def test_the_states_depth_is_bounded() -> None:
    state: dict[str, Any] = {}
    for _ in range(40):
        state = {"inner": [state]}
    with pytest.raises(BadRequest, match="deeply"):
        read_state(state)
    assert read_state({"a": [{"b": 1}]}) == {"a": [{"b": 1}]}
