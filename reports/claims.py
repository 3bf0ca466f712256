"""What is said of the difference of two rows, no stronger than what the records carry."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .markdown import escape, table
from .quantities import BLANK, counted, interval, p_value, signed
from .table_rows import METRICS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .differences import Difference

__all__ = [
    "SEEDS_RULE",
    "gain_sentence",
    "gains_table",
    "lead_clause",
    "ndcg_sentence",
    "seeds_agreement",
    "seeds_clause",
]

SEEDS_RULE = (
    "Seeds agree where the difference has the same sign for each of them; a seed is held against the same "
    "seed of the other side, or where the two sides have other seeds, each against every one."
)


def seeds_clause(difference: Difference) -> str:
    """What the seeds say of a difference.

    With one seed nothing is known of the method, only of the weights that it happened to give.
    """
    if difference.seeds < 2:
        return "one seed: luck of training is not covered"
    seeds = counted(difference.seeds, "seed")
    return f"{seeds}, which agree" if difference.seeds_agree else f"{seeds}, which do not agree"


def seeds_agreement(difference: Difference) -> str:
    """`seeds_clause` for a cell of a table; a scorer has no seeds."""
    if difference.why == "scorer":
        return BLANK
    if difference.seeds < 2:
        return "one seed"
    return f"{difference.seeds}, agree" if difference.seeds_agree else f"{difference.seeds}, do not agree"


def lead_clause(difference: Difference) -> str:
    """How far the best of several rows lies above the teacher, and what speaks against a claim."""
    above = (
        f"{signed(difference.paired.difference)} {interval(difference.paired.low, difference.paired.high)}"
    )
    holm = f"Holm p {p_value(difference.holm_p)}"
    doubts = []
    if not difference.seeds_carry:
        doubts.append(seeds_clause(difference))
    if not difference.stands_out:
        doubts.append(f"it is the best of {difference.among} ({holm})")
    if not doubts:
        basis = f"{above}; {seeds_clause(difference)}; {holm}, as the best of {difference.among}"
        return f", distinguishably above the teacher's ({basis})"
    average = "on average " if difference.seeds > 1 and not difference.seeds_agree else ""
    return f", {average}above the teacher's by {above}, no claim: {', and '.join(doubts)}"


def gain_sentence(difference: Difference) -> str:
    """What a fit gained on the same model and recipe with one step less in what is minimised, in AUC."""
    paired = difference.paired
    name, other = escape(difference.row.name), escape(difference.other.name)
    alone = f"{other}, the same model and recipe {escape(difference.step)}"
    basis = f"{signed(paired.difference)} {interval(paired.low, paired.high)}, {seeds_clause(difference)}"
    if difference.shows == "no":
        return f"Between {name} and {alone}, no difference in AUC shows ({basis})."
    if difference.shows == "unclear":
        doubt = f"{basis}, Wilcoxon p {p_value(paired.p_value)}"
        return f"Whether the AUC of {name} differs from that of {alone}, is unclear ({doubt})."
    side = "above" if paired.difference > 0 else "below"
    if difference.seeds < 2:
        return f"The weights of {name} have an AUC {side} those of {alone} ({basis})."
    if not difference.stands_out:
        basis += f", Holm p {p_value(difference.holm_p)} as one of {difference.among}"
    if not difference.is_claimed:
        return f"On average the AUC of {name} is {side} that of {alone}, but no claim is made ({basis})."
    return f"The AUC of {name} is {side} that of {alone} ({basis})."


def gains_table(differences: Sequence[Difference]) -> str:
    """What `gain_sentence` says, a row each, where there are too many to read as sentences."""
    return table(
        [
            {
                "Method": escape(d.row.name),
                "Against": escape(d.other.name),
                "the same method": escape(d.step),
                "AUC difference": f"{signed(d.paired.difference)} {interval(d.paired.low, d.paired.high)}",
                "Seeds": seeds_agreement(d),
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
        return f"unclear, Wilcoxon p {p_value(difference.paired.p_value)}"
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
    paired = difference.paired
    side = "above" if paired.difference > 0 else "below"
    name, other = escape(difference.row.name), escape(difference.other.name)
    within = f"{signed(paired.difference)} {interval(paired.low, paired.high)}, {seeds_clause(difference)}"
    if difference.among > 1:
        within += f", Holm p {p_value(difference.holm_p)} as one of {difference.among}"
    apart = "AUC leaves it unclear" if auc == "unclear" else "AUC does not tell the two apart"
    heading = METRICS[difference.metric]
    if difference.seeds < 2:
        whose = f"In {heading} the weights of {name} are {side} those of {other}"
    elif difference.is_claimed:
        whose = f"In {heading} {name} is {side} {other}"
    else:
        whose = f"On average {name} is {side} {other} in {heading}, but no claim is made"
    return f"{whose} ({within}), though {apart}."
