"""`outfitbench report`: one comparison out of records."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from tyro.conf import Positional, arg

from .answer import Answer
from .session import Session, writable_folder

__all__ = ["Report"]


@dataclass(frozen=True)
class Report:
    """Write the comparison of the records of one or more runs.

    Attributes:
        runs: Folders that `outfitbench run` or `outfitbench profile` wrote, or record files.
        out: Folder of the report.
    """

    runs: Annotated[Positional[tuple[Path, ...]], arg(metavar="[RUN ...]")]
    out: Path

    def run(self, session: Session) -> Answer:
        """Read every record, write the report."""
        from ..reports import write_report
        from ..suites.record_files import load_records

        records = load_records(self.runs)
        page = write_report(records, writable_folder("argument --out", self.out))
        return Answer(
            f"{len(records)} records compared in {page}",
            {"records": len(records), "report": page},
        )
