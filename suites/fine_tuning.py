"""A variant's network trained on: a fit that starts where compression has left another one."""

from __future__ import annotations

from pathlib import Path

import torch

from ..training.checkpoint import begun_environment
from ..training.environment import Device, choose_environment, enter_environment
from ..training.loop import OnEpoch
from ..training.method import Method
from ..training.network import is_heavy, trained_network
from .records import FineTuning
from .run_fit import begin_training
from .trial import VariantTrial

__all__ = ["fine_tune", "fine_tuning_of"]

_EPOCHS, _RATE = 4, 10
"""It takes a fourth of the fit's epochs, at a tenth of its rate."""


def fine_tuning_of(method: Method) -> Method:
    """A method as its compressed fits are trained on: all of the network, for a while, at a low rate.

    What the fit left as it had started is trained, too, as it was compressed with the rest.

    Example:
        >>> from outfitbench.training.method import Recipe
        >>> fit = Method(name="XS", model="student-xs", objective="n-pair", recipe=Recipe(learning_rate=0.05))
        >>> recipe = fine_tuning_of(fit).recipe
        >>> recipe.epochs, recipe.learning_rate
        (3, 0.005)
    """
    recipe = method.recipe
    changed = recipe.model_copy(
        update={
            "epochs": -(-recipe.epochs // _EPOCHS),
            "learning_rate": recipe.learning_rate / _RATE,
            "rates": {part: rate / _RATE for part, rate in recipe.rates.items()},
        }
    )
    return method.model_copy(update={"recipe": changed, "freeze": False})


def fine_tune(
    trial: VariantTrial,
    weights: Path,
    folder: Path,
    inputs: dict[str, Path],
    device: Device,
    on_epoch: OnEpoch,
) -> FineTuning:
    """Train a compressed network with the objectives of its fit; what is unfinished is gone on with.

    Args:
        trial: What is made, of which fit.
        weights: The file of the compressed weights, in whose place those of the best epoch are written.
        folder: Where checkpoints are kept until `Checkpoint.clear`.
        inputs: Folder of the finished trial of each role.
        device: "cpu" or "cuda", for a training that begins here.
        on_epoch: Told of every epoch; may end it.

    Raises:
        TrainingStopped: If `on_epoch` does.
        TrainingError: If training diverges.
        InputError: If an input's files are missing, broken or altered since their record.
    """
    fit, method = trial.fit, fine_tuning_of(trial.fit.method)
    environment = begun_environment(folder, trial.label) or choose_environment(
        device, method.recipe.precision, heavy=is_heavy(method, trial.dataset)
    )
    enter_environment(environment)
    network = trained_network(method, trial.dataset, weights, environment.device)
    torch.manual_seed(fit.seed)  # for what the objectives draw
    begun = begin_training(fit, method, network, inputs, folder, environment, trial.label)
    trained = begun.training.run(on_epoch)
    network.ship(trained.weights, weights)
    progress = trained.progress
    return FineTuning(
        history=progress.history,
        best_epoch=progress.best_epoch,
        recipe=method.recipe.effective(images=network.inputs.kind == "image", defaults=True),
        environment=environment,
        seconds=progress.seconds,
    )
