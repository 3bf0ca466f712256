"""What training minimises: one file an objective, a pure function and the registered part that calls it.

Equations without a paper's name are those of the FND paper (Kim et al. 2021, https://arxiv.org/abs/2110.06483).

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
    from .de_rrd_loss import relaxed_ranking
    from .distillation import (
        collapse_warning,
        false_negativeness,
        teacher_gap,
    )
    from .false_negative_loss import false_negative
    from .fitnet_loss import hint
    from .hinton_loss import softened_divergence
    from .n_pair_loss import n_pair
    from .objective import (
        OBJECTIVES,
        Objective,
        ObjectiveOptions,
        StepContext,
        register_objective,
    )
    from .ranking_distillation_loss import ranking_distillation
    from .recd_loss import recombination_divergences
    from .rkd_loss import relational_angle, relational_distance
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
    "hint",
    "n_pair",
    "ranking_distillation",
    "recombination_divergences",
    "register_objective",
    "relational_angle",
    "relational_distance",
    "relaxed_ranking",
    "softened_divergence",
    "teacher_gap",
    "type_aware",
]

__getattr__, __dir__ = lazy_names(
    __name__,
    {
        "bpr_loss": ["bpr"],
        "contrastive_loss": ["contrastive"],
        "de_rrd_loss": ["relaxed_ranking"],
        "distillation": ["collapse_warning", "false_negativeness", "teacher_gap"],
        "false_negative_loss": ["false_negative"],
        "fitnet_loss": ["hint"],
        "hinton_loss": ["softened_divergence"],
        "n_pair_loss": ["n_pair"],
        "objective": [
            "OBJECTIVES",
            "Objective",
            "ObjectiveOptions",
            "StepContext",
            "register_objective",
        ],
        "ranking_distillation_loss": ["ranking_distillation"],
        "recd_loss": ["recombination_divergences"],
        "rkd_loss": ["relational_angle", "relational_distance"],
        "type_aware_loss": ["type_aware"],
    },
)
