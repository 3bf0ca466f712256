"""The table of paired differences, and how to read it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .claims import SEEDS_RULE, seeds_agreement
from .differences import differences, scorer_differences
from .markdown import escape, table
from .quantities import BLANK, interval, p_value, signed
from .table_rows import METRICS

if TYPE_CHECKING:
    from .comparison_table import ComparisonTable

__all__ = ["DIFFERENCES_LEGEND", "differences_table"]

_COMPARED = ("auc", "ndcg")
"""The paper's two metrics."""

DIFFERENCES_LEGEND = (
    "Differences: mean over users of the difference × 100, paired user by user, with its bootstrap 95 % "
    "interval and the p-value of Wilcoxon's signed-rank test, which is not corrected for the number of "
    "comparisons. Holm p is: over those of one kind in one table and metric (every row against its teacher; "
    "every row against what is one step from it; every variant against its fit; what nobody trained against "
    "the teacher). Who looks for the largest difference of a kind has to read that one. Distinguishable: the "
    "interval does not hold zero and Wilcoxon's p < 0.05; unclear where only one of the two is so. That "
    "speaks of these weights and other users; the luck of training is seen by the seeds alone. "
    f"{SEEDS_RULE}"
)


def differences_table(ranked: ComparisonTable) -> str:
    """The differences as markdown, or an empty text where there is nothing to compare."""
    by_metric = [[*differences(ranked, metric), *scorer_differences(ranked, metric)] for metric in _COMPARED]
    rows = [
        {
            "Method": escape(difference.row.name),
            "against": escape(difference.other.name),
            "which is": escape(difference.step) or "the teacher",
            "Metric": METRICS[difference.metric],
            "Difference": signed(difference.paired.difference),
            "95 % interval": interval(difference.paired.low, difference.paired.high) or BLANK,
            "Wilcoxon p": p_value(difference.paired.p_value),
            "Holm p": p_value(difference.holm_p),
            "Distinguishable": difference.shows,
            "Seeds": seeds_agreement(difference),
        }
        for of_one_pair in zip(*by_metric, strict=True)
        for difference in of_one_pair
    ]
    if not rows:
        return ""
    return table(rows, text_columns=4)
