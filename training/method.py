"""A method: a model, one or several objectives, and a recipe. One TOML file each, in `suites/methods/`."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from .autoencoder_options import AutoencoderOptions
from .history import MOST_RANKS
from .stem_options import StemOptions

__all__ = ["IMAGE_SIZES", "MOST_EPOCHS", "Method", "Recipe"]

MOST_EPOCHS = 100_000

IMAGE_SIZES = (8, 1024)
"""The least and the most pixels of the side of an image that a model sees."""

Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]


def _one_line(name: str) -> str:
    if not name.strip() or "\n" in name or "\r" in name:
        raise ValueError("text in one line, not blank")
    return name


class Recipe(BaseModel):
    """How a method is trained.

    Attributes:
        epochs: Passes over the training positives, at most.
        batch_size: Pairs (user, positive outfit) a step; as many negatives are drawn and shared by all.
        optimizer: "sgd" with momentum, or "adam".
        learning_rate: Peak rate at batch size 32; scaled linearly with the batch size (paper, Fig. 7).
        rates: Peak rate of some parts of the network instead, by the beginning of their parameters' names:
            {"backbone": 0.001, "users": 0.1}; the longest that fits decides.
        momentum: Of SGD.
        weight_decay: Of either optimizer.
        schedule: "constant", "cosine" to zero over all epochs, or "plateau": halved after `plateau_patience`
            epochs without a better validation AUC.
        plateau_patience: Epochs, for "plateau".
        warmup: Share of all steps over which the rate rises linearly from zero.
        clip_norm: Largest norm of the gradient, or None.
        patience: Epochs without a better validation AUC after which training stops, or None.
        precision: "bf16" (autocast), "fp32", or "auto": whichever a short measurement found the faster on
            this machine, and fp32 where a step is light, as on vectors; the record says what it came to.
        augment: Whether training sees each image mirrored or not, and shifted a little, at random; without
            meaning for items known by features, or by what a frozen part makes of them.
        devices: How many devices of the machine are at a fit, GPUs or, on the CPU, processes: each encodes a
            share of a step's items, and the loss is that of all. A variant is trained on by one.
        strategy: What Lightning Fabric connects them by, each with all weights. By "ddp" every weight must
            get a gradient at every step, and none is looked for that does not.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    epochs: Annotated[int, Field(ge=1, le=MOST_EPOCHS)] = 12
    batch_size: Annotated[int, Field(ge=2, le=65_536)] = 32
    optimizer: Literal["sgd", "adam"] = "sgd"
    learning_rate: Positive = 0.015
    rates: dict[str, Positive] = {}
    momentum: Annotated[float, Field(ge=0, lt=1)] = 0.9
    weight_decay: Annotated[float, Field(ge=0, allow_inf_nan=False)] = 1e-6
    schedule: Literal["constant", "cosine", "plateau"] = "cosine"
    plateau_patience: Annotated[int, Field(ge=1)] = 10
    warmup: Annotated[float, Field(ge=0, lt=1)] = 0.05
    clip_norm: Positive | None = 1.0
    patience: Annotated[int, Field(ge=1)] | None = None
    precision: Literal["auto", "fp32", "bf16"] = "auto"
    augment: bool = True
    devices: Annotated[int, Field(ge=1, le=MOST_RANKS)] = 1
    strategy: Literal["ddp", "ddp_find_unused_parameters_true"] = "ddp_find_unused_parameters_true"

    def searched(self) -> dict[str, tuple[float, ...]]:
        """Values that a search tries, by option: the same for every method of an optimizer.

        Half a decade apart each, about what a cosine schedule takes with either optimizer.

        Example:
            >>> Recipe(epochs=5).searched()
            {'learning_rate': (0.015, 0.05, 0.15, 0.5)}
        """
        adam, sgd = (0.0003, 0.001, 0.003, 0.01), (0.015, 0.05, 0.15, 0.5)
        return {"learning_rate": adam if self.optimizer == "adam" else sgd}

    def effective(self, *, images: bool, defaults: bool = False) -> dict[str, Any]:
        """What decides the outcome, as JSON: what is not the default, without options that have no effect.

        So an option that is new, or without effect, leaves the hashes of old trials as they were. Whoever
        changes a default raises `TRAINING_VERSION`. On how many devices a fit is trained is where it runs and
        not what it is: that stands in its environment.

        Args:
            images: Whether training sees images, rather than fixed vectors.
            defaults: Whether what is at its default stands there, too: for people, not for hashes.
        """
        idle = {"devices", "strategy"}
        if self.schedule != "plateau":
            idle.add("plateau_patience")
        if self.optimizer != "sgd":
            idle.add("momentum")
        if not images:
            idle.add("augment")
        return self.model_dump(mode="json", exclude_defaults=not defaults, exclude=idle)


class Method(BaseModel):
    """A row of a table.

    Attributes:
        name: The row's name, for people.
        model: The zoo's name of the model.
        options: The model's own options, as it declares them; files named there are part of the identity.
        backbone: Image network other than the model's own, by name, or None.
        pretrained: Start the backbone from ImageNet weights.
        stem: Start the backbone's convolutions from a stem, a fit of its own: they have regressed the
            features of a network that has seen ImageNet.
        freeze: Leave the backbone as it starts, or its convolutions alone: what they make of all items is
            computed once and cached.
        items: "images", "features", or "auto": features where the dataset has them, else images.
        image_size: Pixels of the square images the model sees.
        objective: An objective by name, or several, each with a `weight` and options of its own.
        validation: Which half of the validation set chooses the epoch. A teacher and its student must not
            share one (paper, Sec. 3.2.2).
        teacher: The method that teaches, for objectives that need one.
        start: The method whose weights it starts from, where they fit.
        own_network: Says that a teacher may be its student's own network, which is refused otherwise.
        neighbours: How look-alike items are found, for objectives that need them.
        stem_fit: How the stem is trained.
        recipe: How it is trained.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    name: Annotated[str, AfterValidator(_one_line)]
    model: str
    options: dict[str, Any] = {}
    backbone: str | None = None
    pretrained: bool = False
    stem: bool = False
    freeze: Literal[False, True, "convolutions"] = False
    items: Literal["auto", "images", "features"] = "auto"
    image_size: Annotated[int, Field(ge=IMAGE_SIZES[0], le=IMAGE_SIZES[1])] = 64
    objective: str | Annotated[dict[str, dict[str, Any]], Field(min_length=1)]
    validation: Literal["teacher", "student"] = "student"
    teacher: str | None = None
    start: str | None = None
    own_network: bool = False
    neighbours: AutoencoderOptions = AutoencoderOptions()
    stem_fit: StemOptions = StemOptions()
    recipe: Recipe = Recipe()

    @property
    def objectives(self) -> dict[str, dict[str, Any]]:
        """Options, with the weight, by objective."""
        return {self.objective: {}} if isinstance(self.objective, str) else self.objective
