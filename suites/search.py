"""What is searched: a method as a suite has it, on a dataset, under one kind of negatives, with one seed."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from ..core.errors import Fault, InputError
from ..core.names import shown, unknown_name
from ..core.toml_file import parse
from ..datasets import Dataset, load_dataset
from ..evaluation.scorers import SCORERS
from ..training.method import Method, Recipe
from .method_tables import load_methods, method_file
from .plan import plan_trials
from .records import Negatives
from .search_space import Space, present_values, search_space
from .suite_file import Suite, check_seed, load_suite
from .trial import FitTrial, Trial

__all__ = ["Search", "load_search"]


@dataclass(frozen=True)
class Search:
    """What is searched, on what.

    Attributes:
        method: The method's id.
        suite: The method, as it is before anything is found, and those it needs; nothing is ranked.
        named: The suite's name; None where the methods are taken as their files say.
        dataset: Where.
        negatives: Training negatives, and those of the validation candidates.
        seed: Of every fit, and of the order of the points.
        budget: How many points are tried; all, where there are no more.
        prune: Whether a fit is ended early that falls behind.
    """

    method: str
    suite: Suite
    named: str | None
    dataset: Dataset
    negatives: Negatives
    seed: int
    budget: int
    prune: bool

    @property
    def base(self) -> Method:
        """The method before anything is found."""
        return self.suite.methods[self.method]

    @cached_property
    def space(self) -> Space:
        """The values that are tried."""
        return search_space(self.base)

    @property
    def file(self) -> str | None:
        """Text of the method's own file, into which what is found goes; None if the suite redefines it."""
        own, base = load_methods().get(self.method), self.base
        if own is None or _kind(own) != _kind(base):
            return None
        return method_file(self.method).read_text(encoding="utf-8")

    @property
    def notes(self) -> list[str]:
        """What a person should know who puts the file that is written in the place of the method's own."""
        if self.file is None:
            return []
        before = present_values(load_methods()[self.method], self.space)
        return [
            f"suite {self.named} sets {key} = {value} itself, which would hide what was found"
            for key, value in present_values(self.base, self.space).items()
            if value != before[key]
        ]

    def plan(self, method: Method) -> tuple[list[Trial[Any]], FitTrial]:
        """What a fit of the method needs, in order, and the fit.

        Args:
            method: The base with other values.

        Raises:
            InputError: If it cannot be trained on the dataset.
        """
        suite = self.suite.model_copy(update={"methods": {**self.suite.methods, self.method: method}})
        trials = plan_trials(suite, [self.dataset])
        (fit,) = (trial for trial in trials if isinstance(trial, FitTrial) and trial.method is method)
        return [trial for trial in trials if trial is not fit], fit


def load_search(
    method: str,
    dataset: str,
    budget: int,
    *,
    suite: str | None = None,
    negatives: Negatives = "random",
    seed: int = 0,
    epochs: int | None = None,
    prune: bool = True,
    root: Path | None = None,
    split: str = "released",
    skip_unusable: bool = False,
) -> Search:
    """The search for a method's values.

    Args:
        method: Its id.
        dataset: Name of a dataset.
        budget: How many points are tried; all, where there are no more.
        suite: A suite that has the method, as for `load_suite`, whose overrides are taken, so that what is
            tuned is what is run; None takes the method, and those it needs, as their files say.
        negatives: Training negatives, and those of the validation candidates.
        seed: Of every fit, and of the order of the points.
        epochs: Overrides every recipe's epochs.
        prune: Whether a fit is ended early that falls behind.
        root: Where the dataset lies on disk, if it is read.
        split: "released" or "9:2:2".
        skip_unusable: Leave out rows of the dataset's files that cannot be used.

    Raises:
        InputError: If there is no such method, suite or dataset, or an argument does not fit.

    Example:
        >>> search = load_search("fnd-xs", "closet-12", budget=12, epochs=2)
        >>> list(search.suite.methods), search.base.recipe.epochs
        (['teacher', 'fnd-xs'], 2)
    """
    if budget < 1:
        raise InputError(Fault("argument trials", str(budget), "1 or more"))
    check_seed(seed)
    if suite is None:
        known, name = _needed(method), method
    else:
        found = load_suite(suite, datasets=[dataset], methods=[method]).parts[0]
        known, name = found.methods, found.name
    if Path(method).name != method:
        raise InputError(Fault("argument method", shown(method), "an id that a file can be called by"))
    trained = Suite(
        name=name,
        title=name,
        datasets=[dataset],
        methods=known if epochs is None else {key: _lasting(each, epochs) for key, each in known.items()},
    )
    only = {"settings": [], "negatives": [negatives], "seeds": [seed]}
    return Search(
        method=method,
        suite=trained.model_copy(update=only),
        named=None if suite is None else name,
        dataset=load_dataset(dataset, root, split=split, skip_unusable=skip_unusable),
        negatives=negatives,
        seed=seed,
        budget=budget,
        prune=prune,
    )


def _needed(key: str) -> dict[str, Method]:
    """A method that comes with the package, after those it needs."""
    known = load_methods()
    if key in SCORERS:
        raise InputError(Fault("argument method", f"{key}, a scorer, which nobody trains", "a method"))
    if key not in known:
        raise InputError(unknown_name("a method", key, known, "argument method", "or name its suite"))
    needed: dict[str, Method] = {}
    for other in (known[key].teacher, known[key].start):
        if other is not None:
            needed |= _needed(other)
    return {**needed, key: known[key]}


def _lasting(method: Method, epochs: int) -> Method:
    recipe = {**method.recipe.model_dump(exclude_unset=True), "epochs": epochs}
    return method.model_copy(update={"recipe": parse(Recipe, recipe, "argument epochs")})


def _kind(method: Method) -> tuple[Any, ...]:
    """What values are found for; with others they would have no sense."""
    return method.model, method.objectives, method.recipe.optimizer
