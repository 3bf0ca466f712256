"""Closet: drawn garments, simulated users, and outfits whose true preference is known."""

from __future__ import annotations

from .make import make_closet
from .spec import CLOSETS
from .truth import hidden_preference

__all__ = ["CLOSETS", "hidden_preference", "make_closet"]
