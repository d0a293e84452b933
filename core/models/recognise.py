"""Recognises the family and part of a model from a file's names and shapes; the file's own name is ignored.

Knows nothing of containers. The marks are those of docs/architectures.md, section 6.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Literal

import torch
from torch import Tensor

from core.errors import CheckpointError
from core.models.google_keys import (
    tokenizer_from_flax,
    tokenizer_from_maskgit_torch,
    transformer_from_flax,
    transformer_from_maskgit_torch,
)
from core.models.halton import tokenizer_from_published, transformer_from_published
from core.models.keymaps import Shapes, shapes_of
from core.models.presets import PRESETS
from core.models.sizes import tokenizer_config, transformer_config
from core.models.valeo import tokenizer_from_lightning

Part = Literal["tokenizer", "transformer"]


@dataclass(frozen=True)
class Form:
    """One format of one part of a model.

    Attributes:
        title: for people.
        family: key of `core.models.families.FAMILIES`, or "" for a kind that no model here uses.
        part: tokenizer or transformer.
        has: names that must be there.
        lacks: names that must not.
        to_ours: (tensors by the file's names, the file for the error's sentence) -> our state dict.
        own: our own names and sizes, described by a config.json beside the file.
    """

    title: str
    family: str
    part: Part
    has: tuple[str, ...]
    lacks: tuple[str, ...] = ()
    to_ours: Callable[[Mapping[str, Tensor], str], dict[str, Tensor]] = lambda state, what: dict(state)
    own: bool = False


_TAMING = "encoder.down.0.downsample.conv.weight"
_TITOK = "encoder.down.0.block.0.norm1.weight"

FORMS = (
    Form(
        *("Google MaskGIT's transformer (flax)", "google", "transformer"),
        ("TransformerLayer_0.Attention_0.self_attention.query.kernel",),
        to_ours=transformer_from_flax,
    ),
    Form(
        *("Google MaskGIT's tokenizer (flax)", "google", "tokenizer"),
        ("encoder.ResBlock_0.Conv_0.kernel",),
        to_ours=tokenizer_from_flax,
    ),
    Form(
        *("Google MaskGIT's transformer (maskgit-torch)", "google", "transformer"),
        ("blocks.0.MultiHeadAttention.in_proj_weight",),
        to_ours=transformer_from_maskgit_torch,
    ),
    Form(
        *("Google MaskGIT's tokenizer (maskgit-torch)", "google", "tokenizer"),
        ("encoder.res_blocks.0.0.conv0.weight",),
        to_ours=tokenizer_from_maskgit_torch,
    ),
    Form(
        *("Google MaskGIT's tokenizer (TiTok, openMUSE)", "google", "tokenizer"),
        (_TITOK, "encoder.mid.0.norm1.weight"),
        lacks=(_TAMING,),
    ),
    Form(
        *("the strong-augmentation tokenizer of MAGE, AutoNAT and ENAT", "", "tokenizer"),
        (_TITOK, "encoder.mid.block_1.norm1.weight"),
        lacks=(_TAMING,),
    ),
    Form(
        *("Halton-MaskGIT's transformer", "halton", "transformer"),
        ("transformer.layers.0.attn.wq.weight",),
        to_ours=transformer_from_published,
    ),
    Form(
        *("LlamaGen's VQ-16 tokenizer", "halton", "tokenizer"),
        ("encoder.conv_blocks.0.res.0.conv1.weight",),
        to_ours=tokenizer_from_published,
    ),
    Form(
        *("valeo's transformer", "valeo", "transformer"),
        ("transformer.layers.0.0.fn.mha.in_proj_weight",),
    ),
    Form(
        *("the taming-transformers VQGAN", "valeo", "tokenizer"),
        (_TAMING,),
        to_ours=tokenizer_from_lightning,
    ),
    Form("our Google transformer", "google", "transformer", ("layers.0.qkv.weight", "head_norm.weight"), own=True),
    Form("our compact transformer", "compact", "transformer", ("layers.0.gate_up.weight",), own=True),
    Form("our compact tokenizer", "compact", "tokenizer", ("codebook", "encoder.0.weight"), own=True),
)
"""All known formats; at most one fits a file."""


@dataclass(frozen=True)
class Recognised:
    """The result of recognising a file.

    Attributes:
        form: its format.
        family: key of `core.models.families.FAMILIES`.
        part: "tokenizer" or "transformer".
        presets: the published models it may be part of, by shape alone: Google's 256 and 512 px tokenizers, for
            example, are alike until core/models/origins.py knows them. Empty for nets of other sizes.
    """

    form: Form
    family: str
    part: Part
    presets: tuple[str, ...]


def recognise(shapes: Shapes, what: str = "the file") -> Recognised:
    """Recognise a file.

    Args:
        shapes: its names, without wrappers and prefixes, and shapes.
        what: the file, for the error's sentence.

    Raises:
        CheckpointError: if it is of no known family, of one that no model here uses, or incomplete.
    """
    form = next(
        (f for f in FORMS if all(n in shapes for n in f.has) and not any(n in shapes for n in f.lacks)),
        None,
    )
    if form is None:
        raise CheckpointError(
            "{what} is of no family known here (its first name is {first!r}): give {choices}, or a model of your own.",
            what=what,
            first=min(shapes, default=""),
            choices=", ".join(f.title for f in FORMS if f.family and not f.own),
        )
    if not form.family:
        raise CheckpointError(
            "{what} is {form}, whose codes no transformer here was trained on: take the tokenizer that "
            "was published with the transformer.",
            what=what,
            form=form.title,
        )
    return Recognised(form, form.family, form.part, () if form.own else _presets(form, shapes, what))


def _presets(form: Form, shapes: Shapes, what: str) -> tuple[str, ...]:
    """List the published models whose part has these shapes."""
    empty = {name: torch.empty(shape, device="meta") for name, shape in shapes.items()}
    ours = shapes_of(form.to_ours(empty, what))
    read = tokenizer_config if form.part == "tokenizer" else transformer_config
    try:
        config = asdict(read(form.family, ours, what))
    except CheckpointError:  # a size of its own
        return ()
    alike = (spec for spec in PRESETS.values() if spec.family == form.family)
    return tuple(spec.name for spec in alike if getattr(spec, form.part) == config)
