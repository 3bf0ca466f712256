"""Every user's outfits in order of score: the one sort that all rank metrics share."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ...datasets.errors import Fault, InputError

__all__ = ["Ranking", "rank", "ranked_users"]


@dataclass(frozen=True, eq=False)
class Ranking:
    """Outfits from best to worst within each user, users one after the other.

    A user is *ranked* when there is a positive and a negative to tell apart; other users are not in here.

    Outfits of one user with equal scores form a tie group, and each counts with the group's share of
    positives as its gain. A metric that is a weighted sum of gains, with weights that depend on the rank
    alone, is then the expectation of that metric over random orders of the tied outfits.

    Attributes:
        users: (U,), ids of the ranked users, ascending.
        outfits: int64 (U,), how many outfits each has.
        positives: int64 (U,), how many of them are positives.
        rank: int64 (M,), 1 for a user's best outfit.
        gain: float64 (M,), in [0, 1].
    """

    users: NDArray[np.integer]
    outfits: NDArray[np.int64]
    positives: NDArray[np.int64]
    rank: NDArray[np.int64]
    gain: NDArray[np.float64]

    def per_outfit(self, of_user: NDArray[np.int64]) -> NDArray[np.int64]:
        """A quantity of each user (U,), repeated for each of their outfits (M,)."""
        return np.repeat(of_user, self.outfits)

    def weighted_gain(self, weights: NDArray[np.number]) -> NDArray[np.float64]:
        """Each user's sum of gain × weight: (M,) -> (U,)."""
        return np.add.reduceat(self.gain * weights, _firsts(self.outfits))


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

    ids, user = np.unique(users, return_inverse=True)
    outfits = np.bincount(user, minlength=len(ids))
    positives = np.bincount(user[labels], minlength=len(ids))
    is_ranked = (positives > 0) & (positives < outfits)

    order = np.argsort(scores)[::-1]
    order = order[is_ranked[user[order]]]
    # Up to 65,536 users fit in 16 bits, for which numpy's stable sort is a radix sort: five times faster.
    small = user.astype(np.min_scalar_type(len(ids)))
    order = order[np.argsort(small[order], kind="stable")]

    outfits, positives = outfits[is_ranked], positives[is_ranked]
    first = _firsts(outfits)
    return Ranking(
        users=ids[is_ranked],
        outfits=outfits,
        positives=positives,
        rank=np.arange(1, len(order) + 1) - np.repeat(first, outfits),
        gain=_expected_gain(scores[order], labels[order], first),
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
    labels, users = _checked_labels_and_users(labels, users, np.size(users))
    return np.intersect1d(users[labels], users[~labels])


def _firsts(lengths: NDArray[np.int64]) -> NDArray[np.int64]:
    """Where each of several consecutive segments begins."""
    return np.cumsum(lengths) - lengths


def _expected_gain(
    scores: NDArray[np.floating], labels: NDArray[np.bool_], first: NDArray[np.int64]
) -> NDArray[np.float64]:
    """Each label replaced by the mean label of its tie group: equal scores, same user."""
    begins_group = np.empty(len(scores), dtype=bool)
    begins_group[1:] = scores[1:] != scores[:-1]
    begins_group[first] = True
    starts = np.flatnonzero(begins_group)
    sizes = np.diff(starts, append=len(scores))
    return np.repeat(np.add.reduceat(labels.astype(np.float64), starts) / sizes, sizes)


def _checked_scores(scores: ArrayLike) -> NDArray[np.floating]:
    found = np.asarray(scores)
    if found.ndim != 1:
        raise InputError(Fault("scores", f"shape {found.shape}", "one score an outfit, (M,)"))
    if not np.issubdtype(found.dtype, np.floating):
        found = found.astype(np.float64)
    if np.isnan(found).any():
        row = int(np.isnan(found).argmax())
        raise InputError(Fault(f"scores[{row}]", "NaN", "a number", "the model's weights may have diverged"))
    return found


def _checked_labels_and_users(
    labels: ArrayLike, users: ArrayLike, length: int
) -> tuple[NDArray[np.bool_], NDArray[np.integer]]:
    found, ids = np.asarray(labels), np.asarray(users)
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
