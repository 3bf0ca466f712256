"""What training minimises: pure functions of scores, one file an objective.

`n_pair`, `bpr` and `false_negative` take the scores of a batch alike: `positive` (N,), and `negative` (N, N),
where row i holds what the user of pair i gives to each of the batch's N negatives, and column i is the
negative drawn for pair i.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .bpr_loss import bpr
    from .contrastive_loss import contrastive
    from .distillation import (
        collapse_warning,
        false_negativeness,
        teacher_gap,
    )
    from .false_negative_loss import false_negative
    from .n_pair_loss import n_pair

__all__ = [
    "bpr",
    "collapse_warning",
    "contrastive",
    "false_negative",
    "false_negativeness",
    "n_pair",
    "teacher_gap",
]

_MODULES = {
    "bpr": "bpr_loss",
    "collapse_warning": "distillation",
    "contrastive": "contrastive_loss",
    "false_negative": "false_negative_loss",
    "false_negativeness": "distillation",
    "n_pair": "n_pair_loss",
    "teacher_gap": "distillation",
}


def __getattr__(name: str) -> Any:  # noqa: ANN401 - whatever the module holds
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f".{_MODULES[name]}", __name__), name)
