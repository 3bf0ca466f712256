"""How good is it: metrics, scoring and ranking, comparison and intervals.

Names are loaded on first use, so that importing the package imports no torch.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..core.lazy import lazy_names

if TYPE_CHECKING:
    from . import metrics
    from .item_inputs import ItemInputs, as_float
    from .scorers import SCORERS, Scorer, register_scorer
    from .scoring import FeatureTable, encode_items, evaluate, score_candidates, score_outfits
    from .user_scores import UserScores

__all__ = [
    "SCORERS",
    "FeatureTable",
    "ItemInputs",
    "Scorer",
    "UserScores",
    "as_float",
    "encode_items",
    "evaluate",
    "metrics",
    "register_scorer",
    "score_candidates",
    "score_outfits",
]

__getattr__, __dir__ = lazy_names(
    __name__,
    {
        "item_inputs": ["ItemInputs", "as_float"],
        "metrics": ["metrics"],
        "scorers": ["SCORERS", "Scorer", "register_scorer"],
        "scoring": ["FeatureTable", "encode_items", "evaluate", "score_candidates", "score_outfits"],
        "user_scores": ["UserScores"],
    },
)
