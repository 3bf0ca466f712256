"""Trials: nodes of one graph, each named by the hash of its typed description."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar

from pydantic import BaseModel

from ..core.errors import Fault, InputError
from ..core.hashes import file_hash
from ..core.registry import Entry
from ..core.toml_file import parse
from ..datasets import Dataset
from ..datasets.images.decode import DECODER_VERSION
from ..evaluation.item_inputs import input_kind
from ..models.backbones.factory import backbone_entry
from ..models.outfit_model import OutfitModel
from ..models.registry import MODELS
from ..training.augmentations import AUGMENTATIONS
from ..training.method import Method
from ..training.objectives import OBJECTIVES, Objective, ObjectiveOptions
from ..training.step import WeightedObjectives
from .descriptions import (
    TRAINING_VERSION,
    Description,
    EvaluationDescription,
    FitDescription,
    ModelDescription,
    NeighboursDescription,
    ObjectiveDescription,
)
from .records import EVALUATOR_VERSION

__all__ = [
    "EvaluationTrial",
    "FitTrial",
    "NeighboursTrial",
    "Trial",
    "chosen_objectives",
    "create_objectives",
]


@dataclass(frozen=True, eq=False)
class Trial:
    """One node of the graph.

    Attributes:
        dataset: What it is about.
        inputs: The trial that fills each role; they come first.
    """

    kind: ClassVar[str]
    dataset: Dataset
    inputs: Mapping[str, Trial] = field(default_factory=dict)

    @cached_property
    def description(self) -> Description:
        """What decides its outcome."""
        raise NotImplementedError

    @cached_property
    def hash(self) -> str:
        """Hash of the description; names the trial's folder."""
        return self.description.hash

    @property
    def label(self) -> str:
        """For people."""
        raise NotImplementedError

    @property
    def _input_hashes(self) -> dict[str, str]:
        return {role: trial.hash for role, trial in self.inputs.items()}


@dataclass(frozen=True, eq=False, kw_only=True)
class FitTrial(Trial):
    """A method trained on a dataset; roles "teacher", "start" and "neighbours".

    Attributes:
        method: What is trained.
        negatives: Kind of the training negatives: "random", or "hard" (half of them are).
        seed: Of the initial weights, the order of the outfits and all that is drawn.
    """

    kind: ClassVar[str] = "fit"
    method: Method
    negatives: str
    seed: int

    @cached_property
    def description(self) -> FitDescription:
        """See `Trial.description`; the file of whatever is defined outside is part of it."""
        method, dataset = self.method, self.dataset
        model = _describe_model(method, dataset)
        images = model.input_kind == "image" and not method.freeze
        return FitDescription(
            inputs=self._input_hashes,
            version=TRAINING_VERSION,
            data=dataset.fingerprint,
            split_scheme=dataset.split_scheme,
            negatives=self.negatives,
            seed=self.seed,
            model=model,
            objectives=[_describe_objective(*chosen) for chosen in chosen_objectives(method)],
            recipe=method.recipe.effective(images=images),
            validation=method.validation,
            validation_candidates=dataset.candidates(self.validation_split, self.negatives).fingerprint,
        )

    @property
    def validation_split(self) -> str:
        """The half of the validation set that chooses the epoch."""
        return f"valid-{self.method.validation}"

    @property
    def label(self) -> str:
        """Method, dataset, training negatives and seed."""
        return f"{self.method.name} · {self.dataset.name} · {self.negatives} · seed {self.seed}"


@dataclass(frozen=True, eq=False, kw_only=True)
class NeighboursTrial(Trial):
    """The table of look-alike items that a method's augmentations ask for.

    Attributes:
        method: Names the autoencoder's options, and what of the items is seen.
    """

    kind: ClassVar[str] = "neighbours"
    method: Method

    @cached_property
    def description(self) -> NeighboursDescription:
        """See `Trial.description`."""
        seen = input_kind(self.dataset, self.method.items)
        options = self.method.neighbours
        kept = None if seen == "image" else {"count"}
        return NeighboursDescription(
            version=TRAINING_VERSION,
            data=self.dataset.fingerprint,
            split_scheme=self.dataset.split_scheme,
            input_kind=seen,
            decoder=DECODER_VERSION if seen == "image" else None,
            options=options.model_dump(mode="json", exclude_defaults=True, include=kept),
        )

    @property
    def label(self) -> str:
        """For people."""
        return f"look-alike items · {self.dataset.name}"


@dataclass(frozen=True, eq=False, kw_only=True)
class EvaluationTrial(Trial):
    """A fit ranks the test candidates of a setting; role "weights".

    Attributes:
        setting: Kind of the evaluation negatives.
    """

    kind: ClassVar[str] = "evaluation"
    setting: str

    @cached_property
    def description(self) -> EvaluationDescription:
        """See `Trial.description`."""
        return EvaluationDescription(
            inputs=self._input_hashes,
            evaluator=EVALUATOR_VERSION,
            setting=self.setting,
            candidates=self.dataset.candidates("test", self.setting).fingerprint,
        )

    @property
    def fit(self) -> FitTrial:
        """Whose weights rank."""
        fit = self.inputs["weights"]
        assert isinstance(fit, FitTrial)
        return fit

    @property
    def label(self) -> str:
        """The fit and what it ranks."""
        return f"{self.fit.label} · ranks {self.setting}"


def chosen_objectives(method: Method) -> list[tuple[Entry[type[Objective]], ObjectiveOptions]]:
    """A method's objectives with their options, in order.

    Raises:
        InputError: For an unknown objective, or an option that it does not have or take.
    """
    chosen = []
    for name, given in method.objectives.items():
        where = f"method {method.name}, objective {name}"
        entry = OBJECTIVES.entry(name, where)
        options = parse(entry.options, given, where)
        if not isinstance(options, ObjectiveOptions):
            found = f"options of type {entry.options.__name__}"
            raise InputError(Fault(f"{entry.place}", found, "a subclass of ObjectiveOptions"))
        chosen.append((entry, options))
    return chosen


def create_objectives(method: Method, model: OutfitModel) -> WeightedObjectives:
    """A method's objectives for a model in training, with their weights, on the model's device.

    Raises:
        InputError: As `chosen_objectives`, or if the model is none that an objective can work on.
    """
    device = next(model.parameters()).device
    return {
        entry.name: (options.weight, entry.value(options, model).to(device))
        for entry, options in chosen_objectives(method)
    }


def _describe_model(method: Method, dataset: Dataset) -> ModelDescription:
    seen = input_kind(dataset, method.items)
    images = seen == "image"
    entry = MODELS.entry(method.model, f"method {method.name}, model")
    options = parse(entry.options, method.options, f"method {method.name}, options")
    backbone = backbone_entry(method.backbone).source if method.backbone and images else None
    return ModelDescription(
        name=method.model,
        options=_by_content(options),
        backbone=method.backbone if images else None,
        pretrained=method.pretrained and images,
        freeze=method.freeze and images,
        input_kind=seen,
        image_size=method.image_size if images else None,
        decoder=DECODER_VERSION if images else None,
        sources=_hashes({"model": entry.source, "backbone": backbone}),
    )


def _describe_objective(entry: Entry[type[Objective]], options: ObjectiveOptions) -> ObjectiveDescription:
    sources = {"objective": entry.source}
    for name in getattr(options, "augmentations", ()):
        sources[f"augmentation {name}"] = AUGMENTATIONS.entry(name).source
    return ObjectiveDescription(
        name=entry.name,
        options=options.model_dump(mode="json", exclude_defaults=True),
        sources=_hashes(sources),
    )


def _hashes(sources: Mapping[str, Path | None]) -> dict[str, str]:
    return {what: file_hash(path) for what, path in sources.items() if path is not None}


def _by_content(options: BaseModel) -> dict[str, Any]:
    """Options that are not at their default; a file by what it holds, as its name may stay when that changes.

    Raises:
        InputError: If a file that is named cannot be read.
    """
    described = options.model_dump(mode="json", exclude_defaults=True)
    for name in described:
        value = getattr(options, name)
        if isinstance(value, Path):
            try:
                described[name] = file_hash(value)
            except OSError as error:
                found = error.strerror or "an unreadable file"
                raise InputError(Fault(f"options, {name}: {value}", found, "a file")) from error
    return described
