"""How unknown tokens are decoded, as plain values: a model's advice, a request's options, a sample's settings.

Knows nothing of torch, nets or pictures. A new mask schedule is one entry in `SCHEDULES`, a new order one in `ORDERS`
and its priority in core/decoding/order.py.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any, Self

from core.checks import choice, number, whole
from core.errors import BadRequest

if TYPE_CHECKING:
    from torch import Tensor

MASK = -1
"""The unknown token; codes begin at 0."""

NO_CLASS = -1
"""No class; class ids begin at 0."""

MOST_STEPS = 256
"""Largest T: one step per token of a 16x16 grid; T is clamped to the number of unknown tokens in any case."""

SMALLEST_SHARE = 1e-6
"""Lower bound of gamma; the original clips it to [1e-6, 1] (docs/algorithm.md, section 2, step 6)."""

Schedule = Callable[["Tensor", int], "Tensor"]
"""(progress r in [0, 1] float32, number of unknown tokens n) -> share still masked, before clipping."""

SCHEDULES: dict[str, Schedule] = {
    "cosine": lambda r, n: (math.pi / 2.0 * r).cos(),
    "linear": lambda r, n: 1.0 - r,
    "square": lambda r, n: 1.0 - r**2,
    "cubic": lambda r, n: 1.0 - r**3,
    "exponential": lambda r, n: 1.0 - (math.log2(max(n, 2)) * (r - 1.0)).exp2(),  # n = 1 would be 0 everywhere
    "square root": lambda r, n: 1.0 - r.sqrt(),
    "logarithmic": lambda r, n: -r.clamp_min(SMALLEST_SHARE).log2() / math.log2(max(n, 2)),  # n = 1 would divide by 0
    "arccos": lambda r, n: 2.0 / math.pi * r.arccos(),
    # 1 - the integral of arccos(1 - s) over s in [0, r], which is 1 at r = 1
    "arccos counts": lambda r, n: 1.0 - (1.0 - (1.0 - r) ** 2).sqrt() + (1.0 - r) * (1.0 - r).arccos(),
}
"""gamma(r) by the paper's names (Chang et al. 2022, section 3.3 and table 3; docs/algorithm.md, section 3).

`arccos` is MaskBit's reading: gamma(r) = 2/pi arccos(r) in Google's step 6. `arccos counts` is valeo v1.0's: the number
revealed in each step, not the share left, follows an arccos. Its gamma(r) is the limit of many steps and tokens;
decoding counts as valeo's code does, by `PROFILES`.
"""

PROFILES: dict[str, Callable[[Tensor], Tensor]] = {"arccos counts": lambda left: 2.0 / math.pi * left.arccos()}
"""Schedule -> relative number of tokens that each step reveals, for linspace(1, 0, T) float32.

Source: docs/algorithm.md, section 3.
"""

_ALIASES = {
    "uniform": "linear",
    "pow2": "square",
    "pow3": "cubic",
    "exp": "exponential",
    "sqrt": "square root",
    "root": "square root",
    "pow.5": "square root",
    "pow0.5": "square root",
    "log": "logarithmic",
}
"""Google's names of the schedules (docs/algorithm.md, section 3)."""

ORDERS = ("confidence", "halton", "raster")
"""Which tokens are kept at each step; raster is the sequential baseline, one token per step, whatever T is."""

RAMPS = ("constant", "linear")
"""How guidance grows over the steps."""

ANNEALS = ("next step", "this step")
"""The point at which the noise on the confidence is read at step t of T: Google reads it where the next step begins,
1 - (t + 1) / T, so the noise never has full weight; valeo reads 1 - t / (T - 1), from full to none (docs/algorithm.md,
sections 2 and 6)."""

CACHINGS = ("none", "known cells")
"""What later steps need not compute again: nothing, or what the net makes of the cells that stay (partial caching)."""

LEFT_OUT: Any = None
"""Value of a setting that nobody chose; the model's advice replaces it."""


def schedule_name(name: object) -> str:
    """Find the paper's name of a schedule; Google's names, hyphens, underscores and capitals are understood.

    Raises:
        BadRequest: if no schedule has that name.
    """
    plain = name.strip().lower().replace("-", " ").replace("_", " ") if isinstance(name, str) else ""
    plain = _ALIASES.get(plain, plain)
    if plain not in SCHEDULES:
        raise BadRequest(
            "schedule {name!r} is unknown: choose one of {choices}.", name=name, choices=", ".join(SCHEDULES)
        )
    return plain


@dataclass(frozen=True)
class Knob:
    """One decoding setting as people see it.

    Attributes:
        name: the field of `Decoding`.
        check: converts a chosen value to its plain type and range, or raises BadRequest.
        word: its name on the command line, in snake case; `name` by default.
        control: its name on the page; `name` by default, None without a control.
        title: on the sheet of a sweep; `name` in words by default.
        examples: values to sweep; None if it cannot be swept.
        choices: the names to choose from; empty for numbers.
    """

    name: str
    check: Callable[[object], Any]
    word: str = ""
    control: str | None = ""
    title: str = ""
    examples: str | None = None
    choices: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Derive missing names from the field's."""
        plain = {"word": self.name, "control": self.name, "title": self.name.replace("_", " ")}
        for attribute, name in plain.items():
            if getattr(self, attribute) == "":
                object.__setattr__(self, attribute, name)


_KNOBS = (
    Knob("schedule", schedule_name, examples="cosine, linear, square root", choices=tuple(SCHEDULES)),
    Knob("order", lambda value: choice("order", value, ORDERS), examples=", ".join(ORDERS), choices=ORDERS),
    Knob("steps", lambda value: whole("steps T", value, 1, MOST_STEPS), title="T", examples="4, 8, 12"),
    Knob("start_step", lambda value: whole("start step", value, 0, MOST_STEPS - 1), control=None),
    Knob(
        "choice_temperature",
        lambda value: number("choice temperature", value, 0.0, 100.0),
        word="temperature",
        title="temperature",
        examples="0, 2, 4.5, 8",
    ),
    Knob(
        "token_temperature",
        lambda value: number("token temperature", value, 0.01, 10.0),
        examples="0.7, 0.85, 1",
    ),
    Knob(
        "guidance_scale",
        lambda value: number("guidance scale", value, 0.0, 20.0),
        word="guidance",
        control="guidance",
        title="guidance",
        examples="1, 2, 4",
    ),
    Knob("guidance_ramp", lambda value: choice("guidance ramp", value, RAMPS), control=None, choices=RAMPS),
    Knob("anneal", lambda value: choice("anneal", value, ANNEALS), control=None, choices=ANNEALS),
    Knob("token_cooling", lambda value: number("token cooling", value, 0.1, 10.0), control=None),
    Knob("warm_up", lambda value: whole("warm-up", value, 0, MOST_STEPS), control=None),
    Knob("caching", lambda value: choice("caching", value, CACHINGS), control=None, choices=CACHINGS),
)
KNOBS = {knob.name: knob for knob in _KNOBS}
"""Every field of `Decoding` by name: command line, page, sweeps and checks read them here."""


@dataclass(frozen=True)
class Decoding:
    """How the unknown tokens are decoded.

    Attributes:
        schedule: a key of `SCHEDULES`.
        order: one of `ORDERS`.
        steps: T in 1..256; clamped to the number of unknown tokens of each pass.
        start_step: leading steps that count as done, in 0..T-1 (the official demo edits with 2 of 12).
        choice_temperature: weight of the Gumbel noise on the confidence, which falls to 0 as `anneal` says; 0..100.
        token_temperature: divides the logits when tokens are drawn; 0.01..10.
        guidance_scale: s in uncond + s (cond - uncond); 1 is off; 0..20.
        guidance_ramp: "constant", or "linear" from 1 at the first step to s at the last.
        anneal: one of `ANNEALS`.
        token_cooling: how many times colder tokens are drawn at the last step than at the first: the logits' factor
            1 / token_temperature is multiplied by a number that goes linearly from 1 to this; 0.1..10.
        warm_up: leading steps at which tokens are drawn at twice the temperature; 0..256.
        caching: one of `CACHINGS`. With "known cells" all cells go through the net at the first step and in the middle,
            at the others those of the hole alone; on processors. Logits differ a little from those without.

    Raises:
        BadRequest: on construction, for any value outside these ranges.
    """

    schedule: str = LEFT_OUT
    order: str = LEFT_OUT
    steps: int = LEFT_OUT
    start_step: int = LEFT_OUT
    choice_temperature: float = LEFT_OUT
    token_temperature: float = LEFT_OUT
    guidance_scale: float = LEFT_OUT
    guidance_ramp: str = LEFT_OUT
    anneal: str = LEFT_OUT
    token_cooling: float = LEFT_OUT
    warm_up: int = LEFT_OUT
    caching: str = LEFT_OUT

    def __post_init__(self) -> None:
        """Bring names to their canonical form and check the range of every chosen setting."""
        for knob in KNOBS.values():
            if getattr(self, knob.name) is not LEFT_OUT:
                object.__setattr__(self, knob.name, knob.check(getattr(self, knob.name)))
        if self.steps is not LEFT_OUT and self.start_step is not LEFT_OUT:
            whole("start step", self.start_step, 0, self.steps - 1)

    @staticmethod
    def standard(**chosen: Any) -> Decoding:
        """Return these settings, with standard ones for what was not chosen."""
        return Decoding(**chosen).over(STANDARD)

    @property
    def plain(self) -> dict[str, Any]:
        """The decoding settings by name, without fields that a subclass adds."""
        return {each.name: getattr(self, each.name) for each in fields(Decoding)}

    def over(self, advice: Decoding) -> Self:
        """Return the same with a model's advice for what was not chosen."""
        chosen = {
            name: advised if (own := getattr(self, name)) is LEFT_OUT else own for name, advised in advice.plain.items()
        }
        if self.start_step is LEFT_OUT:
            chosen["start_step"] = min(chosen["start_step"], max(0, chosen["steps"] - 1))
        others = {each.name: getattr(self, each.name) for each in fields(self) if each.name not in chosen}
        return type(self)(**chosen, **others)


STANDARD = Decoding("cosine", "confidence", 8, 0, 4.5, 1.0, 1.0, "constant", "next step", 1.0, 0, "none")
"""The settings of a model that advises nothing: MaskGIT's own, without guidance (docs/algorithm.md, section 2)."""
