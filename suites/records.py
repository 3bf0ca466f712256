"""What a finished trial leaves behind: one JSON file, written once.

Reports are made from these and from nothing else. This module imports no torch, so that reading
records is quick.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, FiniteFloat, model_validator

from ..bench.engine_profile import EngineProfile
from ..core.machine import Machine
from ..evaluation.user_scores import ColdStart, Share, ShuffledUsers, UserScores
from ..models.options import InputKind
from ..training.history import Distillation, Environment, Epoch
from .record_fields import Count, Date, Hash, Name, Negatives, Seconds, Setting, Version
from .run_records import DatasetRecord, SuiteRecord

__all__ = [
    "EVALUATOR_VERSION",
    "CostRecord",
    "DatasetRecord",
    "Evaluation",
    "FineTuning",
    "FitRecord",
    "Machine",
    "NeighboursRecord",
    "PointKind",
    "Prepared",
    "QualityRecord",
    "Record",
    "ScorerRecord",
    "SpacePoint",
    "SpaceRecord",
    "StemRecord",
    "SuiteRecord",
    "VariantRecord",
]

EVALUATOR_VERSION = 3
"""Raised whenever a metric, scorer, candidate rule or measuring rule changes; tables never mix versions.
3: a user's evaluation negatives are all different, where there are enough."""


class _Frozen(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, ser_json_inf_nan="null")


class _Trial(_Frozen):
    """What the records of all trials share.

    Attributes:
        trial: Hash of the description; also the folder's name.
        description: The canonical description the hash was taken of.
        inputs: Hash of the trial that each role was filled by: "teacher", "start", "stem", "neighbours",
            "weights", "made".
        machine: Where it ran.
        seconds: Wall time by phase.
    """

    trial: Hash
    description: dict[str, Any]
    inputs: dict[str, Hash] = {}
    machine: Machine
    seconds: Seconds = {}


class FitRecord(_Trial):
    """A method trained on a dataset under one kind of training negatives with one seed.

    Attributes:
        method: The row's name in a table when it was trained.
        model: The zoo's name of the model.
        backbone: The image network's name; "features" for feature input.
        input_kind: "image" or "features".
        input_size: H = W of the images in pixels, or the width of the features.
        dataset: Dataset name.
        split_scheme: "released" or "9:2:2".
        negatives: Training negatives: "random", or "hard" (half of them are).
        seed: Of the initial weights, the order of the outfits and the training negatives.
        data_fingerprint: Content hash of the dataset.
        parameters: Of the model as it is shipped.
        valid_auc: Best validation AUC, which chose the epoch.
        best_epoch: The epoch the weights are from.
        history: Every epoch.
        recipe: Every option of the recipe that had an effect, whether or not at its default.
        objectives: Every option of each objective.
        environment: Numeric environment, chosen when the fit began.
        distillation: What its teacher was found to say, if it has one.
        warnings: What a reader of the row should know.
        taken_over: How many numbers of each part of the network started as those of the role "start".
        weights: Hash of the weights file.
    """

    kind: Literal["fit"] = "fit"
    method: Name
    model: Name
    backbone: Name
    input_kind: InputKind
    input_size: Annotated[int, Field(ge=1, lt=2**63)]
    dataset: Name
    split_scheme: Name
    negatives: Negatives
    seed: Count
    data_fingerprint: Hash
    parameters: Annotated[int, Field(ge=1, lt=2**63)]
    valid_auc: Share
    best_epoch: Annotated[int, Field(ge=1)]
    history: Annotated[list[Epoch], Field(min_length=1)]
    recipe: dict[str, Any] = {}
    objectives: dict[str, dict[str, Any]] = {}
    environment: Environment
    distillation: Distillation | None = None
    warnings: list[str] = []
    taken_over: dict[str, Count] = {}
    weights: Hash

    @model_validator(mode="after")
    def _hangs_together(self) -> FitRecord:
        numbers = [epoch.number for epoch in self.history]
        if numbers != list(range(1, len(numbers) + 1)):
            raise ValueError(f"the epochs of `history` are not 1 to {len(numbers)}")
        if self.best_epoch > len(self.history):
            raise ValueError(f"`best_epoch` is {self.best_epoch} of {len(self.history)}")
        if (best := self.history[self.best_epoch - 1].valid_auc) != self.valid_auc:
            raise ValueError(f"`valid_auc` is {self.valid_auc}, and {best} at epoch {self.best_epoch}")
        if self.trial in self.inputs.values():
            raise ValueError("it is an input of its own")
        return self


class NeighboursRecord(_Trial):
    """A fit of its own: which items look alike, by a convolutional autoencoder (paper, Sec. 3.3.2).

    Attributes:
        dataset: Dataset name.
        data_fingerprint: Content hash of the dataset.
        count: Neighbours of each item in the table.
        losses: Mean squared error of each epoch; empty for items known by features.
        table: Hash of the table's file.
    """

    kind: Literal["neighbours"] = "neighbours"
    dataset: Name
    data_fingerprint: Hash
    count: Count
    losses: list[Annotated[float, Field(ge=0, allow_inf_nan=False)]]
    table: Hash


class StemRecord(_Trial):
    """A fit of its own: convolutions that have regressed another network's features.

    Attributes:
        dataset: Dataset name.
        data_fingerprint: Content hash of the dataset.
        convolutions: Their name.
        image_size: Pixels of the images that they see.
        target: The network whose features they regress.
        losses: Mean squared error of each epoch; 1 is what the mean feature alone would give.
        environment: Numeric environment, chosen when the fit began.
        weights: Hash of the weights file.
    """

    kind: Literal["stem"] = "stem"
    dataset: Name
    data_fingerprint: Hash
    convolutions: Name
    image_size: Annotated[int, Field(ge=1, lt=2**63)]
    target: Name
    losses: list[Annotated[float, Field(ge=0, allow_inf_nan=False)]]
    environment: Environment
    weights: Hash


Prepared = NeighboursRecord | StemRecord
"""What fits start from or draw on that is no method: no row of any table."""


class Evaluation(_Trial):
    """What came of ranking the candidates of one setting, whoever ranked.

    Attributes:
        setting: What is ranked: "random" or "hard" negatives.
        candidate_fingerprint: Content hash of the ranked candidates.
        evaluator_version: See `EVALUATOR_VERSION`.
        test: Per-user metrics on the test candidates.
        shuffled: The same where each user's candidates are ranked as another user; None if it was not asked
            for, or there is but one user.
    """

    setting: Setting
    candidate_fingerprint: Hash
    evaluator_version: Version
    test: UserScores
    shuffled: ShuffledUsers | None = None

    @model_validator(mode="after")
    def _the_same_users(self) -> Evaluation:
        if self.shuffled is not None and self.shuffled.test.users != self.test.users:
            raise ValueError("`shuffled.test.users` are not those of `test`")
        return self


class QualityRecord(Evaluation):
    """An evaluation: what a fit, or a variant of it, is worth on the candidates of one setting.

    Attributes:
        fit: The record of the fit whose weights were evaluated, or made into the variant.
        variant: What compression made of the fit; empty for the fit itself.
        engine: What ran the model; empty for PyTorch as it was trained.
        parameters: Of the variant, where compression has left other than the fit's; else None.
        cold: Of a cold setting: whom it ranked for, and how.
    """

    kind: Literal["quality"] = "quality"
    fit: FitRecord
    variant: str = ""
    engine: str = ""
    parameters: Annotated[int, Field(ge=1, lt=2**63)] | None = None
    cold: ColdStart | None = None

    @model_validator(mode="after")
    def _ranks_its_fit(self) -> QualityRecord:
        if not self.variant and self.inputs.get("weights") != self.fit.trial:
            raise ValueError("`inputs.weights` is not the trial of `fit`")
        return self

    @model_validator(mode="after")
    def _says_how_cold(self) -> QualityRecord:
        if self.setting.startswith("cold-") == (self.cold is None):
            raise ValueError(f"`cold` is {'missing' if self.cold is None else 'there'} in {self.setting}")
        return self


class ScorerRecord(Evaluation):
    """An evaluation of what nobody trains: what a scorer is worth on the candidates of one setting.

    Attributes:
        scorer: Its registered name.
        summary: What it goes by, in one sentence.
        dataset: Dataset name.
        split_scheme: "released" or "9:2:2".
        data_fingerprint: Content hash of the dataset.
    """

    kind: Literal["scorer"] = "scorer"
    scorer: Name
    summary: str = ""
    dataset: Name
    split_scheme: Name
    data_fingerprint: Hash


class FineTuning(_Frozen):
    """How what compression left of a fit was trained on.

    Attributes:
        history: Every epoch.
        best_epoch: The epoch that the weights are from.
        recipe: Every option of the recipe that had an effect.
        environment: Numeric environment, chosen when it began.
        seconds: Wall time of the epochs.
    """

    history: Annotated[list[Epoch], Field(min_length=1)]
    best_epoch: Annotated[int, Field(ge=1)]
    recipe: dict[str, Any]
    environment: Environment
    seconds: Annotated[float, Field(ge=0, allow_inf_nan=False)]


class VariantRecord(_Trial):
    """What compression made of a fit.

    Attributes:
        fit: The record of the fit; the role "weights".
        variant: Name of the variant.
        files: Hash of each of its files, by path in the variant's folder.
        bytes: Size of all of them.
        engine: What runs it where it is evaluated; empty for PyTorch.
        agreement: With the fit as it was trained, in that engine, on training outfits that some users rank:
            "max_abs_difference" of all scores; "kendall_tau" and "top_k_overlap", means over the users.
        operators: Of a variant that is graphs, how many matrix products and convolutions of each kind are
            computed in how many bits: counts by operator by bits ("8": {"Conv": 5}).
        flags: What a reader of its rows should know ("lost its parity (…)").
        fine_tuning: How it was trained on, if it was.
    """

    kind: Literal["variant"] = "variant"
    fit: FitRecord
    variant: Name
    files: Annotated[dict[str, Hash], Field(min_length=1)]
    bytes: Count
    engine: str = ""
    agreement: dict[str, FiniteFloat] = {}
    operators: dict[str, dict[Name, Count]] = {}
    flags: list[str] = []
    fine_tuning: FineTuning | None = None


PointKind = Literal["positive", "negative", "held-out"]
"""What an outfit is to the user beside whom it is shown."""


class SpacePoint(_Frozen):
    """An outfit in the user–outfit space.

    Attributes:
        kind: "positive" of the training set, "negative" that training drew for one, or "held-out": a positive
            of the test set, which training would take for a negative if it drew it.
        user: Whose it is.
        items: Global ids.
        x: Where it stands.
        y: Where it stands.
        distance: d at α = 1 (Eq. 12): the mean score of the user's positives less that of the outfit. Below
            zero, the fit as a teacher calls it a false negative.
        truly_liked: Whether its user likes it as much as an average positive, where the dataset knows.
    """

    kind: PointKind
    user: Count
    items: list[Count]
    x: FiniteFloat
    y: FiniteFloat
    distance: FiniteFloat
    truly_liked: bool | None = None


class SpaceRecord(_Trial):
    """Users and outfits as a fit sees them, laid out in two dimensions.

    Attributes:
        fit: The record of the fit; the role "weights".
        users: Where each user stands.
        points: The outfits.
        items: Global ids of all items that they are made of.
        pictures: Of these items, in their order, row by row on one sheet: a PNG in base 64; None without
            images.
        picture_size: Pixels of the side of a picture.
    """

    kind: Literal["space"] = "space"
    fit: FitRecord
    users: dict[Count, tuple[FiniteFloat, FiniteFloat]]
    points: Annotated[list[SpacePoint], Field(min_length=1)]
    items: list[Count]
    pictures: str | None
    picture_size: Annotated[int, Field(ge=1, le=1024)]


class CostRecord(EngineProfile, _Trial):
    """What a fit, a variant or a model with random weights costs: an `EngineProfile` that is kept.

    Attributes:
        dataset: The dataset whose users and items it was measured for, or None.
        data_fingerprint: Content hash of that dataset; empty where there is none.
        evaluator_version: See `EVALUATOR_VERSION`.
    """

    kind: Literal["cost"] = "cost"
    dataset: Name | None
    data_fingerprint: Hash | Literal[""] = ""
    evaluator_version: Version
    parity: dict[str, FiniteFloat] = {}
    date: Date


Record = Annotated[
    FitRecord
    | NeighboursRecord
    | StemRecord
    | VariantRecord
    | SpaceRecord
    | QualityRecord
    | ScorerRecord
    | CostRecord
    | DatasetRecord
    | SuiteRecord,
    Field(discriminator="kind"),
]
