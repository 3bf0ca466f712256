"""Simulated users and their outfits, shared by the datasets that have items but no users of their own."""

from __future__ import annotations

from .dice import Dice
from .mixture import StyleMixture
from .outfits import draw_outfits
from .tastes import NARROW, draw_activity, draw_tastes

__all__ = ["NARROW", "Dice", "StyleMixture", "draw_activity", "draw_outfits", "draw_tastes"]
