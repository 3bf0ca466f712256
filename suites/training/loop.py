"""The training loop: epochs of steps, the best epoch by validation, resumable after each epoch."""

from __future__ import annotations

import logging
import math
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from lightning_fabric import Fabric
from rich import get_console
from torch import nn
from torch.optim import SGD

from ...datasets.outfit_hash import PostedOutfits
from ...datasets.progress import progress_bar
from ...models import OutfitModel
from ..errors import TrainingError
from ..evaluation import evaluate
from ..item_inputs import ItemInputs
from ..records import Epoch
from ..trial import Trial
from .batches import HARD_SHARE, draw_epoch, load_batches
from .checkpoint import Checkpoint, Progress
from .distillation import Teacher
from .schedule import epochs_without_gain, learning_rate
from .step import TrainingStep

__all__ = ["Trained", "Training"]

logging.getLogger("lightning_fabric").setLevel(logging.WARNING)  # it announces the precision of every trial


@dataclass(frozen=True)
class Trained:
    """What training leaves.

    Attributes:
        progress: Every epoch, the best of them, and the time they took.
        weights: File of the best epoch's weights.
    """

    progress: Progress
    weights: Path


class Training:
    """One trial in training.

    Args:
        trial: What to train, on what, how.
        model: Freshly initialised from the trial's seed.
        inputs: The dataset's items at the method's size.
        teacher: For FND.
        folder: Where checkpoints are kept.
        device: "cpu" or "cuda".
    """

    def __init__(
        self,
        trial: Trial,
        model: OutfitModel,
        inputs: ItemInputs,
        teacher: Teacher | None,
        folder: Path,
        device: str,
    ) -> None:
        self._trial = trial
        self._recipe = trial.method.recipe
        self._model = model
        self._inputs = inputs
        self._checkpoint = Checkpoint(folder, device)
        self._fabric = Fabric(
            accelerator=device, devices=1, precision="bf16-mixed" if trial.precision == "bf16" else "32-true"
        )
        sgd = SGD(
            model.parameters(),
            lr=self._recipe.learning_rate,
            momentum=self._recipe.momentum,
            weight_decay=self._recipe.weight_decay,
            fused=True,
        )
        self._step, self._optimizer = self._fabric.setup(TrainingStep(model, trial.method, teacher), sgd)
        self._posted = PostedOutfits(trial.dataset.split("train")) if HARD_SHARE[trial.setting] else None
        self._steps = math.ceil(len(trial.dataset.split("train")) / self._recipe.batch_size)

    def run(self) -> Trained:
        """Train until the epochs are over or the validation AUC stops rising, from the last checkpoint on.

        Raises:
            TrainingError: If the loss stops being finite.
        """
        progress = self._checkpoint.restore(self._model, self._optimizer)
        validation = self._trial.dataset.candidates(self._trial.validation_split, self._trial.setting)
        for number in range(len(progress.history) + 1, self._recipe.epochs + 1):
            started = time.perf_counter()
            valid_auc = [epoch.valid_auc for epoch in progress.history]
            if self._recipe.patience is not None and epochs_without_gain(valid_auc) >= self._recipe.patience:
                break
            loss, rate = self._run_epoch(number, valid_auc)
            auc = float(np.mean(evaluate(self._model, self._trial.dataset, self._inputs, validation).auc))
            progress = Progress(
                [*progress.history, Epoch(number=number, loss=loss, learning_rate=rate, valid_auc=auc)],
                progress.best_epoch if auc <= max(valid_auc, default=-math.inf) else number,
                progress.seconds + time.perf_counter() - started,
            )
            self._checkpoint.save(self._model, self._optimizer, progress)
            get_console().print(
                f"{self._name(number)}: loss {loss:.3f}, validation AUC {auc:.3f}",
                highlight=False,
                soft_wrap=True,
            )
        return Trained(progress, self._checkpoint.best(progress.best_epoch))

    def finish(self) -> None:
        """Remove the checkpoints of a trial whose record is written."""
        self._checkpoint.clear()

    def _run_epoch(self, number: int, valid_auc: list[float]) -> tuple[float, float]:
        """One pass over the training positives: the mean loss, and the last step's learning rate."""
        trial, recipe = self._trial, self._recipe
        torch.manual_seed(trial.seed * 100_003 + number)
        self._model.train()
        positives, negatives = draw_epoch(trial.dataset, trial.setting, trial.seed, number)
        augment = np.random.default_rng([trial.seed, number, 1]) if recipe.augment else None
        losses, rate = [], 0.0
        with progress_bar() as progress:
            task = progress.add_task(self._name(number), total=self._steps)
            batches = load_batches(
                trial.dataset,
                self._inputs,
                positives,
                negatives,
                recipe.batch_size,
                posted=self._posted,
                augment=augment,
            )
            for index, batch in enumerate(batches):
                rate = learning_rate(recipe, (number - 1) * self._steps + index, self._steps, valid_auc)
                for group in self._optimizer.param_groups:
                    group["lr"] = rate
                loss = self._step(batch.to(self._fabric.device))
                self._fabric.backward(loss)
                if recipe.clip_norm is not None:
                    nn.utils.clip_grad_norm_(self._model.parameters(), recipe.clip_norm)
                self._optimizer.step()
                self._optimizer.zero_grad()
                losses.append(loss.detach())
                progress.advance(task)
        mean = float(torch.stack(losses).mean())
        if not math.isfinite(mean):
            raise TrainingError(
                f"{self._name(number)}: the loss is {mean}; lower recipe.learning_rate "
                f"({recipe.learning_rate}) or recipe.clip_norm ({recipe.clip_norm})"
            )
        return mean, rate

    def _name(self, epoch: int) -> str:
        return f"{self._trial.label} · epoch {epoch}/{self._recipe.epochs}"
