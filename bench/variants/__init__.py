"""Variants by name: what compression makes of a trained model. One file a kind.

A plugin adds one of its own with `register_variant`; a suite asks for it under `[variants]`. Names joined by
"+" make one of another: `low-rank+int8-static`.
"""

from __future__ import annotations

from .registry import (
    VARIANTS,
    load_variant,
    make_variant,
    ranks_in,
    register_variant,
    runs_in,
    steps_after,
    tolerance_of,
    trained_parts,
    variant_steps,
)
from .variant import Variant

__all__ = [
    "VARIANTS",
    "Variant",
    "load_variant",
    "make_variant",
    "ranks_in",
    "register_variant",
    "runs_in",
    "steps_after",
    "tolerance_of",
    "trained_parts",
    "variant_steps",
]
