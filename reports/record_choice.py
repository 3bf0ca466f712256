"""Which of the records given a page is made from: one order, each once, and one record of each trial.

One trial may have been run in two environments (a CPU and a GPU, one thread and four) and have ended with two
outcomes. It is one trial all the same: `one_of_each_trial` picks by a stated rule and keeps the others apart.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from ..core.hashes import canonical_json

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pydantic import BaseModel

    from ..suites.records import Evaluation, FitRecord, QualityRecord

__all__ = [
    "CHOICE_RULE",
    "OtherOutcome",
    "distinct",
    "environment_label",
    "one_of_each_trial",
    "shuffled_where_there_is",
    "spelling",
]

E = TypeVar("E", bound="Evaluation")
R = TypeVar("R", bound="BaseModel")

CHOICE_RULE = (
    "Of several records of one trial this page shows the one trained on the CPU before a GPU, in fp32 before "
    "bf16, by fewer threads before more, and then the one whose JSON comes first."
)

_NO_OUTCOME: dict[str, Any] = {
    "seconds": True,
    "machine": True,
    "fit": {"seconds": True, "machine": True, "method": True, "environment": True},
}
"""Fields of a quality record that may differ while the outcome is the same."""


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


@dataclass(frozen=True)
class OtherOutcome:
    """A record that was passed over, beside the one of the same trial that is shown.

    Attributes:
        shown: The record in the tables.
        other: The one that is not.
    """

    shown: QualityRecord
    other: QualityRecord

    @property
    def auc_difference(self) -> float:
        """Mean AUC of the other less that of the one shown; NaN where one ranked nobody."""
        return _mean(self.other.test.auc) - _mean(self.shown.test.auc)


def one_of_each_trial(records: Iterable[QualityRecord]) -> tuple[list[QualityRecord], list[OtherOutcome]]:
    """The record of each trial that is shown, and those with another outcome that are not.

    Returns:
        The records by trial; what was passed over, in the same order.
    """
    by_trial: dict[str, list[QualityRecord]] = defaultdict(list)
    for record in distinct(records):
        by_trial[record.trial].append(record)
    shown, others = [], []
    for _, members in sorted(by_trial.items()):
        first, *rest = sorted(members, key=lambda r: (*_preference(r.fit), spelling(r)))
        shown.append(first)
        seen = [_outcome(first)]
        for record in rest:
            if (outcome := _outcome(record)) not in seen:
                seen.append(outcome)
                others.append(OtherOutcome(first, record))
    return shown, others


def shuffled_where_there_is(records: Iterable[E]) -> list[E]:
    """The evaluations but those that stand here twice and did not shuffle the users, where the other did."""
    kept = list(records)
    fuller = {_apart_from_shuffling(record) for record in kept if record.shuffled is not None}
    return [r for r in kept if r.shuffled is not None or _apart_from_shuffling(r) not in fuller]


def environment_label(fit: FitRecord) -> str:
    """In what a fit was trained, in a few words: "cpu, fp32, 2 threads", or "…, 1 thread, 2 processes"."""
    environment = fit.environment
    threads = f"{environment.threads} thread{'' if environment.threads == 1 else 's'}"
    processes = f", {environment.ranks} processes" if environment.ranks > 1 else ""
    return f"{environment.device}, {environment.precision}, {threads}{processes}"


def _preference(fit: FitRecord) -> tuple[bool, bool, int]:
    environment = fit.environment
    return environment.device != "cpu", environment.precision != "fp32", environment.threads


def _apart_from_shuffling(record: Evaluation) -> str:
    described = {key: value for key, value in record.description.items() if key != "shuffled_users"}
    return canonical_json([described, record.inputs, record.candidate_fingerprint, record.evaluator_version])


def _outcome(record: QualityRecord) -> str:
    return canonical_json(record.model_dump(mode="json", exclude=_NO_OUTCOME))


def _mean(values: list[float]) -> float:
    return sum(values) / len(values) if values else float("nan")
