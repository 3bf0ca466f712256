"""Photos: a folder of real photographs by class, worn by simulated users."""

from __future__ import annotations

from .load import load_photos

__all__ = ["load_photos"]
