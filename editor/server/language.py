"""Which language a visitor's browser asks for: the one that was chosen on the page, else the first that we have.

Knows nothing of words. The choice is a cookie, which every request brings.
"""

from __future__ import annotations

from collections.abc import Mapping
from http.cookies import CookieError, SimpleCookie

from editor.sentences.language import ENGLISH, languages

COOKIE = "mge-language"
"""Name of the cookie; editor/static/page/language.js sets it."""
_MOST_WISHES = 16  # languages of a browser that are looked at


def language_of(headers: Mapping[str, str]) -> str:
    """Return the code of a request's language.

    Args:
        headers: of the request, names in small letters.
    """
    chosen = _cookie(headers.get("cookie") or "")
    if chosen in languages():
        return chosen
    wishes = (wish.split(";")[0].strip().lower() for wish in (headers.get("accept-language") or "").split(","))
    codes = (wish.split("-")[0] for wish, _ in zip(wishes, range(_MOST_WISHES), strict=False))
    return next((code for code in codes if code in languages()), ENGLISH)


def _cookie(text: str) -> str:
    try:
        found = SimpleCookie(text).get(COOKIE)
    except CookieError:
        return ""
    return "" if found is None else found.value
