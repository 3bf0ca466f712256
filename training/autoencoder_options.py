"""How the autoencoder that finds look-alike items is trained; imports no torch."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

__all__ = ["AutoencoderOptions"]


class AutoencoderOptions(BaseModel):
    """Options of the convolutional autoencoder (paper, Sec. 3.3.2, which leaves them open).

    Attributes:
        epochs: Passes over the items.
        batch_size: Images a step.
        learning_rate: Of Adam.
        image_size: Pixels of the square images, a multiple of 16.
        latent: Length of the code.
        count: Neighbours kept for each item.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    epochs: Annotated[int, Field(ge=1, le=10_000)] = 4
    batch_size: Annotated[int, Field(ge=1, le=65_536)] = 64
    learning_rate: Annotated[float, Field(gt=0, allow_inf_nan=False)] = 1e-3
    image_size: Annotated[int, Field(ge=16, le=256, multiple_of=16)] = 32
    latent: Annotated[int, Field(ge=1, le=4096)] = 64
    count: Annotated[int, Field(ge=1, le=1000)] = 10
