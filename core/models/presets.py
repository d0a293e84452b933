"""The published models as `ModelSpec`s: shapes, licences and the decoding settings that their authors used.

Knows nothing of weights, of where they lie, or of class names (all are ImageNet's 1000). Sources:
docs/architectures.md, sections 0 to 5, and docs/algorithm.md, sections 2 and 4 to 7.
"""

from __future__ import annotations

from dataclasses import asdict, replace

from core.decoding.settings import Decoding
from core.models.config import ModelSpec
from core.models.google import GoogleTransformerConfig
from core.models.halton import SIZES
from core.models.valeo import ValeoTransformerConfig
from core.models.vqgan import GoogleTokenizerConfig, LlamaGenTokenizerConfig, TamingTokenizerConfig

_FOLLOW = 0.5
"""For published models: trained on a hundred times as many photos as the bundled one, they know more of what a hole may
have held. Not measured: none of their weights were available."""

_GOOGLE = ModelSpec(
    name="google-256",
    title="Google MaskGIT, 256 px",
    family="google",
    pixels=256,
    grid=16,
    codebook_size=1024,
    tokenizer=asdict(GoogleTokenizerConfig()),
    transformer=asdict(GoogleTransformerConfig(grid=16)),
    classes=(),
    null_class=False,
    licence="Apache-2.0",
    # The official demo edits with ten passes: it counts two of twelve as done, because much is known already.
    defaults=Decoding.standard(steps=12, start_step=2),
    follow=_FOLLOW,
)

# valeo's sampler calls its schedule arccos, but that is a profile of counts, our "arccos counts" (docs/algorithm.md,
# section 3). Its guidance weight w is s - 1, and its noise falls from whole to none (section 6).
_VALEO = ModelSpec(
    name="valeo-256",
    title="valeo MaskGIT v1.0, 256 px",
    family="valeo",
    pixels=256,
    grid=16,
    codebook_size=1024,
    tokenizer=asdict(TamingTokenizerConfig()),
    transformer=asdict(ValeoTransformerConfig(grid=16)),
    classes=(),
    null_class=True,
    licence="MIT (tokenizer: MIT, CompVis)",
    defaults=Decoding.standard(
        schedule="arccos counts", guidance_scale=1.0 + 3.0, guidance_ramp="linear", anneal="this step"
    ),
    follow=_FOLLOW,
)

# Halton's cumulative counts, N (1 - 2/pi arccos((t + 1) / T)), are our arccos schedule. The README's demo runs 32
# steps, whose softmax grows 1.2 times sharper; the weight w = s - 1 of each size is the one of its best FID
# (docs/algorithm.md, sections 5 and 7).
_HALTON = ModelSpec(
    name="halton-256-base",
    title="Halton-MaskGIT base, 256 px",
    family="halton",
    pixels=256,
    grid=16,
    codebook_size=16384,
    tokenizer=asdict(LlamaGenTokenizerConfig()),
    transformer=asdict(SIZES["base"]),
    classes=(),
    null_class=True,
    licence="MIT (tokenizer: MIT, LlamaGen)",
    defaults=Decoding.standard(
        schedule="arccos", order="halton", steps=32, guidance_scale=1.0 + 0.7, token_cooling=1.2
    ),
    follow=_FOLLOW,
)
_HALTON_WEIGHTS = {"tiny": 1.5, "small": 1.0, "base": 0.7, "large": 0.5}


def _halton(size: str, grid: int) -> ModelSpec:
    """Return the preset of one published size at one grid."""
    pixels = 16 * grid
    return replace(
        _HALTON,
        name=f"halton-{pixels}-{size}",
        title=f"Halton-MaskGIT {size}, {pixels} px",
        pixels=pixels,
        grid=grid,
        transformer=asdict(replace(SIZES[size], grid=grid)),
        defaults=replace(_HALTON.defaults, guidance_scale=1.0 + _HALTON_WEIGHTS[size]),
    )


PRESETS: dict[str, ModelSpec] = {
    spec.name: spec
    for spec in (
        _GOOGLE,
        replace(
            _GOOGLE,
            name="google-512",
            title="Google MaskGIT, 512 px",
            pixels=512,
            grid=32,
            transformer=asdict(GoogleTransformerConfig(grid=32)),
        ),
        *(_halton(size, 16) for size in ("tiny", "small", "base")),
        *(_halton(size, 24) for size in ("small", "base", "large")),
        _VALEO,
        replace(
            _VALEO,
            name="valeo-512",
            title="valeo MaskGIT v1.0, 512 px",
            pixels=512,
            grid=32,
            transformer=asdict(ValeoTransformerConfig(grid=32)),
            defaults=replace(_VALEO.defaults, steps=15, choice_temperature=7.0, guidance_scale=1.0 + 2.8),
        ),
    )
}
"""By name, e.g. "google-512" or "halton-384-large"."""
