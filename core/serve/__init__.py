"""Painters on other machines, or in other processes of this one: replicas on a Ray cluster; and jobs spread over one.

Knows nothing of requests, pages or gradio. The names below are all that other programs need. Ray is an optional package
(requirements-serve.txt), imported where a cluster is started or joined.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.plumbing.lazy import imported_lazily

if TYPE_CHECKING:
    from core.errors import Unavailable
    from core.serve.cluster import Cluster, joined, started
    from core.serve.spreading import spread
else:
    __getattr__ = imported_lazily(
        __name__,
        {
            "core.errors": ("Unavailable",),
            "core.serve.cluster": ("Cluster", "joined", "started"),
            "core.serve.spreading": ("spread",),
        },
    )

__all__ = ["Cluster", "Unavailable", "joined", "spread", "started"]
