"""Profiles as cost records, so that a report can show them beside those of a run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from ..bench import EngineProfile
from ..bench.file_hash import file_hash
from ..suites.canonical import content_hash
from ..suites.record_files import write_record
from ..suites.records import EVALUATOR_VERSION, CostRecord, Machine
from .subjects import Chosen

__all__ = ["write_costs"]


def write_costs(
    profiles: Sequence[EngineProfile], chosen: Sequence[Chosen], dataset: str | None, effort: str, out: Path
) -> None:
    """Write one record for each profile, each into a folder named by its hash.

    Args:
        profiles: Equally many for each of `chosen`, in the same order.
        chosen: What was measured.
        dataset: Whose test candidates were ranked, or None.
        effort: How much was measured: "quick" or "full".
        out: Folder of the records.
    """
    each = len(profiles) // len(chosen)
    for number, profile in enumerate(profiles):
        choice = chosen[number // each]
        trained_on = dataset or choice.dataset
        description = _description(profile, choice) | {"dataset": trained_on, "effort": effort}
        record = CostRecord(
            cost=content_hash(description),
            description=description,
            dataset=trained_on,
            evaluator_version=EVALUATOR_VERSION,
            machine=Machine.model_validate(profile.machine),
            **profile.model_dump(exclude={"machine"}),
        )
        write_record(record, out / record.cost)


def _description(profile: EngineProfile, choice: Chosen) -> dict[str, Any]:
    """What decides the figures: the model and its weights, what ran it, and the machine."""
    subject = asdict(choice.subject)
    weights = subject["weights"]
    kept = ("model", "num_users", "backbone", "input_kind", "input_size")
    return {
        "evaluator": EVALUATOR_VERSION,
        **{key: subject[key] for key in kept},
        "weights": None if weights is None else file_hash(weights),
        "engine": profile.engine,
        "device": profile.device,
        "precision": profile.precision,
        "threads": profile.threads,
        "machine": profile.machine,
    }
