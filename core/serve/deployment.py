"""The deployment: how many replicas there are, what each is given, and when more are started.

Knows nothing of what a replica does. `serve deploy` builds it by its import path, `core.serve.deployment:build`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict
from typing import Any

from ray import serve

from core.engine.painter import Painter
from core.serve.plan import Plan
from core.serve.replica import Replica
from core.serve.wanted import Wanted

_MODELS = 2
"""Models that a replica holds: the one that everybody asks for, and the next while edits with the first go on."""
_HEALTH_S = 10.0
"""Seconds between two looks at a replica, and for each: a step on a busy CPU takes one at most."""


class Painters(Replica):
    """A replica that remembers the models it was asked for last, and tells Ray which.

    Args:
        plan: of its deployment.
        load: makes the painter of a model; None reads models from this machine's disk.
    """

    def __init__(self, plan: Plan, load: Callable[[str], Painter] | None = None) -> None:
        super().__init__(load or (lambda text: Wanted.read(text).load(plan.device)), plan.device, plan.places)
        self._plan = plan

    @serve.multiplexed(max_num_models_per_replica=_MODELS)  # type: ignore[untyped-decorator]
    async def painter(self, model: str) -> Painter:
        """See `Replica.painter`."""
        return await super().painter(model)

    async def plan(self) -> dict[str, Any]:
        """Tell the plan, for `Plan.read`."""
        return asdict(self._plan)


def build(given: Mapping[str, Any]) -> Any:
    """Build the application of a plan.

    Args:
        given: see `Plan`.

    Raises:
        BadRequest: for other arguments.
    """
    return built(Plan.read(given))


def built(plan: Plan, load: Callable[[str], Painter] | None = None) -> Any:
    """Build the application of a plan; see `Painters`."""
    scaling = {"min_replicas": plan.least, "max_replicas": plan.most, "target_ongoing_requests": plan.places}
    deployed = serve.deployment(
        Painters,
        name="painters",
        max_ongoing_requests=plan.places,  # a pass begins where it is computed at once, not behind another
        max_queued_requests=plan.queue,
        num_replicas=plan.most if plan.least == plan.most else None,
        autoscaling_config=None if plan.least == plan.most else scaling,
        ray_actor_options={"num_cpus": plan.cpus, "num_gpus": plan.gpus},
        health_check_period_s=_HEALTH_S,
        health_check_timeout_s=_HEALTH_S,
        logging_config={"enable_access_log": False, "log_level": "WARNING"},  # a page has a dozen questions an edit
    )
    return deployed.bind(plan, load)
