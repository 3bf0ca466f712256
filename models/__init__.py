"""What is compared: backbones, the set transformer and the zoo of methods.

Names are loaded on first use, so that importing the package imports no torch.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..core.lazy import lazy_names

if TYPE_CHECKING:
    from .backbones import backbone_entry, check_backbone, list_backbones, register_backbone
    from .errors import ModelError
    from .factory import create_model, list_models, model_options, outside_source
    from .options import ModelOptions
    from .outfit_model import OutfitModel
    from .registry import register_model

__all__ = [
    "ModelError",
    "ModelOptions",
    "OutfitModel",
    "backbone_entry",
    "check_backbone",
    "create_model",
    "list_backbones",
    "list_models",
    "model_options",
    "outside_source",
    "register_backbone",
    "register_model",
]

__getattr__, __dir__ = lazy_names(
    __name__,
    {
        "backbones": ["backbone_entry", "check_backbone", "list_backbones", "register_backbone"],
        "errors": ["ModelError"],
        "factory": ["create_model", "list_models", "model_options", "outside_source"],
        "options": ["ModelOptions"],
        "outfit_model": ["OutfitModel"],
        "registry": ["register_model"],
    },
)
