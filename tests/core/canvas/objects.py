"""Objects on the sample photos, drawn round by hand, to measure what one box around each selects.

Knows nothing of how anything is selected. Polygons were drawn by eye on the photos alone, before anything was selected.
"""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from core.values.geometry import Box

SAMPLES = Path(__file__).resolve().parents[3] / "assets" / "samples"

OBJECTS: dict[str, tuple[str, str]] = {
    "saucer": (
        "coffee.jpg",
        "175,110 173,85 182,55 205,33 245,20 300,18 345,25 385,50 400,80 405,68 418,66 426,75 420,95 410,120 "
        "403,143 420,152 440,162 462,180 478,215 478,240 470,270 450,305 420,335 385,360 345,378 310,386 270,386 "
        "235,378 190,360 150,333 115,300 90,262 78,225 77,205 85,165 100,135 125,107 150,88 172,80",
    ),
    "dahlia": (
        "dahlia.jpg",
        "315,85 340,92 360,92 385,105 403,120 412,140 425,155 433,175 437,197 446,215 445,235 438,258 433,270 "
        "425,290 418,305 408,320 395,335 370,343 360,350 335,356 320,358 300,358 280,350 255,352 240,343 225,333 "
        "210,320 198,300 190,285 183,270 172,240 169,215 172,200 180,190 178,172 187,165 190,145 197,130 210,117 "
        "225,112 240,102 255,97 270,98 285,92 300,88",
    ),
    "bowl": (
        "fig_bowl.jpg",
        "229,351 263,298 309,251 375,186 450,148 525,111 600,92 666,88 750,98 825,120 900,161 957,214 994,279 "
        "1013,336 1013,401 994,476 957,548 900,608 835,655 769,679 703,687 619,679 525,651 441,604 375,548 319,491 "
        "272,430 240,383",
    ),
    "fig": (
        "fig_bowl.jpg",
        "425,312 445,315 470,312 495,305 510,293 530,275 550,260 575,250 600,248 625,252 650,262 670,277 690,300 "
        "703,320 712,340 716,360 715,375 710,390 703,405 695,425 683,450 670,475 655,495 635,510 610,518 585,515 "
        "560,508 535,485 515,458 500,435 490,410 483,385 481,355 475,343 460,338 440,340 425,338",
    ),
    "pagoda": (
        "temple.jpg",
        "196,30 214,31 212,47 218,59 228,69 255,90 275,102 294,113 319,121 310,129 294,139 296,160 329,174 325,181 "
        "319,192 319,227 328,233 328,242 351,254 350,262 337,270 341,305 349,309 349,317 372,336 357,352 329,371 "
        "298,383 294,403 286,399 282,387 239,387 208,375 200,360 157,344 126,335 99,338 75,336 79,317 79,285 63,274 "
        "67,262 75,254 99,246 100,227 99,192 83,184 87,168 106,166 122,160 122,141 99,131 93,117 96,106 118,102 "
        "149,90 177,74 189,63 194,51 195,35",
    ),
    "upper dog": (
        "two_dogs_portrait.jpg",
        "265,330 275,318 290,306 305,298 325,297 345,297 365,300 380,308 392,320 400,335 407,350 418,355 425,365 "
        "432,380 437,400 440,420 437,435 432,455 430,470 428,490 420,505 410,517 398,515 385,510 382,500 388,490 "
        "395,475 397,460 398,445 392,455 387,465 380,478 370,482 357,478 345,470 335,467 328,475 320,485 312,497 "
        "300,500 285,500 268,500 262,490 262,470 259,450 258,430 260,410 258,390 258,370 260,350",
    ),
    "lower dog": (
        "two_dogs_portrait.jpg",
        "406,595 415,583 436,575 456,570 482,572 506,578 520,590 529,604 544,619 556,642 570,654 572,671 567,683 "
        "569,706 570,730 563,748 566,771 562,774 547,771 532,774 516,774 516,759 516,742 512,718 511,739 500,743 "
        "477,736 456,736 450,742 462,765 485,789 497,806 497,824 485,835 459,837 436,833 421,818 421,806 430,783 "
        "436,759 436,742 418,742 412,724 403,689 399,668 400,642 403,619",
    ),
    "drum": (
        "living_room_portrait.jpg",
        "20,684 24,659 45,635 86,626 131,625 143,606 164,585 193,556 234,519 267,503 304,498 337,503 370,519 "
        "399,544 420,577 426,614 425,659 420,696 407,725 383,746 366,765 341,762 308,762 279,762 251,752 218,742 "
        "193,727 168,719 139,711 110,717 77,734 53,746 36,734 24,713",
    ),
    "dandelion": (
        "dandelion_meadow.jpg",
        "172,229 175,197 186,174 201,142 221,114 253,87 285,69 331,60 386,62 436,71 482,87 518,114 541,142 564,174 "
        "578,206 576,238 581,275 569,316 546,343 518,366 486,385 454,401 413,396 390,394 363,398 326,392 294,386 "
        "257,375 225,348 198,311 180,275",
    ),
    "bottle": (
        "living_room_portrait.jpg",
        "332,125 333,122 343,122 345,127 343,143 347,147 347,190 348,203 355,212 360,222 360,240 360,335 357,340 "
        "320,340 316,335 316,225 319,215 328,203 331,195 332,147 333,143",
    ),
}
"""By name: the photo, and the corners of the outline as "x,y x,y ..." in its pixels."""


def outlined(name: str) -> tuple[NDArray[np.uint8], NDArray[np.bool_]]:
    """Return the photo, (H, W, 3) uint8 RGB, and the (H, W) bool mask of an object."""
    file, corners = OBJECTS[name]
    image = np.asarray(cv2.imread(str(SAMPLES / file))[..., ::-1], np.uint8)
    mask = np.zeros(image.shape[:2], np.uint8)
    points = [[int(v) for v in corner.split(",")] for corner in corners.split()]
    cv2.fillPoly(mask, [np.array(points, np.int32)], 1)
    return image, mask > 0


def boxed(mask: NDArray[np.bool_], loose: float, seed: int) -> Box:
    """Draw a box around a mask as a hand would: each side is `loose` of its length off on average, more or less."""
    tight = Box.around(mask)
    assert tight is not None
    off = np.random.default_rng(seed).uniform(0.4, 1.6, 4) * loose
    width, height = tight.size
    sides = np.rint(off * [width, height, width, height]).astype(int).tolist()
    return Box(tight.left - sides[0], tight.top - sides[1], tight.right + sides[2], tight.bottom + sides[3])


def overlap(one: NDArray[np.bool_], other: NDArray[np.bool_]) -> float:
    """Return the intersection over the union of two masks."""
    return float((one & other).sum() / (one | other).sum())
