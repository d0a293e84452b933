"""Questions of an evaluation chosen on the command line by the beginnings of their names.

Knows nothing of what is asked.
"""

from __future__ import annotations

from collections.abc import Sequence

from core.errors import BadRequest


def chosen(names: Sequence[str], words: Sequence[str] | None) -> tuple[str, ...]:
    """Return the questions whose slugs begin with one of the words, in their order; all where that is None.

    Raises:
        BadRequest: if a word begins none.
    """
    from core.lab.evaluation.answers import slug

    slugs = {name: slug(name) for name in names}
    for word in words or ():
        if not any(text.startswith(slug(word)) for text in slugs.values()):
            known = ", ".join(slugs.values())
            raise BadRequest(f"question {word!r} is unknown: give the beginnings of any of {known}.")
    beginnings = ("",) if words is None else tuple(map(slug, words))
    return tuple(name for name, text in slugs.items() if text.startswith(beginnings))
