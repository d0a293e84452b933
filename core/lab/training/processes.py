"""One process or several: which samples each takes, what is summed over all, whose clock counts, who writes.

Knows nothing of losses or nets. torchrun starts several processes and Hugging Face Accelerate (the optional extra
`train`) joins them; a single process needs neither, and the loops are the same for both. Each process takes its share
of the global batch and divides by global counts, so that summed gradients equal those of one process. They are summed
here and
not by DistributedDataParallel, which wraps `forward` only: stage one calls other methods of its net and starts its
backward pass at the pixels.
"""

from __future__ import annotations

import contextlib
import logging
import os
from collections.abc import Iterable, Iterator
from typing import Any

import torch
from torch import Tensor, nn

logger = logging.getLogger(__name__)


class Processes:
    """A single process; base of several joined ones.

    Attributes:
        rank: this process's number, from 0.
        count: of processes.
        device: on which this process computes.
    """

    rank = 0
    count = 1

    def __init__(self, device: torch.device | None = None) -> None:
        self.device = device or torch.device("cpu")

    @property
    def main(self) -> bool:
        """Whether this process is the one that writes files and shows progress."""
        return self.rank == 0

    def share(self, batch: int) -> slice:
        """Return this process's samples of a global batch.

        Raises:
            ValueError: if the batch does not split evenly.
        """
        if batch % self.count:
            raise ValueError(
                f"a batch of {batch} does not split evenly over {self.count} processes: --set batch=N to a multiple"
            )
        size = batch // self.count
        return slice(self.rank * size, (self.rank + 1) * size)

    def sum(self, value: Tensor) -> Tensor:
        """Sum every process's `value`, all of one shape."""
        return value

    def gather(self, value: Tensor) -> Tensor:
        """Concatenate every process's `value` (m, ...) in order of rank: (count * m, ...)."""
        return value

    def equalise(self, values: Iterable[Tensor]) -> None:
        """Set the tensors, in place, to those of the main process."""

    def sum_gradients(self, parameters: Iterable[nn.Parameter]) -> None:
        """Set every gradient to the sum of all processes' gradients."""

    def agree(self, number: float) -> float:
        """Return the main process's number; does not wait for a GPU."""
        return number

    def wait(self) -> None:
        """Wait until all processes have arrived here."""


class _Joined(Processes):
    """One of several processes, joined by Accelerate."""

    def __init__(self, accelerator: Any) -> None:
        super().__init__(accelerator.device)
        self.rank, self.count = accelerator.process_index, accelerator.num_processes
        self._accelerator = accelerator
        # Numbers on the CPU have a group of their own: sending one through NCCL would wait for the GPU at each step.
        self._numbers = torch.distributed.new_group(backend="gloo")

    def sum(self, value: Tensor) -> Tensor:
        summed: Tensor = self._accelerator.reduce(value, reduction="sum")
        return summed

    def gather(self, value: Tensor) -> Tensor:
        gathered: Tensor = self._accelerator.gather(value)
        return gathered

    def equalise(self, values: Iterable[Tensor]) -> None:
        for value in values:
            torch.distributed.broadcast(value, src=0)

    def sum_gradients(self, parameters: Iterable[nn.Parameter]) -> None:
        gradients = [p.grad for p in parameters if p.grad is not None]
        summed = self.sum(torch.cat([g.flatten() for g in gradients]))  # one message instead of hundreds
        for gradient, part in zip(gradients, summed.split([g.numel() for g in gradients]), strict=True):
            gradient.copy_(part.view(gradient.shape))

    def agree(self, number: float) -> float:
        told = torch.tensor(number, dtype=torch.float64)
        torch.distributed.broadcast(told, src=0, group=self._numbers)
        return told.item()

    def wait(self) -> None:
        self._accelerator.wait_for_everyone()


@contextlib.contextmanager
def joined_processes(device: torch.device) -> Iterator[Processes]:
    """Join the processes that torchrun started, if any; at the end wait for all and part again.

    Args:
        device: kind of device; with several GPUs each process takes its own.

    Raises:
        ValueError: if there are several processes and Accelerate is not installed.
    """
    count = int(os.environ.get("WORLD_SIZE", "1"))
    if count == 1:
        yield Processes(device)
        return
    try:
        from accelerate import Accelerator
    except ImportError as error:
        raise ValueError(
            f"torchrun started {count} processes but Accelerate is missing: pip install -r requirements-train.txt"
        ) from error
    accelerator = Accelerator(cpu=device.type == "cpu")
    processes = _Joined(accelerator)
    logger.info("process %d of %d on %s", processes.rank, processes.count, processes.device)
    yield processes  # after an error there is no waiting: torchrun ends the others
    processes.wait()
    accelerator.state.destroy_process_group()
