"""How it learns: objectives, augmentations of outfits, the teacher, the step, the loop and its checkpoints.

Names are loaded on first use, so that importing the package imports no torch.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..core.lazy import lazy_names

if TYPE_CHECKING:
    from . import objectives
    from .augmentations import Altering, register_augmentation
    from .errors import TrainingError
    from .method import Method, Recipe

__all__ = ["Altering", "Method", "Recipe", "TrainingError", "objectives", "register_augmentation"]

__getattr__, __dir__ = lazy_names(
    __name__,
    {
        "augmentations": ["Altering", "register_augmentation"],
        "errors": ["TrainingError"],
        "method": ["Method", "Recipe"],
        "objectives": ["objectives"],
    },
)
