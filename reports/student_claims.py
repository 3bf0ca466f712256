"""What is said of students beside their teacher: what each keeps, and how small one may be."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from .costs import network_of
from .difference_sentences import basis, seeds_clause, within
from .markdown import escape
from .quantities import hundredfold, p_value, quantity, share
from .recipes import apart_from_teaching
from .table_rows import Row

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .costs import Network
    from .differences import Difference
    from .table_rows import AnyRow
    from .teacher_share import TeacherShare

__all__ = ["distillation_sentence", "keeps_sentence", "smallest_sentence", "weak_teacher_sentence"]


def distillation_sentence(gains: Sequence[Difference]) -> list[str]:
    """Whether a teacher helped: the largest gain over the same network and recipe without one.

    Each student is held against the best of those that could stand in its place, and what rests on one seed
    comes after what rests on several. The p-value is corrected for all gains that this one was chosen from,
    so the largest may be named.

    Args:
        gains: Of any kind; empty comes back where none is of that kind.
    """
    taught = [d for d in gains if d.row.distilled and not d.other.taught and _alike_but_for_teaching(d)]
    if not taught:
        return []
    hardest: dict[AnyRow, Difference] = {}
    for gain in sorted(taught, key=lambda d: d.paired.difference):
        hardest.setdefault(gain.row, gain)
    gain = max(hardest.values(), key=lambda d: (d.seeds > 1, d.paired.difference))
    more = gain.paired.difference > 0
    name, other = escape(gain.row.name), escape(gain.other.name)
    if gain.shows == "no":
        effect = "No effect of distillation on the AUC shows"
    elif gain.shows == "unclear" or (gain.seeds > 1 and not gain.is_claimed):
        effect = "Whether distillation changes the AUC is not settled"
    elif gain.seeds < 2:
        effect = f"With these weights the AUC is {'higher' if more else 'lower'} after distillation"
    else:
        effect = f"Distillation {'raises' if more else 'lowers'} the AUC"
    step = escape(gain.step or f"with {gain.other.objectives} alone")
    rival = [d for d in hardest.values() if (d.seeds > 1) == (gain.seeds > 1)]
    chosen = f", the largest of {len(rival)} such differences" * (len(rival) > 1)
    return [
        f"{effect}: {name} has {hundredfold(gain.row.mean('auc'))} and {other}, the same model and recipe "
        f"{step}, {hundredfold(gain.other.mean('auc'))} ({basis(gain)}){chosen}."
    ]


def _alike_but_for_teaching(gain: Difference) -> bool:
    """Whether two rows are one network and recipe, on the same images, but for the objectives."""
    return gain.why == "baseline" or (
        isinstance(gain.row, Row) and apart_from_teaching(gain.row.fit) == apart_from_teaching(gain.other.fit)
    )


def keeps_sentence(kept: TeacherShare) -> str:
    """What a student keeps of its teacher's AUC, or by how much it ranks better, and at what cost."""
    against = kept.against
    name, teacher = escape(kept.row.name), escape(against.other.name)
    verdict = {
        "yes": "",
        "no": ", not distinguishable from zero",
        "unclear": f", unclear with p {p_value(against.paired.p_value)}",
    }[against.shows]
    cost = f"{share(kept.size)} of its parameters"
    if kept.latency and math.isfinite(kept.latency.share):
        hedge = " (the intervals of the two latencies overlap)" if kept.latency.overlaps else ""
        cost += f" and {share(kept.latency.share, decimals=0)} of its latency{hedge}"
    if against.shows == "yes" and against.paired.difference > 0:
        aucs = f"{hundredfold(kept.row.mean('auc'))} beside {hundredfold(against.other.mean('auc'))}"
        told = f"{aucs}; difference {basis(against)}"
        if against.seeds < 2:
            return f"The weights of {name} rank better than {teacher} ({told}) at {cost}."
        if not against.is_claimed:
            return f"On average {name} ranks better than {teacher}, but no claim is made ({told}), at {cost}."
        return f"{name} ranks better than {teacher} ({told}) at {cost}."
    return (
        f"{name} keeps {share(kept.quality)} of the AUC of {teacher} "
        f"({hundredfold(kept.row.mean('auc'))} of {hundredfold(against.other.mean('auc'))}; difference "
        f"{within(against)}{verdict}; {seeds_clause(against)}) at {cost}."
    )


def weak_teacher_sentence(kept: Sequence[TeacherShare]) -> list[str]:
    """That a teacher ranks worse than a network like those it teaches does without it, where that shows."""
    taught = {(k.against.other, _network(k)) for k in kept if k.row.distilled}
    above = [
        k
        for k in kept
        if not (k.row.taught or k.row.variant)
        and k.against.above_chance
        and k.against.shows == "yes"
        and k.against.paired.difference > 0
        and (k.against.other, _network(k)) in taught
    ]
    if not above:
        return []
    best = max(above, key=lambda k: k.row.mean("auc"))
    teacher, name = escape(best.against.other.name), escape(best.row.name)
    more = len(above) - 1
    others = f", and so {'does' if more == 1 else 'do'} {more} more" if more else ""
    return [
        f"{teacher} is weaker than what it teaches: without a teacher {name} ranks better "
        f"({_distance(best.against)}){others}. What is kept of {teacher} says little of how well a student "
        "ranks."
    ]


def _network(kept: TeacherShare) -> Network | None:
    return network_of(kept.row.fit) if isinstance(kept.row, Row) else None


def smallest_sentence(kept: Sequence[TeacherShare]) -> list[str]:
    """Which of the networks that are not told from their teacher, or lie above it, has the fewest parameters.

    Of one size the highest AUC is named; where that one was taught, so is the best that needs no teacher.
    """
    enough = [k for k in kept if not k.row.variant and k.against.above_chance and _not_below(k.against)]
    if not enough:
        return []
    fewest = min(k.row.parameters or 0 for k in enough)
    same_size = sorted(
        (k for k in enough if k.row.parameters == fewest), key=lambda k: (-k.row.mean("auc"), k.row.name)
    )
    first = same_size[0]
    untaught = next((k for k in same_size if not k.row.taught), first)
    said = (
        f"The smallest network that is not told from {escape(first.against.other.name)}, or lies above it, "
        f"is {escape(first.row.name)}{'' if first.row.taught else ', which needs no teacher'} "
        f"({_distance(first.against)}; {quantity(fewest, '1')} parameters, {share(first.size)})"
    )
    if untaught is not first:
        name = escape(untaught.row.name)
        said += f"; of the same size, {name} needs no teacher ({_distance(untaught.against)})"
    return [f"{said}."]


def _not_below(against: Difference) -> bool:
    return against.shows == "no" or against.paired.difference > 0


def _distance(against: Difference) -> str:
    return f"{within(against)}, {seeds_clause(against)}"
