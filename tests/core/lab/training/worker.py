"""What torchrun starts in test_processes.py: one of several processes that train tiny nets, or kill themselves.

Stage one streams its photos, stage two has them in memory.

python -m tests.core.lab.training.worker FOLDER PHOTOS METRIC_NET [--kill-at READING] [--resume]
"""

from __future__ import annotations

import argparse
import json
import os
import signal
from pathlib import Path

import torch

from core.lab.training import train_tokenizer as stage_one
from core.lab.training.data import augment, load_files, load_photos
from core.lab.training.processes import joined_processes
from core.lab.training.run import Setup
from core.lab.training.streaming import StreamedPhotos, photos_within
from core.lab.training.train_mvtm import train_mvtm
from tests.core.lab.training.tiny import LATE, TAUGHT, Ticks, ticking

STEPS = 6


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("photos", type=Path)
    parser.add_argument("metric_net", type=Path)
    parser.add_argument("--kill-at", type=int)
    parser.add_argument("--resume", action="store_true")
    options = parser.parse_args()
    with joined_processes(torch.device("cpu")) as processes:
        photos = load_photos([options.photos], 36)
        names = {picture.numpy().tobytes(): i for i, picture in enumerate(photos.pixels)}
        seen = options.folder / f"seen-{processes.rank}.jsonl"

        def recording(pixels: torch.Tensor, size: int, smallest: float, draws: torch.Tensor) -> torch.Tensor:
            """Augment, and write down which photos these are, but for those of the contact sheet."""
            if not bool((draws == 0.5).all()):
                with seen.open("a") as file:
                    file.write(json.dumps([names[p.numpy().tobytes()] for p in pixels]) + "\n")
            return augment(pixels, size, smallest, draws)

        options.folder.mkdir(exist_ok=True)
        stage_one.augment = recording  # type: ignore[attr-defined]
        clock = Ticks(options.kill_at, lambda: os.kill(os.getpid(), signal.SIGKILL))
        tokenizer = options.folder / "tokenizer"
        one = Setup(tokenizer, ticking(STEPS, clock), processes, options.resume, dtype="fp32")
        streamed = photos_within(0.0, [options.photos], 36)
        assert isinstance(streamed, StreamedPhotos)
        stage_one.train_tokenizer(LATE, streamed, one, metric_net=options.metric_net)
        two = Setup(options.folder / "mvtm", ticking(STEPS), processes, options.resume, compiled=False, dtype="fp32")
        train_mvtm(TAUGHT, load_files([options.photos]), two, tokenizer=tokenizer)


if __name__ == "__main__":
    main()
