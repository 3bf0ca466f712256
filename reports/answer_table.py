"""The answer's table: each row beside its teacher, in quality, size and time."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .costs import EVERY_USER, LATENCY, machine_label, sampled
from .difference_sentences import over_seeds, within
from .markdown import Notes, escape, table
from .quantities import BLANK, counted, hundredfold, quantity, share

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .costs import RowCosts
    from .table_rows import AnyRow
    from .teacher_share import TeacherShare, TimeShare

__all__ = ["answer_table", "costs_measured"]

_LIKE_ITS_FIT = (
    "Not told from the time of the fit it was made from: the intervals of the two medians overlap."
)


def answer_table(kept: Sequence[TeacherShare]) -> str:
    """A row for each method, and beneath it what holds for all of them."""
    others = list(dict.fromkeys(k.against.other for k in kept))
    several = len(others) > 1
    notes = Notes()
    timed = any(k.every_user for k in kept)
    rows = [
        {
            "Method": escape(k.row.name),
            **({"Against": escape(k.against.other.name)} if several else {}),
            "AUC": hundredfold(k.row.mean("auc")),
            "AUC kept": share(k.quality),
            "AUC difference": within(k.against),
            "Over seeds": over_seeds(k.against),
            "Parameters": BLANK
            if k.row.parameters is None
            else f"{quantity(k.row.parameters, '1')} ({share(k.size)})",
            "Latency": _time(k.latency, notes),
            **({"Every user": _time(k.every_user, notes)} if timed else {}),
        }
        for k in kept
    ]
    against = f"{'Rows are' if several else 'Every row is'} held against {' or '.join(map(_known, others))}. "
    order = (
        "Rows stand by their number of parameters, and those of one number by name, what a teacher taught "
        "after what none did; what nobody trained comes last."
    )
    parts = [table(rows, text_columns=2 if several else 1), f"{against}{order}", str(notes)]
    return "\n\n".join(part for part in parts if part)


def _known(teacher: AnyRow) -> str:
    """What a row is held against, with what the table tells of the row itself."""
    seeds = counted(len(teacher.seeds), "seed")
    size = "" if teacher.parameters is None else f", {quantity(teacher.parameters, '1')} parameters"
    return f"{escape(teacher.name)} (AUC {hundredfold(teacher.mean('auc'))} over {seeds}{size})"


def _time(found: TimeShare | None, notes: Notes) -> str:
    if found is None:
        return BLANK
    mark = notes.mark(_LIKE_ITS_FIT) if found.like_its_fit else ""
    return f"{quantity(found.seconds, 's')} ({share(found.share, decimals=0)}){mark}"


def costs_measured(found: RowCosts | None) -> str:
    """Where and how the times were measured."""
    if found is None:
        return "No latency was measured for these models."
    names = (LATENCY, EVERY_USER) if found.has_all(EVERY_USER) else (LATENCY,)
    flags = {
        flag
        for record in found.by_row.values()
        for flag in (*record.flags, *(flag for name in names for flag in record.measurements[name].remarks))
    }
    doubt = f" To be read with care: {escape('; '.join(sorted(flags)))}." if flags else ""
    dates = " and ".join(sorted({escape(record.date) for record in found.by_row.values()}))
    every = ""
    if EVERY_USER in names:
        reading = any(sampled(record, "recommend_decode") for record in found.by_row.values())
        every = (
            " Every user: the whole job, from the items as they are kept to every user's list, median of its "
            f"runs, in the same session{'; reading the images, which all have to, is in it' * reading}."
        )
    return (
        f"Latency: median of one request, {escape(found.label)}, on "
        f"{escape(machine_label(found.group.machine))}, taken {dates} in one session; its share is the "
        f"median of the ratios turn by turn.{every} Methods that share a model share its times.{doubt}"
    )
