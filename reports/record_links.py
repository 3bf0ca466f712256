"""From a cell to the records that it was made from."""

from __future__ import annotations

from os.path import relpath
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

from .quantities import BLANK

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .table_rows import AnyRow

__all__ = ["links_between", "record_links"]


def links_between(out: Path, files: Mapping[str, Path]) -> dict[str, str]:
    """How a page in `out` points at files elsewhere, wherever both are moved together."""
    here = out.absolute()
    return {name: quote(Path(relpath(file.absolute(), here)).as_posix()) for name, file in files.items()}


def record_links(row: AnyRow, links: Mapping[str, str]) -> str:
    """The seeds of a row, each a link to the record of its evaluation where it is known where that lies.

    Args:
        row: What ranked; of what nobody trained there is one record, and no seed.
        links: From a page to the records, by trial; see `links_between`.
    """
    seeds = [str(seed) for seed in row.seeds] or ["record"] * len(row.records)
    cells = [
        f"[{seed}]({links[record.trial]})" if record.trial in links else seed * bool(row.seeds)
        for seed, record in zip(seeds, row.records, strict=True)
    ]
    return ", ".join(filter(None, cells)) or BLANK
