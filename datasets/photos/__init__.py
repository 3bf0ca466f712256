"""Photos: a folder of real photographs by class, worn by simulated users."""

from __future__ import annotations

from .folder import find_photos
from .load import load_photos

__all__ = ["find_photos", "load_photos"]
