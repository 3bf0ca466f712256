"""Whether two engines give the same answers: in value, and in the order they rank candidates."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import ArrayLike

from ..evaluation.metrics import places
from ..models.errors import ModelError
from .engines.engine import Engine, answer, score_among
from .errors import ParityError
from .request import make_request
from .subject import Subject

__all__ = [
    "EXACT",
    "IN_BFLOAT16",
    "LOST_PARITY",
    "TOP",
    "Tolerance",
    "check_parity",
    "compare_answers",
    "compare_rankings",
    "parity_answers",
]


@dataclass(frozen=True)
class Tolerance:
    """How far answers may be from those that they are held against.

    Attributes:
        difference: Scores may differ by this much.
        tau: Kendall's τ of the order of candidates must be at least this.
    """

    difference: float
    tau: float

    def missed(self, parity: Mapping[str, float]) -> str:
        """In what answers are further off than they may be; empty where they agree well enough.

        A score that is not a number never agrees.

        Example:
            >>> EXACT.missed({"max_abs_difference": 1e-5, "kendall_tau": 0.9995})
            ''
            >>> EXACT.missed({"max_abs_difference": float("nan"), "kendall_tau": 1.0})
            'scores off by up to nan, expected at most 0.0001'
        """
        found = []
        if not (tau := parity["kendall_tau"]) >= self.tau:
            found.append(f"Kendall's τ {tau:.3f}, expected at least {self.tau:g}")
        if not (difference := parity["max_abs_difference"]) <= self.difference:
            found.append(f"scores off by up to {difference:.3g}, expected at most {self.difference:g}")
        return ", and ".join(found)

    def flags(self, parity: Mapping[str, float], held_against: str = "") -> list[str]:
        """The flag of a variant that is further off than it may be, if it is.

        Args:
            parity: As for `missed`.
            held_against: What, where the reader would not know.

        Example:
            >>> EXACT.flags({"max_abs_difference": 1e-5, "kendall_tau": 0.98}, "its fit")
            ["lost its parity (Kendall's τ 0.980, expected at least 0.999, beside its fit)"]
        """
        beside = f", beside {held_against}" if held_against else ""
        return [f"{LOST_PARITY} ({missed}{beside})"] if (missed := self.missed(parity)) else []


EXACT = Tolerance(difference=1e-4, tau=0.999)
"""Between engines that compute in fp32."""

IN_BFLOAT16 = Tolerance(difference=5e-2, tau=0.9)
"""Of an engine that computes in bfloat16 what was trained in fp32."""

LOST_PARITY = "lost its parity"
"""What the flag of a variant says first that is further off than it may be."""

TOP = 10
"""Length of the lists whose overlap is reported."""

_SIZES = ((1, 3), (2, 2), (5, 4))
"""Outfits, and items of each, at which values are compared."""

_ITEMS, _OUTFITS, _USERS = 24, 256, 4
"""Size of the rankings that are compared."""


def parity_answers(engine: Engine, subject: Subject) -> list[list[float]]:
    """What a loaded engine answers to a fixed set of requests.

    Args:
        engine: Who is asked.
        subject: What it runs, with its input size: whose users, categories and items are asked about.

    Returns:
        The scores of three requests of different sizes, then of four users' candidates.

    Raises:
        ModelError: If there is not one score for each outfit.
    """
    assert subject.input_size is not None, "what is asked has a size"
    request = partial(
        make_request,
        subject.num_users,
        subject.input_kind,
        subject.input_size,
        num_categories=subject.num_categories,
    )
    answers = [
        answer(engine, request(batch=batch, outfit_size=outfit_size, seed=batch)).tolist()
        for batch, outfit_size in _SIZES
    ]
    pool = request(batch=_ITEMS // 3, seed=_ITEMS)
    generator = np.random.default_rng(_ITEMS)
    # Item 3n + c stands at place c of its outfit: one of each makes another.
    outfits = 3 * generator.integers(_ITEMS // 3, size=(_OUTFITS, 3)) + np.arange(3)
    bank = engine.to_host(engine.encode_items(pool.items, pool.categories.reshape(-1)))
    features = bank[outfits.reshape(-1)]
    categories = np.tile(pool.categories[0], (_OUTFITS, 1))
    users = generator.integers(subject.num_users, size=_USERS)
    rankings = [
        score_among(engine, np.full(_OUTFITS, user), features, categories, bank).tolist() for user in users
    ]
    outfits_asked = [batch for batch, _ in _SIZES] + [_OUTFITS] * _USERS
    for number, scores in zip(outfits_asked, answers + rankings, strict=True):
        if np.shape(scores) != (number,):
            found = f"scores of shape {np.shape(scores)} for {number} outfits"
            raise ModelError(f"what the model's `score` gives: found {found}, expected ({number},)")
    return answers + rankings


def compare_answers(right: Sequence[ArrayLike], found: Sequence[ArrayLike]) -> dict[str, float]:
    """How far two engines' answers agree.

    Returns:
        "max_abs_difference" of all scores; "kendall_tau" and "top_k_overlap" of the users' candidates, each
        the lowest over the users. NaN where any score is.
    """
    pairs = [(np.asarray(one), np.asarray(other)) for one, other in zip(right, found, strict=True)]
    rankings = [compare_rankings(one, other) for one, other in pairs[len(_SIZES) :]]
    return {
        # By NumPy, as Python's own `max` and `min` pass over a NaN that is not the first.
        "max_abs_difference": float(np.max([np.abs(one - other).max() for one, other in pairs])),
        "kendall_tau": float(np.min([tau for tau, _ in rankings])),
        "top_k_overlap": min(overlap for _, overlap in rankings),
    }


def compare_rankings(right: ArrayLike, found: ArrayLike) -> tuple[float, float]:
    """Kendall's τ-b of two scorings of the same candidates, and the share that their top lists share.

    Scores that differ by rounding only are ties. Two scorings that tell no candidates apart agree (τ = 1).

    Example:
        >>> tau, overlap = compare_rankings([0.1, 0.2, 0.3], [0.1, 0.3, 0.2])
        >>> round(tau, 3), overlap
        (0.333, 1.0)
    """
    from scipy.stats import kendalltau

    one, other = places(right), places(found)
    both_constant = np.ptp(one) == 0 and np.ptp(other) == 0
    # scipy's stubs know neither the result's name nor its type.
    tau = 1.0 if both_constant else float(kendalltau(one, other).statistic)  # pyright: ignore[reportAttributeAccessIssue]
    length = min(TOP, len(one))
    top_one, top_other = (np.argsort(-scores, kind="stable")[:length] for scores in (one, other))
    return tau, len(np.intersect1d(top_one, top_other)) / length


def check_parity(parity: Mapping[str, float], what: str, tolerance: Tolerance = EXACT) -> None:
    """Refuse an engine or export that answers otherwise than what it is held against.

    Args:
        parity: Of `compare_answers`.
        what: Who answers, for the message.
        tolerance: How far it may be off.

    Raises:
        ParityError: With the figures; also when a score is not a number.
    """
    if missed := tolerance.missed(parity):
        raise ParityError(f"{what}: found {missed}, beside what it is held against")
