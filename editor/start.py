"""Starts the editor: from settings to a page that answers, and back to nothing when it is stopped.

Knows nothing of what is on the page. What can fail at once (host, port, folder) is tried before the seconds of loading;
gradio and torch are imported inside the function for the same reason.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING

from editor.sentences import about_start
from editor.server.environment import without_proxies
from editor.server.heap import share_one_heap
from editor.server.sockets import address_of, listening
from editor.server.workplace import Workplace, workplace
from editor.settings import AppSettings

if TYPE_CHECKING:
    from core.serve import Cluster


def serve(settings: AppSettings) -> None:
    """Load the model, build the page and serve it until a signal ends it; nothing of its visitors stays on disk.

    Raises:
        CoreError: if it cannot start; one sentence.
        KeyboardInterrupt, SystemExit: from the signal that ended it.
    """
    _allow_many_files()
    share_one_heap()
    place = os.environ.get("GRADIO_TEMP_DIR") or None
    with listening(settings.host, settings.port) as sockets, workplace(place) as folders, _cluster(settings) as cluster:
        if settings.space:  # nobody has a shell there
            from editor.models.current import fetch_named

            fetch_named(settings)
        with without_proxies():
            from editor.models.shelf import start_engine
            from editor.page.layout import appearance, build_app, build_handlers
            from editor.programs.routes import routes
            from editor.server.serving import Server, application

            engine = start_engine(settings, cluster)
            handlers = build_handlers(engine, settings, cluster)
            page = build_app(engine, settings, handlers)
            app, inner = application(page, settings, folders, routes(handlers.calls), **appearance())
        said = about_start.open_at(address_of(settings.host, sockets))
        server = Server(app, inner, ready=partial(_opened, said), stuck=partial(_give_up, folders))
        if settings.lent:
            from editor.server.zerogpu import announce

            announce(page, server)
        server.run(sockets)


@contextmanager
def _cluster(settings: AppSettings) -> Iterator[Cluster | None]:
    """Context of the cluster that has the nets, which may be this machine's own; None where they are in this process.

    Raises:
        CoreError: if there is no cluster.
    """
    if settings.engine == "local" and not settings.replicas:
        yield None
        return
    from core.serve import joined, started

    with started(settings.replicas, device=settings.device) if settings.replicas else joined() as cluster:
        yield cluster


def _opened(sentence: str) -> None:
    """Report the address, and only then spend time on preparing for the first picture."""
    from editor.server import darkroom

    sys.stdout.write(f"{sentence}\n")
    sys.stdout.flush()
    darkroom.warm()


def _give_up(folders: Workplace, sig: int) -> None:
    """End the process during a step that does not react to signals."""
    folders.remove()
    os._exit(128 + sig)


def _allow_many_files(wanted: int = 8192) -> None:
    """Raise this process's limit of open files as far as the system allows: each connection and mapped file is one."""
    try:
        import resource
    except ImportError:  # Windows has no such limit
        return
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
    if soft != resource.RLIM_INFINITY and soft < most:
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))
