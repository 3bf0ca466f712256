"""Scorers without a network, to read a dataset's difficulty by: chance, colour, the hidden truth."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ..core.progress import tracked
from ..datasets import CandidateSet, Dataset, HiddenPreference, OutfitTable
from .metrics import per_user_auc

__all__ = ["colour_scores", "reference_auc", "true_scores"]

_LEVELS = 4
_CHUNK = 1024


def reference_auc(dataset: Dataset, setting: str, image_size: int) -> dict[str, float]:
    """Mean per-user test AUC of each reference scorer that the dataset allows.

    "random" is the expectation over all orders, not one draw, whose luck would be read as a property of the
    data and would need an interval: the metrics take outfits of equal score in all their orders, so that a
    scorer without an opinion is exactly that, 0.5.

    Args:
        dataset: What is ranked.
        setting: "random" or "hard".
        image_size: Pixels of the images that colours are counted in.

    Returns:
        By name: "random", "colour histogram" (items with images), "hidden truth" (made datasets).
    """
    candidates = dataset.candidates("test", setting)
    scores = {"random": np.zeros(len(candidates))}
    if dataset.pictures is not None:
        scores["colour histogram"] = colour_scores(dataset, candidates, image_size)
    if dataset.hidden is not None:
        scores["hidden truth"] = true_scores(dataset.hidden, candidates, setting)
    return {
        name: float(np.mean(per_user_auc(values, candidates.labels, candidates.users)))
        for name, values in scores.items()
    }


def true_scores(hidden: HiddenPreference, candidates: CandidateSet, setting: str) -> NDArray[np.float64]:
    """Log-likelihood ratio of each candidate: the user's outfit against a negative; none ranks better.

    A random negative is drawn blindly, which is what the hidden preference compares with. A hard negative is
    another user's outfit, so there the ratio is taken against what all users post together.

    Args:
        hidden: Log-likelihood ratio of an outfit of a user's against one drawn blindly.
        candidates: M outfits.
        setting: "random" or "hard".

    Returns:
        float64 (M,).
    """
    own = hidden.preference(candidates.users, candidates.items)
    if setting == "random":
        return own
    posters, posts = np.unique(candidates.users[candidates.labels], return_counts=True)
    anyones = np.full(len(candidates), -np.inf)
    for poster, share in zip(posters, posts / posts.sum(), strict=True):
        his = hidden.preference(np.full(len(candidates), poster), candidates.items)
        anyones = np.logaddexp(anyones, his + np.log(share))
    return own - anyones


def colour_scores(dataset: Dataset, candidates: CandidateSet, image_size: int) -> NDArray[np.float64]:
    """Likeness of a candidate's colours to those of the user's training outfits.

    An outfit is the mean of its items' histograms over 4 × 4 × 4 colours, a user the mean of their training
    outfits less that of all; the score is their inner product.

    Returns:
        float64 (M,).
    """
    train = dataset.split("train")
    items = np.union1d(train.distinct_items, candidates.outfits.distinct_items)
    histograms = _histograms(dataset, items, image_size)
    rows = np.zeros(dataset.num_items + 1, dtype=np.int64)  # the last stands for −1 and holds zeros
    rows[-1] = len(items)
    rows[items] = np.arange(len(items))

    def outfit_colours(outfits: OutfitTable) -> NDArray[np.float64]:
        return histograms[rows[outfits.items]].sum(1) / (outfits.items >= 0).sum(1, keepdims=True)

    worn = outfit_colours(train)
    taste = np.zeros((dataset.num_users, worn.shape[1]))
    np.add.at(taste, train.users, worn - worn.mean(0))
    taste /= np.maximum(np.bincount(train.users, minlength=dataset.num_users), 1)[:, None]
    return np.einsum("md,md->m", taste[candidates.users], outfit_colours(candidates.outfits))


def _histograms(dataset: Dataset, items: NDArray[np.integer], image_size: int) -> NDArray[np.float64]:
    """Colour histograms of some items, and a row of zeros at the end; float64 (n + 1, 64)."""
    found = np.zeros((len(items) + 1, _LEVELS**3))
    starts = range(0, len(items), _CHUNK)
    for start in tracked(starts, "counting colours"):
        levels = dataset.images(items[start : start + _CHUNK], image_size) // (256 // _LEVELS)
        colour = (levels.astype(np.int64) * [_LEVELS**2, _LEVELS, 1]).sum(-1).reshape(len(levels), -1)
        offset = np.arange(len(levels))[:, None] * _LEVELS**3
        counts = np.bincount((colour + offset).ravel(), minlength=len(levels) * _LEVELS**3)
        found[start : start + len(levels)] = counts.reshape(len(levels), -1) / colour.shape[1]
    return found
