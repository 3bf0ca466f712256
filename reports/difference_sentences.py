"""What is said of the difference of two rows, no stronger than what the records carry."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .markdown import escape, table
from .quantities import interval, p_value, signed
from .table_rows import METRICS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .differences import Difference

__all__ = [
    "basis",
    "gain_sentence",
    "gains_table",
    "lead_clause",
    "ndcg_sentence",
    "over_seeds",
    "seeds_clause",
    "within",
]


def within(difference: Difference) -> str:
    """A difference × 100 with its interval over users and seeds."""
    paired = difference.paired
    return f"{signed(paired.difference)} {interval(paired.low, paired.high)}"


def seeds_clause(difference: Difference) -> str:
    """How many seeds a difference rests on, and its t-interval over them.

    With one seed nothing is known of the method, only of the weights that it happened to give.
    """
    if difference.seeds < 2:
        return "one seed: luck of training is not covered"
    return (
        f"over {difference.seeds} seeds {interval(difference.paired.seeds_low, difference.paired.seeds_high)}"
    )


def basis(difference: Difference) -> str:
    """What a sentence rests on: the difference, its seeds, its p-value, and that of one of many."""
    corrected = f", Holm p {p_value(difference.holm_p)} as one of {difference.among}" * (difference.among > 1)
    p = p_value(difference.paired.p_value)
    return f"{within(difference)}, {seeds_clause(difference)}, p {p}{corrected}"


def over_seeds(difference: Difference) -> str:
    """The t-interval over seeds and their number, for a cell of a table."""
    if difference.seeds < 2:
        return "one seed"
    return f"{interval(difference.paired.seeds_low, difference.paired.seeds_high)} ({difference.seeds})"


def lead_clause(difference: Difference) -> str:
    """How far the best of several rows lies above the teacher, and whether that is a claim."""
    if difference.is_claimed:
        return f", distinguishably above the teacher's ({basis(difference)})"
    return f", above the teacher's on average, but no claim is made ({basis(difference)})"


def gain_sentence(difference: Difference) -> str:
    """What a fit gained on another in AUC: on what a suite declared, or the same but for one step."""
    name, other = escape(difference.row.name), escape(difference.other.name)
    step = f", the same model and recipe {escape(difference.step)}" * bool(difference.step)
    alone, told = f"{other}{step}", basis(difference)
    if difference.shows == "no":
        return f"Between {name} and {alone}, no difference in AUC shows ({told})."
    if difference.shows == "unclear":
        return f"Whether the AUC of {name} differs from that of {alone}, is unclear ({told})."
    side = "above" if difference.paired.difference > 0 else "below"
    if difference.seeds < 2:
        return f"The weights of {name} have an AUC {side} those of {alone} ({told})."
    if not difference.is_claimed:
        return f"On average the AUC of {name} is {side} that of {alone}, but no claim is made ({told})."
    return f"The AUC of {name} is {side} that of {alone} ({told})."


def gains_table(differences: Sequence[Difference]) -> str:
    """What `gain_sentence` says, a row each, where there are too many to read as sentences."""
    return table(
        [
            {
                "Method": escape(d.row.name),
                "Against": escape(d.other.name),
                "which is": escape(d.step) or "declared",
                "AUC difference": within(d),
                "Over seeds": over_seeds(d),
                "Holm p": p_value(d.holm_p),
                "What shows": _what_shows(d),
            }
            for d in differences
        ],
        text_columns=3,
    )


def _what_shows(difference: Difference) -> str:
    if difference.shows == "no":
        return "no difference"
    if difference.shows == "unclear":
        return f"unclear, p {p_value(difference.paired.p_value)}"
    side = "above" if difference.paired.difference > 0 else "below"
    if difference.seeds < 2:
        return f"these weights {side}"
    return side if difference.is_claimed else f"{side} on average, no claim"


def ndcg_sentence(difference: Difference, auc: str) -> str:
    """A difference that NDCG shows where AUC does not.

    Args:
        difference: In NDCG.
        auc: Whether the same difference shows in AUC: "no" or "unclear".
    """
    side = "above" if difference.paired.difference > 0 else "below"
    name, other = escape(difference.row.name), escape(difference.other.name)
    apart = "AUC leaves it unclear" if auc == "unclear" else "AUC does not tell the two apart"
    heading = METRICS[difference.metric]
    if difference.seeds < 2:
        whose = f"In {heading} the weights of {name} are {side} those of {other}"
    elif difference.is_claimed:
        whose = f"In {heading} {name} is {side} {other}"
    else:
        whose = f"On average {name} is {side} {other} in {heading}, but no claim is made"
    return f"{whose} ({basis(difference)}), though {apart}."
