"""Start the editor: settings, engine, page, server; nothing else."""

from __future__ import annotations

import logging
import os
import sys

os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"  # before gradio is imported: no outbound look-ups at all


def main() -> int:
    """Serve the page until interrupted; returns the exit status."""
    from editor import read_settings

    settings = read_settings(sys.argv[1:], os.environ)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s %(message)s", datefmt="%H:%M:%S")
    for chatty in ("httpx", "httpcore"):
        logging.getLogger(chatty).setLevel(logging.WARNING)

    from core import CoreError
    from editor import build_app, look, start_engine

    try:
        engine = start_engine(settings)
    except CoreError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    app = build_app(engine, settings)
    try:
        _, address, _ = app.launch(
            server_name=settings.host,
            server_port=settings.port,
            **look(),
            max_file_size=f"{settings.max_file_mb}mb",
            footer_links=["api"],
            mcp_server=settings.mcp,
            run_history=False,
            share=False,
            quiet=True,
            prevent_thread_lock=True,
        )
    except OSError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    sys.stdout.write(f"The editor is open at {address}\n")
    sys.stdout.flush()
    app.block_thread()
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
