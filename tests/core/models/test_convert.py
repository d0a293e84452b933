"""From every container of every family to one model folder, and every file that must not become one."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file
from torch import Tensor

from core.engine import load_engine
from core.errors import CheckpointError
from core.models.checkpoints import (
    CONFIG_FILE,
    SHARPENER_FILE,
    TOKENIZER_FILE,
    TRANSFORMER_FILE,
    load_nets,
    read_spec,
    save_with_sharpener,
)
from core.models.config import ModelSpec
from core.models.convert import convert
from core.models.families import FAMILIES
from core.models.presets import PRESETS
from core.models.sharpener import Sharpener, SharpenerConfig
from core.values.groups import DecodeOptions
from core.values.labels import imagenet_classes
from core.values.region import Mask
from core.values.request import EditRequest
from tests.core.models import foreign

NAMES = tuple("abcdefghij")


def small_spec(family: str) -> ModelSpec:
    tokenizer, transformer = foreign.CONFIGS[family]
    return ModelSpec(
        name=f"small-{family}",
        title="small, for tests",
        family=family,
        pixels=64,
        grid=4,
        codebook_size=32,
        tokenizer=dataclasses.asdict(tokenizer),
        transformer=dataclasses.asdict(transformer),
        classes=NAMES,
        null_class=FAMILIES[family].null_class,
        licence="none",
    )


def write_config(folder: Path, spec: ModelSpec) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / CONFIG_FILE).write_text(json.dumps(dataclasses.asdict(spec)))
    return folder / CONFIG_FILE


Write = Callable[[Path, dict[str, Tensor]], None]

CONTAINERS: dict[str, dict[str, list[tuple[str, str, Write]]]] = {
    # family -> part -> (file name, which of Google's ways of writing, container)
    "google": {
        "tokenizer": [
            ("tokenizer_imagenet256_checkpoint", "flax", foreign.write_flax),
            ("tokenizer_imagenet256.ckpt", "torch", foreign.write_state_dict),
            ("maskgit-vqgan-imagenet-f16-256.bin", "", foreign.write_bare),
            ("old.bin", "", foreign.write_old),
            ("openmuse.safetensors", "", foreign.write_safetensors),
        ],
        "transformer": [
            ("maskgit_imagenet256_checkpoint", "flax", foreign.write_flax),
            ("maskgit_imagenet256.ckpt", "torch", foreign.write_state_dict),
            ("maskgit.safetensors", "torch", foreign.write_safetensors),
        ],
    },
    "halton": {
        "tokenizer": [
            ("vq_ds16_c2i.pt", "", foreign.write_llamagen),
            ("model.safetensors", "", foreign.write_safetensors),
        ],
        "transformer": [
            ("ImageNet_256_small.pth", "", foreign.write_trainer),
            ("halton.safetensors", "", foreign.write_safetensors),
        ],
    },
    "valeo": {
        "tokenizer": [
            ("last.ckpt", "", foreign.write_lightning),
            ("taming.safetensors", "", foreign.write_safetensors),
        ],
        "transformer": [
            ("MaskGIT_ImageNet_256.pth", "", foreign.write_trainer),
            ("valeo.safetensors", "", foreign.write_safetensors),
        ],
    },
}
PAIRS = [
    (family, i, j)
    for family, parts in CONTAINERS.items()
    for i in range(len(parts["tokenizer"]))
    for j in range(len(parts["transformer"]))
    if i == 0 or j == 0
]


def states(family: str, published: Any) -> dict[str, dict[str, dict[str, Tensor]]]:
    """Part -> way of writing -> the same numbers."""
    tokenizer, transformer = foreign.tokenizer(family, published), foreign.transformer(family, published)
    if family != "google":
        return {"tokenizer": {"": tokenizer}, "transformer": {"": transformer}}
    flax, torch_ = foreign.google_tokenizer_twins(tokenizer)
    return {
        "tokenizer": {"": tokenizer, "flax": flax, "torch": torch_},
        "transformer": {"torch": transformer, "flax": foreign.google_flax_transformer(transformer)},
    }


def write_pair(folder: Path, family: str, published: Any, i: int = 0, j: int = 0) -> list[Path]:
    folder.mkdir(parents=True, exist_ok=True)
    given = states(family, published)
    paths = []
    for part, k in (("transformer", j), ("tokenizer", i)):  # the order is not told
        name, way, write = CONTAINERS[family][part][k]
        paths.append(folder / name)
        write(paths[-1], given[part][way])
    return paths


def expected(family: str, published: Any) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
    """Our state dicts of the same numbers, put together by hand."""
    tokenizer, theirs = foreign.tokenizer(family, published), foreign.transformer(family, published)
    tokenizer.pop("quantize.codebook_used", None)
    if family == "google":
        names = {"tok_emb.weight": "tokens.weight", "pos_emb": "positions", "bias": "bias"}
        parts = {"emb_ln": "norm", "Token_Prediction.0": "head", "Token_Prediction.2": "head_norm"}
        inside = {
            "out_proj": "out",
            "AttentionLN": "attention_norm",
            "MLP.0": "up",
            "MLP.2": "down",
            "MlpLN": "mlp_norm",
        }
        for i in range(2):
            for end in ("weight", "bias"):
                names[f"blocks.{i}.MultiHeadAttention.in_proj_{end}"] = f"layers.{i}.qkv.{end}"
            for a, b in inside.items():
                parts[f"blocks.{i}.{'MultiHeadAttention.' if a == 'out_proj' else ''}{a}"] = f"layers.{i}.{b}"
        names |= {f"{a}.{end}": f"{b}.{end}" for a, b in parts.items() for end in ("weight", "bias")}
        assert names.keys() == theirs.keys()
        return tokenizer, {names[name]: value for name, value in theirs.items()}
    return tokenizer, {name: value for name, value in theirs.items() if name != "head.weight"}


@pytest.mark.parametrize(("family", "i", "j"), PAIRS)
def test_every_container_becomes_the_same_folder_which_the_engine_opens(
    family: str, i: int, j: int, published: Any, tmp_path: Path
) -> None:
    files = write_pair(tmp_path / "theirs", family, published, i, j)
    config = write_config(tmp_path / "given", small_spec(family))
    spec = convert([*files, config], tmp_path / "ours")
    assert dataclasses.replace(spec, sha256={}) == read_spec(tmp_path / "given")
    assert {path.name for path in (tmp_path / "ours").iterdir()} == {CONFIG_FILE, TOKENIZER_FILE, TRANSFORMER_FILE}
    for name, wanted in zip((TOKENIZER_FILE, TRANSFORMER_FILE), expected(family, published), strict=True):
        written = load_file(tmp_path / "ours" / name)
        assert written.keys() == wanted.keys()
        assert all(torch.equal(written[key], value) for key, value in wanted.items())
    engine = load_engine(folder=tmp_path / "ours", device="cpu", dtype="fp32")
    image = torch.randint(0, 256, (80, 96, 3), dtype=torch.uint8, generator=torch.Generator().manual_seed(3)).numpy()
    mask = torch.zeros(80, 96, dtype=torch.bool)
    mask[20:50, 30:60] = True
    result = engine.edit(EditRequest(image, Mask(mask.numpy()), class_id=2, decoding=DecodeOptions(steps=3)))
    assert result.images.shape == (1, 80, 96, 3)
    assert (result.images[0] != image)[mask.numpy()].any()
    assert (result.images[0] == image)[~mask.numpy()].all()


def test_another_programs_description_beside_the_weights_is_told_as_such(published: Any, tmp_path: Path) -> None:
    """openMUSE's config.json, as a file and in the folder of its weights; valeo's model.yaml."""
    files = write_pair(tmp_path / "theirs", "google", published)
    config = tmp_path / "theirs" / CONFIG_FILE
    config.write_text(json.dumps({"_class_name": "MaskGiTUViT", "hidden_size": 1024, "codebook_size": 8192}))
    for given in ([*files, config], [tmp_path / "theirs"]):
        with pytest.raises(CheckpointError, match=r"another program's .*'_class_name'.* weight files alone"):
            convert(given, tmp_path / "ours")
    recipe = tmp_path / "model.yaml"
    recipe.write_text("model:\n  target: taming.models.vqgan.VQModel\n")
    with pytest.raises(CheckpointError, match=r"model\.yaml is text of .* leave it out"):
        convert([*files, recipe], tmp_path / "ours")


@pytest.mark.parametrize("family", CONTAINERS)
def test_a_folder_of_ours_is_written_again_in_another_number_format(
    family: str, published: Any, tmp_path: Path
) -> None:
    files = write_pair(tmp_path / "theirs", family, published)
    first = convert([*files, write_config(tmp_path / "given", small_spec(family))], tmp_path / "full")
    second = convert([tmp_path / "full"], tmp_path / "half", torch.float16)
    assert dataclasses.replace(second, sha256={}) == dataclasses.replace(first, sha256={})
    for name in (TOKENIZER_FILE, TRANSFORMER_FILE):
        full, half = load_file(tmp_path / "full" / name), load_file(tmp_path / "half" / name)
        assert all(torch.equal(half[key], value.half()) for key, value in full.items())
    load_nets(tmp_path / "half", second)


def test_a_folders_sharpener_comes_along(tiny_model: Path, tmp_path: Path) -> None:
    net = Sharpener(SharpenerConfig(width=8, layers=1))
    spec = save_with_sharpener(tiny_model, tmp_path / "sharp", net)
    assert convert([tmp_path / "sharp"], tmp_path / "again", torch.float16) == spec
    assert (tmp_path / "again" / SHARPENER_FILE).read_bytes() == (tmp_path / "sharp" / SHARPENER_FILE).read_bytes()
    # Its nets alone are a model without.
    files = [tmp_path / "sharp" / name for name in (TOKENIZER_FILE, TRANSFORMER_FILE)]
    assert convert(files, tmp_path / "nets", torch.float16) == read_spec(tiny_model)


def test_a_model_of_ones_own_is_its_folder_or_its_files_beside_a_config(tiny_model: Path, tmp_path: Path) -> None:
    spec = read_spec(tiny_model)
    files = [tiny_model / TRANSFORMER_FILE, tiny_model / TOKENIZER_FILE]
    for given in ([tiny_model], files, [*files, tiny_model / CONFIG_FILE]):
        assert convert(given, tmp_path / "again", torch.float16) == spec


def test_what_shapes_show_needs_no_config(published: Any, tmp_path: Path) -> None:
    sizes = {768: 768, 3072: 48, 257: 17, 2026: 32 + 1000 + 2}  # the published width, 1000 classes, all else small
    foreign.write_trainer(tmp_path / "a", foreign.transformer("valeo", published, sizes))
    foreign.write_lightning(tmp_path / "b", foreign.tokenizer("valeo", published, wider=4))
    spec = convert([tmp_path / "a", tmp_path / "b"], tmp_path / "ours")
    assert (spec.name, spec.family, spec.pixels, spec.grid, spec.codebook_size) == ("ours", "valeo", 64, 4, 32)
    assert spec.transformer == {
        "width": 768, "layers": 2, "heads": 16, "hidden": 48, "grid": 4, "codebook_size": 32, "classes": 1000
    }  # fmt: skip
    assert spec.tokenizer == dataclasses.asdict(
        dataclasses.replace(foreign.CONFIGS["valeo"][0], base_channels=32, groups=32)
    )
    assert spec.classes == imagenet_classes()
    assert spec.null_class
    assert spec.defaults == PRESETS["valeo-256"].defaults
    assert "unknown" in spec.licence
    load_nets(tmp_path / "ours", read_spec(tmp_path / "ours"))


def test_codes_and_classes_in_one_table_must_fit_the_tokenizers_codes(published: Any, tmp_path: Path) -> None:
    sizes = {768: 768, 3072: 48, 257: 17, 2026: 64 + 1000 + 2}
    foreign.write_trainer(tmp_path / "a", foreign.transformer("valeo", published, sizes))
    foreign.write_lightning(tmp_path / "b", foreign.tokenizer("valeo", published, wider=4))
    with pytest.raises(CheckpointError, match=r"b has 32 codes and .*a 64: they do not belong together"):
        convert([tmp_path / "a", tmp_path / "b"], tmp_path / "ours")


def test_heads_of_an_unpublished_width_are_asked_for(published: Any, tmp_path: Path) -> None:
    transformer, _ = write_pair(tmp_path, "valeo", published)
    foreign.write_bare(tmp_path / "b", foreign.tokenizer("valeo", published, wider=4))
    with pytest.raises(CheckpointError, match=r"width 32 has an unknown number of heads.*config\.json"):
        convert([transformer, tmp_path / "b"], tmp_path / "ours")
    assert not (tmp_path / "ours").exists()


@pytest.mark.parametrize("mixed", [("google", "valeo"), ("valeo", "google"), ("halton", "valeo"), ("google", "halton")])
def test_equal_codebooks_of_two_families_are_no_pair(mixed: tuple[str, str], published: Any, tmp_path: Path) -> None:
    tokenizer = write_pair(tmp_path / "a", mixed[0], published)[1]
    transformer = write_pair(tmp_path / "b", mixed[1], published)[0]
    with pytest.raises(CheckpointError, match="were not trained together: equal numbers of codes do not make a pair"):
        convert([tokenizer, transformer], tmp_path / "ours")


def test_the_strongly_augmented_tokenizer_is_refused_by_name(published: Any, tmp_path: Path) -> None:
    titok = foreign.tokenizer("google", published)
    named = {
        name.replace("mid.0.", "mid.block_1.").replace("mid.1.", "mid.block_2.").replace("_conv.", ".conv."): value
        for name, value in titok.items()
    }
    foreign.write_state_dict(tmp_path / "vqgan_jax_strongaug.ckpt", named)
    transformer = write_pair(tmp_path / "b", "google", published)[0]
    with pytest.raises(CheckpointError, match="strong-augmentation tokenizer of MAGE"):
        convert([tmp_path / "vqgan_jax_strongaug.ckpt", transformer], tmp_path / "ours")


def test_a_tokenizer_swapped_between_two_folders_is_caught_by_its_hash(published: Any, tmp_path: Path) -> None:
    config = write_config(tmp_path / "given", small_spec("google"))
    files = write_pair(tmp_path / "theirs", "google", published)
    convert([*files, config], tmp_path / "one")
    other = {k: v + 0.01 for k, v in load_file(tmp_path / "one" / TOKENIZER_FILE).items()}
    foreign.write_safetensors(tmp_path / "one" / TOKENIZER_FILE, other)
    for use in (lambda: convert([tmp_path / "one"], tmp_path / "two"), lambda: load_engine(folder=tmp_path / "one")):
        with pytest.raises(CheckpointError, match="sha256"):
            use()


def test_one_file_of_two_is_not_enough_and_two_of_a_kind_are_too_many(published: Any, tmp_path: Path) -> None:
    transformer, tokenizer = write_pair(tmp_path, "valeo", published)
    with pytest.raises(CheckpointError, match=r"no tokenizer was given .*valeo's transformer"):
        convert([transformer], tmp_path / "ours")
    with pytest.raises(CheckpointError, match="both a tokenizer"):
        convert([tokenizer, tokenizer], tmp_path / "ours")


DAMAGES: dict[str, tuple[Callable[[dict[str, Tensor]], Any], str]] = {
    "missing": (lambda s: s.pop("bias"), r"lacks 'bias' \(1 in all\)"),
    "unknown": (lambda s: s.update(extra=torch.zeros(2)), r"has unknown 'extra' \(1 in all\)"),
    "both": (
        lambda s: s.update(biasses=s.pop("bias")),
        r"lacks 'bias' \(1 in all\) and has unknown 'biasses' \(1 in all\)",
    ),
    "shape": (lambda s: s.update(bias=torch.zeros(43, 2)), r"'bias' has shape \(43, 2\), expected"),
    "nan": (lambda s: s["bias"].fill_(float("nan")), "'bias' holds numbers that are not finite"),
    "infinity": (lambda s: s["bias"][0].fill_(float("inf")), "'bias' holds numbers that are not finite"),
}


@pytest.mark.parametrize("family", ["google", "valeo"])
@pytest.mark.parametrize("damage", DAMAGES)
def test_a_transformer_that_is_not_whole_is_refused_with_the_name_of_what_is_amiss(
    family: str, damage: str, published: Any, tmp_path: Path
) -> None:
    change, sentence = DAMAGES[damage]
    state = foreign.transformer(family, published)
    change(state)
    tokenizer = write_pair(tmp_path, family, published)[1]
    foreign.write_trainer(tmp_path / "bad.pth", state)
    config = write_config(tmp_path / "given", small_spec(family))
    with pytest.raises(CheckpointError, match=rf"bad\.pth.*{sentence}"):
        convert([tmp_path / "bad.pth", tokenizer, config], tmp_path / "ours")
    assert not (tmp_path / "ours").exists()


def test_a_shortcut_on_the_input_is_another_model(published: Any, tmp_path: Path) -> None:
    transformer, _ = write_pair(tmp_path, "google", published)
    state = foreign.tokenizer("google", published)
    state["encoder.down.2.block.0.nin_shortcut.weight"] = torch.zeros(16, 8, 1, 1)  # (out, in), the usual one
    foreign.write_bare(tmp_path / "usual.bin", state)
    config = write_config(tmp_path / "given", small_spec("google"))
    with pytest.raises(
        CheckpointError, match=r"nin_shortcut\.weight' has shape \(16, 8, 1, 1\), expected \(16, 16, 1, 1\)"
    ):
        convert([tmp_path / "usual.bin", transformer, config], tmp_path / "ours")


def test_an_untied_halton_output_is_refused(published: Any, tmp_path: Path) -> None:
    _, tokenizer = write_pair(tmp_path, "halton", published)
    state = foreign.transformer("halton", published)
    state["head.weight"] = state["head.weight"] + 1.0
    foreign.write_trainer(tmp_path / "untied.pth", state)
    with pytest.raises(CheckpointError, match=r"'head\.weight' and 'tok_emb\.weight' differ"):
        convert([tmp_path / "untied.pth", tokenizer], tmp_path / "ours")


def test_numbers_beyond_fp16_are_not_written_as_infinity(published: Any, tmp_path: Path) -> None:
    state = foreign.transformer("valeo", published)
    state["bias"][0, 0] = 1e6
    tokenizer = write_pair(tmp_path, "valeo", published)[1]
    foreign.write_trainer(tmp_path / "big.pth", state)
    files = [tmp_path / "big.pth", tokenizer, write_config(tmp_path / "given", small_spec("valeo"))]
    with pytest.raises(CheckpointError, match=r"'bias' holds numbers beyond torch\.float16: choose bf16 or fp32"):
        convert(files, tmp_path / "half", torch.float16)
    convert(files, tmp_path / "full")


def test_a_config_of_another_family_is_refused(published: Any, tmp_path: Path) -> None:
    files = write_pair(tmp_path, "google", published)
    with pytest.raises(CheckpointError, match="describes a valeo model"):
        convert([*files, write_config(tmp_path / "given", small_spec("valeo"))], tmp_path / "ours")
