"""The hidden preference that lies beside a Closet's outfits."""

from __future__ import annotations

from pathlib import Path

from ..simulation import StyleMixture

__all__ = ["TRUTH_FILE", "hidden_preference"]

TRUTH_FILE = "truth.json"
"""Beside the tuples: the hidden model, as `StyleMixture.write` writes it."""


def hidden_preference(root: Path) -> StyleMixture:
    """The model that made the outfits of a tree.

    Args:
        root: The tree, as `make_closet` gives it.
    """
    return StyleMixture.read(root / TRUTH_FILE)
