"""Scorers by name: rows of a table that nobody trains, to read the trained ones by. One file a scorer.

A plugin adds one of its own with `register_scorer`; a suite asks for it under `scorers`.
"""

from __future__ import annotations

from .scorer import SCORERS, Scorer, register_scorer

__all__ = ["SCORERS", "Scorer", "register_scorer"]
