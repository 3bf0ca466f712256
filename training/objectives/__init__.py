"""What training minimises: one file an objective, a pure function and the registered part that calls it.

`n_pair`, `bpr` and `false_negative` take the scores of a batch alike: `positive` (N,), and `negative` (N, N),
where row i holds what the user of pair i gives to each of the batch's N negatives, and column i is the
negative drawn for pair i.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...core.lazy import lazy_names

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
    from .objective import (
        OBJECTIVES,
        Objective,
        ObjectiveOptions,
        StepContext,
        register_objective,
    )
    from .type_aware_loss import type_aware

__all__ = [
    "OBJECTIVES",
    "Objective",
    "ObjectiveOptions",
    "StepContext",
    "bpr",
    "collapse_warning",
    "contrastive",
    "false_negative",
    "false_negativeness",
    "n_pair",
    "register_objective",
    "teacher_gap",
    "type_aware",
]

__getattr__, __dir__ = lazy_names(
    __name__,
    {
        "bpr_loss": ["bpr"],
        "contrastive_loss": ["contrastive"],
        "distillation": ["collapse_warning", "false_negativeness", "teacher_gap"],
        "false_negative_loss": ["false_negative"],
        "n_pair_loss": ["n_pair"],
        "objective": [
            "OBJECTIVES",
            "Objective",
            "ObjectiveOptions",
            "StepContext",
            "register_objective",
        ],
        "type_aware_loss": ["type_aware"],
    },
)
