"""The options of a request: the picture, the part to repaint, and how.

Knows nothing of what is done with the request.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.cli.output import aside
from core.cli.words import Parser, add_decoding, add_engine, box, chosen, decode_options, number, ratio, whole
from core.errors import BadRequest
from core.values.geometry import Sides, Size, aspect_sides

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from core.models.config import ModelSpec
    from core.values.request import EditRequest

VIEW = {
    "window": "window",
    "context": "context",
    "coverage": "coverage",
    "grow": "grow_tokens",
    "refine": "refine",
}
"""Command line option -> field of `View`."""

PAINTING = {
    "finish": "finish",
    "follow": "follow",
    "sharpen": "sharpen",
    "match_colour": "match_colour",
    "detail": "detail",
    "feather": "feather_px",
    "blend": "blend",
    "opaque": "opaque",
}
"""Command line option -> field of `Painting`."""


def add_region(parser: Parser) -> None:
    """Add the picture, the part to repaint, and the output."""
    parser.add_argument("--image", type=Path)
    parser.add_argument(
        "--mask", type=Path, help="a picture of its size: bright (or opaque, on a transparent layer) = repaint"
    )
    parser.add_argument("--box", type=box, metavar="L,T,W,H", help="repaint this box as --class instead of a mask")
    parser.add_argument(
        "--window", type=box, metavar="L,T,W,H", help="look through this square, not the planned window"
    )
    parser.add_argument("--task", choices=("inpaint", "manipulate"), help="manipulate where --box is given")
    parser.add_argument("--output", type=Path, required=True, help="a .png, .jpg or .webp file; for sweep a folder")


def add_sides(parser: Parser) -> None:
    """Add how far a picture grows."""
    for side in Sides._fields:
        parser.add_argument(f"--{side}", type=whole, default=0, metavar="PX", help="pixels to add there")
    parser.add_argument(
        "--aspect", type=ratio, metavar="W:H", help="add what this shape needs at both sides, instead of pixels"
    )


def add_request(parser: Parser) -> None:
    """Add the settings of a request without T, of which a sweep takes several; the default is the model's advice."""
    add_engine(parser)
    parser.add_argument("--class", dest="class_name", metavar="NAME|ID")
    add_decoding(parser)
    parser.add_argument(
        "--guided-by", metavar="NAME", help="auto, picture (blends in) or hole (becomes the class, whatever is around)"
    )
    parser.add_argument("--seed", type=whole)
    parser.add_argument("--coverage", type=number, metavar="X", help="repaint cells brushed by more than this share")
    parser.add_argument("--grow", type=whole, metavar="N", help="repaint this many cells around the mask, too")
    parser.add_argument("--feather", type=whole, metavar="PX", help="soft edge inside the mask; 0 is hard")
    parser.add_argument("--context", type=number, metavar="X", help="window side over the hole's longer side")
    parser.add_argument(
        "--sharpen", type=number, metavar="X", help="0 to 1: how much sharper a new class or a new picture is made"
    )
    parser.add_argument(
        "--refine", type=whole, metavar="N", help="look again through windows half as wide, 0 to 3 times"
    )
    parser.add_argument(
        "--detail", metavar="NAME", help="auto, patches, grain or none: fine detail from the surroundings"
    )
    parser.add_argument("--blend", metavar="NAME", help="auto, feather or poisson: how the border is closed")
    parser.add_argument(
        "--finish",
        metavar="NAME",
        help="auto: fills and borders end with pixels of the photo; none: the model's",
    )
    parser.add_argument(
        "--follow", type=number, metavar="X", help="how much the model's idea counts there, 0 (not at all) to 1 (alone)"
    )
    parser.add_argument("--no-match-colour", dest="match_colour", action="store_const", const=False)
    parser.add_argument(
        "--opaque",
        action="store_const",
        const=True,
        help="make all that is repainted opaque, not transparent parts alone",
    )


def make_request(options: argparse.Namespace, spec: ModelSpec, **parts: Any) -> EditRequest:
    """Make a request of the options and of the parts (image and region), for a model."""
    from core.values.request import EditRequest

    return EditRequest(**parts, **read_settings(options, spec, from_nothing="image" not in parts))


def read_settings(options: argparse.Namespace, spec: ModelSpec, *, from_nothing: bool = False) -> dict[str, Any]:
    """Collect what is asked of a model, whatever the picture: class, view, painting and decoding of a request."""
    from core.values.groups import Painting, View
    from core.values.labels import class_id

    return {
        "class_id": class_id(spec.classes, options.class_name),
        "view": View(**chosen(options, VIEW)),
        "painting": Painting(**chosen(options, PAINTING)),
        "decoding": decode_options(options).over(spec.advice(from_nothing=from_nothing)),
    }


def read_sides(options: argparse.Namespace, size: Size) -> Sides:
    """Tell how far a picture of a size shall grow."""
    sides = Sides(options.left, options.top, options.right, options.bottom)
    if options.aspect is None:
        return sides
    if any(sides):
        raise BadRequest("--aspect says how far every side grows: leave out --left, --top, --right and --bottom.")
    return aspect_sides(size, options.aspect)


def read_region(options: argparse.Namespace) -> dict[str, Any]:
    """Read image and region of an edit."""
    from core.pictures.maskfiles import read_mask
    from core.values.region import Mask

    if options.image is None:
        raise BadRequest("no picture was given: name one with --image.")
    if (options.mask is None) == (options.box is None):
        raise BadRequest("give either --mask or --box: one says what to repaint, not both.")
    if options.box is not None and options.task == "inpaint":
        raise BadRequest("--box belongs to --task manipulate: leave --task out, or give --mask instead.")
    image = opened(options.image)
    if options.box is not None:
        return {"image": image, "region": options.box}
    height, width = image.shape[:2]
    read = read_mask(options.mask, Size(width, height))
    aside(None if read.plain else read.told)
    return {"image": image, "region": Mask(read.mask, new=options.task == "manipulate")}


def opened(path: Path) -> NDArray[np.uint8]:
    """Read the pixels of a picture file; reports what the conversion to 8-bit sRGB changed."""
    from core.pictures.opening import read_picture

    read = read_picture(path)
    aside(read.told)
    return read.pixels
