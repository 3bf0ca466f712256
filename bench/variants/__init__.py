"""Variants by name: what compression makes of a trained model. One file a kind.

A plugin adds one of its own with `register_variant`; a suite asks for it under `[variants]`.
"""

from __future__ import annotations

from .registry import VARIANTS, make_variant, register_variant
from .variant import Variant

__all__ = ["VARIANTS", "Variant", "make_variant", "register_variant"]
