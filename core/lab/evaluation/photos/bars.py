"""What the editor is expected to reach on whole photos: its finish as a person sees it, its fills beside PatchMatch's.

Knows nothing of how figures are measured. Fills are also judged by a judge that nothing was chosen by.
"""

from __future__ import annotations

from core.lab.evaluation.bars import Bar
from core.lab.evaluation.photos import figures as names
from core.lab.evaluation.photos.cases import BORDER, FAR, OBJECT, THIN

PHOTO_BARS = (
    # How the editor's finish is seen by a person: of the median over all photos; of the sum, for pixels changed.
    Bar(names.SEAM, most=1.15),
    Bar(names.RING, most=3.0),
    Bar(names.SHARPNESS, 0.7, 1.3),
    Bar(names.SHARPNESS_SHOWN, 0.7, 1.3),
    Bar(names.DRIFTED, most=5.0),
    Bar(names.CHANGED, 0.0, 0.0),
    # Fills beside PatchMatch's, photos of 512 px on the shorter side, the first ranked of four.
    *(
        bar
        for question in (OBJECT, BORDER)
        for bar in (
            Bar(names.RATIO, most=0.95, question=question),
            Bar(names.NEARER, least=0.65, question=question),
            Bar(names.FOUND_MORE, most=0.02, question=question),
            Bar(names.SHARPNESS_KEPT, 0.8, 1.25, question=question),
        )
    ),
    Bar(names.RATIO, most=1.0, question=OBJECT, method=names.MEAN),
    Bar(names.SEAM, most=1.15, question=BORDER),
    *(
        bar
        for question in (THIN, FAR)
        for bar in (
            Bar(names.RATIO, most=1.0, question=question),
            Bar(names.SHARPNESS_KEPT, least=0.8, question=question),
        )
    ),
)

OVERHEAD = Bar("encode + composite overhead, 12 MP", most=1.5)
"""Of an edit in the sizes whose names begin so."""
