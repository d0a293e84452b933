"""The questions at photo size, on photos of any kind, and the bars that the editor is held to.

Knows nothing of editors, photos or files. Fills are also judged by a judge by which nothing was chosen.
"""

from __future__ import annotations

from functools import partial

from core.lab.evaluation.bars import Bar
from core.lab.evaluation.cases import Draw, Question, cut_off, grown, holed
from core.lab.evaluation.shapes import blob, strokes
from core.values.geometry import Sides, Size, aspect_sides

WINDOWS = 10
"""Half windows by which the panorama for drift grows."""
_CUT = 0.2  # share of the shorter side that is cut off for a border

DRIFT = "panorama of ten windows"
OBJECT, THIN, FAR, BORDER = "hole: object", "hole: thin strokes", "hole: far strokes", "border: right"
MEAN = "mean of variations"
"""Ends the name of a method whose figures are means over its variations."""


def _hole(name: str, about: str, draw: Draw) -> Question:
    return Question(name, partial(holed, draw=draw, plant=True), about)


def _border(name: str, *sides: str, most: int) -> Question:
    about = f"20 % of the shorter side cut off ({name})"
    return Question(f"border: {name}", partial(cut_off, shares=dict.fromkeys(sides, _CUT)), about, most=most)


def _widened(size: Size, *, aspect: float) -> Sides:
    """Return the border, equal at left and right, that makes a picture `aspect` times as wide as high."""
    return aspect_sides(size, aspect)._replace(top=0, bottom=0)


def _panorama(size: Size) -> Sides:
    """Return a border at the right of `WINDOWS` half windows, each as high as the picture."""
    return Sides(right=WINDOWS * (size.height // 2))


_WIDE, _WIDER = (partial(grown, grow=partial(_widened, aspect=aspect)) for aspect in (16 / 9, 8.0))
_AWAY = "grown to the right by ten half windows, no truth"

QUESTIONS = (
    _hole(OBJECT, "a blob of 24.5 % of the shorter side: 600 px in 12 MP", partial(blob, share=0.245)),
    _hole("hole: medium", "a blob of 12 %", partial(blob, share=0.12)),
    _hole(THIN, "three bent strokes 1.2 % wide", partial(strokes, count=3, reach=0.45, width=0.012, apart=False)),
    _hole(FAR, "two strokes 3.5 % wide, far apart", partial(strokes, count=2, reach=0.15, width=0.035, apart=True)),
    *(_border(side, side, most=8) for side in Sides._fields),
    _border("all", *Sides._fields, most=4),
    Question("growth to 16:9", _WIDE, "no truth", most=4),
    Question("growth to 8:1", _WIDER, "no truth", fills=False, most=4),
    Question(DRIFT, partial(grown, grow=_panorama), _AWAY, fills=False, most=8),
)

_RATIO, _KEPT = "distance / PatchMatch's", "sharpness, of the photo's"

PHOTO_BARS = (
    # How the editor's finish is seen by a person: of the median over all photos; of the sum, for pixels changed.
    Bar("seam ratio", most=1.15),
    Bar("ring delta-E", most=3.0),
    Bar("sharpness", 0.7, 1.3),
    Bar("sharpness, shown", 0.7, 1.3),
    Bar("drift delta-E", most=5.0),
    Bar("changed outside", 0.0, 0.0),
    # Fills beside PatchMatch's, photos of 512 px on the shorter side, the first ranked of four.
    *(
        bar
        for question in (OBJECT, BORDER)
        for bar in (
            Bar(_RATIO, most=0.95, question=question),
            Bar("nearer than PatchMatch", least=0.65, question=question),
            Bar("found, less PatchMatch's", most=0.02, question=question),
            Bar(_KEPT, 0.8, 1.25, question=question),
        )
    ),
    Bar(_RATIO, most=1.0, question=OBJECT, method=MEAN),
    Bar("seam ratio", most=1.15, question=BORDER),
    *(
        bar
        for question in (THIN, FAR)
        for bar in (Bar(_RATIO, most=1.0, question=question), Bar(_KEPT, least=0.8, question=question))
    ),
)
