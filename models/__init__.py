"""What is compared: backbones, the set transformer and the zoo of methods.

Names are loaded on first use, so that importing the package imports no torch.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .backbones import list_backbones
    from .errors import ModelError
    from .factory import create_model, list_models, outside_source
    from .options import ModelOptions
    from .outfit_model import OutfitModel
    from .plugins import load_plugin
    from .registry import register_model

__all__ = [
    "ModelError",
    "ModelOptions",
    "OutfitModel",
    "create_model",
    "list_backbones",
    "list_models",
    "load_plugin",
    "outside_source",
    "register_model",
]

_HOME = {
    "ModelError": "errors",
    "ModelOptions": "options",
    "OutfitModel": "outfit_model",
    "create_model": "factory",
    "list_backbones": "backbones",
    "list_models": "factory",
    "load_plugin": "plugins",
    "outside_source": "factory",
    "register_model": "registry",
}


def __getattr__(name: str) -> object:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f".{_HOME[name]}", __name__), name)


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
