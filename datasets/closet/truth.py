"""The hidden preference that lies beside a Closet's outfits."""

from __future__ import annotations

from pathlib import Path

from ...core.errors import Fault, InputError
from ..simulation import StyleMixture

__all__ = ["TRUTH_FILE", "hidden_preference"]

TRUTH_FILE = "truth.json"
"""Beside the tuples: the hidden model, as `StyleMixture.write` writes it."""


def hidden_preference(root: Path) -> StyleMixture:
    """The model that made the outfits of a tree.

    Args:
        root: The tree, as `make_closet` gives it.

    Raises:
        InputError: If there is no such model beside the outfits, or it is not sound.
    """
    path = root / TRUTH_FILE
    try:
        return StyleMixture.read(path)
    except (OSError, ValueError, KeyError, TypeError) as error:
        found = f"what cannot be read ({type(error).__name__}: {error})"
        raise InputError(Fault(path, found, "the hidden model that Closet writes there")) from error
