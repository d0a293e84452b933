"""What a hand does on the stage and what came of it: orders, drags, strokes as they should be. Knows no test."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from playwright.sync_api import Page

from tests.browser.stage_app import mask_of


def order(page: Page, **values: Any) -> None:
    page.fill("#command textarea", json.dumps(values))
    page.press("#command textarea", "Enter")


def asking(page: Page, **values: Any) -> None:
    """Give an order whose answer opens something, as a part of the page does that asks the stage first."""
    order(page, ask=page.evaluate("() => new Promise((done) => mgeStage.openWith(done))"), **values)


def settle(page: Page, mode: str | None = None, **settings: Any) -> None:
    """Choose a mode, send settings, and wait until the stage has both."""
    if mode is not None:
        page.evaluate("mode => mgeStage.setMode(mode)", mode)
        settings["mode"] = mode
    if settings.keys() - {"mode"}:
        order(page, message={"kind": "settings", **settings})
    page.wait_for_function(
        """settings => {
            const { mode, model } = __mge.state();
            return Object.entries(settings).every(([name, value]) => ({ mode, ...model })[name] === value);
        }""",
        arg=settings,
    )
    page.evaluate("document.activeElement.blur()")


def opened(page: Page, width: int, height: int) -> None:
    asking(page, open=[width, height])
    page.wait_for_function(f"__mge.state().width === {width} && __mge.state().height === {height}")
    page.evaluate("document.activeElement.blur()")


def state(page: Page) -> dict[str, Any]:
    return dict(page.evaluate("__mge.state()"))


def corner(page: Page) -> tuple[float, float]:
    box = page.evaluate("(({left, top}) => [left, top])(document.querySelector('.mge-view').getBoundingClientRect())")
    return box[0], box[1]


def client(page: Page, x: float, y: float) -> tuple[int, int]:
    """Whole client coordinates of a canvas position, about."""
    view = state(page)["view"]
    left, top = corner(page)
    return round(left + view["x"] + x * view["scale"]), round(top + view["y"] + y * view["scale"])


def canvas(page: Page, at: tuple[float, float]) -> tuple[float, float]:
    """Exact canvas position of a client position, in eighths of a pixel as the stage keeps it."""
    view = state(page)["view"]
    left, top = corner(page)
    x, y = (at[0] - left - view["x"]) / view["scale"], (at[1] - top - view["y"]) / view["scale"]
    return float(np.floor(x * 8 + 0.5) / 8), float(np.floor(y * 8 + 0.5) / 8)


def wheel(page: Page, pixels: float) -> None:
    """Turn the wheel, backwards to zoom in, and wait until the view has followed."""
    before = state(page)["view"]
    page.mouse.wheel(0, pixels)
    page.wait_for_function("before => __mge.state().view.scale !== before.scale", arg=before)


def drag(page: Page, points: list[tuple[float, float]], button: Any = "left") -> list[tuple[float, float]]:
    """Drag along canvas positions; return those that the stage really saw."""
    clients = [client(page, *point) for point in points]
    page.mouse.move(*clients[0])
    page.mouse.down(button=button)
    for at in clients[1:]:
        page.mouse.move(*at)
    page.mouse.up(button=button)
    return [canvas(page, at) for at in clients]


def distances(size: tuple[int, int], points: Sequence[tuple[float, float]]) -> NDArray[np.float64]:
    """Distance of each pixel's centre from a polyline."""
    y, x = np.mgrid[0 : size[1], 0 : size[0]] + 0.5
    nearest = np.full(x.shape, np.inf)
    for (ax, ay), (bx, by) in zip(points, points[1:] or points, strict=False):
        dx, dy = bx - ax, by - ay
        length = dx * dx + dy * dy
        t = np.clip(((x - ax) * dx + (y - ay) * dy) / length, 0, 1) if length else np.zeros_like(x)
        nearest = np.minimum(nearest, np.hypot(x - ax - t * dx, y - ay - t * dy))
    return nearest


def stroke(
    size: tuple[int, int], points: list[tuple[float, float]], radius: float
) -> tuple[NDArray[Any], NDArray[Any]]:
    """Return the analytic stroke, and which pixels lie so near its edge that rounding decides."""
    nearest = distances(size, points)
    mask = nearest <= radius
    for px, py in points:
        if 0 <= px < size[0] and 0 <= py < size[1]:
            mask[int(py), int(px)] = True
    return mask, np.abs(nearest - radius) < 1e-6


def heard(page: Page, event: str) -> dict[str, Any]:
    """Wait until Python heard an event, and return what it carried, but for the ids of question and document."""
    told = page.wait_for_function(  # and read at once: a run that streams may be heard again
        """event => {
            const told = JSON.parse(document.querySelector('#heard textarea').value || '{}');
            return told.event === event && told;
        }""",
        arg=event,
    ).json_value()
    return {name: value for name, value in told["data"].items() if name not in ("ask", "doc")}


def ran(page: Page) -> dict[str, Any]:
    """Run and return the intent that Python got, after the result is on the stage."""
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press("Enter")
    intent = heard(page, "run")
    page.wait_for_function("__mge.state().review && __mge.state().review.loaded")
    return intent


def received(page: Page) -> NDArray[np.bool_]:
    return mask_of(ran(page)["mask"])


def runs_of(mask: NDArray[np.bool_]) -> list[int]:
    flat = mask.ravel()
    edges = np.flatnonzero(np.diff(flat.astype(np.int8))) + 1
    lengths = np.diff(np.concatenate([[0], edges, [flat.size]])).tolist()
    return [0, *lengths] if flat[0] else lengths


def levels_of(wire: dict[str, Any]) -> NDArray[np.uint8]:
    """Return the (H, W) uint8 levels of a wire mask, soft or not."""
    runs = np.asarray(wire["runs"], np.int64)
    assert runs.sum() == wire["width"] * wire["height"]
    assert (runs[1:] > 0).all()
    values = np.asarray(wire["values"] if "values" in wire else np.arange(len(runs)) % 2 * 255)
    assert len(values) == len(runs)
    assert (np.diff(values) != 0).all()
    return np.repeat(values.astype(np.uint8), runs).reshape(wire["height"], wire["width"])
