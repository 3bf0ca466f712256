"""Records on disk: written once by an atomic rename, read with every field checked."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TypeVar

from pydantic import TypeAdapter, ValidationError

from ..core.errors import Fault, InputError
from ..core.files import atomic_file
from ..core.hashes import content_hash, file_hash
from ..core.names import shown
from .records import DatasetRecord, FitRecord, QualityRecord, Record, SpaceRecord, SuiteRecord, VariantRecord

__all__ = [
    "ERROR_FILE",
    "RECORD_FILE",
    "file_of",
    "held",
    "load_record",
    "load_records",
    "record_places",
    "write_record",
]

R = TypeVar("R", bound=Record)

RECORD_FILE = "record.json"

ERROR_FILE = "error.txt"
"""Stands where the record of a trial that failed would: the reason in one line, then what else is known."""

_AGAIN = "delete its folder and run again"

_OF_ANY_ENVIRONMENT = (
    "model",
    "backbone",
    "input_kind",
    "input_size",
    "parameters",
    "seed",
    "data_fingerprint",
)
"""Fields of a fit that are the same wherever it is run."""

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
        raise InputError(Fault(where, found, "a whole record", _AGAIN)) from error
    _refuse_altered(record, path)
    if isinstance(record, QualityRecord | VariantRecord | SpaceRecord):
        _refuse_altered(record.fit, path)
    return record


def held(path: Path, expected: str) -> Path:
    """A file of a finished trial, held against the hash in its record.

    Raises:
        InputError: If it is missing or altered.
    """
    if not path.is_file():
        raise InputError(Fault(path, "no such file", f"the file of hash {expected} in its record", _AGAIN))
    if (found := file_hash(path)) != expected:
        raise InputError(
            Fault(path, f"a file of hash {found}", f"{expected}, as in the record beside it", _AGAIN)
        )
    return path


def file_of(folder: Path, kind: type[R], name: str, hashed: Callable[[R], str]) -> Path:
    """A file of a finished trial, held against its record.

    Args:
        folder: The trial's.
        kind: Of its record: a role is filled by trials of one kind.
        name: Of the file.
        hashed: Its hash in the record.

    Raises:
        InputError: If it is missing or altered.
    """
    record = load_record(folder / RECORD_FILE)
    assert isinstance(record, kind)
    return held(folder / name, hashed(record))


_DESCRIBED = {
    "inputs": "inputs",
    "seed": "seed",
    "negatives": "negatives",
    "split_scheme": "split_scheme",
    "data": "data_fingerprint",
    "setting": "setting",
    "candidates": "candidate_fingerprint",
    "variant": "variant",
    "scorer": "scorer",
}
"""Keys of descriptions, and the fields of records that say the same."""


def _refuse_altered(record: Record, path: Path) -> None:
    """A trial is named by the hash of its description."""
    if isinstance(record, DatasetRecord | SuiteRecord):
        return
    if (hashed := content_hash(record.description)) != record.trial:
        found = f"a description of hash {hashed}"
        raise InputError(Fault(path, found, f"{record.trial}, its name", _AGAIN))
    for key, field in _DESCRIBED.items():
        own = getattr(record, field, None)
        if key in record.description and own is not None and own != record.description[key]:
            described = f"{shown(record.description[key])}, as in its description"
            raise InputError(Fault(f"{path}, {field}", shown(own), described, _AGAIN))


def _refuse_other(fit: FitRecord, path: Path, seen: dict[str, tuple[FitRecord, Path]]) -> None:
    """One trial may have been run in two environments, and is of one network all the same."""
    first, beside = seen.setdefault(fit.trial, (fit, path))
    for field in _OF_ANY_ENVIRONMENT:
        if (own := getattr(fit, field)) != (other := getattr(first, field)):
            where = f"{path}, {field} of fit {fit.trial}"
            raise InputError(Fault(where, shown(own), f"{shown(other)}, as in {beside}", _AGAIN))


def load_records(paths: Iterable[Path]) -> list[Record]:
    """Read all records below some folders, or some record files.

    Returns:
        The records in the order of their files' paths; one that several folders hold, once.

    Raises:
        InputError: If a path does not exist, holds no record, a record is broken, or two records of one fit
            are of two networks.
    """
    found: dict[str, Record] = {}
    fits: dict[str, tuple[FitRecord, Path]] = {}
    for path in paths:
        files = sorted(path.rglob(RECORD_FILE)) if path.is_dir() else [path]
        if not files:
            raise InputError(
                Fault(path, "no record", f"a folder with {RECORD_FILE} files", "run a suite first")
            )
        for file in files:
            record = load_record(file)
            if fit := record if isinstance(record, FitRecord) else getattr(record, "fit", None):
                _refuse_other(fit, file, fits)
            found.setdefault(record.model_dump_json(), record)
    return list(found.values())


def record_places(paths: Iterable[Path]) -> dict[str, Path]:
    """Where the record of each trial lies below some folders, by its hash, which its folder goes by."""
    places: dict[str, Path] = {}
    for path in paths:
        for file in sorted(path.rglob(RECORD_FILE)) if path.is_dir() else [path]:
            places.setdefault(file.parent.name, file)
    return places
