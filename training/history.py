"""What training leaves to be told: epochs, what distillation will do, and the numeric environment."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, FiniteFloat

__all__ = ["MOST_RANKS", "Distillation", "Environment", "Epoch", "PositiveMean"]

MOST_RANKS = 64
"""Processes at one fit: a machine's devices."""

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
        ranks: Processes at one step, each of which encodes a share of its items. A fit that is gone on with
            may have others.
    """

    device: Literal["cpu", "cuda"]
    precision: Literal["fp32", "bf16"]
    threads: Annotated[int, Field(ge=1, le=4096)]
    ranks: Annotated[int, Field(ge=1, le=MOST_RANKS)] = 1


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


PositiveMean = Literal["train", "held-out"]
"""Over which of a user's positives a teacher's mean score is taken (Eq. 11)."""


class Distillation(_Frozen):
    """What a teacher says of its student's negatives, estimated before training.

    A negative is called false where d < 0 (paper, Eq. 12), whatever α is. Shares are of ten fresh negatives a
    positive; what needs a step is estimated from `training.teacher.SAMPLED_STEPS` of them. What is truly
    liked, only a dataset with a hidden preference knows: what its user likes at least as much as an average
    positive of theirs.

    Attributes:
        positive_mean: Which positives the mean of Eq. 11 is over: those that the teacher was trained on, or
            those that it chose its epoch by.
        without_held_out: How many users have none of the latter, and keep the mean of their others.
        gap: That mean, less the mean score of random negatives.
        alpha: The absolute α used; None where the student's objectives have none, here and below.
        alpha_relative: α × gap.
        mean_d: Mean false-negativeness.
        all_ones_loss: FND's loss where every outfit points at every user, over a step's negatives.
        chance_loss: Its loss where all scores are 0; where the other is below, it may collapse.
        false_negative_share: Share of training negatives with d < 0.
        true_false_negative_share: Precision: of the negatives with d < 0, the share that is truly liked.
        true_base_rate: The same share among all training negatives.
        recall: Of the truly liked negatives, the share with d < 0.
        softmax_mass: Of the softmax mass that N-pair puts on a step's negatives, by the teacher's scores, the
            share on truly liked ones: what there is for FND to take away.
        positives_called_false: Share of training positives with d < 0.
        held_out_called_false: Share of the positives that the teacher chose its epoch by with d < 0.
    """

    positive_mean: PositiveMean = "train"
    without_held_out: Annotated[int, Field(ge=0, lt=2**63)] = 0
    gap: FiniteFloat
    alpha: FiniteFloat | None = None
    alpha_relative: FiniteFloat | None = None
    mean_d: FiniteFloat | None = None
    all_ones_loss: FiniteFloat | None = None
    chance_loss: FiniteFloat | None = None
    false_negative_share: Share
    true_false_negative_share: Share | None = None
    true_base_rate: Share | None = None
    recall: Share | None = None
    softmax_mass: Share | None = None
    positives_called_false: Share | None = None
    held_out_called_false: Share | None = None
