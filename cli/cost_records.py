"""Profiles as cost records, so that a report can show them beside those of a run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from ..bench import EngineProfile
from ..core.hashes import content_hash, file_hash
from ..suites.record_files import RECORD_FILE, write_record
from ..suites.records import EVALUATOR_VERSION, CostRecord, Machine
from .subjects import Chosen

__all__ = ["write_costs"]


def write_costs(
    profiles: Sequence[tuple[Chosen, EngineProfile]], dataset: str | None, effort: str, out: Path
) -> list[Path]:
    """Write one record for each profile, each into a folder named by its hash.

    A record that stands there stays as it is: records are never changed.

    Args:
        profiles: What was measured, and what came of it.
        dataset: Whose test candidates were ranked, or None.
        effort: How much was measured: "quick" or "full".
        out: Folder of the records.

    Returns:
        The records that were there before, so that these profiles were not recorded.
    """
    kept = []
    for choice, profile in profiles:
        trained_on = dataset or choice.dataset
        description = _description(profile, choice) | {"dataset": trained_on, "effort": effort}
        measured = profile.model_dump(include=set(CostRecord.model_fields), exclude={"machine"})
        record = CostRecord(
            trial=content_hash(description),
            description=description,
            inputs={} if choice.fit is None else {"weights": choice.fit},
            dataset=trained_on,
            evaluator_version=EVALUATOR_VERSION,
            machine=Machine.model_validate(profile.machine),
            **measured,
        )
        if (out / record.trial / RECORD_FILE).exists():
            kept.append(out / record.trial / RECORD_FILE)
        else:
            write_record(record, out / record.trial)
    return kept


def _description(profile: EngineProfile, choice: Chosen) -> dict[str, Any]:
    """What decides the figures: the model and its weights, what ran it, and the machine."""
    subject = asdict(choice.subject)
    weights = subject["weights"]
    kept = ("model", "num_users", "backbone", "options", "input_kind", "input_size")
    return {
        "evaluator": EVALUATOR_VERSION,
        **{key: subject[key] for key in kept},
        "weights": None if weights is None else file_hash(weights),
        "engine": profile.engine,
        "device": profile.device,
        "precision": profile.precision,
        "threads": profile.threads,
        "outfit_size": profile.outfit_size,
        "machine": profile.machine,
    }
