"""Models by name."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from pathlib import Path

from .builtin import import_zoo
from .errors import ModelError
from .nearest import nearest
from .options import InputKind, ModelOptions
from .outfit_model import OutfitModel
from .plugins import load_installed
from .registry import BUILDERS, Builder, definer

__all__ = ["create_model", "list_models", "outside_source"]


def list_models() -> list[str]:
    """Names of all models, sorted: ours, those of installed packages, and those of loaded plugins.

    Example:
        >>> "student-xs" in list_models()
        True
    """
    return sorted(_builders())


def create_model(
    name: str,
    *,
    num_users: int,
    backbone: str | None = None,
    input_kind: InputKind = "image",
    feature_size: int = 512,
    pretrained: bool = False,
) -> OutfitModel:
    """Build a model of the zoo.

    Args:
        name: One of `list_models()`.
        num_users: How many users have parameters of their own.
        backbone: One of `list_backbones()`, or None for the model's own choice.
        input_kind: "image", or "features" for items known by a vector each.
        feature_size: F, the width of those vectors; without meaning for images.
        pretrained: Whether the backbone starts from ImageNet weights, fetched on first use, instead of
            random ones.

    Raises:
        ModelError: For an unknown name (the nearest are told), an argument out of range, or weights that
            cannot be had.

    Example:
        >>> model = create_model("student-xs", num_users=630)
        >>> sum(p.numel() for p in model.parameters())
        2849088
    """
    options = ModelOptions(
        num_users=num_users,
        backbone=backbone,
        input_kind=input_kind,
        feature_size=feature_size,
        pretrained=pretrained,
    )
    builder = _builder(name)
    try:
        model = builder(options)
    except TypeError as error:  # an abstract method left out, say
        if outside_source(name) is None:
            raise
        raise ModelError(f"model {name!r}: found an error ({error}) in {definer(builder)}") from error
    return _checked(name, builder, model)


def outside_source(name: str) -> Path | None:
    """The file of a model that is not ours, or None for one of this package.

    What such a model computes may change while its name stays, so its file is part of a trial's identity.

    Args:
        name: One of `list_models()`.

    Raises:
        ModelError: For an unknown name (the nearest are told).

    Example:
        >>> outside_source("student-xs") is None
        True
    """
    builder = _builder(name)
    if builder.__module__.startswith(f"{__package__}."):
        return None
    source = inspect.getsourcefile(builder)
    return Path(source) if source else None


def _builder(name: str) -> Builder:
    builders = _builders()
    if name not in builders:
        raise ModelError(f"argument name: found {name!r}, expected a model; {nearest(name, builders)}")
    return builders[name]


def _checked(name: str, builder: Builder, model: object) -> OutfitModel:
    """What a builder made, once it is known to keep the contract: it may be a stranger's."""
    if not isinstance(model, OutfitModel):
        raise ModelError(
            f"model {name!r}: found a {type(model).__name__} built by {definer(builder)}, "
            "expected an OutfitModel"
        )
    for attribute in OutfitModel.__annotations__:
        if not hasattr(model, attribute):
            raise ModelError(
                f"model {name!r}: found no attribute {attribute!r} on what {definer(builder)} built, "
                "expected all that OutfitModel names"
            )
    return model


def _builders() -> Mapping[str, Builder]:
    """Builders by name, once all that is installed has registered."""
    import_zoo()
    load_installed()
    return BUILDERS
