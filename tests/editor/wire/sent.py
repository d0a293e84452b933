"""What a browser would send, good and bad."""

from __future__ import annotations

from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from editor.documents.document import Document

AREA = 48 * 64
FIXTURES_ARE_FIXED = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=300)

JUNK = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=6) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)


def intent(document: Document | None, **changes: Any) -> dict[str, Any]:
    """Return a good intent over the 64x48 photo, changed."""
    mask = {"width": 64, "height": 48, "runs": [100, 20, AREA - 120]}
    doc = None if document is None else document.id
    good = {
        "v": 2,
        "doc": doc,
        "mode": "fill",
        "mask": mask,
        "box": None,
        "extend": [0, 0, 0, 0],
        "window": None,
        "run": "r1",
        "from": None,
    }
    return {**good, **changes}
