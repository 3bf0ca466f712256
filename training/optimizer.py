"""The recipe's optimizer, with rates of their own for parts of the network."""

from __future__ import annotations

from collections import defaultdict

from torch import nn
from torch.optim import SGD, Adam, Optimizer

from ..core.errors import Fault, InputError
from .method import Recipe

__all__ = ["create_optimizer"]


def create_optimizer(recipe: Recipe, step: nn.Module) -> Optimizer:
    """SGD with momentum, or Adam, over all that trains.

    Each group carries "share", its rate as a multiple of the recipe's learning rate, which the schedule
    keeps.

    Args:
        recipe: Names the optimizer, its rates and its decay.
        step: The model's parameters are named `model.…`, those of objectives `objectives.NAME.…`; a rate for
            a part of the model is given without `model.`.

    Raises:
        InputError: If a rate is given for a part that there is not.
    """
    parts: dict[float, list[nn.Parameter]] = defaultdict(list)
    unused = set(recipe.rates)
    names = []
    for full, parameter in step.named_parameters():
        name = full.removeprefix("model.")
        names.append(name)
        fitting = [part for part in recipe.rates if name == part or name.startswith(f"{part}.")]
        unused -= set(fitting)
        rate = recipe.rates[max(fitting, key=len)] if fitting else recipe.learning_rate
        if parameter.requires_grad:
            parts[rate / recipe.learning_rate].append(parameter)
    if unused:
        known = ", ".join(sorted({name.partition(".")[0] for name in names}))
        raise InputError(Fault("recipe.rates", repr(min(unused)), f"a part of the network ({known})"))
    groups = [{"params": parameters, "share": share} for share, parameters in parts.items()]
    if recipe.optimizer == "adam":
        return Adam(groups, lr=recipe.learning_rate, weight_decay=recipe.weight_decay, fused=True)
    return SGD(
        groups,
        lr=recipe.learning_rate,
        momentum=recipe.momentum,
        weight_decay=recipe.weight_decay,
        fused=True,
    )
