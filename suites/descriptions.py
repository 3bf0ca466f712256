"""What a trial's hash is taken of: typed, and as canonical JSON only what decides the outcome."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from ..core.hashes import content_hash

__all__ = [
    "SPACE_VERSION",
    "TRAINING_VERSION",
    "VARIANT_VERSION",
    "ColdDescription",
    "CostDescription",
    "Description",
    "EvaluationDescription",
    "FitDescription",
    "ModelDescription",
    "NeighboursDescription",
    "ObjectiveDescription",
    "ScorerDescription",
    "SpaceDescription",
    "StemDescription",
    "SubjectDescription",
    "VariantDescription",
]

TRAINING_VERSION = 2
"""Raised when a description would be trained to other weights than before, or a default is changed."""

SPACE_VERSION = 1
"""Raised when a description would be laid out otherwise than before."""

VARIANT_VERSION = 1
"""Raised when a variant of the same name would come to other files than before."""


class Description(BaseModel):
    """A trial's description. What stands at its default is left out, so a new field changes no old hash.

    Attributes:
        inputs: Hash of the trial that fills each role.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    inputs: dict[str, str] = {}

    def to_json(self) -> dict[str, Any]:
        """As JSON values; the kind of trial always stands there."""
        kind = type(self).model_fields["kind"].default
        return {"kind": kind, **self.model_dump(mode="json", exclude_defaults=True)}

    @property
    def hash(self) -> str:
        """Names the trial's folder."""
        return content_hash(self.to_json())


class ModelDescription(BaseModel):
    """Which network.

    Attributes:
        name: The zoo's name.
        options: Its own options that are not at their default; a file by the hash of its content.
        backbone: Image network other than its own.
        pretrained: Whether the backbone starts from ImageNet weights.
        stem: Whether its convolutions start from those of the role "stem".
        freeze: Whether it stays as it starts, or "convolutions": these alone do.
        input_kind: What it sees.
        image_size: Pixels of the images it sees; None for features.
        decoder: Version of the image decoder; None for features.
        sources: Hash of each file from outside that defines the model or its backbone.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    options: dict[str, Any] = {}
    backbone: str | None = None
    pretrained: bool = False
    stem: bool = False
    freeze: Literal[False, True, "convolutions"] = False
    input_kind: Literal["image", "features"]
    image_size: int | None = None
    decoder: int | None = None
    sources: dict[str, str] = {}


class ObjectiveDescription(BaseModel):
    """One part of what is minimised.

    Attributes:
        name: Its registered name.
        options: Those that are not at their default, the weight among them.
        sources: Hash of each file from outside that defines it or its augmentations.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    options: dict[str, Any] = {}
    sources: dict[str, str] = {}


class FitDescription(Description):
    """A method trained on a dataset under one kind of training negatives with one seed.

    Attributes:
        version: `TRAINING_VERSION`.
        data: Fingerprint of the dataset.
        split_scheme: "released" or "9:2:2".
        negatives: Kind of the training negatives.
        seed: Of all that is drawn.
        model: The network.
        objectives: What is minimised.
        recipe: The recipe's options that have an effect and are not at their default.
        validation: The half that chooses the epoch.
        validation_candidates: Fingerprint of its candidates.
    """

    kind: Literal["fit"] = "fit"
    version: int
    data: str
    split_scheme: str
    negatives: str
    seed: int
    model: ModelDescription
    objectives: list[ObjectiveDescription]
    recipe: dict[str, Any] = {}
    validation: str
    validation_candidates: str


class NeighboursDescription(Description):
    """The autoencoder that finds look-alike items.

    Attributes:
        version: `TRAINING_VERSION`.
        data: Fingerprint of the dataset.
        split_scheme: Decides which items are training items.
        input_kind: Features need no autoencoder: they are the codes.
        decoder: Version of the image decoder; None for features.
        options: Of the autoencoder, those that are not at their default.
    """

    kind: Literal["neighbours"] = "neighbours"
    version: int
    data: str
    split_scheme: str
    input_kind: Literal["image", "features"]
    decoder: int | None = None
    options: dict[str, Any] = {}


class StemDescription(Description):
    """Convolutions that have regressed another network's features over the training items.

    Attributes:
        version: `TRAINING_VERSION`.
        data: Fingerprint of the dataset.
        split_scheme: Decides which items are training items.
        convolutions: Name of the convolutions, which several backbones may share.
        image_size: Pixels of the images that they see.
        decoder: Version of the image decoder.
        options: Of the stem, those that are not at their default.
        sources: Hash of each file from outside that defines the convolutions or the target.
    """

    kind: Literal["stem"] = "stem"
    version: int
    data: str
    split_scheme: str
    convolutions: str
    image_size: int
    decoder: int
    options: dict[str, Any] = {}
    sources: dict[str, str] = {}


class EvaluationDescription(Description):
    """A fit ranks the candidates of a setting.

    Attributes:
        evaluator: `EVALUATOR_VERSION`.
        setting: Kind of the evaluation negatives.
        candidates: Fingerprint of the test candidates.
        shuffled_users: Whether it ranks each user's candidates as another user, too.
        engine: What runs the model, where that is not PyTorch as it was trained.
    """

    kind: Literal["evaluation"] = "evaluation"
    evaluator: int
    setting: str
    candidates: str
    shuffled_users: bool = False
    engine: str = ""


class ColdDescription(Description):
    """A fit ranks for users on whom nothing was trained.

    Attributes:
        evaluator: `EVALUATOR_VERSION`.
        setting: How many outfits are known of a user.
        cold_data: Fingerprint of the cold users' dataset.
        candidates: Fingerprint of their test candidates.
        histories: Fingerprint of the known outfits, of all draws.
        draws: How often those are drawn.
        strategy: How the model scores such users.
        options: The numbers that the strategy goes by.
        engine: As for an `EvaluationDescription`.
    """

    kind: Literal["evaluation"] = "evaluation"
    evaluator: int
    setting: str
    cold_data: str
    candidates: str
    histories: str
    draws: int
    strategy: str
    options: dict[str, float] = {}
    engine: str = ""


class ScorerDescription(Description):
    """A scorer ranks the candidates of a setting, without weights.

    Attributes:
        evaluator: `EVALUATOR_VERSION`.
        scorer: Its registered name.
        data: Fingerprint of the dataset.
        split_scheme: Decides what the training outfits are, which it may know.
        setting: Kind of the evaluation negatives.
        candidates: Fingerprint of the test candidates.
        decoder: Version of the image decoder; None for one that sees no images.
        shuffled_users: As for an `EvaluationDescription`.
        sources: Hash of the file from outside that defines it, if one does.
    """

    kind: Literal["evaluation"] = "evaluation"
    evaluator: int
    scorer: str
    data: str
    split_scheme: str
    setting: str
    candidates: str
    decoder: int | None = None
    shuffled_users: bool = False
    sources: dict[str, str] = {}


class VariantDescription(Description):
    """What compression makes of a fit.

    Attributes:
        version: `VARIANT_VERSION`.
        variant: Its registered name, or several, each made of the one before.
        sources: Hash of each file from outside that defines it.
    """

    kind: Literal["variant"] = "variant"
    version: int
    variant: str
    sources: dict[str, str] = {}


class SpaceDescription(Description):
    """Some users of a dataset with their outfits, as a fit sees them, in two dimensions.

    Attributes:
        version: `SPACE_VERSION`.
        users: How many.
        outfits: Of each user and kind, at most.
        perplexity: Of t-SNE.
    """

    kind: Literal["space"] = "space"
    version: int
    users: int
    outfits: int
    perplexity: float


class SubjectDescription(BaseModel):
    """A model that is measured without having been trained in a suite.

    Attributes:
        model: The zoo's name.
        num_users: How many users it knows.
        backbone: Image network other than its own.
        options: The model's own.
        input_kind: What it sees.
        input_size: H = W of the images in pixels, or the width of the features.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    model: str
    num_users: int
    backbone: str | None = None
    options: dict[str, Any] = {}
    input_kind: Literal["image", "features"]
    input_size: int


class CostDescription(Description):
    """What a fit, a variant or a model costs in an engine, on a device of a machine, under a workload.

    Attributes:
        evaluator: `EVALUATOR_VERSION`.
        subject: The model, where no fit fills the role "weights".
        workload: What is asked.
        engine: What runs it.
        device: "cpu" or "cuda".
        outfit_size: Items of an outfit in a request.
        data: Fingerprint of the dataset that the workload is laid out from.
        effort: What of the effort the workload goes by, where it is not at its default.
        machine: What of the machine decides.
        threads: Of the engine, where they are not as many as the cores.
        sources: Hash of each file from outside that defines the engine or the workload.
    """

    kind: Literal["cost"] = "cost"
    evaluator: int
    subject: SubjectDescription | None = None
    workload: str
    engine: str
    device: str
    outfit_size: int
    data: str | None = None
    effort: dict[str, Any] = {}
    machine: dict[str, Any]
    threads: int | None = None
    sources: dict[str, str] = {}
