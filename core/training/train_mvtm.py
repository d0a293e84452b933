"""Stage two: train a `CompactTransformer` by masked visual token modelling on tokens computed once.

Knows nothing of how the tokenizer was trained. Cross-entropy with label smoothing on the hidden tokens only, class
dropout for a null class, EMA weights exported as a whole model folder.
"""

from __future__ import annotations

import logging
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.torch import load_file
from torch import Tensor

from core.decoding.decode import Sampling, decode
from core.decoding.guidance import Condition, predictor
from core.device import pick_dtype
from core.models.checkpoints import (
    TOKENIZER_FILE,
    TRANSFORMER_FILE,
    file_digest,
    load_tokenizer,
    net_description,
    read_spec,
    save_nets,
)
from core.models.compact import CompactTransformer
from core.models.config import ModelSpec
from core.models.interfaces import MASK, NO_CLASS
from core.training.data import Photos, SampleOrder
from core.training.ema import Ema
from core.training.losses import masked_cross_entropy
from core.training.masking import draw_masks, draw_strangers
from core.training.optimizers import mvtm_optimizers, set_rate
from core.training.processes import Processes
from core.training.recipes import MvtmRecipe
from core.training.run import Limits, Run, generator_of, to_sheet
from core.training.speed import can_compile, moved, resident, tune
from core.training.tokens import token_versions

logger = logging.getLogger(__name__)


def train_mvtm(
    recipe: MvtmRecipe,
    photos: Photos,
    folder: Path,
    limits: Limits,
    *,
    tokenizer: Path,
    device: torch.device,
    processes: Processes | None = None,
    name: str = "scenes-128",
    start: Path | None = None,
    resume: bool = False,
    compiled: bool | None = None,
) -> None:
    """Train until the time is spent; leaves a whole model in `folder`/model.

    Args:
        recipe: what to learn, and how.
        photos: the data.
        folder: the run folder.
        limits: when to stop.
        tokenizer: folder that `train_tokenizer` wrote.
        device: where to train.
        processes: who share each batch; None for one.
        name: of the model that is exported.
        start: model folder whose transformer is trained further; classes that both know keep their row.
        resume: go on from the folder's checkpoint.
        compiled: compile the net (1.3 times as fast on two CPU cores, after a minute of compiling); None does so
            wherever a compiler is found.

    Raises:
        CheckpointError, ValueError: where `start` holds no transformer of this shape.
        ValueError: where the batch does not split evenly over the processes.
    """
    processes = processes or Processes(device)
    mine = processes.share(recipe.batch)
    torch.manual_seed(recipe.seed)
    tune(device)
    stage_one, pixels = load_tokenizer(tokenizer)
    stage_one.to(device, memory_format=torch.channels_last)  # type: ignore[call-overload]
    grid = pixels // stage_one.downsample
    config = replace(
        recipe.net,
        grid=grid,
        codebook_size=stage_one.codebook_size,
        classes=len(photos.classes),
    )
    transformer = CompactTransformer(config)
    transformer.start_from_codebook(stage_one.codebook.cpu())
    if start is not None:
        _start_from(transformer, photos.classes, start)
    transformer.to(device)
    ema = Ema(transformer, recipe.ema)
    optimizers = mvtm_optimizers(transformer, recipe.learning_rate, recipe.weight_decay)
    facts = {
        "stage": "mvtm",
        "data": photos.digest,
        "classes": list(photos.classes),
        "tokenizer": file_digest(tokenizer / TOKENIZER_FILE),
        "start": file_digest(start / TRANSFORMER_FILE) if start is not None else None,
    }
    state = {"transformer": transformer, "ema": ema.module, **optimizers}
    run = Run(folder, recipe, facts, state, limits, processes, resume=resume)
    table = token_versions(
        folder,
        photos,
        stage_one,
        pixels=pixels,
        versions=recipe.versions,
        smallest_crop=recipe.smallest_crop,
        seed=recipe.seed,
        device=device,
        processes=processes,
    )
    # torch indexes int16, not uint16; the bits are the same.
    codes = resident(torch.from_numpy(table.view(np.int16)), device)
    order = SampleOrder(photos.labels, recipe.batch, recipe.seed, recipe.balance)
    if compiled is None:
        compiled = can_compile(device)
    forward = torch.compile(transformer, dynamic=False) if compiled else transformer
    half = pick_dtype("auto", device) is torch.bfloat16
    spec = ModelSpec(
        name=name,
        title=f"{name}: trained here on {len(photos)} photos of {len(photos.classes)} classes",
        family="compact",
        pixels=pixels,
        grid=grid,
        codebook_size=config.codebook_size,
        tokenizer=net_description(stage_one.config),
        transformer=net_description(config),
        classes=photos.classes,
        null_class=recipe.class_dropout > 0.0,  # without it the null class was never seen
        licence="weights Apache-2.0; see the model card for the training photos",
        defaults=recipe.decoding,
    )

    def codes_of(versions: Tensor, chosen: Tensor) -> Tensor:
        """Return (b, N) int64 codes on the device."""
        found = codes[moved(versions, codes.device), moved(chosen, codes.device)]
        return moved(found, device).long() & 0xFFFF

    def batch_at(step: int) -> tuple[Tensor, Tensor, Tensor, Tensor, float]:
        """Return this process's inputs, targets, labels and hidden positions, and its share of all that is hidden."""
        generator = generator_of(recipe.seed, step)
        chosen = order.at(step)
        versions = torch.randint(recipe.versions, (len(chosen),), generator=generator)
        dropped = torch.rand(len(chosen), generator=generator) < recipe.class_dropout
        labels = photos.labels[chosen].masked_fill(dropped, NO_CLASS)
        hidden, region = draw_masks(len(chosen), grid, recipe.schedule, recipe.region_share, generator)
        share = int(hidden[mine].sum()) / int(hidden.sum())
        targets = codes_of(versions[mine], chosen[mine])
        strangers = draw_strangers(labels, region, recipe.stranger_share, generator)
        foreign = moved((strangers[:, None] & ~region)[mine], device)
        others = codes_of(versions.roll(1)[mine], chosen.roll(1)[mine])
        hidden = moved(hidden[mine], device)
        inputs = torch.where(foreign, others, targets).masked_fill(hidden, MASK)
        return inputs, targets, moved(labels[mine], device), hidden, share

    def export() -> None:
        save_nets(folder / "model", spec, stage_one.state_dict(), ema.module.state_dict())

    def sheet() -> np.ndarray[Any, Any]:
        chosen = order.at(0)[:8]
        targets = codes_of(torch.zeros_like(chosen), chosen)
        hidden = torch.zeros(len(targets), grid, grid, dtype=torch.bool, device=device)
        hidden[:, grid // 4 : -(grid // 4), grid // 4 : -(grid // 4)] = True
        advised = spec.defaults
        conditions = [Condition(int(label), advised.guidance_scale) for label in photos.labels[chosen]]
        samplings = [Sampling.following(advised, i) for i in range(len(targets))]
        *_, filled = decode(targets.masked_fill(hidden.flatten(1), MASK), predictor(ema.module, conditions), samplings)
        with torch.no_grad():
            pictures = [stage_one.decode(t.view(-1, grid, grid)) for t in (targets, filled.tokens)]
        grey = torch.nn.functional.interpolate(hidden[:, None].float(), size=pixels)
        return to_sheet([pictures[0] * (1 - grey) + 0.5 * grey, pictures[1], pictures[0]])

    for report in run.steps(recipe.batch, export, sheet):
        rate = run.rate(recipe.learning_rate, recipe.warmup_steps, recipe.tail)
        inputs, targets, labels, hidden, share = batch_at(run.step)
        with torch.autocast(device.type, torch.bfloat16, enabled=half):
            logits = forward(inputs, labels)
        loss = masked_cross_entropy(logits, targets, hidden, recipe.label_smoothing) * share
        transformer.zero_grad(set_to_none=True)
        loss.backward()
        processes.sum_gradients(transformer.parameters())
        norm = torch.nn.utils.clip_grad_norm_(transformer.parameters(), recipe.clip)
        for optimizer in optimizers.values():
            set_rate(optimizer, rate)
            optimizer.step()
        ema.update(transformer, run.step)
        report({"loss": loss * processes.count, "gradient_norm": norm, "rate": rate})


def _start_from(transformer: CompactTransformer, classes: tuple[str, ...], folder: Path) -> None:
    """Load a model folder's transformer; the table's row of a class it does not know starts as the null class's."""
    spec = read_spec(folder)
    weights = {k: v.float() for k, v in load_file(folder / TRANSFORMER_FILE).items()}
    if (known := weights.get("classes.weight")) is not None:
        rows = [spec.classes.index(name) if name in spec.classes else len(known) - 1 for name in classes]
        weights["classes.weight"] = known[[*rows, len(known) - 1]]
    elif spec.classes != classes:  # class tokens lie in the table of codes
        raise ValueError(f"{folder} knows other classes than the data: start from a model with a class table")
    expected = {name: value.shape for name, value in transformer.state_dict().items()}
    if {name: value.shape for name, value in weights.items()} != expected:
        raise ValueError(f"{folder} holds a transformer of another shape: start from one trained with the same recipe")
    transformer.load_state_dict(weights)
