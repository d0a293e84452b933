"""Class names: finds a class id by what a person types, and ranks names for menus.

Knows nothing of models; the classes come from a `ModelSpec`, their other names from assets/labels: ImageNet's 1000
classes and their kinds (dog, bird, car) from imagenet.json, the bundled model's synonyms from synonyms.json.
"""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Sequence
from functools import cache, reduce
from pathlib import Path
from typing import Any

from core.errors import BadRequest, Sentence

_LABELS = Path(__file__).resolve().parents[2] / "assets" / "labels"
_SYNONYMS_FILE = _LABELS / "synonyms.json"
_IMAGENET_FILE = _LABELS / "imagenet.json"
_MOST_LISTED = 20  # class names in a refusal, one screen; the others are counted
_MOST_MEANT = 3  # classes that a word may have meant, likewise


def imagenet_classes() -> tuple[str, ...]:
    """Return the names of ImageNet's 1000 classes (ILSVRC 2012), index = class id, e.g. "tench, Tinca tinca"."""
    return tuple(_imagenet()["classes"])


def class_id(classes: Sequence[str], wanted: str | int | None) -> int | None:
    """Find the id of a class by its name, synonym or id.

    Capitals, hyphens, underscores and singular or plural do not matter. A class "tabby, tabby cat" has both names; the
    first of a class's names has precedence over another's second, and that over another's synonym.

    Args:
        classes: class names, index = class id.
        wanted: a name, an id as a number or as digits, or None or "none" for no class.

    Returns:
        The index into `classes`, or None for no class.

    Raises:
        BadRequest: if no class has that name (suggests close matches), or several have it.
    """
    if wanted is None:
        return None
    if not isinstance(wanted, str):
        return _checked(classes, wanted)
    plain = _plain(wanted)
    for named in (_first_name, _own_names, _names):
        meant = [i for i, name in enumerate(classes) if _stem(plain) in {_stem(other) for other in named(name)}]
        if len(meant) == 1:
            return meant[0]
        if meant:
            listed = ", ".join(classes[i].split(",")[0] for i in meant[:_MOST_MEANT])
            more = Sentence(" or {count} more", count=len(meant) - _MOST_MEANT) if len(meant) > _MOST_MEANT else ""
            raise BadRequest(
                "class {wanted!r} is the name of several: say which of {listed}{more}.",
                wanted=wanted,
                listed=listed,
                more=more,
            )
    if plain == "none" or not wanted.strip():
        return None
    if re.fullmatch("[0-9]{1,9}", wanted.strip()):  # not "-3" nor "1_0", whatever is left of them without their signs
        return _checked(classes, int(wanted))
    raise BadRequest(
        "class {wanted!r} is unknown: {suggestion}{choices}.",
        wanted=wanted,
        suggestion=_suggestion(classes, plain),
        choices=_choices(classes),
    )


def class_names(name: str) -> tuple[str, ...]:
    """List all names of a class as people write them: its own, then its synonyms.

    Args:
        name: a class of a `ModelSpec`; "tabby, tabby cat" has two names of its own.
    """
    own = tuple(part.strip() for part in name.split(",") if part.strip())
    return (*own, *(other for other in _synonyms().get(name, ()) if other not in own))


def search_classes(classes: Sequence[str], query: str) -> tuple[int, ...]:
    """Find the classes that a half-typed query may mean.

    Args:
        classes: class names, index = class id.
        query: the text typed so far; empty means everything.

    Returns:
        Class ids, best first: equal names (first names first), then names that begin with the query, then names with a
        word that does, then synonyms in the same order, then names that contain it, then near misses; ties in the
        classes' order.
    """
    plain = _plain(query)
    if not plain:
        return tuple(range(len(classes)))
    ranked = sorted((rank, index) for index, name in enumerate(classes) if (rank := _rank(name, plain)) is not None)
    return tuple(index for _, index in ranked)


def _rank(name: str, plain: str) -> int | None:
    own, names = _own_names(name), _names(name)
    if _stem(plain) == _stem(own[0]):
        return -1
    for rank, candidates in ((0, own), (3, names)):
        if _stem(plain) in map(_stem, candidates):
            return rank
        if any(candidate.startswith(plain) for candidate in candidates):
            return rank + 1
        if any(word.startswith(plain) for candidate in candidates for word in candidate.split()):
            return rank + 2
    if any(plain in candidate for candidate in names):
        return 6
    return 7 if difflib.get_close_matches(plain, names, n=1, cutoff=0.75) else None


def _checked(classes: Sequence[str], index: int) -> int:
    if isinstance(index, bool) or not 0 <= index < len(classes):
        raise BadRequest("class id {index} is unknown: {choices}.", index=index, choices=_choices(classes))
    return index


def _choices(classes: Sequence[str]) -> str:
    if not classes:
        return Sentence("this model has no classes, leave the class out")
    listed = ", ".join(classes[:_MOST_LISTED])
    rest = len(classes) - _MOST_LISTED
    more = Sentence(" and {count} more", count=rest) if rest > 0 else ""
    return Sentence(
        "choose one of {listed}{more}, or an id from 0 to {last}", listed=listed, more=more, last=len(classes) - 1
    )


def _suggestion(classes: Sequence[str], plain: str) -> str:
    names = {name: owner for owner in classes for name in _names(owner)}
    close = difflib.get_close_matches(plain, list(names), n=3, cutoff=0.7)
    if not close:
        return ""
    owners = dict.fromkeys(names[name] for name in close)
    meant = reduce(lambda one, other: Sentence("{one} or {other}", one=one, other=other), owners)
    return Sentence("did you mean {names}? ", names=meant)


def _first_name(name: str) -> list[str]:
    return _own_names(name)[:1]


def _own_names(name: str) -> list[str]:
    return [_plain(part) for part in name.split(",")]


def _names(name: str) -> list[str]:
    return [*_own_names(name), *map(_plain, _synonyms().get(name, ()))]


def _plain(name: str) -> str:
    return " ".join(name.casefold().replace("_", " ").replace("-", " ").split())


def _stem(name: str) -> str:
    """Return a form that singular and plural share; it need not be a word."""
    for ending, instead in (("ies", "y"), ("sses", "ss"), ("shes", "sh"), ("ches", "ch"), ("xes", "x")):
        if name.endswith(ending) and len(name) > len(ending) + 1:
            return name[: -len(ending)] + instead
    return name[:-1] if len(name) > 3 and name.endswith("s") and not name.endswith("ss") else name


@cache
def _synonyms() -> dict[str, tuple[str, ...]]:
    synonyms: dict[str, tuple[str, ...]] = {
        name: tuple(others) for name, others in json.loads(_SYNONYMS_FILE.read_text(encoding="utf-8")).items()
    }
    for kind, ranges in _imagenet()["kinds"].items():
        for first, last in ranges:
            for name in _imagenet()["classes"][first : last + 1]:
                synonyms[name] = (*synonyms.get(name, ()), kind)
    return synonyms


@cache
def _imagenet() -> dict[str, Any]:
    """Read {"classes": 1000 names, "kinds": kind -> [first, last] class ids of each run of classes of that kind}."""
    return dict(json.loads(_IMAGENET_FILE.read_text(encoding="utf-8")))
