"""Which costs a suite asks for: each model in each engine on each device, under what both can be asked."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import torch

from ..bench.engines import check_engine
from ..bench.preparation import traits_of
from ..bench.variants import runs_in
from ..bench.workloads import WORKLOADS, ModelTraits, check_workload
from ..core.machine import accelerator_name, describe_machine
from ..core.progress import say
from ..datasets import Dataset
from ..training.network import bare_model
from .suite_plans import CostPlan
from .trial import CostTrial, Trial, VariantTrial, fit_of

__all__ = ["check_costs", "plan_costs"]


def check_costs(plan: CostPlan, where: str) -> None:
    """Refuse a plan that names an engine or a workload that there is not.

    Args:
        plan: What is measured.
        where: The suite's file and table, for the message.

    Raises:
        InputError: With the nearest names.
    """
    for engine in plan.engines:
        check_engine(engine, f"{where}.engines")
    for workload in plan.workloads:
        check_workload(workload, f"{where}.workloads")


def plan_costs(plan: CostPlan, dataset: Dataset, models: Sequence[Trial[Any]]) -> list[CostTrial]:
    """The cost trials of some models; what one cannot be asked, or one engine, is left out and said.

    Args:
        plan: Engines, devices, workloads and effort.
        dataset: What the models were trained on.
        models: Fits and variants.
    """
    machine = describe_machine()
    left_out: dict[str, None] = {}
    trials = [
        CostTrial(
            dataset,
            {"weights": model},
            workload=workload,
            engine=engine,
            device=device,
            effort=plan.effort,
            outfit_size=dataset.outfit_size,
            machine=machine,
        )
        for device in _present(plan, left_out)
        for model, engine, workload in _asked(plan, models, left_out)
    ]
    for what in left_out:
        say(f"costs: {what}, left out")
    return trials


def _present(plan: CostPlan, left_out: dict[str, None]) -> list[str]:
    """The devices of this machine."""
    lacking = {"cuda"} if accelerator_name() is None else set()
    left_out.update(
        dict.fromkeys(f"no {device} on this machine" for device in plan.devices if device in lacking)
    )
    return [device for device in plan.devices if device not in lacking]


def _asked(
    plan: CostPlan, models: Sequence[Trial[Any]], left_out: dict[str, None]
) -> Iterator[tuple[Trial[Any], str, str]]:
    """Each model in each engine under each workload; a model's engines together, which take turns so."""
    for model in models:
        traits = _traits(model)
        variant = model.variant if isinstance(model, VariantTrial) else None
        able = [name for name in plan.engines if variant is None or runs_in(variant, name)]
        if unable := [name for name in plan.engines if name not in able]:
            left_out[f"{variant} is nothing that {_any_of(unable)} runs"] = None
        for engine in able:
            for name in plan.workloads:
                workload = WORKLOADS.get(name)
                if workload.engines is not None and engine not in workload.engines:
                    left_out[f"{name} runs in {' and '.join(workload.engines)} alone, not in {engine}"] = None
                elif lacking := workload.lacks(traits):
                    left_out[f"{name}: {fit_of(model).method.name} has no {lacking}"] = None
                else:
                    yield model, engine, name


def _any_of(names: Sequence[str]) -> str:
    """As people list them: torch, torch-bf16 or openvino."""
    *others, last = names
    return f"{', '.join(others)} or {last}" if others else last


def _traits(model: Trial[Any]) -> ModelTraits:
    fit = fit_of(model)
    with torch.device("meta"):  # what it is shows without its weights
        return traits_of(bare_model(fit.method, fit.dataset))
