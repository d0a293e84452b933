"""The fixed questions at the model's size, on square photos of its training domain, and the bars it is held to.

Knows nothing of editors or photos. Shapes and shares are those that the evaluation data's README proposes, with
free-form strokes added. Some plans name "the best baseline" of a list with PatchMatch, but their figures for
orientation fit smooth baselines alone: each of these bars stands here twice.
"""

from __future__ import annotations

from functools import partial

from core.lab.evaluation.bars import Bar
from core.lab.evaluation.cases import Question, cut_off, holed
from core.lab.evaluation.shapes import cells, centre, scribbles
from core.values.geometry import Sides

CENTRE = Question("centre 50 %", partial(holed, draw=partial(centre, share=0.5)))
QUESTIONS = (
    CENTRE,
    # Three and eight windows of 128 px a photo, and four crops to judge: fewer photos take as long and tell as much.
    Question("right 25 %", partial(cut_off, shares={"right": 0.25}), share=0.5),
    Question("right 50 %", partial(cut_off, shares={"right": 0.5})),
    Question("all sides 25 %", partial(cut_off, shares=dict.fromkeys(Sides._fields, 0.25)), share=0.25),
    Question("free-form strokes", partial(holed, draw=scribbles)),
    Question("random cells 50 %", partial(holed, draw=partial(cells, share=0.5))),
    Question("random cells 75 %", partial(holed, draw=partial(cells, share=0.75))),
)
CLASS_EDIT, RECONSTRUCTION, GENERATION = "class edit, centre 62 %", "reconstruction", "generation per class"
CLASS_SHARE = 0.62  # of each side: the middle box that is repainted as another class
RANKED = 4  # samples among which the likeliest is chosen, for the class edit

_BEST, _SMOOTH, _NEAR = "KID / best baseline", "KID / best smooth baseline", "distance / best baseline"
MODEL_BARS = (
    Bar(_BEST, most=0.35, question="centre 50 %", on_gpu="at most 0.15"),
    Bar(_SMOOTH, most=0.35, question="centre 50 %", on_gpu="at most 0.15"),
    Bar(_BEST, most=0.45, question="right 50 %", on_gpu="at most 0.2"),
    Bar(_SMOOTH, most=0.45, question="right 50 %", on_gpu="at most 0.2"),
    Bar(_NEAR, most=1.0, question="centre 50 %"),
    Bar(_NEAR, most=1.05, question="free-form strokes"),
    Bar("class seen", least=0.65, question=CLASS_EDIT, method="one sample"),
    Bar("class seen", least=0.8, question=CLASS_EDIT, method=f"likeliest of {RANKED}"),
    Bar("class seen", least=0.75, question=GENERATION),
    Bar("recall", least=0.3, question=GENERATION),
    Bar("lattice", most=1.2, question=GENERATION),
    Bar("distance", most=0.75, question=RECONSTRUCTION, on_gpu="at most 0.5"),
    Bar("PSNR", least=20.0, question=RECONSTRUCTION, on_gpu="at least 21"),
)
