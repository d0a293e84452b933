"""Every sentence of the start: where the page is, and reasons why the server does not start.

Knows nothing of HTTP or sockets. Only a terminal shows them, in English.
"""

from __future__ import annotations


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
