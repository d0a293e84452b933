"""Turns an intent and the controls into edits for the engine.

Knows nothing of widgets: controls arrive as values by name. Only this module decides which values make a request.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from core import BadRequest
from core.models import ModelSpec
from core.values import KNOBS, Box, DecodeOptions, EditRequest, Mask, Painting, Sides, Start, Task, View
from editor.checks import is_whole
from editor.documents.runs import UNKNOWN, Run
from editor.documents.store import Pixels
from editor.sentences import on_page
from editor.sentences.language import say, table
from editor.wire.bits import MaskPixels
from editor.wire.intents import Intent, Origin

SHARPEN = Painting.sharpen
"""Strength of sharpening for something new, unless the control says otherwise."""
MORE_TEMPERATURES = (0.8, 0.9, 1.1, 1.2, 0.7, 1.3, 0.6, 1.4)
"""Token temperatures of "more like this", as multiples of the run's own; the nearest come first."""


def read_request(intent: Intent, values: Mapping[str, Any], spec: ModelSpec) -> EditRequest:
    """Make the edit of an intent and the controls, with all its variations.

    Args:
        intent: from `read_intent`; if it asks for more of a run, the edit is that run's own (see `more_requests`).
        values: the controls by their names in `editor.page.controls.Controls`; a missing one takes the model's advice.
        spec: the model.

    Raises:
        BadRequest: if something needed is missing or out of range.
    """
    check_page(intent.model, spec)
    if intent.origin is not None:
        return _going_on(intent.origin, values, spec)
    picture = None if intent.version is None else np.asarray(intent.version.picture.pixels())
    return build_request(
        intent.mode,
        values,
        spec,
        picture=picture,
        mask=intent.mask,
        box=intent.box,
        extend=intent.extend,
        window=intent.window,
    )


def model_id(spec: ModelSpec) -> str:
    """Return an id that distinguishes a model from all others, those of its own name included."""
    weights = repr((sorted(spec.weights.items()), spec.family, spec.pixels, spec.grid, spec.classes))
    return f"{spec.name[:200]}@{hashlib.blake2b(weights.encode(), digest_size=8).hexdigest()}"


def check_page(model: str | None, spec: ModelSpec) -> None:
    """Raise BadRequest if a page's controls, which name their model by `model_id`, are for another model."""
    if model not in (None, model_id(spec)):
        raise BadRequest(on_page.model_changed(spec.name))


def check_model(run: Run, spec: ModelSpec) -> None:
    """Raise BadRequest if another model made a run: its codes and classes mean nothing to this one."""
    if run.spec != spec:
        raise BadRequest(on_page.run_of_other_model(run.spec.name, spec.name))


def more_requests(origin: Origin, count: int) -> tuple[EditRequest, ...]:
    """Make requests like one of a run, seed included, at other token temperatures.

    Their pictures follow the model, because that is what differs between them.

    Args:
        origin: the run and its picture.
        count: number of requests, at most as many as `MORE_TEMPERATURES`.
    """
    asked = origin.run.request(origin.variation)
    painting, decoding = replace(asked.painting, follow=1.0), asked.decoding
    temperatures = [
        min(max(decoding.token_temperature * factor, 0.01), 10.0) for factor in MORE_TEMPERATURES[: max(1, count)]
    ]
    return tuple(
        replace(asked, painting=painting, decoding=replace(decoding, token_temperature=each)) for each in temperatures
    )


def pinned_request(run: Run, variation: int, pins: Mapping[int, int], spec: ModelSpec) -> EditRequest:
    """Make the request for the final tokens of a variation with some cells replaced; nothing is decoded.

    Raises:
        BadRequest: if another model made the run, its steps are not kept, or a pin is outside its hole or the
            codebook.
    """
    check_model(run, spec)
    if any(code >= spec.codebook_size for code in pins.values()):
        raise BadRequest(on_page.bad_intent("a pin with an unknown code"))
    return replace(run.request(variation), start=run.start(variation, pins=pins))


def build_request(
    mode: str,
    values: Mapping[str, Any],
    spec: ModelSpec,
    *,
    picture: Pixels | None,
    mask: MaskPixels | None = None,
    box: Box | None = None,
    extend: Sides = Sides(),
    window: Box | None = None,
) -> EditRequest:
    """Make the edit of a mode, the controls and a marked region; see `read_request`.

    Args:
        mode: a `sent.Mode`; "sweep" edits what is painted, else extends, else generates.
        values: the controls by name.
        spec: the model.
        picture: (H, W, 3 or 4) uint8, or None for "generate".
        mask: (H, W) bool, True = repaint, or uint8, share of the new picture.
        box: replaces the mask in "replace".
        extend: pixels at each side; if all are 0, the typed fields count.
        window: the square to look through, on the original picture.
    """
    class_id = read_class(values.get("class_id"), spec)
    if class_id is None and not spec.null_class and mode not in ("replace", "sweep"):
        raise BadRequest(on_page.model_needs_class(spec.name))  # a sweep may have classes for an axis
    if mode == "sweep":
        mode = "fill" if mask is not None else "extend" if any(extend) else "generate"
    decoding = read_options(values, spec, from_nothing=mode == "generate")
    if mode == "generate":
        decoding = replace(decoding, start_step=0, guided_by="auto")
        return EditRequest(class_id=class_id, painting=Painting(sharpen=read_sharpen(values)), decoding=decoding)
    if picture is None:
        raise BadRequest(on_page.nothing_open())
    if mode == "replace" and class_id is None:
        raise BadRequest(on_page.class_needed())
    region = _region(mode, mask, box, extend if any(extend) else _typed_sides(values))
    if isinstance(region, Sides) and window is not None:
        window = window.shifted(region.left, region.top)
    view = replace(read_view(values), window=window)
    return EditRequest(picture, region, class_id, view=view, painting=_painting(values), decoding=decoding)


def _region(mode: str, mask: MaskPixels | None, box: Box | None, sides: Sides) -> Mask | Box | Sides:
    """Choose the region of a mode: "extend" changes the sides, "replace" a box or a mask, "fill" a mask."""
    if mode == "extend":
        if not any(sides):
            raise BadRequest(on_page.nothing_to_extend())
        return sides
    if mode == "replace" and box is not None:
        return box
    if mask is None:
        raise BadRequest(on_page.box_needed() if mode == "replace" else on_page.mask_empty())
    return Mask(mask, new=mode == "replace")


def read_options(values: Mapping[str, Any], spec: ModelSpec, *, from_nothing: bool) -> DecodeOptions:
    """Read the decoding options from the controls; a missing control takes the model's advice for what is done."""
    standard = spec.advice(from_nothing=from_nothing)
    steps = _whole(values, "steps", standard.steps, say("page.steps"))
    numbers = {
        "choice_temperature": say("page.choice_temperature"),
        "token_temperature": say("page.token_temperature"),
        "guidance_scale": say("page.guidance"),
    }
    chosen: dict[str, Any] = {"steps": steps}
    for name, label in numbers.items():
        chosen[name] = _number(values, KNOBS[name].control or name, getattr(standard, name), label)
    for name in ("schedule", "order"):
        chosen[name] = str(values.get(name, getattr(standard, name)))
    chosen["guided_by"] = str(values.get("guided_by", "auto"))
    seed, variations = (
        _whole(values, "seed", 0, say("page.seed")),
        _whole(values, "variations", 4, say("page.variations")),
    )
    return DecodeOptions(**chosen, seed=seed, variations=variations).over(standard)


def read_view(values: Mapping[str, Any]) -> View:
    """Read the controls that decide which cells are regenerated; the browser's overlay and the plan share them."""
    standard = View()
    return View(
        context=_number(values, "context", standard.context, say("page.context")),
        coverage=min(_number(values, "coverage", standard.coverage, say("page.coverage")), 0.999),
    )


def read_sharpen(values: Mapping[str, Any]) -> float:
    """Read the strength of sharpening for something new."""
    return _number(values, "sharpen", SHARPEN, say("page.sharpen"))


def read_class(value: object, spec: ModelSpec) -> int | None:
    """Read the class of the control; -1 and None are no class."""
    if value is None or value == -1:
        return None
    if not is_whole(value, 0, len(spec.classes) - 1):
        raise BadRequest(on_page.class_unknown(value))
    return value


def decoding_values(options: DecodeOptions) -> dict[str, Any]:
    """List a request's decoding options under the names of the controls."""
    values = {knob.control: getattr(options, name) for name, knob in KNOBS.items() if knob.control}
    return {**values, "seed": options.seed}


def control_values(request: EditRequest) -> dict[str, Any]:
    """List the controls' values that make a request: the way back, for recipes and the cells of a sweep."""
    class_id = -1 if request.class_id is None else request.class_id
    decoding = request.decoding
    values = {"class_id": class_id, **decoding_values(decoding), **marking_values(request)}
    # One of several that competed: drawing it again needs all of them.
    return values if decoding.only is None else {**values, "variations": decoding.variations}


def marking_values(request: EditRequest) -> dict[str, Any]:
    """List those of `control_values` that say where and how something is repainted, whatever model paints it."""
    modes = {Task.INPAINT: "fill", Task.MANIPULATE: "replace", Task.EXTRAPOLATE: "extend", Task.GENERATE: "generate"}
    view, painting = request.view, request.painting
    values: dict[str, Any] = {"mode": modes[request.task], "sharpen": painting.sharpen}
    if request.task is Task.GENERATE:
        return values
    values |= {
        "feather": painting.feather_px,
        "coverage": view.coverage,
        "context": view.context,
        "finish": painting.finish,
        "guided_by": request.decoding.guided_by,
        "match_colour": painting.match_colour,
        "opaque": bool(painting.opaque),
    }
    if painting.follow is not None:
        values["follow"] = painting.follow
    if request.task is Task.EXTRAPOLATE:
        sides = ("extend_left", "extend_top", "extend_right", "extend_bottom")
        values |= dict(zip(sides, request.sides, strict=True))
    return values


def beyond_page(request: EditRequest, spec: ModelSpec | None) -> dict[str, Any]:
    """List the settings of a request that no control can make, by their names on the command line.

    Args:
        request: what is to be made again.
        spec: the model, whose advice stands in for a control; None if another model made it.
    """
    settings: dict[str, tuple[Any, Any]] = {}
    if spec is not None:
        advice = spec.advice(from_nothing=request.image is None)
        asked = request.decoding.over(advice)
        usual = DecodeOptions(steps=asked.steps).over(advice)
        hidden = {name: knob.title for name, knob in KNOBS.items() if knob.control is None}
        settings = {title: (getattr(asked, name), getattr(usual, name)) for name, title in hidden.items()}
    if request.image is not None:  # a new picture has no windows to plan, nothing around it and no edge
        ours = replace(request, view=View(), painting=Painting())
        settings |= {
            "grow": (request.view.grow_tokens, ours.view.grow_tokens),
            "refine": (request.view.refine, ours.view.refine),
            "detail": (request.way_of_detail, ours.way_of_detail),
            "blend": (request.painting.blend, ours.painting.blend),
        }
    return {name: value for name, (value, by_controls) in settings.items() if value != by_controls}


def _going_on(origin: Origin, values: Mapping[str, Any], spec: ModelSpec) -> EditRequest:
    check_model(origin.run, spec)
    asked = origin.run.request(origin.variation)
    if origin.how == "more":
        return asked
    if origin.how == "baseline":
        painting, decoding = replace(asked.painting, follow=1.0), replace(asked.decoding, order="raster")
        return replace(asked, start=None, painting=painting, decoding=decoding)
    if origin.how == "pins":
        return pinned_request(origin.run, origin.variation, origin.pins, spec)
    if origin.how == "branch":
        start = origin.run.start(origin.variation, step=origin.step)
    else:
        codes = pinned_request(origin.run, origin.variation, origin.pins, spec).start
        assert codes is not None
        weakest = origin.run.traced().weakest(origin.variation, origin.share, list(origin.pins))
        start = Start(np.where(weakest, UNKNOWN, codes.tokens).astype(np.int64))
    return replace(
        asked,
        class_id=read_class(values.get("class_id"), spec),
        painting=_painting(values),
        decoding=read_options(values, spec, from_nothing=asked.image is None),
        start=start,
    )


def _painting(values: Mapping[str, Any]) -> Painting:
    """Read how the hole is painted and blended in, which may differ between a run and its continuation."""
    return Painting(
        finish=str(values.get("finish", "auto")),
        follow=_number(values, "follow", 0.0, say("page.follow")) if "follow" in values else None,
        sharpen=read_sharpen(values),
        match_colour=bool(values.get("match_colour", True)),
        feather_px=_whole(values, "feather", 8, say("page.feather")),
        opaque=True if values.get("opaque") else None,  # transparent parts are filled opaque in any case
    )


def _typed_sides(values: Mapping[str, Any]) -> Sides:
    names = ("extend_left", "extend_top", "extend_right", "extend_bottom")
    return Sides(
        *(_whole(values, name, 0, label) for name, label in zip(names, table("page.sides").values(), strict=True))
    )


def _number(values: Mapping[str, Any], name: str, standard: float, label: str) -> float:
    value = values.get(name, standard)
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
        raise BadRequest(on_page.number_missing(label))
    return float(value)


def _whole(values: Mapping[str, Any], name: str, standard: int, label: str) -> int:
    value = _number(values, name, standard, label)
    if value != int(value):
        raise BadRequest(on_page.number_missing(label))
    return int(value)
