"""Models by name."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from ..core.errors import Fault, InputError
from ..core.registry import Entry
from ..core.toml_file import parse
from .errors import ModelError
from .options import InputKind, ModelOptions, Pretrained
from .outfit_model import REQUIRED_ATTRIBUTES, OutfitModel
from .registry import MODELS, Builder

__all__ = ["create_model", "list_models", "model_options", "outside_source"]


def list_models() -> list[str]:
    """Names of all models, sorted: ours, those of installed packages, and those of loaded plugins.

    Example:
        >>> "student-xs" in list_models()
        True
    """
    return MODELS.names()


def create_model(
    name: str,
    *,
    num_users: int,
    num_categories: int = 3,
    backbone: str | None = None,
    input_kind: InputKind = "image",
    feature_size: int = 512,
    pretrained: Pretrained = False,
    options: Mapping[str, Any] | BaseModel | None = None,
) -> OutfitModel:
    """Build a model of the zoo.

    Args:
        name: One of `list_models()`.
        num_users: How many users have parameters of their own.
        num_categories: How many categories of items there are; three (top, bottom, shoe) in the sets that the
            methods were published on.
        backbone: One of `list_backbones()`, or None for the model's own choice.
        input_kind: "image", or "features" for items known by a vector each.
        feature_size: F, the width of those vectors; without meaning for images.
        pretrained: Whether the backbone starts from ImageNet weights, fetched on first use, instead of
            random ones. Whoever loads the model's own weights next builds it without: nothing is fetched, its
            parameters have the same names, and in evaluation it computes the same. (In training it does not:
            an AlexNet's dropout comes with pretrained weights. Whoever trains it then asks for "later".)
        options: The model's own options: a table, or what `model_options` made of one.

    Raises:
        InputError: For an unknown name (the nearest are told), an option that the model does not have or
            does not take, or a package that is not installed.
        ModelError: For an argument out of range, or weights that cannot be had.

    Example:
        >>> model = create_model("student-xs", num_users=630)
        >>> sum(p.numel() for p in model.parameters())
        2849088
    """
    entry = MODELS.entry(name, "argument name")
    asked = ModelOptions(
        num_users=num_users,
        num_categories=num_categories,
        backbone=backbone,
        input_kind=input_kind,
        feature_size=feature_size,
        pretrained=pretrained,
        options=model_options(name, options),
    )
    try:
        model = entry.value(asked)
    except TypeError as error:  # an abstract method left out, say
        if entry.source is None:
            raise
        raise ModelError(f"model {name!r}: found an error ({error}) in {entry.place}") from error
    checked = _checked(entry, model)
    checked.num_categories = num_categories
    return checked


def model_options(
    name: str, options: Mapping[str, Any] | BaseModel | None = None, where: str | Path | None = None
) -> BaseModel:
    """A model's own options, checked against the type that it was registered with.

    Args:
        name: One of `list_models()`.
        options: A table, or such a type already; None for all defaults.
        where: The file and table, or the argument, for the message.

    Raises:
        InputError: For an unknown name, or at the first key that the model does not have or take.

    Example:
        >>> model_options("student-xs")
        NoOptions()
    """
    kind = MODELS.entry(name, "argument name").options
    place = f"options of model {name!r}" if where is None else where
    if isinstance(options, BaseModel):
        if not isinstance(options, kind):
            raise InputError(Fault(place, f"a {type(options).__name__}", f"a {kind.__name__}"))
        return options
    return parse(kind, dict(options or {}), place)


def outside_source(name: str) -> Path | None:
    """The file of a model that is not ours, or None for one of this package.

    What such a model computes may change while its name stays, so its file is part of a trial's identity.

    Args:
        name: One of `list_models()`.

    Raises:
        InputError: For an unknown name (the nearest are told).

    Example:
        >>> outside_source("student-xs") is None
        True
    """
    return MODELS.entry(name, "argument name").source


def _checked(entry: Entry[Builder], model: object) -> OutfitModel:
    """What a builder made, once it is known to keep the contract: it may be a stranger's."""
    if not isinstance(model, OutfitModel):
        raise ModelError(
            f"model {entry.name!r}: found a {type(model).__name__} built by {entry.place}, "
            "expected an OutfitModel"
        )
    for attribute in REQUIRED_ATTRIBUTES:
        if not hasattr(model, attribute):
            raise ModelError(
                f"model {entry.name!r}: found no attribute {attribute!r} on what {entry.place} built, "
                "expected all that OutfitModel names"
            )
    return model
