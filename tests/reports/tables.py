"""Reads markdown tables back, so that tests can look at cells."""

from __future__ import annotations


def read_tables(text: str) -> list[list[dict[str, str]]]:
    """Every pipe table of a text: a list of rows, each a mapping from heading to cell."""
    tables: list[list[dict[str, str]]] = []
    block: list[str] = []
    for line in [*text.splitlines(), ""]:
        if line.startswith("|"):
            block.append(line)
        elif block:
            headings, _, *rows = ([cell.strip() for cell in row.strip("|").split("|")] for row in block)
            tables.append([dict(zip(headings, row, strict=True)) for row in rows])
            block = []
    return tables


def by_first_column(rows: list[dict[str, str]]) -> dict[str, dict[str, str]]:
    return {next(iter(row.values())): row for row in rows}
