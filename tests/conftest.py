"""What all tests share: one thread, no network habits, a tiny model, and where the browser is."""

from __future__ import annotations

import os

# Before numpy, torch or gradio are imported anywhere: two workers on two cores, and nothing ever calls home.
os.environ["OMP_NUM_THREADS"] = "1"
os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"
os.environ["HF_HUB_OFFLINE"] = "1"

from pathlib import Path

import hypothesis
import pytest

import core  # noqa: F401 - before a test imports torch: it says how OpenMP waits

# Two busy cores make any single example slow now and then; time is for benchmarks.
hypothesis.settings.register_profile("steady", deadline=None)
hypothesis.settings.load_profile("steady")


@pytest.fixture(scope="session")
def tiny_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with an untrained model of 32x32 px, 8x8 tokens of 32 codes and three classes, seeded."""
    return _tiny(tmp_path_factory.mktemp("models") / "tiny", sees_pixels=False)


@pytest.fixture(scope="session")
def seeing_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same, of a transformer that sees known pixels, with the bundled model's frozen classifier."""
    return _tiny(tmp_path_factory.mktemp("models") / "seeing", sees_pixels=True)


def _tiny(folder: Path, *, sees_pixels: bool) -> Path:
    import torch

    from core.models.checkpoints import VISION_FILE, net_description, save_nets
    from core.models.compact import (
        CompactTokenizer,
        CompactTokenizerConfig,
        CompactTransformer,
        CompactTransformerConfig,
    )
    from core.models.config import ModelSpec
    from core.models.vision import BUNDLED_VISION

    tokenizer = CompactTokenizerConfig(channels=(32, 32), blocks=(1, 1), code_dim=8, codebook_size=32)
    transformer = CompactTransformerConfig(
        width=32,
        layers=1,
        heads=2,
        hidden=32,
        grid=8,
        codebook_size=32,
        classes=3,
        sees_pixels=sees_pixels,
        downsample=4,
    )
    spec = ModelSpec(
        name="tiny",
        title="tiny: untrained, for tests",
        family="compact",
        pixels=32,
        grid=8,
        codebook_size=32,
        tokenizer=net_description(tokenizer),
        transformer=net_description(transformer),
        classes=("forest", "sea", "street"),
        null_class=True,
        licence="Apache-2.0",
    )
    with torch.random.fork_rng():
        torch.manual_seed(0)
        nets = (CompactTokenizer(tokenizer), CompactTransformer(transformer))
        for name, weights in nets[1].named_parameters():
            if name.startswith("surroundings."):  # what begins at zero would prove nothing
                torch.nn.init.normal_(weights, std=0.1)
    vision = BUNDLED_VISION / VISION_FILE if sees_pixels else None
    save_nets(folder, spec, nets[0].state_dict(), nets[1].state_dict(), vision=vision)
    return folder
