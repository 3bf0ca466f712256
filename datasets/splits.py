"""Who learns from which outfits: the 9 : 2 : 2 split, and the halves of the validation part.

Paper, Sec. 4.1.1: training, validation and test are 9 : 2 : 2, the validation part is halved between
teacher and student, and no item of a user's training outfits recurs in the same user's test outfits.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from ..core.errors import Fault, InputError
from .tables import NO_ITEM, OutfitTable

__all__ = [
    "SPLITS",
    "SPLIT_SCHEMES",
    "check_scheme",
    "halve",
    "named_splits",
    "resplit",
    "shared_items",
    "split_posts",
]

SPLITS = ("train", "valid", "test")
"""The splits that share no outfit; every other split is a part of one of them."""

SPLIT_SCHEMES = ("released", "9:2:2")
"""How the outfits may be split: as the data came, or anew for each user."""

_HELD_OUT_SHARE = 2 / 13
"""Share of a user's outfits in each of validation and test."""

_SEED = 922

_NO_PART = 3

_USERS_AT_ONCE = 1 << 18
"""Whose items are held against each other at a time: it bounds the memory where there are millions."""

Rows = NDArray[np.int64]


def check_scheme(scheme: str) -> None:
    """Refuse a split scheme that does not exist.

    Raises:
        InputError: If it is none of `SPLIT_SCHEMES`.
    """
    if scheme not in SPLIT_SCHEMES:
        raise InputError(Fault("argument split", repr(scheme), f"one of {', '.join(SPLIT_SCHEMES)}"))


def named_splits(train: OutfitTable, valid: OutfitTable, test: OutfitTable) -> dict[str, OutfitTable]:
    """The five splits every dataset has, by name.

    Example:
        >>> outfits = OutfitTable(np.int32([0, 0]), np.int32([[0, 1], [0, 2]]))
        >>> {name: len(split) for name, split in named_splits(outfits, outfits, outfits).items()}
        {'train': 2, 'valid': 2, 'test': 2, 'valid-teacher': 1, 'valid-student': 1}
    """
    teacher, student = halve(valid)
    return {
        "train": train,
        "valid": valid,
        "test": test,
        "valid-teacher": valid.take(teacher),
        "valid-student": valid.take(student),
    }


def halve(outfits: OutfitTable, seed: int = _SEED) -> tuple[Rows, Rows]:
    """Rows of two random halves. Neither the halves of a user nor the whole differ by more than one.

    Example:
        >>> users = np.int32([0, 0, 0, 1, 1])
        >>> first, second = halve(OutfitTable(users, np.zeros((5, 3), np.int32)))
        >>> users[first].tolist(), users[second].tolist()
        ([0, 0, 1], [0, 1])
    """
    chance = np.random.default_rng(seed).random(len(outfits))
    by_user = np.lexsort((chance, outfits.users))
    return np.sort(by_user[::2]), np.sort(by_user[1::2])


def resplit(outfits: OutfitTable, seed: int = _SEED) -> tuple[Rows, Rows, Rows]:
    """Rows for training, validation and test, 9 : 2 : 2 for each user, by the user's own seed.

    A user's test outfits are chosen such that all outfits that share an item with them fit into the user's
    validation part; the test part is smaller where there are not enough of these. Only a user of whom no
    outfit qualifies gets a random test part that shares items with training. Users with fewer than three
    outfits have all of them in training.

    Example:
        >>> outfits = OutfitTable(np.zeros(13, np.int32), np.arange(39, dtype=np.int32).reshape(13, 3))
        >>> [len(rows) for rows in resplit(outfits)]
        [9, 2, 2]
    """
    by_user = np.argsort(outfits.users, kind="stable")
    starts = np.flatnonzero(np.diff(outfits.users[by_user])) + 1
    parts = np.zeros(len(outfits), np.int8)
    for rows in np.split(by_user, starts):
        if len(rows):
            rng = np.random.default_rng([seed, int(outfits.users[rows[0]])])
            parts[rows] = _parts_of_user(outfits.items[rows], rng)
    train, valid, test = (np.flatnonzero(parts == part) for part in range(3))
    return train, valid, test


def split_posts(
    users: NDArray[np.integer], outfits: NDArray[np.integer], seed: int = _SEED
) -> NDArray[np.int8]:
    """Parts of posts, 9 : 2 : 2 for each user, without an outfit in two parts whoever posted it.

    Users come in a seeded order, and so do the outfits of each. An outfit that an earlier user has posted too
    stays in its part. Of a user's other ones the first goes to training if none is there yet, then as many to
    test, and as many to validation, as 2 in 13 of all the user's outfits lack (one at least), and the rest to
    training. Users with fewer than three outfits send theirs to training.

    Args:
        users: The user of each post, (N,).
        outfits: The outfit of each post by number, (N,); no user posted one twice.
        seed: Decides both orders.

    Returns:
        0 for training, 1 for validation, 2 for test; int8 (N,).

    Example:
        >>> parts = split_posts(np.zeros(13, np.int32), np.arange(13))
        >>> np.bincount(parts).tolist()
        [9, 2, 2]
        >>> split_posts(np.int32([0, 1]), np.int32([5, 5])).tolist()
        [0, 0]
    """
    rng = np.random.default_rng(seed)
    places = rng.permutation(int(users.max(initial=-1)) + 1)[users]
    order = np.lexsort((rng.random(len(users)), places))
    ends = np.append(np.flatnonzero(np.diff(places[order])) + 1, len(users)).tolist()
    of_outfit = bytearray([_NO_PART]) * (int(outfits.max(initial=-1)) + 1)
    ordered, start = outfits[order], 0
    for end in ends:
        _part_outfits(ordered[start:end].tolist(), of_outfit)
        start = end
    return np.frombuffer(of_outfit, np.int8)[outfits]


def _part_outfits(own: list[int], of_outfit: bytearray) -> None:
    """Give each of a user's outfits that has no part one."""
    held_out = max(1, round(len(own) * _HELD_OUT_SHARE)) if len(own) >= 3 else 0
    parts = [of_outfit[outfit] for outfit in own]
    train, valid, test = (parts.count(part) for part in range(3))
    for outfit, part in zip(own, parts, strict=True):
        if part != _NO_PART:
            continue
        if train and test < held_out:
            of_outfit[outfit], test = 2, test + 1
        elif train and valid < held_out:
            of_outfit[outfit], valid = 1, valid + 1
        else:
            of_outfit[outfit], train = 0, train + 1


def shared_items(train: OutfitTable, test: OutfitTable) -> int:
    """How many (user, item) pairs of the test outfits occur in the training outfits too.

    Example:
        >>> train = OutfitTable(np.int32([0, 1]), np.int32([[0, 4], [1, 5]]))
        >>> shared_items(train, OutfitTable(np.int32([0]), np.int32([[1, 4]])))
        1
    """
    tested = np.unique(test.users)
    shared = 0
    for start in range(0, len(tested), _USERS_AT_ONCE):
        users = tested[start : start + _USERS_AT_ONCE]
        shared += len(np.intersect1d(_worn(train, users), _worn(test, users), assume_unique=True))
    return shared


def _worn(outfits: OutfitTable, users: NDArray[np.int32]) -> NDArray[np.int64]:
    """One number for each distinct pair of one of these users and an item."""
    some = outfits.take(np.isin(outfits.users, users))
    pairs = (some.users[:, None].astype(np.int64) << 32) + some.items
    return np.unique(pairs[some.items != NO_ITEM])


def _parts_of_user(items: NDArray[np.int32], rng: np.random.Generator) -> NDArray[np.int8]:
    """0 for training, 1 for validation, 2 for test; int8 (n,), from the items (n, K) of one user."""
    parts = np.zeros(len(items), np.int8)
    if len(items) < 3:
        return parts
    quota = max(1, round(len(items) * _HELD_OUT_SHARE))
    order = rng.permutation(len(items)).tolist()
    related = _related_outfits(items)
    test, around = _choose_test(order, related, quota)
    if not test:
        test = set(order[:quota])
        around = set().union(*(related[outfit] for outfit in test)) - test
    valid = [outfit for outfit in order if outfit in around]
    valid += [outfit for outfit in order if outfit not in around and outfit not in test]
    parts[valid[:quota]] = 1
    parts[list(test)] = 2
    return parts


def _related_outfits(items: NDArray[np.int32]) -> list[set[int]]:
    """For each outfit, the other outfits that share an item with it."""
    outfits_with: dict[int, set[int]] = defaultdict(set)
    rows = items.tolist()
    for outfit, worn in enumerate(rows):
        for item in worn:
            outfits_with[item].add(outfit)
    outfits_with.pop(NO_ITEM, None)
    none: set[int] = set()
    return [
        none.union(*(outfits_with.get(item, none) for item in worn)) - {outfit}
        for outfit, worn in enumerate(rows)
    ]


def _choose_test(order: Iterable[int], related: list[set[int]], quota: int) -> tuple[set[int], set[int]]:
    """Up to `quota` outfits, and the outfits around them that share an item: never more than `quota`."""
    test: set[int] = set()
    around: set[int] = set()
    for start in order:
        # Taking what lies around a chosen outfit next keeps the border of the test part short.
        waiting = [start]
        while waiting and len(test) < quota:
            outfit = waiting.pop()
            grown = (around | related[outfit]) - test - {outfit}
            if outfit not in test and len(grown) <= quota:
                test.add(outfit)
                around = grown
                waiting.extend(sorted(related[outfit] - test))
    return test, around
