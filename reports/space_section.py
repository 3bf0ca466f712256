"""What a fit's user–outfit space shows of false negatives: the figure, and the counts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .markdown import code, escape, table
from .quantities import counted
from .space_figure import space_figure

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ..suites.records import SpaceRecord

__all__ = ["space_section"]

_KINDS = {
    "positive": "positives of the training set",
    "held-out": "positives of the test set",
    "negative": "sampled negatives",
}


def space_section(records: Sequence[SpaceRecord], names: Mapping[str, str], figures: dict[str, bytes]) -> str:
    """The spaces as markdown; empty without records.

    Args:
        records: In one order; of several of one trial the first is shown.
        names: Of fits, by hash.
        figures: File contents by name; the figures are added.
    """
    of_trials = {record.trial: record for record in reversed(records)}
    return "\n\n".join(_one(of_trials[trial], names, figures) for trial in sorted(of_trials))


def _one(record: SpaceRecord, names: Mapping[str, str], figures: dict[str, bytes]) -> str:
    fit = record.fit
    name = f"space-{record.trial[:12]}"
    figures |= space_figure(record, name)
    whose = escape(
        f"{names.get(fit.trial, fit.method)} on {fit.dataset}, {fit.negatives} negatives, seed {fit.seed}"
    )
    alt = f"The user–outfit space of {whose}"
    caption = (
        f"{alt} (paper, Fig. 8), by t-SNE: {counted(len(record.users), 'user')} (crosses), and outfits by "
        "the pictures of their items. A border has the colour of the user who posted the outfit; sampled "
        "negatives are black. Dashed are false negatives: positives of the test set, which training takes "
        "for negatives when it draws them, and sampled negatives that the fit scores above its user's mean "
        f"positive (d < 0, Eq. 12). Trial {code(record.trial)}. [SVG]({name}.svg), [PNG]({name}.png)."
    )
    return f"![{alt}]({name}.svg)\n\n{caption}\n\n{_counts(record)}"


def _counts(record: SpaceRecord) -> str:
    """How many outfits of each kind the fit would pull, and where the dataset knows how many are liked."""
    rows = []
    for kind, label in _KINDS.items():
        points = [point for point in record.points if point.kind == kind]
        pulled = [point for point in points if point.distance < 0]
        row = {"Outfits": label, "Shown": str(len(points)), "With d < 0": str(len(pulled))}
        if any(point.truly_liked is not None for point in record.points):
            row["Truly liked"] = str(sum(bool(point.truly_liked) for point in points))
            row["Truly liked with d < 0"] = str(sum(bool(point.truly_liked) for point in pulled))
        rows.append(row)
    return table(rows)
