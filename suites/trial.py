"""Trials: nodes of one graph, each named by the hash of its typed description."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, ClassVar, Generic, TypeVar

from ..bench.effort import Effort
from ..bench.variants import ranks_in
from ..core.machine import Machine
from ..datasets import Dataset
from ..datasets.images.decode import DECODER_VERSION
from ..evaluation.item_inputs import input_kind
from ..evaluation.scorers import SCORERS
from ..training.method import Method
from .describing import (
    chosen_objectives,
    describe_cost,
    describe_model,
    describe_objective,
    describe_stem,
    describe_variant,
    source_hashes,
)
from .descriptions import (
    SPACE_VERSION,
    TRAINING_VERSION,
    CostDescription,
    Description,
    EvaluationDescription,
    FitDescription,
    NeighboursDescription,
    ScorerDescription,
    SpaceDescription,
    StemDescription,
    VariantDescription,
)
from .records import EVALUATOR_VERSION, Negatives

__all__ = [
    "CostTrial",
    "EvaluationTrial",
    "FitTrial",
    "NeighboursTrial",
    "ScorerTrial",
    "SpaceTrial",
    "StemTrial",
    "Trial",
    "VariantTrial",
    "engine_of",
    "fit_of",
    "has_foreign_part",
]

D = TypeVar("D", bound=Description, covariant=True)


@dataclass(frozen=True, eq=False)
class Trial(ABC, Generic[D]):
    """One node of the graph.

    Attributes:
        dataset: What it is about.
        inputs: The trial that fills each role; they come first.
    """

    kind: ClassVar[str]
    dataset: Dataset
    inputs: Mapping[str, Trial[Any]] = field(default_factory=dict)

    @cached_property
    def description(self) -> D:
        """What decides its outcome."""
        return self._describe()

    @cached_property
    def hash(self) -> str:
        """Hash of the description; names the trial's folder."""
        return self.description.hash

    @property
    @abstractmethod
    def label(self) -> str:
        """For people."""

    @abstractmethod
    def _describe(self) -> D: ...

    @property
    def _input_hashes(self) -> dict[str, str]:
        return {role: trial.hash for role, trial in self.inputs.items()}


@dataclass(frozen=True, eq=False, kw_only=True)
class FitTrial(Trial[FitDescription]):
    """A method trained on a dataset; roles "teacher", "start", "stem" and "neighbours".

    Attributes:
        method: What is trained.
        negatives: Kind of the training negatives: "random", or "hard" (half of them are).
        seed: Of the initial weights, the order of the outfits and all that is drawn.
    """

    kind: ClassVar[str] = "fit"
    method: Method
    negatives: Negatives
    seed: int

    def _describe(self) -> FitDescription:
        method, dataset = self.method, self.dataset
        model = describe_model(method, dataset)
        return FitDescription(
            inputs=self._input_hashes,
            version=TRAINING_VERSION,
            data=dataset.fingerprint,
            split_scheme=dataset.split_scheme,
            negatives=self.negatives,
            seed=self.seed,
            model=model,
            objectives=[describe_objective(*chosen) for chosen in chosen_objectives(method)],
            recipe=method.recipe.effective(images=self.sees_images),
            validation=method.validation,
            validation_candidates=dataset.candidates(self.validation_split, self.negatives).fingerprint,
        )

    @property
    def sees_images(self) -> bool:
        """Whether training encodes images, rather than take what a frozen part made of them once."""
        return input_kind(self.dataset, self.method.items) == "image" and not self.method.freeze

    @property
    def validation_split(self) -> str:
        """The half of the validation set that chooses the epoch."""
        return f"valid-{self.method.validation}"

    @property
    def label(self) -> str:
        """Method, dataset, training negatives and seed."""
        return f"{self.method.name} · {self.dataset.name} · {self.negatives} · seed {self.seed}"


@dataclass(frozen=True, eq=False, kw_only=True)
class NeighboursTrial(Trial[NeighboursDescription]):
    """The table of look-alike items that a method's augmentations ask for.

    Attributes:
        method: Names the autoencoder's options, and what of the items is seen.
    """

    kind: ClassVar[str] = "neighbours"
    method: Method

    def _describe(self) -> NeighboursDescription:
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
class StemTrial(Trial[StemDescription]):
    """The pretrained convolutions that methods of one image size start from.

    Attributes:
        method: Names the network whose convolutions they are, their image size and the stem's options.
    """

    kind: ClassVar[str] = "stem"
    method: Method

    def _describe(self) -> StemDescription:
        return describe_stem(self.method, self.dataset)

    @property
    def label(self) -> str:
        """For people."""
        return f"stem of {self.method.image_size} px · {self.dataset.name}"


@dataclass(frozen=True, eq=False, kw_only=True)
class VariantTrial(Trial[VariantDescription]):
    """What compression makes of a fit; role "weights".

    What is trained on has the roles "teacher" and "neighbours" of its fit, and what is made of such a variant
    has that one as "made".

    Attributes:
        variant: Name of the variant, or of several, each made of the one before.
    """

    kind: ClassVar[str] = "variant"
    variant: str

    def _describe(self) -> VariantDescription:
        return describe_variant(self.variant, self._input_hashes)

    @property
    def fit(self) -> FitTrial:
        """What is compressed."""
        return fit_of(self)

    @property
    def label(self) -> str:
        """The fit and the variant."""
        return f"{self.fit.label} · {self.variant}"


@dataclass(frozen=True, eq=False, kw_only=True)
class EvaluationTrial(Trial[EvaluationDescription]):
    """A fit or a variant ranks the test candidates of a setting; role "weights".

    Attributes:
        setting: Kind of the evaluation negatives.
        shuffled_users: Whether each user's candidates are ranked as another user, too.
    """

    kind: ClassVar[str] = "evaluation"
    setting: str
    shuffled_users: bool = False

    def _describe(self) -> EvaluationDescription:
        return EvaluationDescription(
            inputs=self._input_hashes,
            evaluator=EVALUATOR_VERSION,
            setting=self.setting,
            candidates=self.dataset.candidates("test", self.setting).fingerprint,
            shuffled_users=self.shuffled_users,
            engine=engine_of(self.inputs["weights"]),
        )

    @property
    def fit(self) -> FitTrial:
        """Whose weights rank, as they are or compressed."""
        return fit_of(self)

    @property
    def label(self) -> str:
        """Who ranks, and what."""
        return f"{self.inputs['weights'].label} · ranks {self.setting}"


@dataclass(frozen=True, eq=False, kw_only=True)
class ScorerTrial(Trial[ScorerDescription]):
    """A scorer ranks the test candidates of a setting: an evaluation without weights.

    Attributes:
        scorer: Its registered name.
        setting: Kind of the evaluation negatives.
        shuffled_users: As for an `EvaluationTrial`.
    """

    kind: ClassVar[str] = "evaluation"
    scorer: str
    setting: str
    shuffled_users: bool = False

    def _describe(self) -> ScorerDescription:
        entry = SCORERS.entry(self.scorer)
        return ScorerDescription(
            evaluator=EVALUATOR_VERSION,
            scorer=self.scorer,
            data=self.dataset.fingerprint,
            split_scheme=self.dataset.split_scheme,
            setting=self.setting,
            candidates=self.dataset.candidates("test", self.setting).fingerprint,
            decoder=DECODER_VERSION if entry.value.sees_images else None,
            shuffled_users=self.shuffled_users,
            sources=source_hashes({"scorer": entry.source}),
        )

    @property
    def label(self) -> str:
        """Who ranks, and what."""
        return f"{self.scorer} · {self.dataset.name} · ranks {self.setting}"


@dataclass(frozen=True, eq=False, kw_only=True)
class SpaceTrial(Trial[SpaceDescription]):
    """The user–outfit space of a fit in two dimensions; role "weights".

    Attributes:
        users: How many users are shown.
        outfits: How many outfits of each user and kind, at most.
        perplexity: Of t-SNE.
    """

    kind: ClassVar[str] = "space"
    users: int
    outfits: int
    perplexity: float

    def _describe(self) -> SpaceDescription:
        return SpaceDescription(
            inputs=self._input_hashes,
            version=SPACE_VERSION,
            users=self.users,
            outfits=self.outfits,
            perplexity=self.perplexity,
        )

    @property
    def label(self) -> str:
        """Whose space it is."""
        return f"{self.inputs['weights'].label} · user–outfit space"


@dataclass(frozen=True, eq=False, kw_only=True)
class CostTrial(Trial[CostDescription]):
    """What a fit or a variant costs in an engine, on a device, under a workload; role "weights".

    Attributes:
        workload: What is asked.
        engine: What runs it.
        device: "cpu" or "cuda".
        effort: How much to measure.
        outfit_size: Items of an outfit in a request.
        machine: Where it is measured.
    """

    kind: ClassVar[str] = "cost"
    workload: str
    engine: str
    device: str
    effort: Effort
    outfit_size: int
    machine: Machine

    def _describe(self) -> CostDescription:
        return describe_cost(
            self.workload,
            self.engine,
            self.device,
            self.effort,
            self.outfit_size,
            self.machine,
            inputs=self._input_hashes,
            data=self.dataset.fingerprint,
        )

    @property
    def fit(self) -> FitTrial:
        """What is measured, as it is or compressed."""
        return fit_of(self)

    @property
    def label(self) -> str:
        """What is measured in which engine, on which device, under which workload."""
        return f"{self.inputs['weights'].label} · {self.engine} · {self.device} · {self.workload}"


def fit_of(trial: Trial[Any]) -> FitTrial:
    """The fit at the end of the role "weights"."""
    while not isinstance(trial, FitTrial):
        trial = trial.inputs["weights"]
    return trial


def engine_of(trial: Trial[Any]) -> str:
    """What ranks with a fit or a variant: an engine; empty for PyTorch as it is, with weights."""
    return ranks_in(trial.variant) if isinstance(trial, VariantTrial) else ""


def has_foreign_part(trial: Trial[Any]) -> bool:
    """Whether a file from outside defines something of a trial, or of one that it depends on."""
    described = trial.description
    parts = [described.model, *described.objectives] if isinstance(described, FitDescription) else [described]
    return any(getattr(part, "sources", {}) for part in parts) or any(
        map(has_foreign_part, trial.inputs.values())
    )
