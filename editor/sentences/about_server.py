"""Every sentence about the server itself: answers at its door, and reasons why it does not start.

Knows nothing of HTTP or sockets; the page's own sentences are in on_page.py.
"""

from __future__ import annotations


# at the door ----------------------------------------------------------------------------------------------------------
def host_unknown(host: str) -> str:
    """Say that the server is not known under a name."""
    return f"This editor is not known as {host[:80]!r}: start it with --allow-host {host[:80]} if that is right."


def foreign_page(page: str) -> str:
    """Say that another page may not reach in."""
    return f"Another page ({page[:80]}) may not use this editor: open the editor's own address."


def closed() -> str:
    """Say that there is nothing at a path."""
    return "There is nothing here: open the editor's own address."


def nothing_fetched() -> str:
    """Say that files are uploaded, not fetched from addresses."""
    return "Files are not fetched from addresses: upload the file itself."


def kind_of_body(wanted: str) -> str:
    """Say which Content-Type is taken."""
    return f"This address takes {wanted} only."


def body_too_large(most_mb: int) -> str:
    """Say that a request or a file is too large; Gradio knows by "maximum allowed size" that it is this."""
    return f"This is larger than {most_mb} MB, the maximum allowed size: save the picture smaller, as JPEG or WebP."


def body_slow() -> str:
    """Say that a request did not arrive."""
    return "This request did not arrive in time: look at the network and try again."


def upload_cut() -> str:
    """Say that an upload ended early."""
    return "The upload was cut off before its end: try again."


def upload_parts(most: int) -> str:
    """Say that an upload has too many parts."""
    return f"One upload may bring {most} files: upload the others after it."


def too_busy() -> str:
    """Say that others are sending already."""
    return "Others are sending as much as this server takes at once: try again in a few seconds."


def disk_full(free_mb: float) -> str:
    """Say that the server's disk is full."""
    return f"The server's disk has only {free_mb:.0f} MB left: delete something there, then try again."


# in the line ----------------------------------------------------------------------------------------------------------
def line_full(waiting: int) -> str:
    """Say that too many wait."""
    return f"{waiting} others wait for this server already: try again in a minute."


def one_waits_enough(waiting: int) -> str:
    """Say that one visitor has too many requests waiting."""
    return f"{waiting} requests of yours wait already: let some of them finish, or stop them."


def left_the_line() -> str:
    """Say that somebody waits no more."""
    return "This request was given up before its turn came: ask again."


# at the start ---------------------------------------------------------------------------------------------------------
def open_at(address: str) -> str:
    """Say where the page is."""
    return f"The editor is open at {address}"


def host_not_found(host: str, why: str) -> str:
    """Say that a host has no address."""
    return f"host {host!r} is not known here ({why}): give --host 127.0.0.1, or 0.0.0.0 for other machines too."


def host_elsewhere(host: str) -> str:
    """Say that an address is another machine's."""
    return f"{host} is not an address of this machine: give --host 127.0.0.1, or 0.0.0.0 for other machines too."


def port_taken(host: str, port: int) -> str:
    """Say that another program has the port."""
    return f"port {port} of {host} is taken by another program: end that one, or give another with --port."


def port_refused(host: str, port: int, why: str) -> str:
    """Say that the system does not give the port."""
    return f"port {port} of {host} cannot be used ({why}): give another with --port."


def no_place(place: str, why: str) -> str:
    """Say that uploads and results have no place."""
    return f"{place} cannot hold the visitors' pictures ({why}): set TMPDIR or GRADIO_TEMP_DIR to a folder that can."
