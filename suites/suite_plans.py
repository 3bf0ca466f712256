"""What a suite asks for beside fits and evaluations: what is measured for cost, whose space is laid out."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Annotated, Any, Literal, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from ..bench.effort import FULL, Effort
from ..bench.workloads import DEFAULT_WORKLOADS

__all__ = ["CostPlan", "Listed", "SpacePlan", "each_once", "plan_for"]

S = TypeVar("S", bound=Sequence[Any])
T = TypeVar("T")
P = TypeVar("P", "CostPlan", "SpacePlan")


def each_once(values: S) -> S:
    """Values as they are, none of which stands twice.

    Raises:
        ValueError: If one does.
    """
    if len(set(values)) < len(values):
        raise ValueError("each value once")
    return values


Listed = Annotated[list[T], Field(min_length=1), AfterValidator(each_once)]
"""One or more values, none of them twice."""


class CostPlan(BaseModel):
    """What of a suite is measured for cost.

    Attributes:
        methods: Ids of methods whose trained weights are profiled (first seed and setting).
        engines: By name: "torch", "torch-compile", "onnxruntime", or one of a plugin.
        devices: "cpu", "cuda"; a device this machine lacks is left out and said.
        workloads: By name; what an engine or a model cannot be asked is left out and said.
        effort: How many samples of each quantity.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    methods: Listed[str]
    engines: Listed[str] = ["torch", "onnxruntime"]
    devices: Listed[Literal["cpu", "cuda"]] = ["cpu", "cuda"]
    workloads: Listed[str] = list(DEFAULT_WORKLOADS)
    effort: Effort = FULL


class SpacePlan(BaseModel):
    """Whose user–outfit space is shown, and what of it.

    Attributes:
        methods: Ids of methods (first seed and training negatives).
        users: How many users.
        outfits: How many positives of each, how many negatives, and how many positives of the test set.
        perplexity: Of t-SNE.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    methods: Listed[str]
    users: Annotated[int, Field(ge=1, le=6)] = 3
    outfits: Annotated[int, Field(ge=1, le=100)] = 12
    perplexity: Annotated[float, Field(gt=1, allow_inf_nan=False)] = 20.0


def plan_for(plan: P | None, kept: Collection[str]) -> P | None:
    """A plan for those of its methods that are kept; None without any."""
    own = [key for key in plan.methods if key in kept] if plan else []
    return plan.model_copy(update={"methods": own}) if plan and own else None
