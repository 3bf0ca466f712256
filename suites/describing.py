"""What decides a trial's outcome, read from a method, its parts and the machine."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from pydantic import BaseModel

from ..bench.effort import Effort
from ..bench.engines import ENGINES
from ..bench.variants import variant_steps
from ..bench.workloads import WORKLOADS
from ..core.errors import Fault, InputError
from ..core.hashes import file_hash
from ..core.machine import Machine
from ..core.registry import Entry
from ..core.toml_file import parse
from ..datasets import Dataset
from ..datasets.images.decode import DECODER_VERSION
from ..evaluation.frozen import convolutions_of
from ..evaluation.item_inputs import input_kind
from ..models import ModelError
from ..models.backbones.factory import backbone_entry
from ..models.outfit_model import OutfitModel
from ..models.registry import MODELS
from ..training.augmentations import AUGMENTATIONS
from ..training.method import Method
from ..training.network import bare_model
from ..training.objectives import OBJECTIVES, Objective, ObjectiveOptions
from ..training.step import WeightedObjectives
from .descriptions import (
    TRAINING_VERSION,
    VARIANT_VERSION,
    CostDescription,
    ModelDescription,
    ObjectiveDescription,
    StemDescription,
    SubjectDescription,
    VariantDescription,
)
from .records import EVALUATOR_VERSION

__all__ = [
    "chosen_objectives",
    "create_objectives",
    "describe_cost",
    "describe_model",
    "describe_objective",
    "describe_stem",
    "describe_variant",
    "source_hashes",
]

_MACHINE = {"processor", "generation", "cores", "accelerator", "versions", "cpu_flags"}
"""What of a machine is part of a cost."""


def describe_cost(
    workload: str,
    engine: str,
    device: str,
    effort: Effort,
    outfit_size: int,
    machine: Machine,
    *,
    inputs: dict[str, str],
    data: str | None,
    subject: SubjectDescription | None = None,
    threads: int | None = None,
) -> CostDescription:
    """What decides a cost: what is measured, what is asked of it, what runs it, and where.

    Args:
        workload: What is asked.
        engine: What runs it.
        device: "cpu" or "cuda".
        effort: How much is measured; what the workload does not go by is left out.
        outfit_size: Items of an outfit in a request.
        machine: Where it is measured.
        inputs: The fit or variant, as "weights"; empty for a model of its own.
        data: Fingerprint of the dataset, if there is one; left out where the workload needs none.
        subject: The model, where there is no fit.
        threads: Of the engine; None for as many as the cores.
    """
    asked = WORKLOADS.entry(workload)
    ran = ENGINES.entry(engine).source if engine in ENGINES else None
    return CostDescription(
        inputs=inputs,
        evaluator=EVALUATOR_VERSION,
        subject=subject,
        workload=workload,
        engine=engine,
        device=device,
        outfit_size=outfit_size,
        data=data if asked.value.needs_dataset else None,
        effort=effort.model_dump(mode="json", include=set(asked.value.effort), exclude_defaults=True),
        machine=machine.model_dump(mode="json", include=_MACHINE),
        threads=None if threads == machine.cores else threads,
        sources=source_hashes({"engine": ran, "workload": asked.source}),
    )


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


def describe_model(method: Method, dataset: Dataset) -> ModelDescription:
    """The network of a method on a dataset; the file of whatever is defined outside is part of it."""
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
        stem=method.stem and images,
        freeze=method.freeze if images else False,
        input_kind=seen,
        image_size=method.image_size if images else None,
        decoder=DECODER_VERSION if images else None,
        sources=source_hashes({"model": entry.source, "backbone": backbone}),
    )


def describe_stem(method: Method, dataset: Dataset) -> StemDescription:
    """The stem that a method's convolutions start from.

    Raises:
        InputError: If its network has no convolutions that can be taken by themselves, or there is no such
            target.
    """
    where = f"method {method.name} on {dataset.name}"
    try:
        with torch.device("meta"):  # what it is shows without its weights
            model = bare_model(method, dataset)
    except ModelError as error:
        raise InputError(Fault(where, str(error), "a network that takes its items")) from error
    backbone = convolutions_of(model, f"{where}, stem")
    target = backbone_entry(method.stem_fit.target, f"{where}, stem_fit.target")
    own = backbone_entry(method.backbone or backbone.name)
    return StemDescription(
        version=TRAINING_VERSION,
        data=dataset.fingerprint,
        split_scheme=dataset.split_scheme,
        convolutions=str(backbone.convolutions),
        image_size=method.image_size,
        decoder=DECODER_VERSION,
        options=method.stem_fit.model_dump(mode="json", exclude_defaults=True),
        sources=source_hashes({"convolutions": own.source, "target": target.source}),
    )


def describe_objective(entry: Entry[type[Objective]], options: ObjectiveOptions) -> ObjectiveDescription:
    """One part of what is minimised, with the files from outside that define it or its augmentations."""
    sources = {"objective": entry.source}
    for name in getattr(options, "pair", None) or getattr(options, "augmentations", ()):
        sources[f"augmentation {name}"] = AUGMENTATIONS.entry(name).source
    return ObjectiveDescription(
        name=entry.name,
        options=options.model_dump(mode="json", exclude_defaults=True),
        sources=source_hashes(sources),
    )


def describe_variant(variant: str, inputs: Mapping[str, str]) -> VariantDescription:
    """What decides the outcome of a compression.

    Args:
        variant: As for `variant_steps`.
        inputs: Hash of the trial that fills each role; the fit that is compressed is "weights".

    Raises:
        InputError: For an unknown variant.
    """
    steps = variant_steps(variant)
    sources = {f"variant {step.name}" if len(steps) > 1 else "variant": step.source for step in steps}
    return VariantDescription(
        inputs=dict(inputs),
        version=VARIANT_VERSION,
        variant=variant,
        sources=source_hashes(sources),
    )


def source_hashes(sources: Mapping[str, Path | None]) -> dict[str, str]:
    """Hash of each file by what it defines; what is ours has none."""
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
            except (OSError, ValueError) as error:  # ValueError: a NUL in its name
                found = getattr(error, "strerror", None) or "an unreadable file"
                raise InputError(Fault(f"options, {name}: {value}", found, "a file")) from error
    return described
