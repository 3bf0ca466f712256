"""A method: a model, an objective and a recipe. One TOML file each, in `suites/methods/`."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

__all__ = ["MOST_EPOCHS", "Method", "Recipe"]

MOST_EPOCHS = 100_000

Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]


class Recipe(BaseModel):
    """How a method is trained.

    Attributes:
        epochs: Passes over the training positives, at most.
        batch_size: Pairs (user, positive outfit) a step; as many negatives are drawn and shared by all.
        learning_rate: Peak rate at batch size 32; scaled linearly with the batch size (paper, Fig. 7).
        momentum: Of SGD.
        weight_decay: Of SGD.
        schedule: "constant", "cosine" to zero over all epochs, or "plateau": halved after `plateau_patience`
            epochs without a better validation AUC.
        plateau_patience: Epochs, for "plateau".
        warmup: Share of all steps over which the rate rises linearly from zero.
        clip_norm: Largest norm of the gradient, or None.
        patience: Epochs without a better validation AUC after which training stops, or None.
        precision: "bf16" (autocast), "fp32", or "auto": bf16 where the processor computes in it.
        augment: Whether training sees each image mirrored or not, and shifted a little, at random; without
            meaning for items known by features.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    epochs: Annotated[int, Field(ge=1, le=MOST_EPOCHS)] = 12
    batch_size: Annotated[int, Field(ge=2, le=65_536)] = 32
    learning_rate: Positive = 0.015
    momentum: Annotated[float, Field(ge=0, lt=1)] = 0.9
    weight_decay: Annotated[float, Field(ge=0, allow_inf_nan=False)] = 1e-6
    schedule: Literal["constant", "cosine", "plateau"] = "cosine"
    plateau_patience: Annotated[int, Field(ge=1)] = 10
    warmup: Annotated[float, Field(ge=0, lt=1)] = 0.05
    clip_norm: Positive | None = 1.0
    patience: Annotated[int, Field(ge=1)] | None = None
    precision: Literal["auto", "fp32", "bf16"] = "auto"
    augment: bool = True


class Method(BaseModel):
    """A row of a table.

    Attributes:
        name: The row's name.
        model: The zoo's name of the model.
        backbone: Image network other than the model's own, by name, or None.
        pretrained: Start the backbone from ImageNet weights.
        image_size: Pixels of the square images the model sees.
        objective: "n-pair" (Eq. 10), "bpr" or "fnd" (Eq. 13).
        temperature: τ of the objective.
        validation: Which half of the validation set chooses the epoch. A teacher and its student must not
            share one (paper, Sec. 3.2.2).
        teacher: For "fnd": the method that teaches.
        alpha: For "fnd": the distillation scale α (Eq. 12).
        alpha_mode: "absolute" takes α as it is, as the paper does; "relative" divides it by the teacher's
            gap, so that 1 makes the mean false-negativeness 1.
        recipe: How it is trained.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    name: Annotated[str, Field(pattern=r"^[^\n\r]*\S[^\n\r]*$")]
    model: str
    backbone: str | None = None
    pretrained: bool = False
    image_size: Annotated[int, Field(ge=8, le=1024)] = 64
    objective: Literal["n-pair", "bpr", "fnd"]
    temperature: Positive = 0.1
    validation: Literal["teacher", "student"] = "student"
    teacher: str | None = None
    alpha: Positive | None = None
    alpha_mode: Literal["absolute", "relative"] | None = None
    recipe: Recipe = Recipe()

    @model_validator(mode="after")
    def _distillation_is_whole(self) -> Method:
        given = {"teacher": self.teacher, "alpha": self.alpha, "alpha_mode": self.alpha_mode}
        wanted = self.objective == "fnd"
        for key, value in given.items():
            if (value is not None) != wanted:
                raise ValueError(f"`{key}` {'with' if wanted else 'only with'} objective 'fnd'")
        return self

    def identity(self) -> dict[str, Any]:
        """What is part of a trial's description: all but the teacher's id, for which its trial stands."""
        return self.model_dump(mode="json", exclude={"teacher"})
