"""The gestures over a fake engine: what each sends to the stage, and what it never does."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import gradio as gr
import numpy as np
import pytest
from numpy.typing import NDArray

from core import EditRequest, encode_png, load_engine, open_picture, read_png_text, read_recipe
from editor import axes
from editor.documents import Documents
from editor.handlers import Handlers, sample_paths
from editor.settings import SAMPLES, AppSettings
from tests.editor.fakes import SPEC, FakeEngine
from tests.editor.test_wire import AREA, intent

SKIPPED = gr.skip()


class Named(dict[str, Any]):
    """Stands in for Controls: its inputs are keyed by name already."""

    def values(self, data: dict[str, Any]) -> dict[str, Any]:
        return data


SWEEPING: Any = SimpleNamespace(axes=("rows", "row_values", "columns", "column_values"))
VALUES: dict[str, Any] = {
    "steps": 5,
    "variations": 2,
    "seed": 3,
    "class_id": -1,
    "feather": 0,
    "rows": "schedule",
    "row_values": "cosine, linear",
    "columns": "steps",
    "column_values": "2, 4, 6",
}


def visitor(name: str = "ann", path: str = "/gradio_api/queue/join", root_path: str = "") -> Any:
    """Return a request as Gradio hands it over."""
    inner = SimpleNamespace(app=SimpleNamespace(root_path=root_path), url=SimpleNamespace(path=path))
    return SimpleNamespace(session_hash=name, request=inner)


def event(data: Any) -> gr.EventData:
    """Return an event of the stage."""
    return gr.EventData(None, data)


@pytest.fixture
def engine() -> FakeEngine:
    return FakeEngine()


@pytest.fixture
def handlers(engine: Any, settings: AppSettings, documents: Documents) -> Handlers:
    return Handlers(engine, settings, documents)


@pytest.fixture
def opened(handlers: Handlers, photo: NDArray[np.uint8], tmp_path: Path) -> dict[str, Any]:
    """Return the message that opened the photo for "ann"."""
    path = tmp_path / "my photo.png"
    path.write_bytes(encode_png(photo))
    message, _ = handlers.open_upload(str(path), visitor())
    return message  # type: ignore[no-any-return]


def messages_of(stream: Iterator[tuple[Any, ...]]) -> list[dict[str, Any]]:
    """Return what the stage received."""
    return [first for first, *_ in stream if "kind" in first]


def run(
    handlers: Handlers, opened: dict[str, Any], values: dict[str, Any] = VALUES, **changes: Any
) -> list[dict[str, Any]]:
    """Run an edit of the opened photo to its end."""
    data = {**intent(None), "doc": opened["doc"], **changes}
    return messages_of(handlers.run(Named(), SWEEPING, values, event(data), visitor()))  # type: ignore[arg-type]


def path_of(url: str) -> Path:
    """Return the file that a message's url points to."""
    return Path(url.partition("/gradio_api/file=")[2])


def test_opening_tells_the_stage_all_it_needs(opened: dict[str, Any], photo: NDArray[np.uint8]) -> None:
    assert (opened["kind"], opened["name"], opened["width"], opened["height"]) == ("open", "my-photo", 64, 48)
    assert opened["model"] == {"pixels": 128, "grid": 16, "context": 2.0, "coverage": 0.0, "grow": 0}
    assert np.array_equal(open_picture(path_of(opened["url"])), photo)


def test_a_broken_file_is_a_sentence(handlers: Handlers, tmp_path: Path) -> None:
    path = tmp_path / "x.png"
    path.write_bytes(b"GIF89a nothing")
    message, download = handlers.open_upload(str(path), visitor())
    assert (message["kind"], message["level"]) == ("notice", "error")
    assert "GIF" in message["message"]
    assert download == SKIPPED


def test_run_streams_each_step_then_the_result(handlers: Handlers, engine: FakeEngine, opened: dict[str, Any]) -> None:
    *steps, result = run(handlers, opened)
    assert [(m["kind"], m["step"], m["steps"]) for m in steps] == [("step", i, 5) for i in range(1, 6)]
    assert all(len(m["urls"]) == 2 and max(map(len, m["urls"])) <= 20_000 for m in steps)
    assert all(m["urls"][0].startswith("data:image/webp;base64,") for m in steps)
    assert result["kind"] == "result"
    assert [v["seed"] for v in result["variations"]] == [3, 4]
    assert [v["changed_outside"] for v in result["variations"]] == [0, 0]
    assert engine.closed == 1


def test_result_is_a_png_that_only_changed_inside_and_knows_its_recipe(
    handlers: Handlers, opened: dict[str, Any], photo: NDArray[np.uint8]
) -> None:
    result = run(handlers, opened)[-1]
    file = path_of(result["variations"][1]["url"])
    pixels = open_picture(file)
    inside = np.zeros(AREA, np.bool_)
    inside[100:120] = True
    inside = inside.reshape(48, 64)
    assert np.array_equal(pixels[~inside], photo[~inside])
    assert not np.array_equal(pixels[inside], photo[inside])
    recipe = read_recipe(read_png_text(file.read_bytes()))
    assert recipe.model == "fake-128"
    replayed = EditRequest.from_dict(recipe.request, photo)
    assert (replayed.options.seed, replayed.options.variations) == (4, 1)


def test_a_leak_is_counted_not_hidden(settings: AppSettings, documents: Documents, tmp_path: Path, photo: Any) -> None:
    leaky: Any = FakeEngine(leak=True)
    handlers = Handlers(leaky, settings, documents)
    (tmp_path / "p.png").write_bytes(encode_png(photo))
    opened, _ = handlers.open_upload(str(tmp_path / "p.png"), visitor())
    assert [v["changed_outside"] for v in run(handlers, opened)[-1]["variations"]] == [2, 2]


def test_accept_undo_redo_show_the_right_picture(handlers: Handlers, opened: dict[str, Any]) -> None:
    result = run(handlers, opened)[-1]
    accepted, file = handlers.accept(event({"run": "r1", "variation": 1}), visitor())
    assert (accepted["kind"], accepted["url"], accepted["can_undo"]) == (
        "accepted",
        result["variations"][1]["url"],
        True,
    )
    assert Path(file) == path_of(accepted["url"])  # what is downloaded is what is shown
    undone, _ = handlers.undo(visitor())
    assert (undone["url"], undone["can_undo"], undone["can_redo"]) == (opened["url"], False, True)
    redone, _ = handlers.redo(visitor())
    assert redone["url"] == accepted["url"]


@pytest.mark.parametrize(
    "data", [{}, None, "x", {"run": "r1"}, {"run": "r1", "variation": "1"}, {"run": 5, "variation": 0}]
)
def test_accepting_nonsense_is_a_sentence(handlers: Handlers, opened: dict[str, Any], data: Any) -> None:
    run(handlers, opened)
    message, _ = handlers.accept(event(data), visitor())
    assert (message["kind"], message["level"]) == ("notice", "error")


def test_another_visitor_cannot_run_or_accept(handlers: Handlers, opened: dict[str, Any]) -> None:
    run(handlers, opened)
    stranger = visitor("bob")
    assert handlers.accept(event({"run": "r1", "variation": 0}), stranger)[0]["kind"] == "notice"
    data = {**intent(None), "doc": opened["doc"]}
    (message,) = messages_of(handlers.run(Named(), SWEEPING, VALUES, event(data), stranger))  # type: ignore[arg-type]
    assert message["level"] == "error"


def test_extend_says_where_the_old_picture_lies(handlers: Handlers, opened: dict[str, Any]) -> None:
    *steps, result = run(handlers, opened, mode="extend", mask=None, extend=[64, 0, 0, 16])
    assert (steps[0]["canvas"], steps[0]["offset"]) == ([128, 64], [64, 0])
    assert [v["changed_outside"] for v in result["variations"]] == [0, 0]
    accepted, _ = handlers.accept(event({"run": "r1", "variation": 0}), visitor())
    assert (accepted["width"], accepted["height"], accepted["offset"]) == (128, 64, [64, 0])
    assert handlers.undo(visitor())[0]["offset"] == [-64, 0]


def test_generate_works_without_a_picture(handlers: Handlers) -> None:
    data = intent(None, mode="generate", mask=None)
    *_, result = messages_of(handlers.run(Named(), SWEEPING, VALUES, event(data), visitor()))  # type: ignore[arg-type]
    accepted, _ = handlers.accept(event({"run": "r1", "variation": 1}), visitor())
    assert (result["canvas"], accepted["width"], accepted["can_undo"]) == ([128, 128], 128, False)


def test_stopping_closes_the_engine_and_says_how_far(
    handlers: Handlers, engine: FakeEngine, opened: dict[str, Any]
) -> None:
    data = {**intent(None), "doc": opened["doc"]}
    stream = handlers.run(Named(), SWEEPING, VALUES, event(data), visitor())  # type: ignore[arg-type]
    next(stream)
    next(stream)
    stopped = handlers.stop(visitor())
    stream.close()
    assert (stopped["kind"], stopped["run"]) == ("stopped", "r1")
    assert "step 2 of 5" in stopped["message"]
    assert engine.closed == 1
    assert handlers.stop(visitor())["kind"] == "notice"


def test_a_crash_is_an_apology_and_the_next_run_works(
    handlers: Handlers, engine: FakeEngine, opened: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: Any, **__: Any) -> Any:
        raise ZeroDivisionError

    monkeypatch.setattr(engine, "stream", broken)
    (message,) = run(handlers, opened)
    assert (message["kind"], message["level"]) == ("notice", "error")
    assert "log" in message["message"]
    monkeypatch.undo()
    assert run(handlers, opened)[-1]["kind"] == "result"


def test_plan_equals_the_engines(handlers: Handlers, engine: FakeEngine, opened: dict[str, Any]) -> None:
    answer = handlers.plan(
        {**intent(None), "doc": opened["doc"], "mode": "extend", "mask": None, "extend": [70, 0, 0, 0]}
    )
    assert answer["passes"] == len(answer["windows"]) == len(answer["cells"]) > 0
    assert answer["unknown_tokens"] == sum(bin(int(cells, 16)).count("1") for cells in answer["cells"])
    assert answer["seconds"] > 0
    json.dumps(answer)
    assert handlers.plan({"v": 2})["windows"] == []


def test_sweep_fills_cell_by_cell_and_leaves_two_files(handlers: Handlers, opened: dict[str, Any]) -> None:
    data = {**intent(None), "doc": opened["doc"], "mode": "sweep"}
    told = list(handlers.run(Named(), SWEEPING, VALUES, event(data), visitor()))  # type: ignore[arg-type]
    grids = [grid for _, grid, _, _ in told if isinstance(grid, str)]
    assert [grid.count("<img") for grid in grids] == list(range(7))
    assert all("linear" in grid and "T 6" in grid for grid in grids)
    sheet, csv = next((s, c) for _, _, s, c in told if getattr(s, "value", None))
    assert open_picture(Path(sheet.value["path"] if isinstance(sheet.value, dict) else sheet.value)).shape[2] == 3
    table = Path(csv.value["path"] if isinstance(csv.value, dict) else csv.value).read_text("utf-8")
    assert len(table.splitlines()) == 7


def test_a_sweep_of_equal_axes_is_a_sentence(handlers: Handlers, opened: dict[str, Any]) -> None:
    (message,) = run(handlers, opened, {**VALUES, "columns": "schedule"}, mode="sweep")
    assert "both schedule" in message["message"]


@pytest.mark.parametrize(
    ("root_path", "path", "prefix"),
    [
        ("", "/gradio_api/queue/join", ""),
        ("", "/tools/edit/gradio_api/queue/join", "/tools/edit"),
        ("/behind/proxy", "/gradio_api/queue/join", "/behind/proxy"),
        ("https://host.example/behind", "/gradio_api/queue/join", "/behind"),
    ],
)
def test_urls_carry_the_path_prefix(
    handlers: Handlers, photo: NDArray[np.uint8], tmp_path: Path, root_path: str, path: str, prefix: str
) -> None:
    (tmp_path / "p.png").write_bytes(encode_png(photo))
    message, _ = handlers.open_upload(str(tmp_path / "p.png"), visitor(path=path, root_path=root_path))
    assert message["url"].startswith(f"{prefix}/gradio_api/file=/")


def test_api_opens_only_uploads(handlers: Handlers, tmp_path: Path) -> None:
    outside = tmp_path / "private.png"
    outside.write_bytes(encode_png(np.zeros((20, 20, 3), np.uint8)))
    with pytest.raises(gr.Error, match="not uploaded"):
        handlers.extend({"path": str(outside)}, left=8)  # type: ignore[arg-type]


def test_every_sample_opens(handlers: Handlers) -> None:
    paths = sample_paths(SAMPLES)
    assert len(paths) >= 10
    assert sum(path.stat().st_size for path in paths) < 3_000_000
    message, _ = handlers.open_sample(event({"index": 0}), visitor())
    assert message["kind"] == "open"
    assert handlers.open_sample(event({"index": 99}), visitor())[0]["level"] == "error"
    told = (SAMPLES / "CREDITS.md").read_text("utf-8")
    assert all(path.name in told for path in paths)


def test_example_values_of_every_axis_can_be_read() -> None:
    examples = axes.examples(SPEC)
    for name, text in examples.items():
        other = "seed" if name != "seed" else "steps"
        grid = axes.read_axes((name, text, other, examples[other]), SPEC, most_cells=64)
        assert len(grid.values[name]) == len(text.split(","))


def test_the_real_engine_takes_what_the_page_sends(
    tiny_model: Path, settings: AppSettings, documents: Documents, photo: NDArray[np.uint8], tmp_path: Path
) -> None:
    handlers = Handlers(load_engine(folder=tiny_model, device="cpu", dtype="fp32"), settings, documents)
    (tmp_path / "p.png").write_bytes(encode_png(photo))
    opened, _ = handlers.open_upload(str(tmp_path / "p.png"), visitor())
    for changes in (
        {},
        {"mode": "extend", "mask": None, "extend": [9, 0, 0, 5]},
        {"mode": "generate", "mask": None},
    ):
        *steps, result = run(handlers, opened, **changes)
        assert steps
        assert steps[0]["kind"] == "step"
        assert [v["changed_outside"] for v in result["variations"]] == [0, 0]
    data = {**intent(None), "doc": opened["doc"], "mode": "sweep"}
    told = list(handlers.run(Named(), SWEEPING, VALUES, event(data), visitor()))  # type: ignore[arg-type]
    assert max(grid.count("<img") for _, grid, _, _ in told if isinstance(grid, str)) == 6
    intents = {**intent(None), "doc": opened["doc"], "mode": "extend", "mask": None, "extend": [9, 0, 0, 5]}
    assert handlers.plan(intents)["windows"]
