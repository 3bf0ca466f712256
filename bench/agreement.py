"""How far a variant ranks as the model that it was made of."""

from __future__ import annotations

import numpy as np

from ..datasets import Dataset
from .engines.engine import Engine
from .parity import compare_answers, compare_rankings, parity_answers
from .sample import Sample, draw_sample, sample_scores
from .subject import Subject
from .variants import ranks_in, tolerance_of

__all__ = ["agreement", "agreement_by_requests", "held_against_fit", "parity_flags"]


def agreement(subject: Subject, variant: Subject, sample: Sample, engine: str = "") -> dict[str, float]:
    """Compare the order in which some users rank a sample's outfits, by a model and by a variant of it.

    The model answers in PyTorch.

    Args:
        subject: The model as it was trained, with its weights.
        variant: What was made of it.
        sample: Outfits that the model was trained on.
        engine: What the variant answers in; empty for PyTorch, too.

    Returns:
        "max_abs_difference" of all scores; "kendall_tau" and "top_k_overlap", means over the users.
    """
    from .engines.torch_engine import one_thread

    with one_thread():
        right, found = (sample_scores(each, sample) for each in _side_by_side(subject, variant, engine))
    rankings = [compare_rankings(one, other) for one, other in zip(right, found, strict=True)]
    tau, overlap = np.mean(rankings, axis=0)
    return {
        "max_abs_difference": float(np.abs(right - found).max()),
        "kendall_tau": float(tau),
        "top_k_overlap": float(overlap),
    }


def agreement_by_requests(subject: Subject, variant: Subject, engine: str = "") -> dict[str, float]:
    """As `agreement`, of the made requests that engines are held against: for who has no dataset.

    Returns:
        As `compare_answers`: the lowest over the users, where `agreement` has means.
    """
    from .engines.torch_engine import one_thread

    with one_thread():
        right, found = (parity_answers(each, subject) for each in _side_by_side(subject, variant, engine))
    return compare_answers(right, found)


def held_against_fit(subject: Subject, variant: Subject, dataset: Dataset | None) -> list[str]:
    """What a reader should know of a variant, by how it answers in the engine that ranks with it.

    Args:
        subject: The model as it was trained, with its weights.
        variant: What was made of it.
        dataset: What the model was trained on, whose outfits are ranked; None for made requests.

    Returns:
        Nothing where it answers as it may; else that it lost its parity.

    Raises:
        EngineError: If its engine cannot run here.
        ModelError: If a score is not a number.
    """
    engine = ranks_in(variant.variant)
    if dataset is None:
        found = agreement_by_requests(subject, variant, engine)
    else:
        found = agreement(subject, variant, draw_sample(dataset, subject), engine)
    return parity_flags(variant.variant, found)


def parity_flags(variant: str, found: dict[str, float]) -> list[str]:
    """The flag of a variant that lost its parity, if it did.

    Args:
        variant: Its name.
        found: Of `agreement`, or `agreement_by_requests`.

    Example:
        >>> parity_flags("fp16", {"max_abs_difference": 0.001, "kendall_tau": 0.98})
        ["lost its parity (Kendall's τ 0.980, expected at least 0.99, beside what it was made of)"]
    """
    return tolerance_of(variant).flags(found, "what it was made of")


def _side_by_side(subject: Subject, variant: Subject, engine: str) -> tuple[Engine, Engine]:
    """The model in PyTorch, and the variant in its engine."""
    from .engines import engine_factory
    from .engines.torch_engine import TorchEngine, load_model

    fit = TorchEngine.serving(load_model(subject))
    if not engine:
        return fit, TorchEngine.serving(load_model(variant))
    runs = engine_factory(engine)(variant, "cpu", 1)
    runs.load()
    return fit, runs
