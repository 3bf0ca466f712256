"""Whether what finished trials left is what their records say, and of the data that there are now."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from ..core.errors import InputError
from .record_files import RECORD_FILE, held, load_record
from .records import FitRecord, NeighboursRecord, StemRecord, VariantRecord
from .run_fit import weights_of
from .run_neighbours import TABLE_FILE
from .run_stem import stem_of
from .run_variant import VARIANT_FILES
from .trial import StemTrial, Trial

__all__ = ["broken_inputs", "outdated_stems"]


def broken_inputs(
    trials: Iterable[Trial[Any]], finished: frozenset[str], folder_of: Callable[[Trial[Any]], Path]
) -> dict[str, str]:
    """What a run would trip over: files of finished trials that trials without a record need.

    Args:
        trials: All of a suite.
        finished: Hashes of those that have a record.
        folder_of: Where a trial's files lie.

    Returns:
        The fault by hash of each finished trial whose files are missing or altered.
    """
    needed = {
        given.hash: given
        for trial in trials
        if trial.hash not in finished
        for given in trial.inputs.values()
        if given.hash in finished
    }
    broken: dict[str, str] = {}
    for key, trial in needed.items():
        try:
            _hold(folder_of(trial))
        except InputError as error:
            broken[key] = str(error)
    return broken


def _hold(folder: Path) -> None:
    match load_record(folder / RECORD_FILE):
        case FitRecord():
            weights_of(folder)
        case VariantRecord() as record:
            for name, hashed in record.files.items():
                held(folder / VARIANT_FILES / name, hashed)
        case StemRecord():
            stem_of(folder)
        case NeighboursRecord() as record:
            held(folder / TABLE_FILE, record.table)


def outdated_stems(
    trials: Iterable[Trial[Any]], finished: frozenset[str], folder_of: Callable[[Trial[Any]], Path]
) -> list[str]:
    """A sentence for each stem to be trained that lies here of a dataset's images or outfits before a change.

    Args:
        trials: All of a suite.
        finished: Hashes of those that have a record.
        folder_of: Where a trial's files lie.
    """
    return [
        f"{trial.label}: trained anew, as the images or outfits are not those of {place.parent} "
        f"(data {record.data_fingerprint}, now {trial.dataset.fingerprint})"
        for trial in trials
        if isinstance(trial, StemTrial) and trial.hash not in finished
        for place in sorted(folder_of(trial).parent.glob(f"*/{RECORD_FILE}"))
        if (record := _stem_record(place)) is not None
        and (record.dataset, record.image_size) == (trial.dataset.name, trial.method.image_size)
        and record.data_fingerprint != trial.dataset.fingerprint
    ]


def _stem_record(place: Path) -> StemRecord | None:
    """What stands there, where that can be read: nobody needs it."""
    try:
        record = load_record(place)
    except InputError:
        return None
    return record if isinstance(record, StemRecord) else None
