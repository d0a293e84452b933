"""Start the editor: settings, sockets, engine, page, server; nothing else."""

from __future__ import annotations

import logging
import os
import signal
import sys
from types import FrameType

EXIT_INTERRUPTED = 130  # 128 + SIGINT, as shells report it


def main() -> int:
    """Serve the page until interrupted; returns the exit status."""
    from core import CoreError, show_every_name
    from editor import read_settings, serve

    show_every_name()
    settings = read_settings(sys.argv[1:], os.environ)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s %(message)s", datefmt="%H:%M:%S")
    for chatty in ("filelock", "httpx", "httpcore"):
        logging.getLogger(chatty).setLevel(logging.WARNING)
    for name in ("SIGTERM", "SIGHUP"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), _end)
    try:
        serve(settings)
    except CoreError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    except KeyboardInterrupt:
        return EXIT_INTERRUPTED
    except SystemExit as ended:
        return ended.code if isinstance(ended.code, int) else 1
    return 0


def _end(sig: int, _frame: FrameType | None) -> None:
    raise SystemExit(128 + sig)


if __name__ == "__main__":
    status = main()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)  # a thread may still be inside torch, which the end of the interpreter would tear down under it
