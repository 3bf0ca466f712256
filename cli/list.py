"""`outfitbench list`: the names that the other subcommands and suite files take, and what each is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from tyro.conf import Positional

from .answer import Answer
from .session import Session

if TYPE_CHECKING:
    from ..core.registry import Registry
    from ..training.method import Method

__all__ = ["List"]


@dataclass(frozen=True)
class List:
    """Name the models, objectives, datasets and other things that there are, and say what each is.

    Attributes:
        what: Which names.
    """

    what: Positional[
        Literal[
            "models",
            "objectives",
            "augmentations",
            "backbones",
            "variants",
            "engines",
            "workloads",
            "scorers",
            "trackers",
            "executors",
            "datasets",
            "methods",
            "suites",
        ]
    ]

    def run(self, session: Session) -> Answer:
        """One name a line, with a sentence about it."""
        summaries = _KINDS[self.what]()
        width = max(map(len, summaries), default=0)
        return Answer(
            "\n".join(f"{name:{width}}  {summary}".rstrip() for name, summary in summaries.items()),
            {self.what: [{"name": name, "summary": summary} for name, summary in summaries.items()]},
        )


def _registered(registry: Registry[Any]) -> dict[str, str]:
    return {name: registry.entry(name).summary for name in registry.names()}


def _models() -> dict[str, str]:
    from ..models.registry import MODELS

    return _registered(MODELS)


def _objectives() -> dict[str, str]:
    from ..training.objectives import OBJECTIVES

    return _registered(OBJECTIVES)


def _augmentations() -> dict[str, str]:
    from ..training.augmentations import AUGMENTATIONS

    return _registered(AUGMENTATIONS)


def _backbones() -> dict[str, str]:
    from ..models.backbones import BACKBONES, list_backbones

    registered = _registered(BACKBONES)
    return {name: registered.get(name, "") for name in list_backbones()}


def _variants() -> dict[str, str]:
    from ..bench.variants import VARIANTS

    return _registered(VARIANTS)


def _workloads() -> dict[str, str]:
    from ..bench.workloads import WORKLOADS

    return _registered(WORKLOADS)


def _executors() -> dict[str, str]:
    from ..suites.executors import EXECUTORS

    return _registered(EXECUTORS)


def _trackers() -> dict[str, str]:
    from ..suites.trackers import TRACKERS

    return _registered(TRACKERS)


def _scorers() -> dict[str, str]:
    from ..evaluation.scorers import SCORERS

    return _registered(SCORERS)


def _engines() -> dict[str, str]:
    from ..bench.engines import ENGINES

    return _registered(ENGINES)


def _datasets() -> dict[str, str]:
    from ..datasets import list_datasets

    return {name: _about(name) for name in list_datasets()}


def _about(dataset: str) -> str:
    """A sentence on a dataset that is not made or read for it.

    Example:
        >>> _about("polyvore-53")
        "Polyvore-U's 53 users, read from --root."
    """
    from ..datasets.closet.spec import CLOSETS
    from ..datasets.registry import DATASETS, POLYVORES
    from ..datasets.releases import POG_LIKES, RELEASES

    if closet := CLOSETS.get(dataset):
        cold = f"; its users of a cold start are {closet.cold_sibling}" if closet.cold_sibling else ""
        outfits = closet.num_users * closet.outfits_per_user
        return (
            f"Drawn garments, made on first use: {closet.num_users} users, about {outfits:,} outfits{cold}."
        )
    if dataset in POLYVORES:
        return f"Polyvore-U's {dataset.removeprefix('polyvore-')} users, read from --root."
    if alike := POG_LIKES.get(dataset):
        size = f"{alike.users:,} users, {alike.outfits:,} outfits"
        return f"Random outfits in POG's form, made on first use: {size}."
    if dataset in RELEASES:
        return f"{RELEASES[dataset].title} as its authors released it, read from --root."
    return DATASETS.entry(dataset).summary


def _methods() -> dict[str, str]:
    from ..suites.method_tables import load_methods

    return {key: _about_method(method) for key, method in load_methods().items()}


def _about_method(method: Method) -> str:
    """The row's name, the network and what it minimises.

    Example:
        >>> from outfitbench.training.method import Method
        >>> taught = {"objective": {"fnd": {}, "contrastive": {"weight": 0.2}}, "teacher": "teacher"}
        >>> _about_method(Method(name="FND-CL XS", model="student-xs", **taught))
        'FND-CL XS: student-xs, minimises fnd and contrastive, taught by teacher.'
    """
    backbone = f" on {method.backbone}" if method.backbone else ""
    taught = f", taught by {method.teacher}" if method.teacher else ""
    return f"{method.name}: {method.model}{backbone}, minimises {' and '.join(method.objectives)}{taught}."


def _suites() -> dict[str, str]:
    from ..suites.suite_file import list_suites, load_suite

    return {name: load_suite(name).title for name in list_suites()}


_KINDS: dict[str, Callable[[], dict[str, str]]] = {
    "models": _models,
    "objectives": _objectives,
    "augmentations": _augmentations,
    "backbones": _backbones,
    "variants": _variants,
    "engines": _engines,
    "workloads": _workloads,
    "scorers": _scorers,
    "trackers": _trackers,
    "executors": _executors,
    "datasets": _datasets,
    "methods": _methods,
    "suites": _suites,
}
"""Summary by name; each imports its room only when it is asked for."""
