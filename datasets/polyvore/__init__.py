"""Polyvore-U, read from disk in either of the layouts it is passed around in."""

from __future__ import annotations

from .reader import read_tree

__all__ = ["read_tree"]
