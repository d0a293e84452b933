"""Every published file is known by its names at full size, and nothing else is."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from core.errors import CheckpointError
from core.models.compact import CompactTokenizer, CompactTokenizerConfig, CompactTransformer, CompactTransformerConfig
from core.models.google import GoogleTransformer, GoogleTransformerConfig
from core.models.presets import PRESETS
from core.models.recognise import FORMS, recognise

GOOGLE = ("google-256", "google-512")
VALEO = ("valeo-256", "valeo-512")
HALTON = tuple(name for name in PRESETS if name.startswith("halton"))

FULL = [
    ("google-jax", "tokenizer", "google", GOOGLE),
    ("google-jax", "transformer", "google", GOOGLE[:1]),
    ("maskgit-torch", "tokenizer", "google", GOOGLE),
    ("maskgit-torch", "transformer", "google", GOOGLE[:1]),
    ("titok-openmuse tokenizer", "tokenizer", "google", GOOGLE),
    ("valeo-v1", "tokenizer", "valeo", VALEO),
    ("valeo-v1", "transformer", "valeo", VALEO[:1]),
    ("halton (small 256)", "tokenizer", "halton", HALTON),
    ("halton (small 256)", "transformer", "halton", ("halton-256-small",)),
    ("halton (base 384)", "tokenizer", "halton", HALTON),
    ("halton (base 384)", "transformer", "halton", ("halton-384-base",)),
]


@pytest.mark.parametrize(("entry", "part", "family", "presets"), FULL)
def test_published_files_are_known_at_full_size(
    entry: str, part: str, family: str, presets: tuple[str, ...], published: Any
) -> None:
    found = recognise(published(entry, part))
    assert (found.family, found.part, found.presets) == (family, part, presets)


@pytest.mark.parametrize(
    ("entry", "name", "sizes"),
    [
        ("google-jax", "google-512", {257: 1025}),
        ("maskgit-torch", "google-512", {257: 1025}),
        ("valeo-v1", "valeo-512", {257: 1025}),
    ],
)
def test_the_grid_tells_256_from_512(entry: str, name: str, sizes: dict[int, int], published: Any) -> None:
    shapes = {key: tuple(sizes.get(n, n) for n in shape) for key, shape in published(entry, "transformer").items()}
    assert recognise(shapes).presets == (name,)


@pytest.mark.parametrize(("entry", "part", "family", "presets"), FULL)
def test_exactly_one_form_fits_a_published_file(
    entry: str, part: str, family: str, presets: tuple[str, ...], published: Any
) -> None:
    shapes = published(entry, part)
    fitting = [f for f in FORMS if all(n in shapes for n in f.has) and not any(n in shapes for n in f.lacks)]
    assert [(f.family, f.part) for f in fitting] == [(family, part)]


def test_our_own_nets_are_known() -> None:
    with torch.device("meta"):
        nets = (
            CompactTokenizer(CompactTokenizerConfig()),
            CompactTransformer(CompactTransformerConfig()),
            GoogleTransformer(GoogleTransformerConfig()),
        )
    found = [recognise({k: tuple(v.shape) for k, v in net.state_dict().items()}) for net in nets]
    assert [(f.family, f.part, f.form.own) for f in found] == [
        ("compact", "tokenizer", True),
        ("compact", "transformer", True),
        ("google", "transformer", True),
    ]


@pytest.mark.parametrize("names", [(), ("classifier.weight",), ("encoder.conv_in.weight", "decoder.conv_in.weight")])
def test_what_is_of_no_family_is_refused_with_its_first_name(names: tuple[str, ...]) -> None:
    with pytest.raises(CheckpointError, match=f"no family known here .*{min(names, default='')!r}"):
        recognise(dict.fromkeys(names, (3,)))


def test_a_file_that_lacks_an_entry_is_of_its_family_but_refused(published: Any) -> None:
    shapes = published("google-jax", "transformer")
    del shapes["TransformerLayer_10.Mlp_0.layer_output.bias"]
    with pytest.raises(CheckpointError, match=r"maskgit256 lacks 'TransformerLayer_10\.Mlp_0\.layer_output\.bias'"):
        recognise(shapes, "maskgit256")
