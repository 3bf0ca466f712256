"""A trial: method × dataset × setting × seed, and the description that names it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

from ..bench.file_hash import file_hash
from ..datasets import Dataset, Fault, InputError
from ..models import list_backbones, list_models, outside_source
from ..models.nearest import nearest
from .canonical import content_hash
from .method import Method
from .records import EVALUATOR_VERSION
from .suite_file import Suite
from .training.batches import HARD_SHARE

__all__ = ["TRAINING_VERSION", "Trial", "plan_trials"]

TRAINING_VERSION = 1
"""Raised when a description would be trained to other weights than before; 1 is left out of descriptions."""

Precision = Literal["bf16", "fp32"]


@dataclass(frozen=True)
class Trial:
    """One cell of a suite's grid. Everything that decides its outcome is in its description.

    Attributes:
        method: What is trained.
        dataset: On what.
        setting: "random" or "hard": the evaluation negatives, and half of the training negatives if hard.
        seed: Of the initial weights, the order of the outfits and the training negatives.
        precision: Arithmetic of training, resolved for this machine.
        teacher: The trial that teaches, for FND.
    """

    method: Method
    dataset: Dataset
    setting: str
    seed: int
    precision: Precision
    teacher: Trial | None = None

    @cached_property
    def description(self) -> dict[str, Any]:
        """What decides the outcome, as JSON values; the file of a model from outside is part of it."""
        described = {
            "evaluator": EVALUATOR_VERSION,
            "data": self.dataset.fingerprint,
            "split_scheme": self.dataset.split_scheme,
            "candidates": {
                split: self.dataset.candidates(split, self.setting).fingerprint
                for split in ("test", self.validation_split)
            },
            "method": self.method.identity(),
            "precision": self.precision,
            "setting": self.setting,
            "seed": self.seed,
            "teacher": self.teacher.hash if self.teacher else None,
        }
        if share := HARD_SHARE[self.setting]:
            described["hard_negatives"] = {"share": share, "own_positives": "masked"}
        if TRAINING_VERSION > 1:
            described["training"] = TRAINING_VERSION
        source = outside_source(self.method.model)
        if source is not None:
            described["model_source"] = file_hash(source)
        return described

    @cached_property
    def hash(self) -> str:
        """Hash of the description; names the trial's folder."""
        return content_hash(self.description)

    @property
    def validation_split(self) -> str:
        """The half of the validation set that chooses the epoch."""
        return f"valid-{self.method.validation}"

    @property
    def label(self) -> str:
        """For people: method, dataset, setting and seed."""
        return f"{self.method.name} · {self.dataset.name} · {self.setting} · seed {self.seed}"


def plan_trials(suite: Suite, datasets: Sequence[Dataset], bf16: bool) -> list[Trial]:
    """All trials of a suite, each after the one it depends on.

    Args:
        suite: What to run.
        datasets: The suite's datasets, loaded.
        bf16: Whether the device computes in bfloat16; decides what "auto" precision means.

    Returns:
        The trials; methods that come to the same trial appear once.

    Raises:
        InputError: If a method names a model or backbone that there is not, or a split that is needed is
            empty.
    """
    _refuse_unknown(suite)
    trials: dict[str, Trial] = {}
    for dataset in datasets:
        for setting in suite.settings:
            for seed in suite.seeds:
                by_method: dict[str, Trial] = {}
                for key, method in suite.methods.items():
                    teacher = by_method[method.teacher] if method.teacher else None
                    precision = _resolve_precision(method.recipe.precision, bf16)
                    trial = Trial(method, dataset, setting, seed, precision, teacher)
                    _refuse_empty(trial)
                    by_method[key] = trial
                    trials.setdefault(trial.hash, trial)
    return list(trials.values())


def _refuse_unknown(suite: Suite) -> None:
    """Before hours of training, not after: every name of a model or backbone is one of ours or a plugin's."""
    models, backbones = list_models(), list_backbones()
    for key, method in suite.methods.items():
        named = {"model": (method.model, models), "backbone": (method.backbone, backbones)}
        for field, (name, known) in named.items():
            if name is not None and name not in known:
                where = f"suite {suite.name}, method {key}, {field}"
                fix = f"{nearest(name, known)}; --plugin loads one of yours"
                raise InputError(Fault(where, repr(name), f"a {field}", fix))


def _refuse_empty(trial: Trial) -> None:
    for split in ("train", trial.validation_split, "test"):
        if not len(trial.dataset.split(split)):
            where = f"dataset {trial.dataset.name}, split {split}"
            raise InputError(Fault(where, "no outfit", "one at least", "take another split (--split)"))


def _resolve_precision(wanted: str, bf16: bool) -> Precision:
    if wanted == "auto":
        return "bf16" if bf16 else "fp32"
    return "bf16" if wanted == "bf16" else "fp32"
