"""How many replicas a deployment has, and what each is given.

Knows nothing of Ray.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from core.engine.local import PLACES
from core.errors import BadRequest

NAME = "maskgit-editor"
"""Of the application on a cluster."""
_QUEUE = 32
"""Passes that wait in each page for a replica: as many as wait for a page's own engine."""


@dataclass(frozen=True)
class Plan:
    """How many replicas there are, and what each is given.

    Attributes:
        least, most: replicas; between them as many as there are passes at work.
        cpus: of each; that many threads may share a product.
        gpus: of each, 0 for none; half a GPU is two replicas on one, four passes on each.
        queue: passes that may wait in each page; what comes then is refused.
    """

    least: int = 1
    most: int = 1
    cpus: float = 1.0
    gpus: float = 0.0
    queue: int = _QUEUE

    @classmethod
    def read(cls, given: Mapping[str, Any]) -> Plan:
        """Read it from the arguments of an application.

        Raises:
            BadRequest: for others.
        """
        known = {each.name: {"int": int, "float": float}[str(each.type)] for each in fields(cls)}
        if unknown := set(given) - set(known):
            raise BadRequest(
                "a deployment has no {unknown}: choose among {known}.",
                unknown=", ".join(sorted(unknown)),
                known=", ".join(known),
            )
        return cls(**{name: known[name](value) for name, value in given.items()})

    @property
    def places(self) -> int:
        """Passes that each replica paints at a time: on a GPU they share batches."""
        return PLACES if self.gpus else 1

    @property
    def device(self) -> str:
        """Kind of the replicas' device."""
        return "cuda" if self.gpus else "cpu"
