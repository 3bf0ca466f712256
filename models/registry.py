"""The zoo's names."""

from __future__ import annotations

from collections.abc import Callable

from ..core.registry import Registry
from .options import ModelOptions
from .outfit_model import OutfitModel

__all__ = ["MODELS", "Builder", "register_model"]

Builder = Callable[[ModelOptions], OutfitModel]
"""Builds a model for the options: a function, or a class whose constructor takes them."""

MODELS: Registry[Builder] = Registry("model", "outfitbench.models.zoo")

register_model = MODELS.register
"""Enter a model into the zoo: `@register_model("name")` on a `Builder`.

A model with options of its own says their pydantic type, `@register_model("name", options=MyOptions)`, and
finds them, checked, as `ModelOptions.options`.
"""
