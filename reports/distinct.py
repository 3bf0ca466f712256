"""Records in one order, each once, however they were given."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from ..suites.canonical import canonical_json

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pydantic import BaseModel

__all__ = ["distinct", "spelling"]

R = TypeVar("R", bound="BaseModel")


def spelling(record: BaseModel) -> str:
    """One spelling of a record, whatever the order of its keys."""
    return canonical_json(record.model_dump(mode="json"))


def distinct(records: Iterable[R]) -> list[R]:
    """The records ordered by their spelling; of those that are equal, one."""
    by_spelling: dict[str, R] = {}
    # Equal records may still list their keys in another order, which a page could show.
    for record in sorted(records, key=lambda r: (spelling(r), r.model_dump_json())):
        by_spelling.setdefault(spelling(record), record)
    return list(by_spelling.values())
