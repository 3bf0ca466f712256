"""The page of claims: what was found of each, on which data, with the records it came from."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from .claim_findings import NOT_RUN, findings, verdict
from .markdown import escape, table
from .quantities import BLANK, hundredfold, interval, p_value, signed
from .record_links import record_links

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from .claim_file import Claim, ClaimFile, Comparison
    from .claim_findings import Finding
    from .comparison_table import ComparisonTable

__all__ = ["claims_page"]

_LEGEND = (
    "Differences: AUC × 100, paired user by user and seed by seed, with the bootstrap 95 % interval over "
    "users and seeds; over seeds, the t-interval of the seeds' means and their number. Where a comparison "
    "is of two gains, the difference is the first gain less the second. p: min F′ over users × seeds; Holm "
    "p: corrected for all comparisons of this page on one dataset. *Holds*, and *does not hold* for the "
    "contrary: neither interval holds zero, and Holm p < 0.05; for two that are claimed to be alike, both "
    "intervals lie within the width that is named, or beyond it for the contrary. Else *not told apart*, "
    "which proves neither; what could have been seen (in four of five repetitions, with p < 0.05 before the "
    "correction, so that a claim takes more) says how much that is worth. A claim of several comparisons "
    "holds where each of them does, and does not where one does not. One seed says nothing of luck of "
    "training, and decides no claim."
)


def claims_page(claims: ClaimFile, tables: Sequence[ComparisonTable], links: Mapping[str, str]) -> str:
    """The page as markdown, or an empty text where no comparison can be made.

    Args:
        claims: What is claimed.
        tables: What was ranked.
        links: Where the record of each trial is to be found from the page, by hash.
    """
    found = findings(claims.claim, tables)
    if not found:
        return ""
    datasets = list(dict.fromkeys(finding.dataset for finding in found))
    overview = [
        {
            "Claim": f"{number}. {escape(claim.says)}",
            "In the paper": escape(claim.source) or BLANK,
            **{escape(dataset): verdict(claim, _of(found, claim, dataset)) for dataset in datasets},
        }
        for number, claim in enumerate(claims.claim, start=1)
    ]
    sections = [
        _section(number, claim, _of(found, claim), links)
        for number, claim in enumerate(claims.claim, start=1)
    ]
    return "\n\n".join([table(overview, text_columns=2 + len(datasets)), *sections, _LEGEND])


def _of(found: Sequence[Finding], claim: Claim, dataset: str | None = None) -> list[Finding]:
    return [f for f in found if f.claim is claim and dataset in (None, f.dataset)]


def _section(number: int, claim: Claim, found: Sequence[Finding], links: Mapping[str, str]) -> str:
    heading = f"## {number}. {escape(claim.says)}"
    missing = [c for c in claim.comparisons if not any(f.comparison is c for f in found)]
    if not found:
        return f"{heading}\n\n{NOT_RUN.capitalize()}: {_listed(missing)}."
    rows = [
        {
            "Compared": escape(_spelt(finding.comparison)),
            "On": escape(" − ".join(ranked.label for ranked in finding.tables)),
            "Difference": f"{signed(finding.paired.difference)} "
            f"{interval(finding.paired.low, finding.paired.high)}",
            "Over seeds": _over_seeds(finding),
            "p": p_value(finding.paired.p_value),
            "Holm p": p_value(finding.holm_p),
            "Could have seen": hundredfold(finding.paired.least),
            "Found": finding.says,
            "Records": "; ".join(
                f"{escape(row.name)} {record_links(row, links)}" for row in dict.fromkeys(finding.rows)
            ),
        }
        for finding in found
    ]
    notes = [f"Not run: {_listed(missing)}."] if missing else []
    if claim.alike_within is not None:
        notes.insert(0, f"Alike: within ± {claim.alike_within:.2f}.")
    return "\n\n".join([heading, table(rows, text_columns=2), *notes])


def _listed(comparisons: Sequence[Comparison]) -> str:
    return "; ".join(escape(_spelt(comparison)) for comparison in comparisons)


def _spelt(comparison: Comparison) -> str:
    """A comparison in words: "FND XS over N-pair XS", "(FND S over N-pair S) over (FND M over N-pair M)"."""

    def side(names: str | tuple[str, str]) -> str:
        return names if isinstance(names, str) else f"({names[0]} over {names[1]})"

    return f"{side(comparison.more)} over {side(comparison.than)}"


def _over_seeds(finding: Finding) -> str:
    paired = finding.paired
    if math.isnan(paired.seeds_low):
        return "one seed"
    return f"{interval(paired.seeds_low, paired.seeds_high)} ({paired.seeds})"
