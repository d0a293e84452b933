"""All photos as tokens, computed once and memory-mapped, in several augmented versions.

Knows nothing of stage two. With uint16 codes, ImageNet at 256 tokens a picture would be 0.66 GB a version.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from tqdm import tqdm

from core.models.interfaces import VQTokenizer
from core.training.data import Photos, augment
from core.training.processes import Processes
from core.training.run import generator_of
from core.training.speed import full_precision, moved

logger = logging.getLogger(__name__)
_BATCH = 64


@torch.no_grad()
def token_versions(
    folder: Path,
    photos: Photos,
    tokenizer: VQTokenizer,
    *,
    pixels: int,
    versions: int,
    smallest_crop: float,
    seed: int,
    device: torch.device,
    processes: Processes | None = None,
) -> NDArray[np.uint16]:
    """Return the codes of every photo, from `folder`/tokens.npy where it fits, else computed and kept there.

    Always encoded in full float32: these must be the codes that the product computes.

    Args:
        folder: where the table is kept; several processes must see the same folder.
        photos: the data.
        tokenizer: on `device`.
        pixels: side of the crops.
        versions: V augmented versions of each photo; version v of photo i is always the same crop.
        smallest_crop: as in `augment`.
        seed: of the crops.
        device: where to encode.
        processes: who share the encoding; None for one.

    Returns:
        (V, n, N) uint16, memory-mapped; what is written to it stays in memory.
    """
    processes = processes or Processes(device)
    weights = hashlib.sha256()
    for value in tokenizer.state_dict().values():
        weights.update(value.detach().float().cpu().numpy().tobytes())
    facts = json.dumps([photos.digest, weights.hexdigest(), pixels, versions, smallest_crop, seed])
    table, described = folder / "tokens.npy", folder / "tokens.json"
    if table.exists() and described.exists() and described.read_text() == facts:
        return _opened(table)
    partial = folder / "tokens.partial.npy"
    count, side = len(photos), pixels // tokenizer.downsample
    if processes.main:
        folder.mkdir(parents=True, exist_ok=True)
        np.lib.format.open_memmap(partial, "w+", np.uint16, (versions, count, side * side)).flush()
    processes.wait()
    codes = np.load(partial, mmap_mode="r+")
    batches = [(version, start) for version in range(versions) for start in range(0, count, _BATCH)]
    with tqdm(total=versions * count, desc="tokens", unit="img", disable=not processes.main) as bar, full_precision():
        for version, start in batches[processes.rank :: processes.count]:
            chosen = moved(photos.pixels[start : start + _BATCH], device)
            draws = torch.rand(len(chosen), 4, generator=generator_of(seed + version, start))
            crops = augment(chosen, pixels, smallest_crop, draws)
            crops = crops.contiguous(memory_format=torch.channels_last)  # convolves about 1.4 times as fast
            codes[version, start : start + len(chosen)] = tokenizer.encode(crops).flatten(1).cpu().numpy()
            bar.update(len(chosen) * processes.count)
    codes.flush()
    processes.wait()
    if processes.main:
        described.unlink(missing_ok=True)  # at no moment does it describe another table
        os.replace(partial, table)
        described.write_text(facts)
    processes.wait()
    return _opened(table)


def _opened(table: Path) -> NDArray[np.uint16]:
    codes: NDArray[np.uint16] = np.load(table, mmap_mode="c")
    return codes
