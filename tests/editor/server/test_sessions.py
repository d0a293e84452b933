"""A tab begins as Gradio would begin it, and what is changed in one is changed in no other."""

from __future__ import annotations

import gc
import warnings

import gradio as gr
import pytest
from gradio.state_holder import SessionState

from editor.server.sessions import Sessions


@pytest.fixture
def page() -> gr.Blocks:
    """A page with a part, and a state of one visitor's own."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)  # Blocks opens event loops and leaves them to the collector
        with gr.Blocks() as built:
            gr.Textbox("said", label="Words")
            gr.State([1])
        gc.collect()
    return built


def test_a_tab_begins_as_gradio_begins_it(page: gr.Blocks) -> None:
    begun, own = vars(Sessions(page)["a"]), vars(SessionState(page))
    assert begun.keys() == own.keys()
    for name, value in own.items():
        if name == "blocks_config":
            assert vars(begun[name]) == vars(value)
        else:
            assert begun[name] == value, name


def test_nothing_is_shared_that_gradio_changes(page: gr.Blocks) -> None:
    sessions = Sessions(page)
    first, second = sessions["a"], sessions["b"]
    words, number = (
        next(key for key, block in page.blocks.items() if isinstance(block, kind)) for kind in (gr.Textbox, gr.State)
    )
    first._update_value_in_config(words, "changed")
    first[words] = gr.Textbox("other", render=False)
    first[number].append(2)
    assert second.config_values[words]["props"]["value"] == "said"
    assert second[words] is page.blocks[words]
    assert second[number] == [1]
    assert sessions["c"].config_values[words]["props"]["value"] == "said"
    assert sessions["a"] is first
