"""Stage two: trains a `CompactTransformer` by masked visual token modelling on photos as an edit sees them.

Knows nothing of how the tokenizer was trained. Cross-entropy on the hidden tokens only, class dropout for a null class,
EMA weights exported as a whole model folder.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from safetensors.torch import load_file
from torch import Tensor

from core.canvas.fill import neutral_fill
from core.decoding.decode import Sampling, decode
from core.decoding.guidance import Condition, Row, predictor, seen_by
from core.decoding.settings import MASK
from core.engine.device import pick_dtype
from core.lab.training.data import PhotoFiles
from core.lab.training.ema import Ema
from core.lab.training.lessons import Lesson, Lessons
from core.lab.training.objectives import Objective
from core.lab.training.optimizers import mvtm_optimizers, set_rate
from core.lab.training.processes import Processes
from core.lab.training.recipes import MvtmRecipe
from core.lab.training.run import Metrics, Run, Setup, to_sheet
from core.lab.training.speed import can_compile, tune
from core.lab.training.views import ViewTable
from core.models.checkpoints import (
    TOKENIZER_FILE,
    TRANSFORMER_FILE,
    VISION_FILE,
    file_digest,
    load_tokenizer,
    net_description,
    read_spec,
    save_nets,
)
from core.models.compact import CompactTokenizer, CompactTransformer
from core.models.config import ModelSpec
from core.models.efficientnet import EfficientNetLite0
from core.models.vision import BUNDLED_VISION, feature_maps, load_vision

logger = logging.getLogger(__name__)
_SHOWN = 8  # pictures on a contact sheet: 1024 px wide at 128 px


def train_mvtm(
    recipe: MvtmRecipe,
    files: PhotoFiles,
    setup: Setup,
    *,
    tokenizer: Path,
    name: str = "scenes-128",
    start: Path | None = None,
) -> None:
    """Train until the time is spent; leaves a whole model in the run's folder /model.

    Args:
        recipe: all settings of what is learnt.
        files: the photos.
        setup: where, how long and on what. Compiling makes two CPU cores 1.3 times as fast, after a minute; by default
            it is done if a compiler is found.
        tokenizer: folder that `train_tokenizer` wrote.
        name: of the model that is exported.
        start: model folder whose transformer is trained further; classes that both know keep their row, and what it
            advises for pictures from nothing is advised again.

    Raises:
        CheckpointError, ValueError: if `start` holds no transformer of this shape.
        ValueError: if the batch does not split evenly over the processes.
    """
    folder, device, processes = setup.folder, setup.device, setup.processes
    torch.manual_seed(recipe.seed)
    tune(device)
    student = _Student.new(recipe, files.classes, tokenizer, device, start)
    learner = _Learner(recipe, student, setup)
    facts = {
        "stage": "mvtm",
        "data": files.digest,
        "classes": list(files.classes),
        "tokenizer": file_digest(tokenizer / TOKENIZER_FILE),
        "start": file_digest(start / TRANSFORMER_FILE) if start is not None else None,
    }
    run = Run(setup, recipe, facts, learner.state)
    views = student.views(folder, files, recipe, processes)
    lessons = Lessons(recipe, files, views, processes.share(recipe.batch), device)
    spec, average = student.spec(name, recipe, files), learner.ema.module
    if start is not None:
        spec = replace(spec, from_nothing=read_spec(start).from_nothing)

    def export() -> None:
        states = (student.tokenizer.state_dict(), average.state_dict())
        save_nets(folder / "model", spec, *states, vision=student.vision_file)

    def sheet() -> np.ndarray[Any, Any]:
        return student.sheet(average, lessons.at(0), spec)

    for report in run.steps(recipe.batch, export, sheet):
        rate = run.rate(recipe.learning_rate, recipe.warmup_steps, recipe.tail)
        report(learner.step(lessons.at(run.step), run.step, rate))


class _Learner:
    """The transformer that learns, with its optimisers and its average."""

    def __init__(self, recipe: MvtmRecipe, student: _Student, setup: Setup) -> None:
        self._recipe, self._student, self._processes = recipe, student, setup.processes
        self._net = net = student.transformer
        self.ema = Ema(net, recipe.ema)
        compiled = can_compile(setup.device) if setup.compiled is None else setup.compiled
        self._states = torch.compile(net.states, dynamic=False) if compiled else net.states
        self._number = pick_dtype(setup.dtype, setup.device)
        codes = student.tokenizer.code_vectors().cpu()
        self._objective = Objective(recipe, net.config, codes, setup.processes).to(setup.device)
        beside = list(self._objective.parameters())
        self._weights = [*net.parameters(), *beside]
        self._optimizers = mvtm_optimizers(net, recipe.learning_rate, recipe.weight_decay, self._number, beside)

    @property
    def state(self) -> dict[str, Any]:
        """Everything that a checkpoint keeps."""
        learning = {"transformer": self._net, "objective": self._objective}
        return {**learning, "ema": self.ema.module, **self._optimizers}

    def step(self, lesson: Lesson, step: int, rate: float) -> Metrics:
        """Learn from one lesson at a learning rate."""
        processes, net, number, objective = self._processes, self._net, self._number, self._objective
        with torch.autocast(processes.device.type, number, enabled=number is not torch.float32):
            seen = self._student.see(net, lesson.pictures, lesson.known)
            states = self._states(lesson.inputs, lesson.labels, seen)
            logits = net.head(states)
        terms: dict[str, Tensor] = objective(states, logits, lesson)
        for weight in self._weights:
            weight.grad = None
        objective.weighed(terms).backward()
        processes.sum_gradients(self._weights)
        norm = torch.nn.utils.clip_grad_norm_(self._weights, self._recipe.clip)
        for optimizer in self._optimizers.values():
            set_rate(optimizer, rate)
            optimizer.step()
        self.ema.update(net, step)
        return {name: term * processes.count for name, term in terms.items()} | {"gradient_norm": norm, "rate": rate}


class _Student:
    """The nets of a run: the transformer that learns, and the two that do not."""

    def __init__(
        self,
        tokenizer: CompactTokenizer,
        transformer: CompactTransformer,
        vision: EfficientNetLite0 | None,
        pixels: int,
        device: torch.device,
    ) -> None:
        self.tokenizer, self.transformer, self.vision = tokenizer, transformer, vision
        self.pixels, self.device = pixels, device
        self.vision_file = BUNDLED_VISION / VISION_FILE if transformer.sees_pixels else None

    @classmethod
    def new(
        cls,
        recipe: MvtmRecipe,
        classes: tuple[str, ...],
        tokenizer: Path,
        device: torch.device,
        start: Path | None,
    ) -> _Student:
        """Load the nets onto their device; the transformer's weights are those of `start` if there is one."""
        stage_one, pixels = load_tokenizer(tokenizer)
        stage_one.to(device, memory_format=torch.channels_last)  # type: ignore[call-overload]
        config = replace(
            recipe.net,
            grid=pixels // stage_one.downsample,
            codebook_size=stage_one.codebook_size,
            classes=len(classes),
            downsample=stage_one.downsample,
        )
        transformer = CompactTransformer(config)
        transformer.start_from_codebook(stage_one.codebook.cpu())
        if start is not None:
            _start_from(transformer, classes, start)
        vision = None
        if config.sees_pixels or recipe.feature_weight:
            vision = load_vision(BUNDLED_VISION, {}).to(device, memory_format=torch.channels_last)  # type: ignore[call-overload]
        return cls(stage_one, transformer.to(device), vision, pixels, device)

    def views(self, folder: Path, files: PhotoFiles, recipe: MvtmRecipe, processes: Processes) -> ViewTable:
        """Tokenise the photos as an edit sees them; the result is kept in the run's folder."""
        return ViewTable(
            folder,
            files,
            self.tokenizer,
            recipe,
            pixels=self.pixels,
            device=self.device,
            processes=processes,
            vision=self.vision if recipe.feature_weight else None,
        )

    def spec(self, name: str, recipe: MvtmRecipe, files: PhotoFiles) -> ModelSpec:
        """Describe the exported model."""
        config = self.transformer.config
        return ModelSpec(
            name=name,
            title=f"{name}: trained here on {len(files)} photos of {len(files.classes)} classes",
            family="compact",
            pixels=self.pixels,
            grid=config.grid,
            codebook_size=config.codebook_size,
            tokenizer=net_description(self.tokenizer.config),
            transformer=net_description(config),
            classes=files.classes,
            null_class=recipe.class_dropout > 0.0 or bool((files.labels < 0).any()),  # otherwise it was never seen
            licence="weights Apache-2.0; see the model card for the training photos",
            defaults=recipe.decoding,
        )

    def see(self, transformer: CompactTransformer, pictures: Tensor, known: Tensor) -> Tensor | None:
        """Compute what the transformer sees around the holes, (B, N, width); None if it sees tokens alone.

        Args:
            transformer: the learning one or its average.
            pictures: (B, 3, S, S) in [0, 1], holes filled neutrally.
            known: (B, 1, S, S) bool. Samples of which nothing is known cost nothing.
        """
        if self.vision is None or not transformer.sees_pixels:
            return None
        rows = known.flatten(1).any(1).nonzero()[:, 0]
        with torch.no_grad():
            maps = feature_maps(self.vision, pictures[rows].contiguous(memory_format=torch.channels_last))
        seen = transformer.see(pictures[rows], known[rows], maps)
        return seen.new_zeros(len(pictures), *seen.shape[1:]).index_copy(0, rows, seen)

    @torch.no_grad()
    def sheet(self, transformer: CompactTransformer, lesson: Lesson, spec: ModelSpec) -> np.ndarray[Any, Any]:
        """Draw rows of pictures: the centre hidden, filled as the model advises, and the pictures of the true codes."""
        grid = spec.grid
        side = (-1, grid, grid)
        targets, labels = lesson.targets[:_SHOWN], lesson.labels[:_SHOWN]
        true = self.tokenizer.decode(targets.view(side))
        hidden = torch.zeros(grid, grid, dtype=torch.bool)
        hidden[grid // 4 : -(grid // 4), grid // 4 : -(grid // 4)] = True
        hole = hidden.repeat_interleave(self.pixels // grid, 0).repeat_interleave(self.pixels // grid, 1)
        shown = (true * 255.0).round().byte().permute(0, 2, 3, 1).cpu().numpy()
        filled = torch.from_numpy(np.stack([neutral_fill(picture, hole.numpy()) for picture in shown]))
        pictures = (filled.permute(0, 3, 1, 2).float() / 255.0).to(self.device)
        around = self.tokenizer.encode(pictures.contiguous(memory_format=torch.channels_last)).flatten(1)
        seen = self.see(transformer, pictures, ~hole.expand(len(pictures), 1, *hole.shape).to(self.device))

        def net(tokens: Tensor, class_ids: Tensor, rows: Sequence[Row]) -> Tensor:
            logits: Tensor = transformer(tokens, class_ids, seen_by(seen, rows))
            return logits

        conditions = [Condition(int(label), spec.defaults.guidance_scale) for label in labels]
        samplings = [Sampling.following(spec.defaults, i) for i in range(len(targets))]
        unknown = hidden.flatten().to(self.device)
        *_, drawn = decode(around.masked_fill(unknown, MASK), predictor(net, conditions), samplings)
        made = self.tokenizer.decode(drawn.tokens.view(side))
        grey = F.interpolate(hidden[None, None].float(), size=self.pixels).to(self.device)
        return to_sheet([true * (1 - grey) + 0.5 * grey, made, true])


def _start_from(transformer: CompactTransformer, classes: tuple[str, ...], folder: Path) -> None:
    """Load a model folder's transformer; the table's row of an unknown class starts as the null class's.

    One that saw tokens alone may learn to see pixels: the added weights start at zero.
    """
    spec = read_spec(folder)
    weights = {k: v.float() for k, v in load_file(folder / TRANSFORMER_FILE).items()}
    if (known := weights.get("classes.weight")) is not None:
        rows = [spec.classes.index(name) if name in spec.classes else len(known) - 1 for name in classes]
        weights["classes.weight"] = known[[*rows, len(known) - 1]]
    elif spec.classes != classes:  # class tokens lie in the table of codes
        raise ValueError(f"{folder} knows other classes than the data: start from a model with a class table")
    fresh = transformer.state_dict()
    if not any(name.startswith("surroundings.") for name in weights):
        weights |= {name: value for name, value in fresh.items() if name.startswith("surroundings.")}
    if {name: value.shape for name, value in weights.items()} != {name: value.shape for name, value in fresh.items()}:
        raise ValueError(f"{folder} holds a transformer of another shape: start from one trained with the same recipe")
    transformer.load_state_dict(weights)
