"""Where an unfinished trial stands: weights, momentum and history after its last whole epoch.

Every epoch seeds itself from the trial's seed and its number, so no generator's state is kept.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor, nn
from torch.optim import Optimizer

from ...bench.weights import save_tensors
from ..records import Epoch

__all__ = ["Checkpoint", "Progress"]

_WEIGHTS, _MOMENTUM = "weights.", "momentum."


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
    """Files of one trial in training.

    A trial that was begun on another device starts over: half of it on each would be what neither gives.

    `progress.safetensors` holds the state after the last epoch and, in its header, the history;
    `best-EPOCH.safetensors` the weights of the best epoch so far. Both are replaced atomically, the best
    first, so that whichever moment a process dies at, the progress file names a best file that is whole.
    """

    def __init__(self, folder: Path, device: str = "cpu") -> None:
        self._folder = folder
        self._device = device
        self._progress = folder / "progress.safetensors"

    def save(self, model: nn.Module, optimizer: Optimizer, progress: Progress) -> None:
        """Keep the state after an epoch; its weights also as the best when it is the best epoch."""
        weights = {name: tensor.detach().cpu() for name, tensor in model.state_dict().items()}
        best = self.best(progress.best_epoch)
        if progress.best_epoch == progress.history[-1].number:
            save_tensors(weights, best)
        tensors = {_WEIGHTS + name: tensor for name, tensor in weights.items()}
        for name, buffer in _momentum(model, optimizer).items():
            tensors[_MOMENTUM + name] = buffer.cpu()
        header = {
            "history": json.dumps([epoch.model_dump() for epoch in progress.history]),
            "best_epoch": str(progress.best_epoch),
            "seconds": str(progress.seconds),
            "device": self._device,
        }
        save_tensors(tensors, self._progress, header)
        for old in self._folder.glob("best-*.safetensors"):
            if old != best:
                old.unlink()

    def restore(self, model: nn.Module, optimizer: Optimizer) -> Progress:
        """Load the last state, when there is one.

        Returns:
            What `save` was given last; none at a fresh start, when the file is broken, or after another
            device.
        """
        try:
            with safe_open(self._progress, framework="pt") as file:
                header = file.metadata()
                tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - not a dict
        except (FileNotFoundError, SafetensorError):
            return Progress()
        best_epoch = int(header["best_epoch"])
        if header.get("device") != self._device or not self.best(best_epoch).exists():
            return Progress()
        model.load_state_dict(_under(_WEIGHTS, tensors))
        momentum = _under(_MOMENTUM, tensors)
        for name, parameter in model.named_parameters():
            if name in momentum:
                optimizer.state[parameter]["momentum_buffer"] = momentum[name].to(parameter.device)
        history = [Epoch.model_validate(epoch) for epoch in json.loads(header["history"])]
        return Progress(history, best_epoch, float(header["seconds"]))

    def best(self, epoch: int) -> Path:
        """The file of the best epoch's weights."""
        return self._folder / f"best-{epoch}.safetensors"

    def clear(self) -> None:
        """Remove what a finished trial no longer needs."""
        for path in (self._progress, *self._folder.glob("best-*.safetensors")):
            path.unlink(missing_ok=True)


def _momentum(model: nn.Module, optimizer: Optimizer) -> dict[str, Tensor]:
    """The optimizer's buffer of each parameter that has one."""
    found = {}
    for name, parameter in model.named_parameters():
        buffer = optimizer.state.get(parameter, {}).get("momentum_buffer")
        if isinstance(buffer, torch.Tensor):
            found[name] = buffer
    return found


def _under(prefix: str, tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    return {name.removeprefix(prefix): t for name, t in tensors.items() if name.startswith(prefix)}
