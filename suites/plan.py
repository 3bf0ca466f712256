"""The graph of a suite: which trials it asks for, each after those it depends on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, TypeVar, cast

import torch

from ..bench.variants import trained_parts, variant_steps
from ..core.errors import Fault, InputError
from ..core.progress import say
from ..datasets import Dataset
from ..evaluation.item_inputs import input_kind
from ..evaluation.scorers import SCORERS
from ..models.backbones.factory import check_backbone
from ..models.outfit_model import AVG, NO_USER, W_AVG
from ..models.registry import MODELS
from ..training.augmentations import ViewPair, every_pair, needs_neighbours
from ..training.method import Method
from ..training.network import bare_model, knows_no_users, scores_pairs_only
from ..training.recombination import Recombination, check_recombined
from .cold_settings import NewUsers, is_cold, new_users
from .cold_trial import ColdTrial
from .cost_plan import check_costs, plan_costs
from .describing import chosen_objectives, describe_model
from .suite_file import Suite
from .trial import (
    EvaluationTrial,
    FitTrial,
    NeighboursTrial,
    ScorerTrial,
    SpaceTrial,
    StemTrial,
    Trial,
    VariantTrial,
    engine_of,
    fit_of,
)

__all__ = ["needs_of", "plan_trials", "recombination_of", "view_pairs_of"]

T = TypeVar("T", bound=Trial[Any])


def plan_trials(
    suite: Suite, datasets: Sequence[Dataset], siblings: Mapping[str, Dataset] | None = None
) -> list[Trial[Any]]:
    """All trials of a suite, each after those that fill its roles.

    Weights that several settings or rows ask for are trained once.

    Args:
        suite: What to run.
        datasets: The suite's datasets, loaded; a part of it is run on those of its own that are there.
        siblings: Their datasets of new users by name, where a setting asks for them.

    Returns:
        The trials; what comes to the same description appears once.

    Raises:
        InputError: If a method names something that there is not, a need that nothing meets, a split that is
            needed is empty, or new users that are asked for are not there. All before anything is trained.
    """
    named = dict(zip(suite.datasets, datasets, strict=True))
    trials: dict[str, Trial[Any]] = {}
    for part in suite.parts:
        those = [named[name] for name in part.datasets if name in named]
        if suite.suites:
            those = [dataset for dataset in those if _serves(dataset, part)]
        for trial in _plan_part(part, those, siblings or {}):
            trials.setdefault(trial.hash, trial)
    return list(trials.values())


def _serves(dataset: Dataset, part: Suite) -> bool:
    """Whether a dataset has what a part of a suite asks for; the part is left out, and that said, if not."""
    lacks = None
    if dataset.cold_sibling is None and any(map(is_cold, part.settings)):
        lacks = f"no dataset of new users goes with {dataset.name}"
    elif dataset.vectors is None and any(method.items == "features" for method in part.methods.values()):
        lacks = f"{dataset.name} has no features"
    elif (lacking := [SCORERS.get(scorer).lacks(dataset) for scorer in part.scorers]) and all(lacking):
        lacks = f"{dataset.name} has no {lacking[0]}"
    if lacks:
        say(f"{part.name}: {lacks}, left out")
    return lacks is None


def _plan_part(
    suite: Suite, datasets: Sequence[Dataset], siblings: Mapping[str, Dataset]
) -> list[Trial[Any]]:
    """The trials of a suite that is not made up of others."""
    for key, method in suite.methods.items():
        _check_names(suite, key, method)
        _check_base(suite, key, method)
        _check_stem(suite, key, method)
        _check_teacher(suite, key, method)
        _check_start(suite, key, method)
    for variant in suite.variants:
        variant_steps(variant, f"suite {suite.name}, variants")
    for scorer in suite.scorers:
        SCORERS.entry(scorer, f"suite {suite.name}, scorers")
    if suite.cost is not None:
        check_costs(suite.cost, f"suite {suite.name}, cost")
    for_scorers = _scorer_settings(suite)
    trials: dict[str, Trial[Any]] = {}

    def once(trial: T) -> T:
        return cast("T", trials.setdefault(trial.hash, trial))

    for dataset in datasets:
        for key, method in suite.methods.items():
            _check_data(method, dataset)
            _check_own_network(suite, key, method, dataset)
        if dataset.anonymous:
            _check_without_users(suite, dataset)
        for key in suite.space.methods if suite.space else ():
            _check_space(f"suite {suite.name}", key, suite.methods[key], dataset)
        stems = {
            key: once(StemTrial(dataset, method=method))
            for key, method in suite.methods.items()
            if method.stem and input_kind(dataset, method.items) == "image"
        }
        cold = new_users(suite, dataset, siblings)
        measured: list[Trial[Any]] = []
        for negatives in suite.negatives:
            for seed in suite.seeds:
                fits: dict[str, FitTrial] = {}
                for key, method in suite.methods.items():
                    inputs: dict[str, Trial[Any]] = {
                        role: fits[other]
                        for role, other in (("teacher", method.teacher), ("start", method.start))
                        if other is not None
                    }
                    if key in stems:
                        inputs["stem"] = stems[key]
                    if _needs_neighbours(method):
                        inputs["neighbours"] = once(NeighboursTrial(dataset, method=method))
                    fit = FitTrial(dataset, inputs, method=method, negatives=negatives, seed=seed)
                    fits[key] = once(fit)
                    _refuse_twin(fits, key, f"suite {suite.name}, dataset {dataset.name}")
                rows = [fit for key, fit in fits.items() if key not in suite.unranked]
                models: dict[Trial[Any], None] = dict.fromkeys(rows)
                for variant, keys in suite.variants.items():
                    for key in keys:
                        made = [once(trial) for trial in _variants(fits[key], variant)]
                        models[made[-1]] = None
                for model in models:
                    for trial in _evaluations(model, suite, cold):
                        once(trial)
                if suite.space is not None and (negatives, seed) == (suite.negatives[0], suite.seeds[0]):
                    options = suite.space.model_dump(exclude={"methods"})
                    for key in suite.space.methods:
                        once(SpaceTrial(dataset, {"weights": fits[key]}, **options))
                if suite.cost is not None and (negatives, seed) == (suite.negatives[0], suite.seeds[0]):
                    chosen = {fits[key] for key in suite.cost.methods}
                    measured += [model for model in models if fit_of(model) in chosen]
        for scorer in _able(suite.scorers, dataset):
            for setting in for_scorers:
                shuffled = suite.shuffled_users
                once(ScorerTrial(dataset, scorer=scorer, setting=setting, shuffled_users=shuffled))
        if suite.cost is not None:
            for trial in plan_costs(suite.cost, dataset, measured):
                once(trial)
    return list(trials.values())


def _evaluations(model: Trial[Any], suite: Suite, cold: NewUsers | None) -> Iterator[Trial[Any]]:
    """What a fit or a variant ranks: each setting, the cold ones once for each way to score new users."""
    dataset, inputs = model.dataset, {"weights": model}
    for setting in suite.settings:
        if cold is None or not is_cold(setting):
            yield EvaluationTrial(dataset, inputs, setting=setting, shuffled_users=suite.shuffled_users)
            continue
        for strategy in cold.strategies[fit_of(model).method.name]:
            if engine_of(model) and strategy not in (AVG, W_AVG, NO_USER):
                say(f"{setting}: {model.label} is graphs, without the {strategy} of its model, left out")
                continue
            yield ColdTrial(dataset, inputs, sibling=cold.dataset, setting=setting, strategy=strategy)


def _variants(fit: FitTrial, variant: str) -> list[VariantTrial]:
    """A variant of a fit, after those that it is made of and that are trained on."""
    trained, made = trained_parts(variant), list[VariantTrial]()
    for name in dict.fromkeys([*trained, variant]):
        inputs: dict[str, Trial[Any]] = {"weights": fit}
        if name in trained:
            inputs |= {role: fit.inputs[role] for role in ("teacher", "neighbours") if role in fit.inputs}
        if made:
            inputs["made"] = made[-1]
        made.append(VariantTrial(fit.dataset, inputs, variant=name))
    return made


def _refuse_twin(fits: Mapping[str, Trial[Any]], key: str, where: str) -> None:
    """One trial has one row, so a second method that comes to it would not be seen."""
    for other, fit in fits.items():
        if other != key and fit is fits[key]:
            found = f"the same trial as {other}: they differ in a name, or in what has no effect here"
            raise InputError(Fault(f"{where}, method {key}", found, "another trial", "leave one of them out"))


def _able(scorers: Sequence[str], dataset: Dataset) -> list[str]:
    """The scorers that have what they need; the others are told."""
    lacks = {scorer: SCORERS.get(scorer).lacks(dataset) for scorer in scorers}
    for scorer, what in lacks.items():
        if what:
            say(f"scorers: {dataset.name} has no {what}, {scorer} left out")
    return [scorer for scorer, what in lacks.items() if not what]


def _scorer_settings(suite: Suite) -> list[str]:
    """What scorers rank; of users who were not there in training they know nothing."""
    settings = [setting for setting in suite.settings if not is_cold(setting)]
    for setting in suite.settings:
        if suite.scorers and setting not in settings:
            say(f"scorers: left out of {setting}, which ranks for users on whom nothing was trained")
    return settings


def needs_of(method: Method) -> frozenset[str]:
    """What a method's objectives ask for."""
    return frozenset().union(*(entry.value.needs for entry, _ in chosen_objectives(method)))


def _asking(method: Method, need: str) -> str:
    """Those of a method's objectives that ask for something, by name; empty where none does."""
    return ", ".join(entry.name for entry, _ in chosen_objectives(method) if need in entry.value.needs)


def view_pairs_of(method: Method) -> tuple[ViewPair, ...]:
    """The pairs of augmentations that a method's views are drawn from; none where nobody asks for views.

    Raises:
        InputError: If two objectives ask for different ones: a step has one pair of views.
    """
    found = {
        (pair,)
        if (pair := getattr(options, "pair", None))
        else every_pair(getattr(options, "augmentations", ()))
        for entry, options in chosen_objectives(method)
        if "views" in entry.value.needs
    }
    if len(found) > 1:
        where = f"method {method.name}, objective"
        raise InputError(Fault(where, "two sets of augmentations", "one, as a step has one pair of views"))
    return found.pop() if found else ()


def _needs_neighbours(method: Method) -> bool:
    return needs_neighbours([name for pair in view_pairs_of(method) for name in pair])


def recombination_of(method: Method) -> Recombination | None:
    """Which recombined outfits a method's steps draw; None where nobody asks for them.

    Raises:
        InputError: If two objectives ask for different ones: a step draws them once.
    """
    found = {
        Recombination(int(getattr(options, "recombined", 0)), float(getattr(options, "exchanged", 0.0)))
        for entry, options in chosen_objectives(method)
        if "recombined" in entry.value.needs
    }
    if len(found) > 1:
        recombined, exchanged = (sorted(set(values)) for values in zip(*found, strict=True))
        option, values = ("recombined", recombined) if len(recombined) > 1 else ("exchanged", exchanged)
        where, numbers = f"method {method.name}, objective", " and ".join(map(str, values))
        raise InputError(Fault(where, f"{option} = {numbers}", "one number, as a step draws them once"))
    return found.pop() if found else None


def _check_names(suite: Suite, key: str, method: Method) -> None:
    where = f"suite {suite.name}, method {key}"
    MODELS.entry(method.model, f"{where}, model")
    if method.backbone is not None:
        pretrained = method.pretrained and method.start is None  # else the rehearsal knows who gives them
        check_backbone(method.backbone, pretrained=pretrained, where=f"{where}, backbone")
    chosen_objectives(method)
    if not _needs_neighbours(method) and key in suite.with_neighbours:
        expected = "an objective whose augmentations hold replace, which look-alike items are found for"
        raise InputError(Fault(f"{where}, neighbours", "a table without effect", expected, "remove it"))
    recombination_of(method)


def _check_base(suite: Suite, key: str, method: Method) -> None:
    """Refuse an objective that is added to another one where the method has no other."""
    asking = {entry.name: options.beside for entry, options in chosen_objectives(method)}
    if all(asking.values()):
        name, found = next(iter(asking.items()))
        expected = "another objective beside it, which it is added to"
        raise InputError(Fault(f"suite {suite.name}, method {key}, objective {name}", found, expected))


def _check_stem(suite: Suite, key: str, method: Method) -> None:
    where = f"suite {suite.name}, method {key}"
    if method.stem and method.pretrained:
        found = "true, and pretrained = true"
        raise InputError(Fault(f"{where}, stem", found, "one of the two to start the convolutions from"))
    if method.stem and method.freeze is True:
        found = "true beside a stem, which gives the convolutions alone"
        raise InputError(Fault(f"{where}, freeze", found, 'false or "convolutions"'))
    if not method.stem and key in suite.with_stem_fit:
        expected = "stem = true, whose training it is about"
        raise InputError(Fault(f"{where}, stem_fit", "a table without effect", expected, "remove it"))
    if method.stem:
        check_backbone(method.stem_fit.target, pretrained=True, where=f"{where}, stem_fit.target")


def _check_space(where: str, key: str, method: Method, dataset: Dataset) -> None:
    """Refuse a method whose users and outfits are not points of one space."""
    with torch.device("meta"):  # what it is shows without its weights
        model = bare_model(method, dataset)
    if not (model.has_user_vectors and model.has_outfit_vectors):
        found = f"{key!r}, whose users and outfits are not vectors of one space"
        raise InputError(Fault(f"{where}, space.methods", found, "a method of the paper's own network"))


def _check_teacher(suite: Suite, key: str, method: Method) -> None:
    where = f"suite {suite.name}, method {key}, teacher"
    asking = _asking(method, "teacher")
    if asking and method.teacher is None:
        raise InputError(Fault(where, "none", f"the method that teaches, which objective {asking} needs"))
    if method.teacher is None:
        return
    if not asking:
        raise InputError(Fault(where, repr(method.teacher), "none: no objective of the method asks for one"))


def _check_own_network(suite: Suite, key: str, method: Method, dataset: Dataset) -> None:
    """Refuse a teacher that is its student's own network here: of features, image networks are no part."""
    if method.teacher is None or method.own_network:
        return
    network = {"name", "options", "backbone", "input_kind", "image_size"}
    both = (describe_model(one, dataset) for one in (suite.methods[method.teacher], method))
    teacher, student = (one.model_dump(include=network) for one in both)
    if teacher == student:
        where, found = f"suite {suite.name}, method {key}, teacher", f"{method.teacher!r}, its student's own"
        raise InputError(
            Fault(where, f"{found} network", "another", "say own_network = true if that is meant")
        )


def _check_start(suite: Suite, key: str, method: Method) -> None:
    if method.start is None and (asking := _asking(method, "start")):
        expected = f"the method whose weights it starts from, which objective {asking} needs"
        raise InputError(Fault(f"suite {suite.name}, method {key}, start", "none", expected))


def _check_without_users(suite: Suite, dataset: Dataset) -> None:
    """Refuse what needs users where nobody knows who posted the outfits."""
    for key, method in suite.methods.items():
        if not knows_no_users(method, dataset):
            where, found = f"suite {suite.name}, method {key}", f"a model of users, on {dataset.name}"
            expected = "one that knows none, for nobody knows who posted these outfits"
            raise InputError(Fault(where, found, expected, "choose others with --methods"))
    for option, values in (("settings", suite.settings), ("negatives", suite.negatives)):
        if "hard" in values:
            where, found = f"suite {suite.name}, {option}", f"hard on {dataset.name}"
            expected = "random, for hard negatives are other users' outfits, and nobody knows whose these are"
            raise InputError(Fault(where, found, expected))


def _check_data(method: Method, dataset: Dataset) -> None:
    input_kind(dataset, method.items)
    for split in ("train", f"valid-{method.validation}", "test"):
        if not len(dataset.split(split)):
            where = f"dataset {dataset.name}, split {split}"
            raise InputError(Fault(where, "no outfit", "one at least", "take another split (--split)"))
    sizes = (dataset.split("train").items >= 0).sum(1)
    if sizes.max() < 2 and ("pairs" in needs_of(method) or scores_pairs_only(method, dataset)):
        found, expected = (
            "training outfits of one item only",
            f"pairs of items, which method {method.name} needs",
        )
        raise InputError(Fault(f"dataset {dataset.name}", found, expected))
    if (recombination := recombination_of(method)) is not None:
        where = f"method {method.name} on {dataset.name}, recombined"
        check_recombined(recombination.recombined, dataset, method.recipe.batch_size, where)
    if view_pairs_of(method) and sizes.min() < 2:
        found = f"{int((sizes < 2).sum())} training outfits of one item"
        expected = f"two items or more, of which method {method.name} makes two views"
        raise InputError(Fault(f"dataset {dataset.name}", found, expected))
