"""Training that is not a method's: a loss by epoch, gone on with from the last whole epoch."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from torch import nn
from torch.optim import Optimizer

from ..core.progress import say
from ..models.weights import save_tensors
from .checkpoint import OPTIMIZER, PROGRESS_FILE, WEIGHTS, load_state, state_tensors
from .errors import TrainingError
from .history import Environment

__all__ = ["train_by_epochs"]

_ADAM = ("step", "exp_avg", "exp_avg_sq")


def train_by_epochs(
    model: nn.Module,
    optimizer: Optimizer,
    run_epoch: Callable[[int, str], float],
    *,
    epochs: int,
    task: str,
    folder: Path,
    environment: Environment,
    label: str,
    rate: str,
) -> list[float]:
    """Train until the epochs are over, from the last whole one on.

    An epoch follows from its number, so that a training that was killed ends where it would have ended, on
    the CPU bit for bit. `folder` then still holds the last state, in `PROGRESS_FILE`; whoever has written the
    result down removes it (`checkpoint.Checkpoint.clear`).

    Args:
        model: What trains, as it begins.
        optimizer: Adam, of its parameters.
        run_epoch: Runs the epoch of a number (from 1) and a name for people, and gives its mean loss.
        epochs: How many.
        task: All that decides the outcome; the state of another task is none.
        folder: Where the state is kept between epochs.
        environment: What is computed in; entered already.
        label: What to call it.
        rate: The learning rate, for people, in case it was too high.

    Returns:
        The mean loss of every epoch.

    Raises:
        InputError: If the disk is full.
        TrainingError: If the loss stops being finite.
    """
    path = folder / PROGRESS_FILE
    losses = _restore(path, model, optimizer, task)
    for epoch in range(len(losses) + 1, epochs + 1):
        name = f"{label} · epoch {epoch}/{epochs}"
        losses.append(run_epoch(epoch, name))
        if not math.isfinite(losses[-1]):
            raise TrainingError(f"{name}: found a loss of {losses[-1]}; lower {rate}")
        header = {
            "losses": json.dumps(losses),
            "task": task,
            "environment": environment.model_dump_json(),
        }
        save_tensors(state_tensors(model, optimizer), path, header)
        say(f"{name}: loss {losses[-1]:.5f}")
    return losses


def _restore(path: Path, model: nn.Module, optimizer: Optimizer, task: str) -> list[float]:
    """Load the last state and give the losses so far; none where it is missing, broken or another's."""
    try:
        with safe_open(path, framework="pt") as file:
            header = file.metadata() or {}
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - not a dict
        losses = [float(loss) for loss in json.loads(header["losses"])]
    except (OSError, SafetensorError, LookupError, TypeError, ValueError):
        return []
    expected = {WEIGHTS + name: tensor.shape for name, tensor in model.state_dict().items()}
    for name, parameter in model.named_parameters():
        for key in _ADAM:
            expected[f"{OPTIMIZER}{key}.{name}"] = torch.Size() if key == "step" else parameter.shape
    if header.get("task") != task or {name: t.shape for name, t in tensors.items()} != expected:
        return []
    load_state(model, optimizer, tensors)
    return losses
