"""A tab of the page as the server sees it: the requests that its scripts send, and the messages that they get back.

Knows nothing of what a person wants of it; tests/server/endurance.py does.
"""

from __future__ import annotations

import contextlib
import json
import secrets
from collections.abc import Iterator, Mapping
from http.client import HTTPConnection
from types import MappingProxyType
from typing import Any, NamedTuple

from gradio_client.utils import apply_diff

NOTHING: Mapping[str, Any] = MappingProxyType({})
JSON = {"Content-Type": "application/json"}
_PATIENCE_S = 600.0  # for an answer behind eight others, on a machine that does other things as well


class Refused(Exception):
    """The server said that it has no room now, or that it will not do this: the status, and its sentence."""

    def __init__(self, status: int, sentence: str) -> None:
        super().__init__(f"{status}: {sentence}")
        self.status = status


class Wire:
    """Requests to one server, at its `port`."""

    def __init__(self, port: int) -> None:
        self.port = port

    def ask(self, method: str, path: str, body: bytes | None = None, **headers: str) -> bytes:
        """Return the body of an answer.

        Raises:
            Refused: for every status but 200.
        """
        with self.open(method, path, body, **headers) as answer:
            return bytes(answer.read())

    @contextlib.contextmanager
    def open(self, method: str, path: str, body: bytes | None = None, **headers: str) -> Iterator[Any]:
        """Give the answer, to be read as it comes; whoever ends early has left."""
        wire = HTTPConnection("127.0.0.1", self.port, timeout=_PATIENCE_S)
        with contextlib.closing(wire):
            wire.request(method, path, body, {name.replace("_", "-"): value for name, value in headers.items()})
            answer = wire.getresponse()
            if answer.status != 200:
                raise Refused(answer.status, answer.read(2000).decode(errors="replace"))
            yield answer

    def upload(self, name: str, data: bytes) -> dict[str, Any]:
        """Return an uploaded file as Gradio's events take it."""
        head = (
            f'--x\r\nContent-Disposition: form-data; name="files"; filename="{name}"\r\nContent-Type: image/png\r\n\r\n'
        )
        body = head.encode() + data + b"\r\n--x--\r\n"
        told = self.ask("POST", "/gradio_api/upload", body, Content_Type="multipart/form-data; boundary=x")
        return {"path": json.loads(told)[0], "meta": {"_type": "gradio.FileData"}}

    def call(self, name: str, **asked: Any) -> bytes:
        """Call a function of the API and return the file that it answers with."""
        path = f"/gradio_api/call/v2/{name}"
        told = json.loads(self.ask("POST", path, json.dumps(asked).encode(), **JSON))
        lines = self.ask("GET", f"{path}/{told['event_id']}").splitlines()
        if b"event: complete" not in lines:
            raise Refused(200, b" ".join(lines).decode(errors="replace"))
        (made,) = json.loads(next(line for line in lines if line.startswith(b"data: [{"))[6:])
        return self.ask("GET", f"/gradio_api/file={made['path']}")


class Event(NamedTuple):
    """An event of the page: its number, and what it sends of each component by the end of the component's id."""

    number: int
    inputs: dict[str, Any]


class Tab:
    """One open tab.

    Attributes:
        wire: to the server.
        doc: the document on the stage, None before the first.
    """

    def __init__(self, port: int) -> None:
        """Open the page, and the first picture."""
        self.wire = Wire(port)
        self.doc: str | None = None
        self._session = secrets.token_hex(6)
        self.wire.ask("GET", "/")
        self._config = json.loads(self.wire.ask("GET", "/config"))
        self._parts = {part["id"]: part["props"] for part in self._config["components"]}
        self._open = contextlib.ExitStack()
        self._open.enter_context(self.wire.open("GET", f"/gradio_api/heartbeat/{self._session}"))
        self.tell("first")

    def close(self) -> None:
        """Leave."""
        self._open.close()

    def tell(self, name: str, told: Any = None, given: Mapping[str, Any] = NOTHING) -> dict[str, Any]:
        """Send an event and return the last message that the stage gets.

        Args:
            name: of the stage's event, or of the function behind it.
            told: its payload.
            given: values by the ends of components' ids, instead of what they show at first; "carrier" brings files.
        """
        message: dict[str, Any] = [{}, *self.listen(name, told, given)][-1]
        if message.get("kind") in ("open", "head"):
            self.doc = message["doc"]
        return message

    def listen(self, name: str, told: Any = None, given: Mapping[str, Any] = NOTHING) -> Iterator[dict[str, Any]]:
        """Send an event and give each message that the stage gets, as it comes; whoever stops listening has left."""
        event = self._event(name)
        data = [given.get(end, value) for end, value in event.inputs.items()]
        asked = {"data": data, "event_data": told, "fn_index": event.number, "session_hash": self._session}
        self.wire.ask("POST", "/gradio_api/queue/join", json.dumps(asked).encode(), **JSON)
        shown: list[Any] = []
        with self.wire.open("GET", f"/gradio_api/queue/data?session_hash={self._session}") as answer:
            for line in answer:
                if not line.startswith(b"data: "):
                    continue
                heard = json.loads(line[6:])
                if heard["msg"] == "process_generating":
                    parts = heard["output"]["data"]
                    shown = [apply_diff(*pair) for pair in zip(shown, parts, strict=True)] if shown else parts
                elif heard["msg"] == "process_completed":
                    if not heard["success"]:
                        raise Refused(200, str(heard["output"]))
                    if shown:
                        return
                    shown = heard["output"]["data"]
                if heard["msg"].startswith("process_") and shown and isinstance(shown[0], dict) and "kind" in shown[0]:
                    yield shown[0]
                if heard["msg"] == "process_completed":
                    return

    def _event(self, name: str) -> Event:
        for each in self._config["dependencies"]:
            events = [
                event for part, event in each["targets"] if self._parts.get(part, {}).get("elem_id") == "mge-stage"
            ]
            if name in events or each["api_name"] == name:
                return Event(each["id"], dict(self._input(part) for part in each["inputs"]))
        raise KeyError(name)

    def _input(self, part: int) -> tuple[str, Any]:
        props: Mapping[str, Any] = self._parts[part]
        return str(props.get("elem_id") or "carrier").removeprefix("mge-"), props.get("value")
