"""What training leaves to be told: epochs, what distillation will do, and the numeric environment."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, FiniteFloat

__all__ = ["Distillation", "Environment", "Epoch"]

Share = Annotated[float, Field(ge=0, le=1)]


class _Frozen(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, ser_json_inf_nan="null")


class Environment(_Frozen):
    """What decides the last bits of a fit's numbers and is no part of its description.

    Chosen once, when a fit begins; whoever goes on with it takes it over, whatever cores it has.

    Attributes:
        device: "cpu" or "cuda".
        precision: Arithmetic of training: what "auto" came to.
        threads: Threads of one operation.
    """

    device: Literal["cpu", "cuda"]
    precision: Literal["fp32", "bf16"]
    threads: Annotated[int, Field(ge=1, le=4096)]


class Epoch(_Frozen):
    """One pass over the training positives.

    Attributes:
        number: From 1.
        loss: Mean total loss of its steps.
        losses: Mean of each named loss as its objective gives it: before the objective's `weight`, and with
            the weights that its own options put on its parts (regularisers, terms of a sum).
        learning_rate: Of its last step.
        valid_auc: Mean per-user AUC on the validation candidates.
    """

    number: Annotated[int, Field(ge=1)]
    loss: FiniteFloat
    losses: dict[str, FiniteFloat] = {}
    learning_rate: FiniteFloat
    valid_auc: Share


class Distillation(_Frozen):
    """What FND does in training (paper, Eq. 12), estimated before it from ten fresh negatives a positive.

    Attributes:
        alpha: The absolute α used.
        alpha_relative: α × gap.
        gap: Mean teacher score of positives minus that of random negatives.
        mean_d: Mean false-negativeness; below 1 the loss may collapse.
        false_negative_share: Share of training negatives with d < 0.
        true_false_negative_share: Where the dataset knows the hidden preference: of the negatives with
            d < 0, the share that the user truly likes at least as much as an average positive of theirs.
        true_base_rate: The same share among all training negatives.
    """

    alpha: FiniteFloat
    alpha_relative: FiniteFloat
    gap: FiniteFloat
    mean_d: FiniteFloat
    false_negative_share: Share
    true_false_negative_share: Share | None = None
    true_base_rate: Share | None = None
