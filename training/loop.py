"""The training loop: epochs of steps, the best epoch by validation, resumable after each epoch."""

from __future__ import annotations

import functools
import logging
import math
import time
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from lightning_fabric import Fabric
from numpy.typing import NDArray
from torch import Tensor, nn

from ..core.progress import progress_bar, say
from ..datasets import CandidateSet, Dataset
from ..datasets.outfit_hash import PostedOutfits
from ..evaluation.item_inputs import ItemInputs
from ..evaluation.scoring import evaluate
from ..models import OutfitModel
from .augmentations import ViewPair
from .batches import HARD_SHARE, BatchDraws, draw_epoch, load_batches
from .checkpoint import Checkpoint, Progress
from .errors import TrainingError
from .history import Environment, Epoch
from .image_augmentation import flip_and_shift
from .method import Method
from .objectives.objective import TeacherScores
from .optimizer import create_optimizer
from .ranks import create_fabric
from .recombination import Recombination, Recombiner
from .schedule import best_epoch, epochs_without_gain, learning_rate
from .share import Share
from .step import TrainingStep, WeightedObjectives

__all__ = ["FitTask", "OnEpoch", "Trained", "Training", "ignored"]

OnEpoch = Callable[[Epoch], None]
"""Told of every epoch of a fit once it is kept; may raise `TrainingStopped` to end the fit there."""


def ignored(epoch: Epoch) -> None:
    """What nobody waits for."""


logging.getLogger("lightning_fabric").setLevel(logging.WARNING)  # it announces the precision of every fit


@dataclass(frozen=True, eq=False)
class FitTask:
    """What is learnt, on what, how.

    Attributes:
        method: The recipe and which half of the validation set chooses the epoch.
        dataset: The outfits.
        negatives: Kind of the training negatives, and of the validation candidates.
        seed: Of the order of the outfits and all that is drawn.
        label: What to call it.
        inputs: The dataset's items as the model sees them.
        view_pairs: Pairs of augmentations that views are drawn from; none where nobody asks for views.
        neighbours: Look-alike items (num_items, count), for augmentations that need them.
        recombination: Which recombined outfits a step draws; None where nobody asks for them.
    """

    method: Method
    dataset: Dataset
    negatives: str
    seed: int
    label: str
    inputs: ItemInputs
    view_pairs: tuple[ViewPair, ...] = ()
    neighbours: NDArray[np.int32] | None = None
    recombination: Recombination | None = None


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
    """One fit in training.

    Args:
        task: What is learnt.
        model: Freshly initialised from the task's seed.
        objectives: What is minimised.
        teacher: For objectives that need one.
        folder: Where checkpoints are kept.
        environment: What it computes in; entered already.
        fabric: What this process computes with, where it is one of several at this fit. The first of them
            validates, and keeps the checkpoints.
    """

    def __init__(
        self,
        task: FitTask,
        model: OutfitModel,
        objectives: WeightedObjectives,
        teacher: TeacherScores | None,
        folder: Path,
        environment: Environment,
        fabric: Fabric | None = None,
    ) -> None:
        self._task = task
        self._recipe = task.method.recipe
        self._model = model
        self._environment = environment
        self._checkpoint = Checkpoint(folder)
        self._fabric = create_fabric(environment) if fabric is None else fabric
        self._bare_step = TrainingStep(model, objectives, teacher, Share.of(self._fabric))
        optimizer = create_optimizer(self._recipe, self._bare_step)
        self._step, self._optimizer = self._fabric.setup(self._bare_step, optimizer)
        train = task.dataset.split("train")
        self._posted = PostedOutfits(train) if HARD_SHARE[task.negatives] else None
        self._recombiner = (
            None
            if task.recombination is None
            else Recombiner(train, task.dataset.item_category, *task.recombination)
        )
        self._steps = math.ceil(len(train) / self._recipe.batch_size)

    def run(self, on_epoch: OnEpoch = ignored) -> Trained:
        """Train until the epochs are over or the validation AUC stops rising, from the last checkpoint on.

        Args:
            on_epoch: Told of every epoch, those of a checkpoint first.

        Raises:
            TrainingError: If the loss, or a score of the validation set, stops being finite.
            TrainingStopped: If `on_epoch` does.
        """
        task = self._task
        progress = self._checkpoint.restore(self._bare_step, self._optimizer)
        for epoch in progress.history:
            on_epoch(epoch)
        validation = task.dataset.candidates(f"valid-{task.method.validation}", task.negatives)
        for number in range(len(progress.history) + 1, self._recipe.epochs + 1):
            started = time.perf_counter()
            valid_auc = [epoch.valid_auc for epoch in progress.history]
            if self._recipe.patience is not None and epochs_without_gain(valid_auc) >= self._recipe.patience:
                break
            losses, rate = self._run_epoch(number, valid_auc)
            if any(not torch.isfinite(weights).all() for weights in self._model.parameters()):
                raise self._diverged(number, "weights that are not finite")
            auc = self._validation_auc(validation)
            loss = losses.pop("")
            epoch = Epoch(number=number, loss=loss, losses=losses, learning_rate=rate, valid_auc=auc)
            progress = Progress(
                [*progress.history, epoch],
                best_epoch([*valid_auc, auc]),
                progress.seconds + time.perf_counter() - started,
            )
            if self._fabric.is_global_zero:
                self._checkpoint.save(
                    self._bare_step, self._model, self._optimizer, progress, self._environment
                )
            say(f"{self._name(number)}: loss {loss:.3f}, validation AUC {auc:.3f}")
            on_epoch(epoch)
        return Trained(progress, self._checkpoint.best(progress.best_epoch))

    def finish(self) -> None:
        """Remove the checkpoints of a fit whose record is written."""
        self._checkpoint.clear()

    def _run_epoch(self, number: int, valid_auc: list[float]) -> tuple[dict[str, float], float]:
        """One pass over the training positives: mean of each loss, "" being the sum; the last step's rate."""
        task, recipe = self._task, self._recipe
        torch.manual_seed(task.seed * 100_003 + number)
        self._step.train()
        positives, negatives = draw_epoch(task.dataset, task.negatives, task.seed, number)
        seen: dict[str, list[Tensor]] = defaultdict(list)
        rate = 0.0
        trained = [parameter for parameter in self._bare_step.parameters() if parameter.requires_grad]
        with progress_bar() as progress:
            bar = progress.add_task(self._name(number), total=self._steps)
            batches = load_batches(
                task.dataset, task.inputs, positives, negatives, recipe.batch_size, self._draws(number)
            )
            for index, batch in enumerate(batches):
                done = (number - 1) * self._steps + index
                rate = learning_rate(recipe, done, self._steps, valid_auc)
                for group in self._optimizer.param_groups:
                    group["lr"] = rate * group["share"]
                total, named = self._step(batch.to(self._fabric.device), done / (recipe.epochs * self._steps))
                self._fabric.backward(total)
                if recipe.clip_norm is not None:
                    nn.utils.clip_grad_norm_(trained, recipe.clip_norm)
                self._optimizer.step()
                self._optimizer.zero_grad()
                for key, loss in {"": total.detach(), **named}.items():
                    seen[key].append(loss)
                progress.advance(bar)
        means = {key: float(torch.stack(losses).mean()) for key, losses in seen.items()}
        if not all(map(math.isfinite, means.values())):
            raise self._diverged(number, f"a loss of {means['']}")
        return means, rate

    def _validation_auc(self, validation: CandidateSet) -> float:
        """Mean per-user AUC of the model as it is; the first process's word, where there are several."""
        auc = 0.0
        if self._fabric.is_global_zero:
            auc = float(np.mean(evaluate(self._model, self._task.dataset, self._task.inputs, validation).auc))
        return self._fabric.broadcast(auc)

    def _draws(self, number: int) -> BatchDraws:
        task = self._task
        views = np.random.default_rng([task.seed, number, 2]) if task.view_pairs else None
        look = None
        if self._recipe.augment:
            look = functools.partial(flip_and_shift, generator=np.random.default_rng([task.seed, number, 1]))
        recombine = None
        if self._recombiner is not None:
            recombine = functools.partial(
                self._recombiner.draw, generator=np.random.default_rng([task.seed, number, 3])
            )
        return BatchDraws(self._posted, look, views, task.view_pairs, task.neighbours, recombine)

    def _diverged(self, number: int, found: str) -> TrainingError:
        recipe = self._recipe
        return TrainingError(
            f"epoch {number}/{recipe.epochs}: found {found}; lower recipe.learning_rate "
            f"({recipe.learning_rate}) or recipe.clip_norm ({recipe.clip_norm})"
        )

    def _name(self, epoch: int) -> str:
        return f"{self._task.label} · epoch {epoch}/{self._recipe.epochs}"
