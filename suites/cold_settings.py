"""What cold settings ask for: a sibling dataset of new users whose items the models can take."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch

from ..core.errors import Fault, InputError
from ..datasets import Dataset
from ..datasets.cold_histories import cold_candidates, draw_histories, known_outfits
from ..evaluation.item_inputs import input_kind
from ..models import ModelError, OutfitModel
from ..models.registry import MODELS
from ..training.method import Method
from ..training.network import bare_model

if TYPE_CHECKING:
    from .suite_file import Suite

__all__ = ["NewUsers", "is_cold", "new_users"]


@dataclass(frozen=True, eq=False)
class NewUsers:
    """For whom cold settings rank, and how.

    Attributes:
        dataset: That of the new users.
        strategies: The ways in which each method scores them, by the method's name.
    """

    dataset: Dataset
    strategies: Mapping[str, tuple[str, ...]]


def is_cold(setting: str) -> bool:
    """Whether a setting ranks for users on whom nothing was trained."""
    return known_outfits(setting) is not None


def new_users(suite: Suite, dataset: Dataset, siblings: Mapping[str, Dataset]) -> NewUsers | None:
    """The new users that go with a dataset; None where no setting asks for them.

    Args:
        suite: Whose settings and methods they have to serve.
        dataset: What is trained on.
        siblings: Datasets of new users, by name.

    Raises:
        InputError: If there is none, its items are of other kinds, or nobody of it can be ranked for.
    """
    cold = [setting for setting in suite.settings if is_cold(setting)]
    if not cold:
        return None
    sibling = siblings.get(dataset.cold_sibling or "")
    if sibling is None:
        where, found = f"suite {suite.name}, settings, {cold[0]}", f"{dataset.name}, which goes with none"
        expected = "a dataset that one of new users goes with, as closet-16 goes with closet-60"
        raise InputError(Fault(where, found, expected))
    where = f"dataset {sibling.name}, the new users of {dataset.name}"
    if sibling.categories != dataset.categories:
        found, expected = (", ".join(each.categories) for each in (sibling, dataset))
        raise InputError(Fault(f"{where}, categories", found, expected))
    for method in suite.methods.values():
        found, expected = (_seen(each, method) for each in (sibling, dataset))
        if found != expected:
            raise InputError(
                Fault(f"{where}, items", found, f"{expected}, which {method.name} is trained on")
            )
    for setting in cold:
        known = known_outfits(setting) or 0
        if not cold_candidates(sibling, draw_histories(sibling, known)).labels.any():
            found = f"no user with {known} training outfit{'s' * (known > 1)} and a test outfit"
            raise InputError(Fault(f"{where}, {setting}", found, "one at least"))
    return NewUsers(sibling, {m.name: _strategies(m, dataset) for m in suite.methods.values()})


def _seen(dataset: Dataset, method: Method) -> str:
    """What a method sees of a dataset's items, in words."""
    if input_kind(dataset, method.items) == "image" or dataset.vectors is None:
        return "images"
    return f"features of {dataset.vectors.size} numbers"


def _strategies(method: Method, dataset: Dataset) -> tuple[str, ...]:
    """The ways in which a method's model scores users on whom it was not trained.

    Where it cannot be built, that is for the rehearsal to tell.
    """
    try:
        with torch.device("meta"):  # what it is shows without its weights
            return bare_model(method, dataset).cold_strategies
    except Exception as error:
        foreign = MODELS.entry(method.model).source is not None  # which may raise anything
        if not (foreign or isinstance(error, ModelError | RuntimeError)):
            raise
        return OutfitModel.cold_strategies
