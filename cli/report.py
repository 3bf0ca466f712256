"""`outfitbench report`: one comparison out of records."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from tyro.conf import Positional, arg

from .answer import Answer
from .session import Session, writable_folder

if TYPE_CHECKING:
    from ..suites.records import Record

__all__ = ["Report"]


@dataclass(frozen=True)
class Report:
    """Write the comparison of the records of one or more runs.

    Attributes:
        runs: Folders that `outfitbench run` or `outfitbench profile` wrote, or record files.
        out: Folder of the report.
        claims: TOML file of claims to hold against the records, in place of the paper's.
    """

    runs: Annotated[Positional[tuple[Path, ...]], arg(metavar="[RUN ...]")]
    out: Path
    claims: Path | None = None

    def run(self, session: Session) -> Answer:
        """Read every record, write the report."""
        from ..reports import write_report
        from ..reports.claim_file import load_claims
        from ..suites.record_files import load_records, record_places

        records = load_records(self.runs)
        claims = load_claims(self.claims) if self.claims else None
        out = writable_folder("argument --out", self.out)
        page = write_report(records, out, claims=claims, files=record_places(self.runs))
        return Answer(
            f"{len(records)} records compared in {page}",
            {"records": len(records), "report": page, "quality": _quality(records)},
        )


def _quality(records: Sequence[Record]) -> list[dict[str, Any]]:
    """The rows of the page's tables: means over users and seeds."""
    from ..reports.convergence import longer_fits, without_longer
    from ..reports.grouping import comparison_tables, names_of_fits
    from ..suites.records import FitRecord, Prepared, QualityRecord, ScorerRecord, SuiteRecord

    suites = [record for record in records if isinstance(record, SuiteRecord)]
    qualities = [record for record in records if isinstance(record, QualityRecord | ScorerRecord)]
    tables = comparison_tables(
        without_longer(qualities, longer_fits(suites))[0],
        names_of_fits(suites),
        [record for record in records if isinstance(record, FitRecord | Prepared)],
    )
    return [
        {
            "dataset": table.dataset,
            "setting": table.setting,
            "negatives": table.negatives,
            "method": row.name,
            "parameters": row.parameters,
            "seeds": list(row.seeds),
            "auc": float(row.per_user("auc").mean()),
            "ndcg": float(row.per_user("ndcg").mean()),
        }
        for table in tables
        for row in table.all_rows
    ]
