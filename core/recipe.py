"""The recipe inside every PNG: the model and the request that made it.

Knows nothing of files: text in, text out. Replaying a recipe on the same source picture gives the same bytes.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from core.checks import whole
from core.errors import BadRequest
from core.models.config import ModelSpec
from core.plumbing.json_text import json_object
from core.values.finishing import FINISH_WAY
from core.values.request import EditRequest
from core.values.saved import save_request

RECIPE_KEY = "maskgit-editor"
"""PNG text key of the machine-readable recipe."""

READABLE_KEY = "parameters"
"""PNG text key of one line for people."""

_FORMAT = 2  # raised for every change that earlier editors cannot read; format 1 had requests of the first version
_MOST_THREADS = 1024  # that a recipe from outside may ask for: more than a machine has
_MOST_WAYS = 1 << 16  # likewise of ways of finishing: a way is a small number


@dataclass(frozen=True)
class Machine:
    """What the last bits of a picture depend on, beside request and weights.

    Attributes:
        device: kind of device: "cpu", "cuda", "mps" or "xpu".
        dtype: number format of the nets, e.g. "float32".
        threads: number among which each product was divided, on a CPU; 1 where samples went side by side.
    """

    device: str
    dtype: str
    threads: int


@dataclass(frozen=True)
class Recipe:
    """The recipe of a PNG.

    Attributes:
        model: name of the model.
        weights: sha256 of each weight file by name.
        request: JSON values for `core.values.saved.load_request`.
        machine: that made it; None if the recipe does not say.
        finish: `FINISH_WAY` at that time; the first recipes did not say.
    """

    model: str
    weights: Mapping[str, str]
    request: Mapping[str, Any]
    machine: Machine | None = None
    finish: int = 1

    @property
    def knew_finishes(self) -> bool:
        """Whether its request says how pictures end; the first requests could not."""
        return "version" in self.request or "finish" in self.request

    @property
    def of_this_finish(self) -> bool:
        """Whether a finish of its request gives the same picture today."""
        return self.finish == FINISH_WAY

    def of_weights(self, spec: ModelSpec) -> bool:
        """Tell whether a model's weight files are those that drew the picture."""
        return all(spec.weights.get(name) == digest for name, digest in self.weights.items())


def recipe_text(
    spec: ModelSpec, request: EditRequest, variation: int = 0, *, machine: Machine | None = None
) -> dict[str, str]:
    """Write the PNG text entries from which one variation's exact picture can be made again.

    Args:
        spec: the model.
        request: with all its variations.
        variation: its index.
        machine: that drew it, as `Engine.machine` tells; a replay needs it to give the same bytes.
    """
    alone = request.advised(spec).single(variation)
    options = alone.decoding
    begun = "" if alone.start is None else f", going on from codes at step {alone.start.step}"
    asked = "none" if alone.class_id is None else spec.classes[alone.class_id]
    plain = {"format": _FORMAT, "model": spec.name, "weights": spec.weights, "request": save_request(alone)}
    if alone.is_finished:
        plain["finish"] = FINISH_WAY
    if machine is not None:
        plain["machine"] = asdict(machine)
    readable = (
        f"{alone.task.value}, class {asked}, {options.schedule} schedule, T {options.steps}, {options.order} order, "
        f"guidance {options.guidance_scale:g}, temperature {options.choice_temperature:g}, seed {options.drawn_seed}, "
        f"model {spec.name}{begun}"
    )
    return {RECIPE_KEY: json.dumps(plain, separators=(",", ":")), READABLE_KEY: readable}


def read_recipe(text: Mapping[str, str]) -> Recipe:
    """Read the recipe among a PNG's text entries.

    Raises:
        BadRequest: if there is none, or it cannot be read.
    """
    if RECIPE_KEY not in text:
        raise BadRequest("this PNG carries no recipe: choose one that this editor wrote and nobody re-saved.")
    try:
        plain = json_object(text[RECIPE_KEY])
        if plain["format"] not in (1, _FORMAT):
            raise BadRequest(
                "recipe has format {format}, this editor reads 1 and 2: use a newer editor.", format=plain["format"]
            )
        machine = None if plain.get("machine") is None else _machine(plain["machine"])
        way = whole("finish", plain.get("finish", 1), 1, _MOST_WAYS)
        return Recipe(str(plain["model"]), dict(plain["weights"]), dict(plain["request"]), machine, way)
    except (ValueError, KeyError, TypeError) as error:
        if isinstance(error, BadRequest):
            raise
        raise BadRequest(
            "recipe cannot be read ({error}): the file was changed after this editor wrote it.", error=error
        ) from error


def _machine(saved: Mapping[str, Any]) -> Machine:
    return Machine(str(saved["device"]), str(saved["dtype"]), whole("threads", saved["threads"], 1, _MOST_THREADS))
