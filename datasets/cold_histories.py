"""Histories of cold users: the few outfits that are known of users on whom nothing was trained."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from .tables import CandidateSet

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from .dataset import Dataset

__all__ = ["DRAWS", "ColdHistories", "cold_candidates", "draw_histories", "known_outfits"]

DRAWS = 10
"""How often the known outfits are drawn: the paper reports the mean of ten experiments (Sec. 4.3)."""

_SEED = 35


@dataclass(frozen=True, eq=False)
class ColdHistories:
    """What is known of cold users, drawn several times.

    Attributes:
        users: int32 (C,), ascending; those with enough outfits.
        items: int32 (R, C, n, K): of each draw and user n outfits, as global item ids.
        too_few: How many users have fewer than n outfits to be known by, and are left out.
    """

    users: NDArray[np.int32]
    items: NDArray[np.int32]
    too_few: int

    @cached_property
    def fingerprint(self) -> str:
        """Hash of users and outfits: 16 hex digits, the same on every machine."""
        digest = hashlib.blake2b(repr(self.items.shape).encode(), digest_size=8)
        for array in (self.users, self.items):
            digest.update(np.ascontiguousarray(array, "<i4").tobytes())
        return digest.hexdigest()


def known_outfits(setting: str) -> int | None:
    """How many outfits a setting knows of a cold user; None where users are those that were trained on.

    Example:
        >>> known_outfits("cold-5"), known_outfits("random")
        (5, None)
    """
    found = re.fullmatch(r"cold-([1-9][0-9]*)", setting)
    return int(found[1]) if found else None


def draw_histories(dataset: Dataset, known: int, draws: int = DRAWS) -> ColdHistories:
    """Draw what is known of each user, out of the training outfits.

    The paper says no more than that a cold user has 1 or 5 outfits. They are training outfits here, because
    a user's test outfits share no item with those (Sec. 4.1.1), and validation is left to choose by. Draws
    are the same for every method and seed, and the first outfits of a draw stay as more become known.

    Args:
        dataset: That of the cold users.
        known: n, how many outfits are known of a user.
        draws: R, how often they are drawn.

    Example:
        >>> from outfitbench.datasets import load_dataset
        >>> histories = draw_histories(load_dataset("closet-12"), known=5)
        >>> histories.items.shape, histories.too_few
        ((10, 12, 5, 3), 0)
    """
    outfits = dataset.split("train")
    counts = np.bincount(outfits.users, minlength=dataset.num_users)
    users = np.flatnonzero(counts >= known).astype(np.int32)
    rows = np.empty((draws, len(users), known), np.int64)
    for draw in range(draws):
        chance = np.random.default_rng([_SEED, draw]).random(len(outfits))
        by_user = np.lexsort((chance, outfits.users))
        starts = np.searchsorted(outfits.users[by_user], users)
        rows[draw] = by_user[starts[:, None] + np.arange(known)]
    return ColdHistories(users, outfits.items[rows], dataset.num_users - len(users))


def cold_candidates(dataset: Dataset, histories: ColdHistories) -> CandidateSet:
    """What cold users rank: their test positives among random negatives, as in the paper's Table 3.

    Args:
        dataset: That of the cold users.
        histories: What is known of those who are not left out.
    """
    whole = dataset.candidates("test", "random")
    kept = np.isin(whole.users, histories.users)
    return CandidateSet(whole.users[kept], whole.items[kept], whole.labels[kept])
