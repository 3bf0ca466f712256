"""Parquet files, by pyarrow, which is an extra: imported where one is read or written."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .errors import Fault, InputError
from .files import atomic_file
from .names import shown, why

if TYPE_CHECKING:
    import pyarrow
    import pyarrow.parquet

__all__ = ["need_pyarrow", "open_parquet", "parquet_writer"]


def need_pyarrow(where: str | Path) -> None:
    """Find out before the work whether Parquet can be read and written.

    Raises:
        InputError: If pyarrow is not installed.
    """
    try:
        import pyarrow.parquet  # noqa: F401
    except ImportError as error:
        fault = Fault(where, "no package for Parquet", "pyarrow", "run pip install 'outfitbench[parquet]'")
        raise InputError(fault) from error


def open_parquet(path: Path, columns: Mapping[str, str]) -> pyarrow.parquet.ParquetFile:
    """A Parquet file that has the columns that are wanted; there may be others.

    Args:
        path: The file.
        columns: What each wanted column holds, in words, by its name.

    Raises:
        InputError: If pyarrow is not installed, the file cannot be read, is no Parquet, or lacks a column.
    """
    need_pyarrow(path)
    import pyarrow
    import pyarrow.parquet

    try:
        file = pyarrow.parquet.ParquetFile(path, memory_map=True)
    except (OSError, pyarrow.ArrowException) as error:
        reason = (error.strerror or "").lower() if isinstance(error, OSError) and error.errno else why(error)
        raise InputError(Fault(path, reason, "a Parquet file")) from error
    there = file.schema_arrow.names
    if missing := [name for name in columns if name not in there]:
        found = f"no column {', '.join(missing)} among {shown(', '.join(there))}"
        expected = ", ".join(f"{name} ({kind})" for name, kind in columns.items())
        raise InputError(Fault(path, found, f"the columns {expected}"))
    return file


@contextmanager
def parquet_writer(path: Path, notes: Mapping[str, str] | None = None) -> Iterator[Callable[..., None]]:
    """Write a table whole or not at all, some rows at a time.

    Gives a function that takes the next rows: arrays or lists of one length, each by its column's name, of
    the same types every time.

    Args:
        path: The file.
        notes: What is said of the table beside its columns, by name.

    Raises:
        InputError: If the disk is full or the folder cannot be written.
    """
    import pyarrow
    import pyarrow.parquet

    with atomic_file(path) as part, ExitStack() as stack:
        writers: list[pyarrow.parquet.ParquetWriter] = []

        def write(**columns: Any) -> None:  # noqa: ANN401 - whatever pyarrow makes an array of
            table = pyarrow.table(columns).replace_schema_metadata(dict(notes) if notes else None)
            if not writers:
                writers.append(stack.enter_context(pyarrow.parquet.ParquetWriter(part, table.schema)))
            writers[0].write_table(table)

        yield write
        stack.close()  # the file's end, before it takes its place
