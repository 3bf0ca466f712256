"""Whether a fit can begin, and about how long it will take: found on blank items before anything trains."""

from __future__ import annotations

import math
import re
import time
from collections.abc import Callable
from dataclasses import replace
from typing import NamedTuple

import torch
from torch import Tensor, nn

from ..core.errors import Fault, InputError
from ..evaluation.frozen import convolutions_of
from ..evaluation.item_inputs import input_kind
from ..models import ModelError, OutfitModel
from ..models.backbones.factory import check_backbone, weights_to_fetch
from ..training.environment import Device, choose_environment, enter_environment
from ..training.network import bare_model, fitting, gives_backbone, is_heavy
from ..training.optimizer import create_optimizer
from ..training.share import normalises_over_items
from ..training.step import TrainingStep, WeightedObjectives
from .describing import create_objectives
from .plan import needs_of, recombination_of, view_pairs_of
from .trial import FitTrial, StemTrial, has_foreign_part

__all__ = ["Rehearsal", "rehearse", "seconds_of_stem"]

_OVERHEAD = 1.2
"""A step beside its encoding and its scores: losses, optimizer, reading of items."""

_SAMPLE = 32
"""Items that are encoded: enough to tell what one takes."""

_NO_GRADIENT = 0.35
"""Encoding in evaluation as a share of encoding in training."""


class Rehearsal(NamedTuple):
    """What a rehearsal tells.

    Attributes:
        seconds: What the fit will take, about; None where a stranger's part fails in a way of its own, which
            is its trial's to tell.
        note: What was not tried and may fail all the same; empty where all was.
    """

    seconds: float | None
    note: str = ""


def rehearse(trial: FitTrial, device: Device, *, fetch: bool) -> Rehearsal:
    """Build a fit's network, objectives and optimizer, encode some blank items, and score outfits of them.

    Args:
        trial: What will be trained.
        device: "cpu" or "cuda".
        fetch: Whether ImageNet weights that it starts from are loaded, and fetched where they are not there.

    Raises:
        InputError: If the network cannot be built or cannot take such items, an objective cannot work on it,
            on the dataset or on its teacher, the recipe names a part that it does not have, no weight of what
            it starts from fits it, or ImageNet weights cannot be had.
    """
    method, note = trial.method, ""
    try:
        model = bare_model(method, trial.dataset).to(device).train()
        _check_devices(trial, model)
        objectives = create_objectives(method, model)
        create_optimizer(method.recipe, TrainingStep(model, objectives))
        for _, objective in objectives.values():
            objective.check_dataset(trial.dataset)
        _check_teacher(trial, objectives)
        given = _check_start(trial, model, objectives)
        images = model.input_kind == "image"
        if method.pretrained and images and not given:
            if fetch:
                bare_model(method, trial.dataset, pretrained=True)
            else:
                note = weights_to_fetch(model.backbone_name)
        if images and method.freeze == "convolutions":
            _, model.backbone = convolutions_of(model, f"method {method.name}, freeze").cut(method.image_size)
            model.input_kind, model.input_size = "features", model.backbone.input_size
        heavy = is_heavy(method, trial.dataset)
        recipe = method.recipe
        environment = choose_environment(device, recipe.precision, heavy=heavy, ranks=recipe.devices)
        enter_environment(environment)
        categories = torch.arange(_SAMPLE, device=device) % len(trial.dataset.categories)
        if model.input_kind == "image":
            items = _blank_images(trial, device)
        else:
            items = torch.zeros((_SAMPLE, model.input_size), device=device)
        with torch.autocast(device, torch.bfloat16, enabled=environment.precision == "bf16"):
            each = _seconds_of_an_item(model, model.encode_items, items, categories)
            scoring = _seconds_of_scores(trial, model)
    except ModelError as error:
        raise _of_method(error, f"method {method.name} on {trial.dataset.name}") from error
    except InputError as error:
        raise _naming(method.name, error) from error
    except Exception as error:
        # A stranger's part may raise anything, and torch runs out of memory: that is the trial's to tell.
        if not (isinstance(error, RuntimeError) or has_foreign_part(trial)):
            raise
        return Rehearsal(None, note)
    return Rehearsal(_whole_fit(trial, each, scoring), note)


def seconds_of_stem(trial: StemTrial, device: Device) -> float | None:
    """About how long a stem takes to train, and the maps of all items to be made.

    Returns:
        None where its network does not run here, which is its trial's to tell.
    """
    method, dataset = trial.method, trial.dataset
    model = bare_model(method, dataset).to(device).train()
    environment = choose_environment(device, "auto", heavy=True)
    enter_environment(environment)
    convolutions, _ = convolutions_of(model).cut(method.image_size)
    try:
        with torch.autocast(device, torch.bfloat16, enabled=environment.precision == "bf16"):
            each = _seconds_of_an_item(convolutions, convolutions, _blank_images(trial, device))
    except RuntimeError:
        return None
    seen = len(dataset.split("train").distinct_items)
    return each * (method.stem_fit.epochs * _OVERHEAD * seen + _NO_GRADIENT * dataset.num_items)


def _of_method(error: ModelError, where: str) -> InputError:
    """What a model says of its arguments, said of the method's keys."""
    said = re.fullmatch(r"(?:argument )?(.*?): found (.*?), expected (.*)", str(error), re.DOTALL)
    if said is None:
        return InputError(Fault(where, str(error), "a network that takes its items"))
    place, found, expected = said.groups()
    key = "image_size" if found.startswith("images of ") else place
    return InputError(Fault(f"{where}, {key}", found, expected))


def _naming(method: str, error: InputError) -> InputError:
    """What an objective or an option refuses, said with its method's name: a suite has many."""
    fault = error.fault
    if method in str(fault.where):
        return error
    return InputError(replace(fault, where=f"method {method}, {fault.where}"))


def _check_devices(trial: FitTrial, model: OutfitModel) -> None:
    """Hold that a network's items can be shared out."""
    method = trial.method
    if method.recipe.devices > 1 and method.freeze is not True and normalises_over_items(model):
        found = f"{method.recipe.devices} with a network that normalises over the items of a step (BatchNorm)"
        fix = 'train it on one device, or leave its backbone as it is ("freeze")'
        raise InputError(Fault(f"method {method.name}, recipe.devices", found, "1", fix))


def _check_teacher(trial: FitTrial, objectives: WeightedObjectives) -> None:
    teaching = trial.inputs.get("teacher")
    if isinstance(teaching, FitTrial):
        with torch.device("meta"):  # what it is shows without its weights
            teacher = bare_model(teaching.method, trial.dataset)
        for _, objective in objectives.values():
            objective.check_teacher(teacher)


def _check_start(trial: FitTrial, model: OutfitModel, objectives: WeightedObjectives) -> bool:
    """Hold that there is something to take over, and that the rest can be had; whether the backbone is."""
    starting, method = trial.inputs.get("start"), trial.method
    if not isinstance(starting, FitTrial):
        return False
    with torch.device("meta"):
        first = bare_model(starting.method, trial.dataset)
    taken = fitting(model, first.state_dict())
    if not taken:
        raise InputError(
            Fault(
                f"method {method.name} on {trial.dataset.name}, start",
                f"{starting.method.name}, a {type(first).__name__} that shares no part with it",
                f"a method that shares a part of a {type(model).__name__}, weight by weight",
            )
        )
    for _, objective in objectives.values():
        objective.check_start(taken)
    given = gives_backbone(model, taken)
    if method.backbone is not None and method.pretrained and not given:
        check_backbone(method.backbone, pretrained=True, where=f"method {method.name}, backbone")
    return given


def _seconds_of_an_item(network: nn.Module, encode: Callable[..., Tensor], *items: Tensor) -> float:
    """What encoding some items takes, forward and backward, divided by their number."""
    return _seconds_of(network, lambda: encode(*items)) / _SAMPLE


def _seconds_of_scores(trial: FitTrial, model: OutfitModel) -> float:
    """What the scores of a step's outfits take, forward and backward, with those that its teacher gives them.

    Those are the batch's outfits, and what objectives make of their items: views of the positives, two of
    each, and recombined outfits. The teacher of the paper has its student's outfit part.
    """
    method, dataset = trial.method, trial.dataset
    batch = 2 * method.recipe.batch_size
    recombination = recombination_of(method)
    made = (batch if view_pairs_of(method) else 0) + (
        0 if recombination is None else recombination.recombined
    )
    device = next(model.parameters()).device
    categories = torch.arange(_items_of_a_step(trial), device=device) % len(dataset.categories)
    features = torch.randn((len(categories), model.feature_size), device=device, requires_grad=True)
    shape = (batch, dataset.outfit_size)
    users = torch.arange(batch, device=device) % dataset.num_users

    def scores() -> Tensor:
        return model.score_among(users, features.reshape(*shape, -1), categories.reshape(shape), features)

    taught = 1 + (_NO_GRADIENT if "teacher" in needs_of(method) else 0.0)
    return taught * _seconds_of(model, scores) * (batch + made) / batch


def _seconds_of(network: nn.Module, forward: Callable[[], Tensor]) -> float:
    """What a call and its gradient take."""

    def seconds() -> float:
        started = time.perf_counter()
        found = forward()
        if found.requires_grad:
            found.sum().backward()
        network.zero_grad()
        return time.perf_counter() - started

    seconds()  # the first call of a shape takes longer
    return min(seconds() for _ in range(2))


def _blank_images(trial: FitTrial | StemTrial, device: Device) -> Tensor:
    size = trial.method.image_size
    return torch.zeros((_SAMPLE, 3, size, size), device=device)


def _items_of_a_step(trial: FitTrial) -> int:
    """At most so many different ones: the outfits of a batch and as many negatives."""
    return 2 * trial.method.recipe.batch_size * trial.dataset.outfit_size


def _whole_fit(trial: FitTrial, each: float, scoring: float) -> float:
    """Seconds of all epochs with their validation, from those of one item, and of all scores, in a step."""
    dataset, recipe = trial.dataset, trial.method.recipe
    steps = math.ceil(len(dataset.split("train")) / recipe.batch_size)
    if trial.method.freeze is True and input_kind(dataset, trial.method.items) == "image":
        encoding = _NO_GRADIENT * each * dataset.num_items  # once, then they are kept
        return encoding + recipe.epochs * _OVERHEAD * steps * scoring
    validation = dataset.candidates(trial.validation_split, trial.negatives).outfits.distinct_items
    encoded = _items_of_a_step(trial) / recipe.devices
    epoch = _OVERHEAD * steps * (encoded * each + scoring) + _NO_GRADIENT * len(validation) * each
    return recipe.epochs * epoch
