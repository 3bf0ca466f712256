"""What `outfitbench profile` measured, as cost records that a report can show beside those of a run."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from ..bench import Effort, EngineProfile
from ..datasets import Dataset
from ..suites.describing import describe_cost
from ..suites.descriptions import SubjectDescription
from ..suites.record_files import RECORD_FILE, write_record
from ..suites.records import EVALUATOR_VERSION, CostRecord
from .subjects import Chosen

__all__ = ["write_costs"]


def write_costs(
    profiles: Sequence[tuple[Chosen, EngineProfile]], dataset: Dataset | None, effort: Effort, out: Path
) -> list[Path]:
    """Write one record for each profile, each into a folder named by its hash.

    A record that stands there stays as it is: records are never changed.

    Args:
        profiles: What was measured, and what came of it.
        dataset: What workloads were laid out from, or None.
        effort: How much was measured.
        out: Folder of the records.

    Returns:
        The records that were there before, so that these profiles were not recorded.
    """
    kept = []
    for choice, profile in profiles:
        inputs = {} if choice.trained is None else {"weights": choice.trained}
        data = None if dataset is None else dataset.fingerprint
        description = describe_cost(
            profile.workload,
            profile.engine,
            profile.device,
            effort,
            profile.outfit_size,
            profile.machine,
            inputs=inputs,
            data=data,
            subject=None if inputs else _described(choice, profile),
            threads=profile.threads,
        )
        record = CostRecord(
            trial=description.hash,
            description=description.to_json(),
            inputs=inputs,
            dataset=choice.dataset if dataset is None else dataset.name,
            data_fingerprint=data or "",
            evaluator_version=EVALUATOR_VERSION,
            **dict(profile),
        )
        if (out / record.trial / RECORD_FILE).exists():
            kept.append(out / record.trial / RECORD_FILE)
        else:
            write_record(record, out / record.trial)
    return kept


def _described(choice: Chosen, profile: EngineProfile) -> SubjectDescription:
    """A model with random weights: what it costs does not hang on their values."""
    subject = choice.subject
    return SubjectDescription(
        model=subject.model,
        num_users=subject.num_users,
        backbone=subject.backbone,
        options=subject.options,
        input_kind=subject.input_kind,
        input_size=profile.input_size,
    )
