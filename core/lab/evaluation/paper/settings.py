"""What the paper's experiments vary, and one measured row of each setting.

Knows nothing of nets, photos or files.
"""

from __future__ import annotations

from dataclasses import dataclass

from core.decoding.settings import SCHEDULES

SEED = 0  # of the first sample; fixed, so that a report can be made again
STEPS = (4, 6, 8, 10, 12, 16, 24, 32)
"""Every T of the ablation."""
GENERATION, CENTRE, ONE = "generation", "centre 50 %", "one picture"
PHOTOS, RECONSTRUCTION = "real photos", "photos through the tokenizer"
PARALLEL_STEPS = 8  # of confidence, against one token a step in raster order
STUDIED = tuple(name for name in SCHEDULES if name != "arccos counts")
"""The schedules of the ablation: all that are a share gamma(r); valeo's counts lie within 5 % of the cosine's."""
HALTON_SCHEDULES = ("cosine", "arccos")  # the paper's, and the one that Halton-MaskGIT reveals by
_ORDERS = (("confidence", STUDIED), ("halton", HALTON_SCHEDULES))


@dataclass(frozen=True)
class Setting:
    """What is measured: which pictures are asked for, and how their tokens are decoded.

    Attributes:
        kind: GENERATION, CENTRE, or ONE for the seconds of a single picture.
        order: of the decoding; PHOTOS or RECONSTRUCTION where nothing is decoded.
        schedule: of the decoding; empty where it has no part.
        steps: T.
    """

    kind: str
    order: str
    schedule: str = ""
    steps: int = 0

    @property
    def title(self) -> str:
        """How tokens are revealed, for people."""
        return "raster, one token a step" if self.order == "raster" else f"{self.order}, T = {self.steps}"


@dataclass(frozen=True)
class Row:
    """One measured setting.

    Attributes:
        setting: what was measured.
        samples: pictures judged.
        forwards: transformer passes a sample.
        seconds: wall-clock seconds a sample for decoding tokens and picture; without the judging.
        kid: kernel distance to real photos; nan where it does not apply.
        kid_error: its standard error over the samples (jackknife); nan where there are too few.
        probe: share of pictures that the probe gives the class that was asked for; nan where it does not apply.
    """

    setting: Setting
    samples: int
    forwards: float
    seconds: float
    kid: float = float("nan")
    kid_error: float = float("nan")
    probe: float = float("nan")


def settings() -> tuple[Setting, ...]:
    """Return all settings of the batches, in the order in which they are measured; the cosine first."""
    found = [Setting(kind, order) for kind in (GENERATION, CENTRE) for order in (PHOTOS, RECONSTRUCTION)]
    grid = [(order, schedule) for order, schedules in _ORDERS for schedule in schedules]
    for order, schedule in grid:
        found += [Setting(kind, order, schedule, steps) for kind in (GENERATION, CENTRE) for steps in STEPS]
    return (*found, Setting(GENERATION, "raster"), Setting(CENTRE, "raster"))
