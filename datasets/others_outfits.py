"""Outfits that others posted, to be drawn as hard negatives."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from ..core.errors import Fault, InputError
from .outfit_hash import OutfitHash
from .tables import OutfitTable

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["OthersOutfits"]

_MOST_SHUFFLED = 1 << 31
"""Users times positives, up to which each user is dealt from a deck of all that others posted: a minute."""


class OthersOutfits(NamedTuple):
    """The positives of a split as hard negatives of those users who have not posted them.

    Attributes:
        users: int64 (N,), the user of each positive.
        outfits: int64 (N,), a number for each positive, equal for equal outfits.
        num_outfits: Outfits are numbered 0 … num_outfits − 1.
        own: What is posted by whom, also elsewhere, as user × num_outfits + outfit; ascending.
    """

    users: NDArray[np.int64]
    outfits: NDArray[np.int64]
    num_outfits: int
    own: NDArray[np.int64]

    @classmethod
    def of(cls, positives: OutfitTable, elsewhere: OutfitTable) -> OthersOutfits:
        """Number the positives.

        Raises:
            InputError: If a user has posted all of them.
        """
        users = positives.users.astype(np.int64)
        both = OutfitTable.concatenate([positives, elsewhere])
        hashes = OutfitHash(int(both.items.max()) + 1)
        named, outfits, posts = np.unique(hashes.of(positives.items), return_inverse=True, return_counts=True)
        known = hashes.of(both.items)
        among = np.isin(known, named)
        own = np.unique(
            both.users[among].astype(np.int64) * len(named) + np.searchsorted(named, known[among])
        )
        barred = np.bincount(own // len(named), weights=posts[own % len(named)])
        if (barred == len(positives)).any():
            raise InputError(
                Fault(
                    "hard negatives",
                    f"no outfit that user {np.argmax(barred)} has not posted",
                    "outfits of other users",
                )
            )
        return cls(users, outfits, len(named), own)

    def draw(self, rows: NDArray[np.integer], rng: np.random.Generator) -> NDArray[np.int64]:
        """A positive of another user for each of some positives, each drawn by itself."""
        # With the rows in order of users, a draw among the others' rows steps over the user's own block.
        by_user = np.argsort(self.users, kind="stable")
        blocks = np.bincount(self.users)
        starts = np.cumsum(blocks) - blocks

        chosen = np.empty(len(rows), dtype=np.int64)
        pending = np.arange(len(rows))
        while len(pending):
            user = self.users[rows[pending]]
            place = rng.integers(len(self.users) - blocks[user])
            drawn = by_user[place + blocks[user] * (place >= starts[user])]
            chosen[pending] = drawn
            pending = pending[np.isin(user * self.num_outfits + self.outfits[drawn], self.own)]
        return chosen

    def deal(self, rows: NDArray[np.integer], rng: np.random.Generator) -> NDArray[np.int64]:
        """The same without replacement: no user is dealt an outfit again before all others are dealt."""
        asked_by = self.users[rows]
        users, wanted = np.unique(asked_by, return_counts=True)
        if len(users) * len(self.users) <= _MOST_SHUFFLED:
            return self._from_decks(users, asked_by, rng)
        # Of very many outfits each user wants a few, and hardly ever draws one twice.
        chosen = np.empty(len(rows), dtype=np.int64)
        own = np.bincount(self.own // self.num_outfits, minlength=int(users.max()) + 1)[users]
        greedy = users[2 * wanted > self.num_outfits - own]
        scarce = np.isin(asked_by, greedy)
        chosen[scarce] = self._from_decks(greedy, asked_by[scarce], rng)
        chosen[~scarce] = self._drawn_apart(rows[~scarce], rng)
        return chosen

    def _from_decks(
        self, users: NDArray[np.int64], asked_by: NDArray[np.int64], rng: np.random.Generator
    ) -> NDArray[np.int64]:
        """A deck of all that may be dealt for each user, shuffled."""
        chosen = np.empty(len(asked_by), dtype=np.int64)
        for user in users:
            start, end = np.searchsorted(self.own, [user * self.num_outfits, (user + 1) * self.num_outfits])
            allowed = np.ones(self.num_outfits, dtype=bool)
            allowed[self.own[start:end] - user * self.num_outfits] = False
            shuffled = rng.permutation(np.flatnonzero(allowed[self.outfits]))
            _, first = np.unique(self.outfits[shuffled], return_index=True)
            wanted = np.flatnonzero(asked_by == user)
            # Round the same deck as often as it takes: no stretch of its length holds an outfit twice.
            chosen[wanted] = np.resize(shuffled[np.sort(first)], len(wanted))
        return chosen

    def _drawn_apart(self, rows: NDArray[np.integer], rng: np.random.Generator) -> NDArray[np.int64]:
        """As `draw`, and again where a user has drawn an outfit before."""
        chosen = self.draw(rows, rng)
        again = np.arange(len(rows))
        while len(again):
            _, first = np.unique(
                self.users[rows] * self.num_outfits + self.outfits[chosen], return_index=True
            )
            again = np.setdiff1d(np.arange(len(rows)), first, assume_unique=True)
            chosen[again] = self.draw(rows[again], rng)
        return chosen
