"""How good a ranking is: per-user metrics, their uncertainty, and whether two methods differ.

Pure functions of numpy arrays; whatever `numpy.asarray` reads is accepted, detached CPU tensors of a type
that numpy has (not bfloat16) included. Nothing here imports torch.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .all_metrics import RankMetrics, rank_metrics
    from .auc import per_user_auc
    from .comparison import PairedComparison, paired_comparison
    from .intervals import bootstrap_interval
    from .ndcg import Variant, per_user_ndcg
    from .ranking import ranked_users

__all__ = [
    "PairedComparison",
    "RankMetrics",
    "Variant",
    "bootstrap_interval",
    "paired_comparison",
    "per_user_auc",
    "per_user_ndcg",
    "rank_metrics",
    "ranked_users",
]

_MODULES = {
    "PairedComparison": "comparison",
    "RankMetrics": "all_metrics",
    "Variant": "ndcg",
    "bootstrap_interval": "intervals",
    "paired_comparison": "comparison",
    "per_user_auc": "auc",
    "per_user_ndcg": "ndcg",
    "rank_metrics": "all_metrics",
    "ranked_users": "ranking",
}


def __getattr__(name: str) -> Any:  # noqa: ANN401 - whatever the module holds
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f".{_MODULES[name]}", __name__), name)
