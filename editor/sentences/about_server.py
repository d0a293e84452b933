"""Every sentence about the server itself: answers at its door, and in the line.

Knows nothing of HTTP or sockets; the page's own sentences are in on_page.py.
"""

from __future__ import annotations

from editor.sentences.language import say


# at the door ----------------------------------------------------------------------------------------------------------
def host_unknown(host: str) -> str:
    """Say that the server is not known under a name."""
    return say("server.host_unknown", host=host[:80])


def foreign_page(page: str) -> str:
    """Say that another page may not reach in."""
    return say("server.foreign_page", page=page[:80])


def closed() -> str:
    """Say that there is nothing at a path."""
    return say("server.closed")


def nothing_fetched() -> str:
    """Say that files are uploaded, not fetched from addresses."""
    return say("server.nothing_fetched")


def kind_of_body(wanted: str) -> str:
    """Say which Content-Type is taken."""
    return say("server.kind_of_body", wanted=wanted)


def body_too_large(most_mb: int) -> str:
    """Say that a request or a file is too large; Gradio knows by "maximum allowed size" that it is this."""
    return say("server.body_too_large", most_mb=most_mb)


def body_slow() -> str:
    """Say that a request did not arrive."""
    return say("server.body_slow")


def upload_cut() -> str:
    """Say that an upload ended early."""
    return say("server.upload_cut")


def upload_parts(most: int) -> str:
    """Say that an upload has too many parts."""
    return say("server.upload_parts", most=most)


def too_busy() -> str:
    """Say that others are sending already."""
    return say("server.too_busy")


def disk_full(free_mb: float) -> str:
    """Say that the server's disk is full."""
    return say("server.disk_full", free_mb=free_mb)


# in the line ----------------------------------------------------------------------------------------------------------
def line_full(waiting: int) -> str:
    """Say that too many wait."""
    return say("server.line_full", waiting=waiting)


def one_waits_enough(waiting: int) -> str:
    """Say that one visitor has too many requests waiting."""
    return say("server.one_waits_enough", waiting=waiting)


def left_the_line() -> str:
    """Say that somebody waits no more."""
    return say("server.left_the_line")
