"""How an image network's convolutions are pretrained; imports no torch."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

__all__ = ["StemOptions"]


class StemOptions(BaseModel):
    """Options of a stem: convolutions that regress another network's features over the training items.

    Attributes:
        target: Backbone whose features with ImageNet weights are regressed.
        target_size: Pixels of the square images that it sees.
        epochs: Passes over the training items.
        batch_size: Images a step.
        learning_rate: Peak rate of Adam at batch size 32; it rises over the first tenth of the steps and then
            falls to zero as a cosine.
        weight_decay: Of Adam.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    target: str = "efficientnet-lite0"
    target_size: Annotated[int, Field(ge=8, le=1024)] = 128
    epochs: Annotated[int, Field(ge=1, le=10_000)] = 20
    batch_size: Annotated[int, Field(ge=2, le=65_536)] = 64
    learning_rate: Annotated[float, Field(gt=0, allow_inf_nan=False)] = 5e-4
    weight_decay: Annotated[float, Field(ge=0, allow_inf_nan=False)] = 1e-6
