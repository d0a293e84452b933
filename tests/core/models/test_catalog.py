"""The catalog agrees with the presets, with the nets' shapes, with itself and with what docs/models.md says of it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import torch

from core.models.catalog import CATALOG, Published
from core.models.families import build, count_parameters
from core.models.presets import PRESETS

MODELS = Path(__file__).resolve().parents[3] / "docs" / "models.md"

each = pytest.mark.parametrize("published", CATALOG.values(), ids=CATALOG)


def test_every_preset_is_published():
    assert list(CATALOG) == list(PRESETS)


@each
def test_parameters_are_those_of_the_nets(published: Published):
    assert published.parameters == count_parameters(published.spec)


@each
def test_files_are_one_a_role_and_large_enough_for_their_nets(published: Published):
    assert sorted(file.role for file in published.files) == ["tokenizer", "transformer"]
    assert {twin.role for twin in published.twins} <= {"tokenizer", "transformer"}
    with torch.device("meta"):
        sizes = [4 * sum(p.numel() for p in net.parameters()) for net in build(published.spec)]
    for size, file in zip(sizes, published.files, strict=True):
        assert file.bytes > 0.999 * size  # fp32, and rounded where it is computed
    for file in (*published.files, *published.twins):
        assert file.on_hub is not file.repo.startswith("https://")
        assert file.sha256 is None or re.fullmatch("[0-9a-f]{64}", file.sha256)
        assert not file.path.startswith("/")


def test_the_same_file_is_always_described_alike():
    files = {f for p in CATALOG.values() for f in (*p.files, *p.twins)}
    assert len({(f.repo, f.path) for f in files}) == len(files)


@each
def test_what_a_model_can_do_follows_from_its_null_class(published: Published):
    assert published.needs_class is (published.family == "google")
    assert (published.guidance is None) is published.needs_class
    assert published.guidance == {"google": None, "halton": "constant", "valeo": "linear"}[published.family]
    assert (published.defaults.guidance_scale > 1.0) is published.null_class


@each
def test_the_document_tells_the_catalogs_facts(published: Published):
    first = (
        f"| `{published.name}` | {published.pixels} | {published.grid} x {published.grid} "
        f"| {published.parameters / 1e6:.0f} M | {published.bytes / 1e9:.2f} GB |"
    )
    last = (
        f"| {'yes' if published.needs_class else 'no'} | {guidance(published)} | {decoding(published)} "
        f"| {published.licence} |"
    )  # what it costs on a machine lies between
    rows = MODELS.read_text(encoding="utf-8").splitlines()
    assert any(row.startswith(first) and row.endswith(last) for row in rows), f"{first} ... {last}"


def guidance(published: Published) -> str:
    defaults = published.defaults
    return "none" if published.guidance is None else f"{defaults.guidance_scale:g}, {published.guidance}"


def decoding(published: Published) -> str:
    defaults = published.defaults
    return f"{defaults.schedule}, {defaults.order}, {defaults.steps}"
