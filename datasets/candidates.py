"""Candidate sets: the positives of a split with the negatives that every method ranks them against."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING

import numpy as np

from .array_files import read_arrays, write_arrays
from .cache import made_once
from .negatives import sample_negatives
from .tables import CandidateSet, OutfitTable

if TYPE_CHECKING:
    from pathlib import Path

    from .dataset import Dataset

__all__ = ["PER_POSITIVE", "load_candidates"]

PER_POSITIVE = 10
"""Evaluation negatives for each positive, as in the paper."""

_RULE_VERSION = 1
"""Part of the key: raise it when the same key would draw other negatives."""


def load_candidates(dataset: Dataset, split: str, setting: str) -> CandidateSet:
    """The positives of a split with ten fixed negatives each.

    Negatives that came with the data are used as they are. Otherwise they are drawn with a seed that follows
    from the data, the split and the setting, and kept in the cache; a file that was broken there is drawn
    again, to the same set.

    Args:
        dataset: The dataset.
        split: One of its splits.
        setting: "random" or "hard".

    Raises:
        InputError: If the split is unknown, or has too few users or items for negatives.
    """
    positives = dataset.split(split)
    released = dataset.released_negatives(split, setting)
    if released is not None:
        return CandidateSet.join(positives, released)

    description = [dataset.fingerprint, dataset.split_scheme, split, setting, PER_POSITIVE, _RULE_VERSION]
    key = hashlib.blake2b(json.dumps(description).encode(), digest_size=8).hexdigest()
    path = dataset.cache / "candidates" / f"{split}-{setting}-{key}.npz"

    def draw() -> CandidateSet:
        negatives = sample_negatives(
            positives,
            dataset.item_category,
            per_positive=PER_POSITIVE,
            hard=float(setting == "hard"),
            seed=int(key, 16),
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
