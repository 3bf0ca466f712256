"""A step of training."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from ..ceiling import Work
from ..effort import Effort
from .registry import register_workload
from .served import ServedModel
from .workload import Turn, Workload

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from ..model_work import ModelWork

__all__ = ["TrainingStep"]

_PASSES = 6
"""Over what trains, in a step of SGD: weights, momentum and gradients, each read and written once."""


@register_workload("training-step")
class TrainingStep(Workload):
    """Take steps of N-pair training in fp32 on items that are decoded already; in PyTorch alone.

    - "training_step" (s): forward and backward pass and the optimizer's step, of `Effort.batch` positives and
      as many negatives that share no item.
    """

    units: ClassVar = {"training_step": "s"}
    effort = ("rounds", "batch", "batches", "warm_seconds", "turn_seconds")
    engines: ClassVar = ("torch",)

    def work(self, model: ModelWork, effort: Effort) -> Mapping[str, Work]:
        """See `Workload.work`.

        Each user's score of the own positive, and of all negatives; items and weights are moved, and what
        lies between forward and backward pass may stay in caches.
        """
        pairs, training = effort.batch, model.training
        items = 2 * pairs * model.outfit_size
        scores = training.scores.of(2 * pairs, pairs + pairs**2, items)
        moved = _PASSES * training.weights + items * training.item
        return {"training_step": Work(items * training.encode + scores, moved, pairs)}

    def turn(self, served: ServedModel, effort: Effort, folder: Path | None) -> Turn:
        """Every step is a sample. The model that trains is another than the one that serves."""
        seconds, flags = served.warm_seconds_of(
            f"training step {effort.batch}", _step(served, effort.batch), effort.batches
        )
        return Turn({"training_step": seconds}, {"training_step": flags})


def _step(served: ServedModel, pairs: int) -> Callable[[], None]:
    """Takes a step."""
    import torch

    from ...training.batches import Batch
    from ...training.method import Recipe
    from ...training.objectives.n_pair_loss import NPair
    from ...training.objectives.objective import Outfits, TemperatureOptions
    from ...training.optimizer import create_optimizer
    from ...training.step import TrainingStep as Step
    from ..engines.torch_engine import load_model

    model = load_model(served.subject).train().to(served.device)
    step = Step(model, {"n-pair": (1.0, NPair(TemperatureOptions(), model).to(served.device))})
    optimizer = create_optimizer(Recipe(), step)
    made = served.request(2 * pairs)
    items, categories = torch.from_numpy(made.items), torch.from_numpy(made.categories)
    if items.ndim == 4:
        items = items.permute(0, 3, 1, 2).contiguous()
    rows = torch.arange(categories.numel()).reshape(categories.shape)
    batch = Batch(
        users=torch.from_numpy(made.users[:pairs]),
        inputs=items,
        item_categories=categories.reshape(-1),
        positives=Outfits(rows[:pairs], categories[:pairs]),
        negatives=Outfits(rows[pairs:], categories[pairs:]),
        posted=None,
    ).to(torch.device(served.device))

    def take() -> None:
        with torch.enable_grad():
            loss, _ = step(batch)
            loss.backward()
        optimizer.step()
        optimizer.zero_grad()

    return take
