"""Candidate sets: the positives of a split with the negatives that every method ranks them against."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING

import numpy as np

from ..core.files import made_once
from .array_files import read_arrays, write_arrays
from .negatives import sample_negatives
from .tables import CandidateSet, OutfitTable

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

__all__ = ["CANDIDATES_VERSION", "PER_POSITIVE", "stored_candidates"]

PER_POSITIVE = 10
"""Evaluation negatives for each positive, as in the paper."""

CANDIDATES_VERSION = 3
"""Raised when the same data would draw other negatives. 2: none is an outfit of its user in any
split, and the random ones of a positive are all different. 3: so are all of a user,
where there are enough."""


def stored_candidates(
    positives: OutfitTable,
    setting: str,
    item_category: NDArray[np.integer],
    *,
    avoid: OutfitTable,
    source: Sequence[str],
    cache: Path,
) -> CandidateSet:
    """The positives of a split with ten fixed negatives each, drawn once and kept in the cache.

    They are drawn with a seed that follows from what they are drawn for; a file that was broken is drawn
    again, to the same set.

    Args:
        positives: The outfits of the split.
        setting: "random" or "hard".
        item_category: Category of each item, (num_items,).
        avoid: The outfits of all splits: what a user is known to have posted is no negative of that user.
        source: What the positives are: the dataset's fingerprint, its split scheme, the split.
        cache: Folder for what is derived.

    Raises:
        InputError: If there are too few users or items for negatives.
    """
    description = [*source, setting, PER_POSITIVE, CANDIDATES_VERSION]
    key = hashlib.blake2b(json.dumps(description).encode(), digest_size=8).hexdigest()
    path = cache / "candidates" / f"{source[-1]}-{setting}-{key}.npz"

    def draw() -> CandidateSet:
        negatives = sample_negatives(
            positives,
            item_category,
            per_positive=PER_POSITIVE,
            hard=float(setting == "hard"),
            seed=int(key, 16),
            avoid=avoid,
            distinct=True,
        )
        candidates = CandidateSet.join(positives, negatives)
        fingerprint = np.array(candidates.fingerprint)
        write_arrays(path, {"users": negatives.users, "items": negatives.items, "fingerprint": fingerprint})
        return candidates

    return made_once(path, lambda: _read(path, positives), draw)


def _read(path: Path, positives: OutfitTable) -> CandidateSet | None:
    """The candidates kept in a file, or None where it is missing, broken or made for other positives."""
    stored = read_arrays(path, "users", "items", "fingerprint")
    if stored is None:
        return None
    users, items, fingerprint = stored
    candidates = CandidateSet.join(positives, OutfitTable(users, items))
    return candidates if candidates.fingerprint == str(fingerprint) else None
