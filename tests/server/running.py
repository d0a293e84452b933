"""The real `app.py` in a process of its own, and requests as browsers, programs and attackers send them."""

from __future__ import annotations

import contextlib
import json
import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from http.client import HTTPConnection
from pathlib import Path
from typing import Any, NamedTuple

ROOT = Path(__file__).resolve().parents[2]
PATIENCE_S = 120  # for a start beside other tests
JSON = {"Content-Type": "application/json"}


class Answer(NamedTuple):
    """Status, headers by small letters, and body."""

    status: int
    headers: dict[str, str]
    body: bytes


class App:
    """A started `app.py`.

    Attributes:
        process, place: the process, and the folder that it has for temporary files.
        address: where it says that it is open; None where it ended instead.
    """

    def __init__(self, place: Path, *words: str, program: Sequence[str] = ("app.py",), **environment: str) -> None:
        self.place = place
        self._log = place.with_name(f"{place.name}.log")
        place.mkdir(exist_ok=True)
        own = {"TMPDIR": str(place), "OMP_NUM_THREADS": "1", "HF_HUB_OFFLINE": "1"}
        with self._log.open("wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, *program, *words],
                cwd=ROOT,
                env=os.environ | own | environment,
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        began = time.monotonic()
        self.address: str | None = None
        while self.process.poll() is None and not self.address:
            if time.monotonic() - began > PATIENCE_S:
                self.end()
                raise TimeoutError(f"app.py has not started in {PATIENCE_S} s: {self.said()}")
            found = re.search(r"open at (http\S+)", self.said())
            self.address = found[1] if found else None
            time.sleep(0.05)

    @property
    def port(self) -> int:
        """The port that it said."""
        assert self.address, self.said()
        return int(self.address.rstrip("/").rpartition(":")[2])

    def said(self) -> str:
        """Return all that it printed."""
        return self._log.read_text(encoding="utf-8", errors="replace")

    def ask(
        self, method: str, path: str, body: bytes | None = None, *, patience_s: float = 60, **headers: str
    ) -> Answer:
        """Send a request as it stands; a header's name may have _ for -. Hangs up when patience ends."""
        wire = HTTPConnection("127.0.0.1", self.port, timeout=patience_s)
        with contextlib.closing(wire):
            given = {name.replace("_", "-"): value for name, value in headers.items()}
            wire.request(method, path, body, given)
            answer = wire.getresponse()
            return Answer(answer.status, {k.lower(): v for k, v in answer.getheaders()}, answer.read())

    def config(self) -> dict[str, Any]:
        """Return what the page is made of."""
        told: dict[str, Any] = json.loads(self.ask("GET", "/config").body)
        return told

    def asked(self, element: str, function: str, data: Any, **headers: str) -> Answer:
        """Call a function that a component of the page offers to the browser."""
        place = next(each["id"] for each in self.config()["components"] if each["props"].get("elem_id") == element)
        told = {"component_id": place, "fn_name": function, "data": data, "session_hash": "aaaabbbb"}
        return self.ask("POST", "/gradio_api/component_server", json.dumps(told).encode(), **(JSON | headers))

    def opened(self, name: str, data: bytes, visitor: str) -> dict[str, Any]:
        """Upload a file and open it as the Open button does; returns what the stage is told."""
        body, kind = upload_of({name: data})
        (path,) = json.loads(self.ask("POST", "/gradio_api/upload", body, **kind).body)
        (event,) = (each["id"] for each in self.config()["dependencies"] if each["api_name"] == "brought")
        file = {"path": path, "meta": {"_type": "gradio.FileData"}}
        asked = {"data": [file], "event_data": {"name": name}, "fn_index": event, "session_hash": visitor}
        assert self.ask("POST", "/gradio_api/queue/join", json.dumps(asked).encode(), **JSON).status == 200
        told = self.ask("GET", f"/gradio_api/queue/data?session_hash={visitor}").body
        lines = [json.loads(line[6:]) for line in told.splitlines() if line.startswith(b"data: ")]
        message: dict[str, Any] = next(line for line in lines if line["msg"] == "process_completed")["output"]["data"][
            0
        ]
        return message

    def files(self) -> list[Path]:
        """Return every file in its folder for temporary files, but for the lock."""
        return [path for path in self.place.rglob("*") if path.is_file() and path.name != "lock"]

    def end(self, signal: int | None = None) -> int:
        """Stop it and return its exit status."""
        if self.process.poll() is None:
            self.process.terminate() if signal is None else self.process.send_signal(signal)
        try:
            return self.process.wait(20)
        finally:
            self.process.kill()


@contextlib.contextmanager
def started(place: Path, *words: str, program: Sequence[str] = ("app.py",), **environment: str) -> Iterator[App]:
    """Start `app.py`, or what starts in its place; stopped at the end."""
    app = App(place, *words, program=program, **environment)
    try:
        yield app
    finally:
        app.end()


def sent(port: int, text: bytes, *, shut: bool = False) -> bytes:
    """Send bytes and return what comes back until the server closes; `shut` leaves instead of listening."""
    with socket.create_connection(("127.0.0.1", port), timeout=60) as wire:
        with contextlib.suppress(OSError):  # a server that has heard enough
            wire.sendall(text)
        if shut:
            return b""
        answer = b""
        with contextlib.suppress(OSError):
            while part := wire.recv(65536):
                answer += part
        return answer


def upload_of(files: Mapping[str, bytes]) -> tuple[bytes, dict[str, str]]:
    """Return body and headers of an upload."""
    head = '--x\r\nContent-Disposition: form-data; name="files"; filename="{}"\r\nContent-Type: image/png\r\n\r\n'
    body = b"".join(head.format(name).encode() + data + b"\r\n" for name, data in files.items()) + b"--x--\r\n"
    return body, {"Content-Type": "multipart/form-data; boundary=x"}
