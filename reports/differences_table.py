"""The table of paired differences, and how to read it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .difference_sentences import over_seeds, within
from .differences import differences, scorer_differences
from .markdown import escape, table
from .quantities import hundredfold, p_value
from .table_rows import METRICS

if TYPE_CHECKING:
    from .comparison_table import ComparisonTable

__all__ = ["DIFFERENCES_LEGEND", "differences_table"]

_WHICH = {"declared": "declared"}

_COMPARED = ("auc", "ndcg")
"""The paper's two metrics."""

DIFFERENCES_LEGEND = (
    "Differences: × 100, paired user by user and seed by seed (over the seeds that both rows have), with "
    "the bootstrap 95 % interval over users and seeds. Over seeds: the t-interval of the seeds' means, and "
    "how many they are; the bootstrap is too narrow where few seeds differ much, and this is not. p: that "
    "such a difference is luck, of users and of training (min F′ over users × seeds; one seed: t over "
    "users). Holm p: corrected for all that were declared, else for those of one kind in one table and "
    "metric (every row against its teacher; every row against what is one step from it; every variant "
    "against its fit; what nobody trained against the teacher). Who looks for the largest difference of a "
    "kind has to read that one. Distinguishable: the interval does not hold zero and p < 0.05; unclear "
    "where only one of the two is so. A claim asks Holm p < 0.05, and an interval over seeds without zero, "
    "too. Could have seen: the least difference that would have shown in four of five repetitions (p < "
    "0.05)."
)


def differences_table(ranked: ComparisonTable) -> str:
    """The differences as markdown, or an empty text where there is nothing to compare."""
    by_metric = [[*differences(ranked, metric), *scorer_differences(ranked, metric)] for metric in _COMPARED]
    rows = [
        {
            "Method": escape(difference.row.name),
            "against": escape(difference.other.name),
            "which is": escape(difference.step) or _WHICH.get(difference.why, "the teacher"),
            "Metric": METRICS[difference.metric],
            "Difference": within(difference),
            "Over seeds": over_seeds(difference),
            "p": p_value(difference.paired.p_value),
            "Holm p": p_value(difference.holm_p),
            "Distinguishable": difference.shows,
            "Could have seen": hundredfold(difference.paired.least),
        }
        for of_one_pair in zip(*by_metric, strict=True)
        for difference in of_one_pair
    ]
    if not rows:
        return ""
    return table(rows, text_columns=4)
