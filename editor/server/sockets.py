"""The server's sockets, taken before anything is loaded, and the address that people type.

Knows nothing of what is served.
"""

from __future__ import annotations

import errno
import ipaddress
import os
import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from core import BadRequest
from editor.sentences import about_start

_EVERYWHERE = ("0.0.0.0", "::")
_BACKLOG = 512  # connections that may wait while a model is loaded, or while 300 clients come at once


@contextmanager
def listening(host: str, port: int) -> Iterator[list[socket.socket]]:
    """Listen at every address of a host; from then on the port is this process's.

    Args:
        host: a name or an address, with or without the brackets of IPv6.
        port: 0 for any free one.

    Raises:
        BadRequest: if the host or the port is not available.
    """
    host = host.removeprefix("[").removesuffix("]")
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except (OSError, UnicodeError) as error:
        why = getattr(error, "strerror", None) or str(error)
        raise BadRequest(about_start.host_not_found(host, why)) from error
    places = list(dict.fromkeys((family, address) for family, _, _, _, address in found))
    with ExitStack() as stack:
        sockets: list[socket.socket] = []
        for family, (name, _, *scope) in places:
            chosen = sockets[0].getsockname()[1] if sockets and not port else port
            try:
                sockets.append(stack.enter_context(_listener(family, (name, chosen, *scope))))
            except OSError as error:
                # A name such as localhost may have an address of a kind that this machine does not have.
                if error.errno in (errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT) and len(places) > 1:
                    continue
                raise _refused(host, port, error) from error
        if not sockets:
            raise BadRequest(about_start.host_elsewhere(host))
        yield sockets


def address_of(host: str, sockets: list[socket.socket]) -> str:
    """Return the address that people type for the sockets of a host, ending with a slash."""
    host = host.removeprefix("[").removesuffix("]")
    shown = "localhost" if host in _EVERYWHERE else f"[{host}]" if ":" in host else host
    return f"http://{shown}:{sockets[0].getsockname()[1]}/"


def is_loopback(host: str) -> bool:
    """Tell whether a name or an address never leaves this machine."""
    name = host.removeprefix("[").removesuffix("]").lower()
    if name == "localhost" or name.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False


def _listener(family: int, address: tuple[object, ...]) -> socket.socket:
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        # On Windows the same option would let another program take the port away.
        reuse = socket.SO_REUSEADDR if os.name == "posix" else getattr(socket, "SO_EXCLUSIVEADDRUSE", 0)
        listener.setsockopt(socket.SOL_SOCKET, reuse, 1)
        if family == socket.AF_INET6:
            listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        listener.bind(address)
        listener.listen(_BACKLOG)
    except BaseException:
        listener.close()
        raise
    return listener


def _refused(host: str, port: int, error: OSError) -> BadRequest:
    if error.errno == errno.EADDRINUSE:
        return BadRequest(about_start.port_taken(host, port))
    if error.errno in (errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT):
        return BadRequest(about_start.host_elsewhere(host))
    return BadRequest(about_start.port_refused(host, port, (error.strerror or str(error)).lower()))
