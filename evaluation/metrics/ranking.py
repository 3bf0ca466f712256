"""Every user's outfits in order of score: the one sort that all rank metrics share."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ...core.errors import Fault, InputError

__all__ = ["Ranking", "rank", "ranked_users"]


@dataclass(frozen=True, eq=False)
class Ranking:
    """At which ranks each user's positives stand.

    A user is *ranked* when there is a positive and a negative to tell apart; other users are not in here.

    Outfits of one user with equal scores form a tie group, and each counts with the group's share of
    positives as its gain. A metric that is a weighted sum of gains, with weights that depend on the rank
    alone, is then the expectation of that metric over random orders of the tied outfits. Outfits without
    gain add nothing to such a sum and are not kept: without ties, the L places are those of the positives.

    Attributes:
        users: (U,), ids of the ranked users, ascending.
        outfits: int64 (U,), how many outfits each has.
        positives: int64 (U,), how many of them are positives.
        user: int64 (L,), index into `users`, ascending.
        rank: int64 (L,), 1 for the user's best outfit.
        gain: float64 (L,), in (0, 1].
    """

    users: NDArray[np.integer]
    outfits: NDArray[np.int64]
    positives: NDArray[np.int64]
    user: NDArray[np.int64]
    rank: NDArray[np.int64]
    gain: NDArray[np.float64]

    def weighted_gain(self, weights: NDArray[np.number]) -> NDArray[np.float64]:
        """Each user's sum of gain × weight: (L,) -> (U,)."""
        sums = np.bincount(self.user, self.gain * weights, minlength=len(self.users))
        return sums.astype(np.float64, copy=False)


def rank(scores: ArrayLike, labels: ArrayLike, users: ArrayLike) -> Ranking:
    """Rank each user's outfits by descending score.

    Args:
        scores: (M,), real numbers; infinities are ordered like any other.
        labels: (M,), True or 1 for a positive, False or 0 for a negative.
        users: (M,), integers, in any order.

    Raises:
        InputError: An array is not (M,), a score is NaN, a label is not binary, a user is not an integer.
    """
    scores = _checked_scores(scores)
    labels, users = _checked_labels_and_users(labels, users, len(scores))

    order = np.argsort(scores)[::-1]
    order = order[np.argsort(_narrow(users)[order], kind="stable")]
    scores, labels, users = scores[order], labels[order], users[order]

    new_user = _changes(users)
    first = np.flatnonzero(new_user)
    outfits = np.diff(first, append=len(users))
    positives = np.add.reduceat(labels, first, dtype=np.int64)
    is_ranked = (positives > 0) & (positives < outfits)

    gain = _expected_gain(labels, first_of_tie=np.flatnonzero(new_user | _changes(scores)))
    places = np.flatnonzero((gain > 0) & np.repeat(is_ranked, outfits))
    return Ranking(
        users=users[first[is_ranked]],
        outfits=outfits[is_ranked],
        positives=positives[is_ranked],
        user=np.repeat(np.cumsum(is_ranked) - 1, outfits)[places],
        rank=places + 1 - np.repeat(first, outfits)[places],
        gain=gain[places],
    )


def ranked_users(labels: ArrayLike, users: ArrayLike) -> NDArray[np.integer]:
    """Users with at least one positive and one negative, ascending: those that per-user metrics are of.

    A user without a positive (or without a negative) has no ranking to judge. Such users are left out of
    every per-user array, hence of the means.

    Args:
        labels: (M,), True or 1 for a positive, False or 0 for a negative.
        users: (M,), integers, in any order.

    Returns:
        Ids, aligned with what `per_user_auc` and `per_user_ndcg` return for the same labels and users.

    Raises:
        InputError: As for `per_user_auc`.

    Example:
        >>> ranked_users(labels=[1, 0, 0, 0, 1], users=[7, 7, 5, 3, 3]).tolist()
        [3, 7]
    """
    labels, users = _checked_labels_and_users(labels, users, np.asarray(labels).size)
    return np.intersect1d(users[labels], users[~labels])


def _narrow(users: NDArray[np.integer]) -> NDArray[np.integer]:
    """The ids in the narrowest type that holds them: numpy's stable sort of 16 bits is a radix sort.

    Whole numbers of either sign are never mixed by numpy's own rules, which hold −1 and 2^60 as float64.
    """
    low, high = users.min(initial=0), users.max(initial=0)
    for kind in (np.int8, np.int16, np.uint16, np.int32):
        if np.iinfo(kind).min <= low and high <= np.iinfo(kind).max:
            return users.astype(kind)
    return users


def _changes(values: NDArray[np.number]) -> NDArray[np.bool_]:
    """Where a value differs from the one before it; the first does."""
    differs = np.ones(len(values), dtype=bool)
    np.not_equal(values[1:], values[:-1], out=differs[1:])
    return differs


def _expected_gain(labels: NDArray[np.bool_], first_of_tie: NDArray[np.int64]) -> NDArray[np.float64]:
    """Each label replaced by the mean label of its tie group."""
    sizes = np.diff(first_of_tie, append=len(labels))
    return np.repeat(np.add.reduceat(labels, first_of_tie, dtype=np.float64) / sizes, sizes)


def _checked_scores(scores: ArrayLike) -> NDArray[np.number]:
    found = np.asarray(scores)
    if found.ndim != 1:
        raise InputError(Fault("scores", f"shape {found.shape}", "one score an outfit, (M,)"))
    if found.dtype.kind not in "buif":  # whole numbers are ordered as they are: float64 merges large ones
        found = found.astype(np.float64)
    if found.dtype.kind == "f" and np.isnan(found).any():
        row = int(np.isnan(found).argmax())
        raise InputError(Fault(f"scores[{row}]", "NaN", "a number", "the model's weights may have diverged"))
    return found


def _checked_labels_and_users(
    labels: ArrayLike, users: ArrayLike, length: int
) -> tuple[NDArray[np.bool_], NDArray[np.integer]]:
    found, ids = np.asarray(labels), _whole_numbers(users)
    for name, array in (("labels", found), ("users", ids)):
        if array.shape != (length,):
            raise InputError(Fault(name, f"shape {array.shape}", f"one for each outfit, ({length},)"))
    positive = found == 1
    if not (positive | (found == 0)).all():
        row = int((positive | (found == 0)).argmin())
        raise InputError(Fault(f"labels[{row}]", repr(found[row].item()), "0 or 1"))
    if not length:
        return positive, ids.astype(np.int64)
    if not np.issubdtype(ids.dtype, np.integer):
        raise InputError(Fault("users", f"dtype {ids.dtype}", "integers"))
    return positive, ids


def _whole_numbers(users: ArrayLike) -> NDArray[Any]:
    """Ids as numpy reads them, but for integers that it would make floats or objects of: exact, or refused.

    Raises:
        InputError: Integers that no type of 64 bits holds together.
    """
    found = np.asarray(users)
    if found.ndim != 1 or (found.dtype.kind != "O" and (found.dtype.kind != "f" or hasattr(users, "dtype"))):
        return found  # what came as floats is refused as such
    objects = np.asarray(users, dtype=object)
    if not all(isinstance(user, int | np.integer) for user in objects):
        return found
    ids = [int(user) for user in objects]
    for kind in (np.int64, np.uint64):
        if np.iinfo(kind).min <= min(ids, default=0) and max(ids, default=0) <= np.iinfo(kind).max:
            return np.array(ids, dtype=kind)
    bits = max(abs(user).bit_length() for user in ids)
    found = f"integers of up to {bits} bits{' and a sign' if min(ids) < 0 else ''}"
    raise InputError(Fault("users", found, "ids that 64 bits hold together", "number the users anew"))
