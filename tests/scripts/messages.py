"""The types of what crosses the wire, for the page's scripts: messages.d.ts, written from editor/wire.

`python -m tests.scripts.messages` writes the file anew; TypeScript then says which script reads what is not there.
"""

from __future__ import annotations

import inspect
import types
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from editor.wire import sent, told

FILE = Path(__file__).resolve().parents[2] / "editor" / "static" / "common" / "messages.d.ts"
PLAIN: dict[Any, str] = {int: "number", float: "number", str: "string", bool: "boolean", type(None): "null", Any: "any"}


def as_text() -> str:
    """Return the whole file."""
    kinds = [kind.__name__ for kind in _models(told) if issubclass(kind, told.Told)]
    blocks = [
        "// What crosses between the browser and the server, as editor/wire has it: written by\n"
        "// python -m tests.scripts.messages, and not by hand.",
        *(_interface(kind) for module in (sent, told) for kind in _models(module)),
        f"export type Message = {' | '.join(kinds)};",
        "\n".join(
            ["export interface Events {", *(f"  {name}: {kind.__name__};" for name, kind in sent.EVENTS.items()), "}"]
        ),
    ]
    return "\n\n".join(blocks) + "\n"


def _models(module: types.ModuleType) -> Iterator[type[BaseModel]]:
    """The module's own models that have fields, in the order in which they are written there."""
    for kind in vars(module).values():
        own = inspect.isclass(kind) and issubclass(kind, BaseModel) and kind.__module__ == module.__name__
        if own and kind.model_fields and kind is not told.Told:
            yield kind


def _interface(kind: type[BaseModel]) -> str:
    said = " ".join((kind.__doc__ or "").split())
    lines = [f"/** {said} */", f"export interface {kind.__name__} {{"]
    if issubclass(kind, told.Told):
        lines += ["  rev: number;", "  ask?: string;"]
    lines += [f"  {_member(name, field, kind)};" for name, field in kind.model_fields.items()]
    return "\n".join([*lines, "}"])


def _member(name: str, field: FieldInfo, kind: type[BaseModel]) -> str:
    """Return a field as a member; what the server leaves out is not null, what the browser leaves out may be."""
    extra = field.json_schema_extra if isinstance(field.json_schema_extra, dict) else {}
    written = str(extra.get("typescript") or _written(field.annotation))
    optional = not field.is_required() and name != "kind"
    if optional and issubclass(kind, told.Part):
        written = written.removesuffix(" | null")
    return f"{field.serialization_alias or name}{'?' if optional else ''}: {written}"


def _written(annotation: Any) -> str:
    """Return a type as TypeScript writes it."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation.__name__
    if annotation in PLAIN:
        return PLAIN[annotation]
    origin, parts = get_origin(annotation), get_args(annotation)
    if origin is Literal:
        return " | ".join(f'"{part}"' for part in parts)
    if origin in (Union, types.UnionType):
        return " | ".join(map(_written, parts))
    if origin is dict:
        return "Record<string, any>"
    if origin in (list, tuple):
        inner = _written(parts[0])
        return f"({inner})[]" if " | " in inner else f"{inner}[]"
    return _written(parts[0])  # annotated with what else must hold


if __name__ == "__main__":
    FILE.write_text(as_text(), encoding="utf-8")
