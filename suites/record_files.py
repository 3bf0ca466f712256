"""Records on disk: written once by an atomic rename, read with every field checked."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from ..core.errors import Fault, InputError
from ..core.files import atomic_file
from ..core.hashes import content_hash
from .records import DatasetRecord, Record, SuiteRecord

__all__ = ["RECORD_FILE", "load_record", "load_records", "write_record"]

RECORD_FILE = "record.json"

_RECORD: TypeAdapter[Record] = TypeAdapter(Record)


def write_record(record: Record, folder: Path) -> Path:
    """Write a record into its folder.

    Returns:
        The file.
    """
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / RECORD_FILE
    with atomic_file(path) as temporary:
        temporary.write_text(json.dumps(record.model_dump(mode="json"), indent=1, allow_nan=False) + "\n")
    return path


def load_record(path: Path) -> Record:
    """Read one record.

    Raises:
        InputError: If the file is missing, cut short, not JSON, or not a record.
    """
    try:
        record = _RECORD.validate_json(path.read_bytes())
    except OSError as error:
        raise InputError(Fault(path, error.strerror or "an unreadable file", "a record")) from error
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        key = ".".join(str(part) for part in first["loc"])
        where = f"{path}, {key}" if key else str(path)
        found = f"a fault ({first['msg']})"
        raise InputError(Fault(where, found, "a whole record", "delete its folder and run again")) from error
    _refuse_altered(record, path)
    return record


def _refuse_altered(record: Record, path: Path) -> None:
    """A trial is named by the hash of its description."""
    if isinstance(record, DatasetRecord | SuiteRecord):
        return
    if (hashed := content_hash(record.description)) != record.trial:
        found = f"a description of hash {hashed}"
        raise InputError(Fault(path, found, f"{record.trial}, its name", "delete its folder and run again"))


def load_records(paths: Iterable[Path]) -> list[Record]:
    """Read all records below some folders, or some record files.

    Returns:
        The records in the order of their files' paths; one that several folders hold, once.

    Raises:
        InputError: If a path does not exist, holds no record, or a record is broken.
    """
    found: dict[str, Record] = {}
    for path in paths:
        files = sorted(path.rglob(RECORD_FILE)) if path.is_dir() else [path]
        if not files:
            raise InputError(
                Fault(path, "no record", f"a folder with {RECORD_FILE} files", "run a suite first")
            )
        for file in files:
            record = load_record(file)
            found.setdefault(record.model_dump_json(), record)
    return list(found.values())
