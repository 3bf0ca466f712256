"""Where an unfinished fit stands: weights, the optimizer's buffers and history after its last whole epoch.

Every epoch seeds itself from the fit's seed and its number, so no generator's state is kept.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path

import torch
from pydantic import ValidationError
from safetensors import SafetensorError, safe_open
from torch import Tensor, nn
from torch.optim import Optimizer

from ..core.progress import say
from ..models.weights import save_tensors
from .history import Environment, Epoch

__all__ = [
    "OPTIMIZER",
    "PROGRESS_FILE",
    "WEIGHTS",
    "Checkpoint",
    "Progress",
    "begun_environment",
    "load_state",
    "state_tensors",
]

PROGRESS_FILE = "progress.safetensors"
"""The state after the last whole epoch."""

WEIGHTS, OPTIMIZER = "weights.", "optimizer."
"""What names in that file begin with: of a weight, and of a buffer (`optimizer.KEY.PARAMETER`)."""


@dataclass(frozen=True)
class Progress:
    """How far training has come.

    Attributes:
        history: Every epoch so far.
        best_epoch: Number of the epoch with the best validation AUC, the first of equals; 0 before the first.
        seconds: Wall time spent on these epochs, in however many processes.
    """

    history: list[Epoch] = field(default_factory=list)
    best_epoch: int = 0
    seconds: float = 0.0


class Checkpoint:
    """Files of one fit in training.

    `progress.safetensors` holds the state after the last epoch and, in its header, the history and the
    numeric environment; `best-EPOCH.safetensors` the weights of the best epoch so far. Both are replaced
    atomically, the best first, so that whichever moment a process dies at, the progress file names a best
    file that is whole. A file that is not whole, or is not ours, counts as none.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._progress = folder / PROGRESS_FILE

    def environment(self) -> Environment | None:
        """The environment that the fit began in; None where it has not begun."""
        try:
            with safe_open(self._progress, framework="pt") as file:
                return Environment.model_validate_json(file.metadata()["environment"])
        except (OSError, SafetensorError, KeyError, TypeError, ValidationError):
            return None

    def save(
        self, step: nn.Module, model: nn.Module, optimizer: Optimizer, progress: Progress, where: Environment
    ) -> None:
        """Keep the state after an epoch; the model's weights also as the best when it is the best epoch.

        Args:
            step: All that trains: the model, and the objectives' own parameters.
            model: What is shipped.
            optimizer: Of the step's parameters.
            progress: How far it has come.
            where: The environment that it trains in.
        """
        best = self.best(progress.best_epoch)
        if progress.best_epoch == progress.history[-1].number:
            save_tensors({name: tensor.detach().cpu() for name, tensor in model.state_dict().items()}, best)
        header = {
            "history": json.dumps([epoch.model_dump() for epoch in progress.history]),
            "best_epoch": str(progress.best_epoch),
            "seconds": str(progress.seconds),
            "environment": where.model_dump_json(),
        }
        save_tensors(state_tensors(step, optimizer), self._progress, header)
        for old in self._folder.glob("best-*.safetensors"):
            if old != best:
                old.unlink()

    def restore(self, step: nn.Module, optimizer: Optimizer) -> Progress:
        """Load the last state, when there is one.

        Returns:
            What `save` was given last; none at a fresh start or when a file is broken.
        """
        try:
            with safe_open(self._progress, framework="pt") as file:
                header = file.metadata()
                tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - not a dict
            history = [Epoch.model_validate(epoch) for epoch in json.loads(header["history"])]
            progress = Progress(history, int(header["best_epoch"]), float(header["seconds"]))
            if not self.best(progress.best_epoch).exists():
                return Progress()
        except (OSError, SafetensorError, LookupError, TypeError, ValueError):
            return Progress()
        if _shapes(_under(WEIGHTS, tensors)) != _shapes(step.state_dict()):
            return Progress()
        load_state(step, optimizer, tensors)
        return progress

    def best(self, epoch: int) -> Path:
        """The file of the best epoch's weights."""
        return self._folder / f"best-{epoch}.safetensors"

    def clear(self) -> None:
        """Remove what a finished fit no longer needs."""
        for path in (self._progress, *self._folder.glob("best-*.safetensors")):
            path.unlink(missing_ok=True)


def begun_environment(folder: Path, label: str) -> Environment | None:
    """The environment that an unfinished training goes on in; None where it begins.

    A training that was begun on a device that is not here starts over: half of it on each would be what
    neither gives.
    """
    begun = Checkpoint(folder).environment()
    if begun is None or begun.device == "cpu" or torch.cuda.is_available():
        return begun
    say(f"{label}: it was begun on {begun.device}, which is not here, and starts over")
    Checkpoint(folder).clear()
    return None


def state_tensors(module: nn.Module, optimizer: Optimizer) -> dict[str, Tensor]:
    """Weights and the optimizer's buffers, by name.

    Args:
        module: All that trains.
        optimizer: Of its parameters.
    """
    tensors = {
        WEIGHTS + name: tensor.detach().cpu().contiguous() for name, tensor in module.state_dict().items()
    }
    for name, parameter in module.named_parameters():
        for key, value in optimizer.state.get(parameter, {}).items():
            if isinstance(value, Tensor):
                tensors[f"{OPTIMIZER}{key}.{name}"] = value.cpu().contiguous()
    return tensors


def load_state(module: nn.Module, optimizer: Optimizer, tensors: dict[str, Tensor]) -> None:
    """Put back what `state_tensors` gave.

    Args:
        module: With weights of the same names and shapes.
        optimizer: Of its parameters.
        tensors: By name.
    """
    module.load_state_dict(_under(WEIGHTS, tensors))
    # Where kernels count steps on the parameter's device, they read the count there: torch's own rule.
    counted_there = {
        parameter
        for group in optimizer.param_groups
        if group.get("fused") or group.get("capturable")
        for parameter in group["params"]
    }
    buffers = _under(OPTIMIZER, tensors)
    for name, parameter in module.named_parameters():
        for full, value in buffers.items():
            key, _, of = full.partition(".")
            if of == name:
                beside = key != "step" or parameter in counted_there
                optimizer.state[parameter][key] = value.to(parameter.device if beside else "cpu")


def _under(prefix: str, tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    return {name.removeprefix(prefix): t for name, t in tensors.items() if name.startswith(prefix)}


def _shapes(tensors: dict[str, Tensor]) -> dict[str, torch.Size]:
    return {name: tensor.shape for name, tensor in tensors.items()}
