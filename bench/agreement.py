"""How far a variant ranks as the model that it was made of."""

from __future__ import annotations

import numpy as np

from .parity import compare_rankings
from .sample import Sample, sample_scores
from .subject import Subject

__all__ = ["agreement"]


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
    from .engines import engine_factory
    from .engines.torch_engine import TorchEngine, load_model, one_thread

    with one_thread():
        if engine:
            runs = engine_factory(engine)(variant, "cpu", 1)
            runs.load()
        else:
            runs = TorchEngine.serving(load_model(variant))
        right = sample_scores(TorchEngine.serving(load_model(subject)), sample)
        found = sample_scores(runs, sample)
    rankings = [compare_rankings(one, other) for one, other in zip(right, found, strict=True)]
    tau, overlap = np.mean(rankings, axis=0)
    return {
        "max_abs_difference": float(np.abs(right - found).max()),
        "kendall_tau": float(tau),
        "top_k_overlap": float(overlap),
    }
