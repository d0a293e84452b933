"""Edits for programs over plain HTTP: every step, then every variation as a PNG with its recipe.

Knows nothing of HTTP: whoever runs `Calls.drawn` has a turn among the programs. Of a call nothing is kept afterwards.
"""

from __future__ import annotations

import tempfile
from collections.abc import Generator, Iterator
from contextlib import closing
from dataclasses import dataclass
from typing import IO, Any, NamedTuple

from core import Engine, recipe_text
from core.values import EditRequest, EditResult, Finishing, Preview
from editor.documents import export
from editor.handlers.desk import Desk
from editor.handlers.filled import asked_by, values_of
from editor.handlers.forms import ManyExtended, ManyFilled, ManyGenerated, ManyReplaced
from editor.server.darkroom import encode_png
from editor.server.heap import give_back
from editor.server.turns import LOOK_S, Turns

_MOST_FILE = 2**28
"""Bytes that are read of a picture; core refuses smaller ones, by their kind."""


class Kind(NamedTuple):
    """A call: the mode of the page that does the same, and the form that a program fills in."""

    mode: str
    form: type


CALLS = {
    "inpaint": Kind("fill", ManyFilled),
    "replace": Kind("replace", ManyReplaced),
    "extend": Kind("extend", ManyExtended),
    "generate": Kind("generate", ManyGenerated),
}
"""The calls by their names."""


class Sign(NamedTuple):
    """A sign of progress: its name, and what a program is told of it, as JSON values."""

    name: str
    data: dict[str, Any]


class File(NamedTuple):
    """Where a PNG lies in `Drawn.file`, and the seed that draws it."""

    start: int
    size: int
    seed: int


@dataclass(frozen=True)
class Drawn:
    """All pictures of a call.

    Attributes:
        file: their PNGs, one after another; it has no name and is gone when it is closed.
        pictures: the place of each.
        best_first: their indices.
        model: name of the model.
        told: sentences about what was done otherwise than asked.
        seconds: of the whole edit.
    """

    file: IO[bytes]
    pictures: tuple[File, ...]
    best_first: tuple[int, ...]
    model: str
    told: tuple[str, ...]
    seconds: float

    def pieces(self, index: int, most: int) -> Iterator[bytes]:
        """Read a picture's PNG in pieces of `most` bytes, the last one excepted."""
        start, size, _ = self.pictures[index]
        for place in range(start, start + size, most):
            self.file.seek(place)
            yield self.file.read(min(most, start + size - place))

    @property
    def sign(self) -> Sign:
        """What a program is told before the pictures come."""
        return Sign(
            "result",
            {
                "variations": len(self.pictures),
                "seeds": [each.seed for each in self.pictures],
                "best_first": [index + 1 for index in self.best_first],
                "model": self.model,
                "seconds": round(self.seconds, 3),
                "told": list(self.told),
            },
        )


class Calls:
    """The calls of programs."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    @property
    def turns(self) -> Turns:
        """Turns of programs, which bound the pictures in memory: take one before `drawn`."""
        return self._desk.programs

    def drawn(
        self, name: str, form: object, visitor: str, *, shown: bool
    ) -> Generator[Sign | Drawn | None, None, None]:
        """Draw what a filled form asks for; closing the generator cancels it.

        Args:
            name: of `CALLS`.
            form: that call's own.
            visitor: who takes the turn at the engine.
            shown: whether signs are wanted.

        Yields:
            None while it waits for its turn; a `Sign` (None where none is wanted, or nothing is new) before the first
            step and after every one; then one `Drawn`.

        Raises:
            CoreError: if the form cannot be carried out.
        """
        engine, mode = self._desk.engine, CALLS[name].mode
        values = values_of(form, engine.spec)
        image, mask = (_content(values.get(each)) for each in ("image", "mask"))
        asked, told = asked_by(mode, values, engine.spec, image, mask, boxed=mode == "replace")
        turn = self._desk.turns.wait(visitor, self._desk.expected(asked, engine.expected_steps(asked)))
        try:
            while not turn.come(LOOK_S):
                yield None
            yield _begun(engine, asked, told) if shown else None
            last: Sign | None = None
            result: EditResult | None = None
            with closing(engine.stream(asked, preview_budget_s=0.1 if shown else 0.0)) as stream:  # type: ignore[type-var]
                for item in stream:
                    if isinstance(item, EditResult):
                        result = item
                        continue
                    sign = _sign(item) if shown else None
                    yield None if sign == last else sign  # most signs of a finish are signs of life alone
                    last = sign
            if result is not None:
                self._desk.turns.leave(turn)  # the nets draw for others while the pictures are written
                yield _written(engine, asked, result, told)
        finally:
            self._desk.turns.leave(turn)
            give_back()


def _content(file: IO[bytes] | None) -> bytes | None:
    """Read a file now, and not when it came: those who wait keep theirs on disk."""
    return None if file is None else file.read(_MOST_FILE)


def _begun(engine: Engine, asked: EditRequest, told: tuple[str, ...]) -> Sign:
    decoding = asked.decoding
    facts = {"task": asked.task.value, "model": engine.spec.name, "told": list(told)}
    return Sign("begin", {**facts, "variations": decoding.variations, "seed": decoding.seed, "steps": decoding.steps})


def _sign(item: Preview | Finishing) -> Sign:
    if isinstance(item, Finishing):
        return Sign("finishing", {"share": round(item.share, 3)})
    previews = [export.preview_url(image) for image in item.images]
    return Sign("step", {"step": item.step, "steps": item.steps, "window": list(item.window), "previews": previews})


def _written(engine: Engine, asked: EditRequest, result: EditResult, told: tuple[str, ...]) -> Drawn:
    """Write every variation into one file, so that pictures on their way to a slow reader take no memory."""
    file = tempfile.TemporaryFile()  # noqa: SIM115 - whoever takes the pictures closes it
    places = []
    try:
        for index in range(len(result.patches)):
            texts = recipe_text(engine.spec, asked, index, machine=engine.machine)
            size = file.write(encode_png(result.image(index), text=texts))
            places.append(File(file.tell() - size, size, asked.single(index).decoding.drawn_seed))
    except BaseException:
        file.close()
        raise
    said = tuple(dict.fromkeys((*told, *result.told)))
    return Drawn(file, tuple(places), result.ranking, engine.spec.name, said, result.seconds["total"])
