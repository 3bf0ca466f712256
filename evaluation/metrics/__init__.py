"""How good a ranking is: per-user metrics, their uncertainty, and whether two methods differ.

Pure functions of numpy arrays; whatever `numpy.asarray` reads is accepted, detached CPU tensors of a type
that numpy has (not bfloat16) included. Nothing here imports torch.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...core.lazy import lazy_names

if TYPE_CHECKING:
    from .all_metrics import RankMetrics, rank_metrics
    from .auc import per_user_auc
    from .comparison import PairedComparison, crossed_p_value, paired_comparison
    from .equality import best, exceeds, places, same
    from .intervals import bootstrap_interval
    from .multiplicity import holm, tie_groups
    from .ndcg import Variant, per_user_ndcg
    from .ranking import ranked_users

__all__ = [
    "PairedComparison",
    "RankMetrics",
    "Variant",
    "best",
    "bootstrap_interval",
    "crossed_p_value",
    "exceeds",
    "holm",
    "paired_comparison",
    "per_user_auc",
    "per_user_ndcg",
    "places",
    "rank_metrics",
    "ranked_users",
    "same",
    "tie_groups",
]

__getattr__, __dir__ = lazy_names(
    __name__,
    {
        "all_metrics": ["RankMetrics", "rank_metrics"],
        "auc": ["per_user_auc"],
        "comparison": ["PairedComparison", "crossed_p_value", "paired_comparison"],
        "equality": ["best", "exceeds", "places", "same"],
        "intervals": ["bootstrap_interval"],
        "multiplicity": ["holm", "tie_groups"],
        "ndcg": ["Variant", "per_user_ndcg"],
        "ranking": ["ranked_users"],
    },
)
