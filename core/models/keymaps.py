"""Maps a foreign file's names to ours, completely in both directions, or refuses it and says what is wrong.

Knows nothing of containers or of any family's names; core/models/google_keys.py holds the longest such lists.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

from core.errors import CheckpointError, Sentence

Shapes = Mapping[str, tuple[int, ...]]


def _as_it_is(value: Tensor) -> Tensor:
    return value


@dataclass(frozen=True)
class Entry:
    """One tensor of ours and where it comes from.

    Attributes:
        ours: its state-dict name.
        theirs: the file's names; several are stacked along the first axis.
        bring: converts each of theirs to our form.
    """

    ours: str
    theirs: tuple[str, ...]
    bring: Callable[[Tensor], Tensor] = _as_it_is


def mapped(state: Mapping[str, Tensor], entries: Iterable[Entry], what: str) -> dict[str, Tensor]:
    """Convert a file's tensors to a state dict by our names.

    Args:
        state: by the file's names.
        entries: all that the file must hold, and no more.
        what: the file, for the error's sentence.

    Returns:
        Views of the file's tensors, transposed or not, wherever nothing is stacked: they cost no memory.

    Raises:
        CheckpointError: if an entry is missing or unknown; names the first of each.
    """
    entries = tuple(entries)
    require_names(state, {name for entry in entries for name in entry.theirs}, what)
    try:
        return {e.ours: _stacked([e.bring(state[name]) for name in e.theirs]) for e in entries}
    except (RuntimeError, IndexError) as error:  # an axis too few, sizes that do not fit together
        raise CheckpointError(
            "{what} holds arrays of other shapes ({error}): it belongs to another model.", what=what, error=error
        ) from error


def _stacked(parts: list[Tensor]) -> Tensor:
    return parts[0] if len(parts) == 1 else torch.cat(parts)


def require_names(found: Iterable[str], expected: Iterable[str], what: str) -> None:
    """Raise CheckpointError if two lists of names differ; names the first missing and the first unknown one."""
    found, expected = set(found), set(expected)
    amiss: list[Sentence] = []
    if absent := expected - found:
        amiss.append(Sentence("lacks {name!r} ({count} in all)", name=min(absent), count=len(absent)))
    if unknown := found - expected:
        amiss.append(Sentence("has unknown {name!r} ({count} in all)", name=min(unknown), count=len(unknown)))
    if len(amiss) == 2:
        amiss = [Sentence("{one} and {other}", one=amiss[0], other=amiss[1])]
    if amiss:
        raise CheckpointError(
            "{what} {amiss}: it is incomplete or belongs to another model.", what=what, amiss=amiss[0]
        )


def require_shapes(found: Shapes, expected: Shapes, what: str) -> None:
    """Raise CheckpointError if names or shapes differ; names the first of each kind."""
    require_names(found, expected, what)
    for name, shape in found.items():
        if shape != expected[name]:
            raise CheckpointError(
                "{what}: {name!r} has shape {shape}, expected {expected}: it belongs to another model.",
                what=what,
                name=name,
                shape=shape,
                expected=expected[name],
            )


def shapes_of(state: Mapping[str, Tensor]) -> dict[str, tuple[int, ...]]:
    """Return the shapes of a state dict."""
    return {name: tuple(value.shape) for name, value in state.items()}


def count_after(names: Iterable[str], prefix: str) -> int:
    """Count the numbers after a prefix: one more than the highest of prefix0., prefix1., ..."""
    numbers = (name[len(prefix) :].split(".")[0] for name in names if name.startswith(prefix))
    return max((int(number) + 1 for number in numbers if number.isdecimal() and len(number) < 5), default=0)
