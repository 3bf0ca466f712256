"""What a finished trial or cost measurement leaves behind: one JSON file, written once.

Reports are made from these and from nothing else. This module imports no torch, so that reading
records is quick.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, FiniteFloat, model_validator

from ..bench.measurement import Measurement
from ..models.options import InputKind

__all__ = [
    "EVALUATOR_VERSION",
    "CostRecord",
    "DatasetRecord",
    "Distillation",
    "Epoch",
    "Machine",
    "QualityRecord",
    "Record",
    "SuiteRecord",
    "UserScores",
]

EVALUATOR_VERSION = 1
"""Raised whenever a metric, a candidate rule or a measuring rule changes; tables never mix versions."""


Share = Annotated[float, Field(ge=0, le=1)]


class _Frozen(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, ser_json_inf_nan="null")


class Machine(_Frozen):
    """Where and with what it ran.

    Attributes:
        processor: The CPU's model name.
        cores: Cores this process may use (scheduler affinity).
        memory_bytes: Physical memory.
        accelerator: The GPU's name, or None.
        system: Operating system and release.
        versions: Version by package name (python, outfitbench, torch, onnxruntime, …).
        cpu_flags: Of the instruction sets that matter to inference, those this CPU has.
    """

    processor: str
    cores: int
    memory_bytes: int
    accelerator: str | None
    system: str
    versions: dict[str, str]
    cpu_flags: list[str]


class UserScores(_Frozen):
    """Per-user metrics, aligned lists; users without a positive and a negative are not in them.

    Attributes:
        users: The users that were ranked, ascending.
        auc: Area under the ROC curve of each.
        ndcg: NDCG over all cut-offs of each (the authors' definition).
        ndcg_standard: NDCG of the full list of each (the usual definition).
        left_out: How many users of the split had no positive to rank.
    """

    users: list[int]
    auc: list[Share]
    ndcg: list[Share]
    ndcg_standard: list[Share]
    left_out: Annotated[int, Field(ge=0)]

    @model_validator(mode="after")
    def _one_value_a_user(self) -> UserScores:
        for name in ("auc", "ndcg", "ndcg_standard"):
            if (found := len(getattr(self, name))) != len(self.users):
                raise ValueError(f"`{name}` has {found} values for {len(self.users)} users")
        return self


class Epoch(_Frozen):
    """One pass over the training positives."""

    number: Annotated[int, Field(ge=1)]
    loss: FiniteFloat
    learning_rate: FiniteFloat
    valid_auc: Share


class Distillation(_Frozen):
    """What FND does in training (paper, Eq. 12), estimated before it from ten fresh negatives a positive.

    Attributes:
        teacher_trial: Hash of the teacher's trial.
        alpha: The absolute α used.
        alpha_relative: α × gap.
        gap: Mean teacher score of positives minus that of random negatives.
        mean_d: Mean false-negativeness; below 1 the loss may collapse.
        false_negative_share: Share of training negatives with d < 0.
        true_false_negative_share: Where the dataset knows the hidden preference: of the negatives with
            d < 0, the share that the user truly likes at least as much as an average positive of theirs.
        true_base_rate: The same share among all training negatives.
    """

    teacher_trial: str
    alpha: float
    alpha_relative: float
    gap: float
    mean_d: float
    false_negative_share: float
    true_false_negative_share: float | None = None
    true_base_rate: float | None = None


class QualityRecord(_Frozen):
    """Outcome of one trial: method × dataset × setting × seed.

    Attributes:
        trial: Hash of the description; also the folder's name.
        description: The canonical description the hash was taken of.
        method: The row's name in a table.
        model: The zoo's name of the model.
        backbone: The image network's name.
        dataset: Dataset name.
        split_scheme: "released" or "9:2:2".
        setting: "random" or "hard".
        seed: Seed of the trial.
        data_fingerprint: Content hash of the dataset.
        candidate_fingerprint: Content hash of the ranked candidates.
        evaluator_version: See `EVALUATOR_VERSION`.
        parameters: Trainable parameters.
        test: Per-user metrics on the test candidates.
        valid_auc: Best validation AUC, which chose the epoch.
        best_epoch: The epoch the weights are from.
        history: Every epoch.
        distillation: For FND.
        warnings: What a reader of the row should know.
        machine: Where it ran.
        seconds: Wall time by phase ("train", over all the processes it took, "evaluate", "teacher"); not part
            of the outcome.
        weights: Hash of the weights file.
    """

    kind: Literal["quality"] = "quality"
    trial: str
    description: dict[str, Any]
    method: str
    model: str
    backbone: str
    dataset: str
    split_scheme: str
    setting: str
    seed: int
    data_fingerprint: str
    candidate_fingerprint: str
    evaluator_version: int
    parameters: Annotated[int, Field(ge=1, lt=2**63)]
    test: UserScores
    valid_auc: Share
    best_epoch: Annotated[int, Field(ge=1)]
    history: list[Epoch]
    distillation: Distillation | None = None
    warnings: list[str] = []
    machine: Machine
    seconds: dict[str, Annotated[float, Field(ge=0, allow_inf_nan=False)]]
    weights: str

    @model_validator(mode="after")
    def _best_epoch_is_one_of_the_history(self) -> QualityRecord:
        if self.history and self.best_epoch > len(self.history):
            raise ValueError(f"`best_epoch` is {self.best_epoch} of {len(self.history)}")
        return self


class CostRecord(_Frozen):
    """What one model costs in one engine on one device.

    Attributes:
        cost: Hash of the description; also the folder's name.
        description: The canonical description the hash was taken of.
        method: The row's name in a table, or the model's name when profiled by itself.
        model: The zoo's name of the model.
        backbone: The image network's name.
        input_kind: "image" or "features".
        input_size: H = W of the images in pixels, or the width of the features.
        dataset: The dataset whose users and images it was measured for, or None.
        engine: "torch", "torch-compile" or "onnxruntime".
        provider: ONNX Runtime's execution provider, or None.
        device: "cpu" or "cuda".
        precision: "fp32", "bf16" or "int8".
        threads: Intra-op threads.
        batch: Outfits in a request of "throughput", items in one of "encode_throughput".
        evaluator_version: See `EVALUATOR_VERSION`.
        measurements: By name; see `bench/profiling.py` for the names and their meaning.
        parity: Against torch, for other engines: "max_abs_difference", "kendall_tau", "top_k_overlap".
        flags: On the whole row ("shared processor (22% of it went to others)").
        machine: Where it ran.
    """

    kind: Literal["cost"] = "cost"
    cost: str
    description: dict[str, Any]
    method: str
    model: str
    backbone: str
    input_kind: InputKind
    input_size: int
    dataset: str | None
    engine: str
    provider: str | None
    device: str
    precision: str
    threads: int
    batch: int
    evaluator_version: int
    measurements: dict[str, Measurement]
    parity: dict[str, float] = {}
    flags: list[str] = []
    machine: Machine


class DatasetRecord(_Frozen):
    """Statistics of a dataset as one run saw it.

    Attributes:
        dataset: Dataset name.
        data_fingerprint: Content hash.
        split_scheme: "released" or "9:2:2".
        origin: Where it comes from, in one sentence ("drawn by closet version 1, seed 60").
        users: Number of users.
        items: Number of items.
        items_by_category: Items by category name.
        outfits: Outfits by split.
        sizes: Outfits by number of items ("2", "3", "4").
        wears_per_item: Mean number of outfits an item occurs in.
        image_size: Pixels of the stored images, or None without images.
        feature_size: Width of the items' feature vectors, or None without; where there are some, models see
            them instead of the images.
        reference: Metrics of reference scorers by setting and name, e.g. {"random": {"hidden truth": 0.97,
            "colour histogram": 0.61}}: mean per-user AUC on the test candidates.
    """

    kind: Literal["dataset"] = "dataset"
    dataset: str
    data_fingerprint: str
    split_scheme: str
    origin: str
    users: int
    items: int
    items_by_category: dict[str, int]
    outfits: dict[str, int]
    sizes: dict[str, int]
    wears_per_item: float
    image_size: int | None
    feature_size: int | None = None
    reference: dict[str, dict[str, float]] = {}


class SuiteRecord(_Frozen):
    """Which suite asked for the trials, so that a report can say how to repeat it.

    Attributes:
        suite: The suite's name.
        title: Heading of the report.
        command: The command line that ran it.
        fingerprint: Hash of the suite as resolved, overrides applied.
    """

    kind: Literal["suite"] = "suite"
    suite: str
    title: str
    command: str
    fingerprint: str


Record = Annotated[QualityRecord | CostRecord | DatasetRecord | SuiteRecord, Field(discriminator="kind")]
