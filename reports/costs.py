"""Cost records sorted by where they were taken, and found again for a row of a quality table."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .distinct import distinct, spelling
from .quantities import counted
from .sampled import LATENCY, sampled

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from ..suites.records import CostRecord, Machine
    from .ranking import Ranking, Row

__all__ = [
    "Configuration",
    "CostGroup",
    "RowCosts",
    "configuration",
    "cost_groups",
    "costs_of_rows",
    "machine_label",
]

_ENGINES = {"onnxruntime": "ONNX Runtime", "torch": "PyTorch", "torch-compile": "PyTorch compiled"}


@dataclass(frozen=True, order=True)
class Configuration:
    """What ran a model; only times of one configuration on one machine are compared with each other."""

    engine: str
    device: str
    precision: str
    provider: str
    threads: int

    def __str__(self) -> str:
        threads = counted(self.threads, "thread")
        default = {"cpu": "CPUExecutionProvider", "cuda": "CUDAExecutionProvider"}.get(self.device)
        provider = [self.provider] if self.provider and self.provider != default else []
        engine = _ENGINES.get(self.engine, self.engine)
        return ", ".join([f"{engine} on {self.device}", *provider, self.precision, threads])


def configuration(record: CostRecord) -> Configuration:
    """What ran the model of a record."""
    return Configuration(
        record.engine, record.device, record.precision, record.provider or "", record.threads
    )


@dataclass(frozen=True)
class CostGroup:
    """Records that may share a table: one machine with one set of versions, one dataset, one evaluator.

    Attributes:
        machine: Where they were taken.
        dataset: For whose users and images, or None.
        evaluator_version: Version of the measuring rules.
        records: By configuration and model.
    """

    machine: Machine
    dataset: str | None
    evaluator_version: int
    records: tuple[CostRecord, ...]


def machine_label(machine: Machine) -> str:
    """The machine in one line.

    Example:
        >>> from outfitbench.suites.records import Machine
        >>> machine_label(Machine(processor="Xeon", cores=2, memory_bytes=16 * 2**30, accelerator=None,
        ...                       system="Linux 6", versions={}, cpu_flags=[]))
        'Xeon, 2 cores, 16 GiB, no accelerator, Linux 6'
    """
    memory = f"{machine.memory_bytes / 2**30:.3g} GiB"
    cores = counted(machine.cores, "core")
    return ", ".join(
        [machine.processor, cores, memory, machine.accelerator or "no accelerator", machine.system]
    )


def cost_groups(records: Iterable[CostRecord]) -> list[CostGroup]:
    """Sort cost records into tables. A record given twice counts once."""
    groups: dict[tuple[str, str, int], list[CostRecord]] = defaultdict(list)
    for record in distinct(records):
        groups[record.dataset or "", spelling(record.machine), record.evaluator_version].append(record)
    found = []
    for (dataset, _, version), members in sorted(groups.items()):
        members.sort(key=lambda r: (configuration(r), r.model != "teacher", _size(r), r.method))
        found.append(CostGroup(members[0].machine, dataset or None, version, tuple(members)))
    return found


def _size(record: CostRecord) -> float:
    measured = sampled(record, "parameters")
    return measured.median if measured else 0.0


@dataclass(frozen=True)
class RowCosts:
    """The costs that stand beside a quality table.

    Attributes:
        group: Where they were taken.
        configuration: What ran the models.
        by_row: By row name, the record of its method, or else of its model.
    """

    group: CostGroup
    configuration: Configuration
    by_row: dict[str, CostRecord]


def costs_of_rows(ranking: Ranking, groups: Sequence[CostGroup]) -> RowCosts | None:
    """The latencies of the one configuration that covers most rows; None if none was measured for any row.

    Full precision only, for that is what the quality was measured in. Of equals, ONNX Runtime comes before
    torch and the CPU before a GPU.
    """
    best = None
    for group in groups:
        if group.dataset not in (ranking.dataset, None):
            continue
        for running in sorted({configuration(r) for r in group.records if r.precision == "fp32"}):
            records = [
                r for r in group.records if configuration(r) == running and sampled(r, LATENCY) is not None
            ]
            found = {row.name: record for row in ranking.rows if (record := _cost_of(row, records))}
            if found and (best is None or len(found) > len(best.by_row)):
                best = RowCosts(group, running, found)
    return best


def _same_network(row: Row, record: CostRecord) -> bool:
    """Whether a record is of the row's model: another image network or image size costs something else."""
    if (record.model, record.backbone) != (row.model, row.backbone):
        return False
    return record.input_kind != "image" or record.input_size == row.image_size


def _cost_of(row: Row, records: Sequence[CostRecord]) -> CostRecord | None:
    """The row's own record before one of its model; of several the slowest: no claim gains by the choice."""
    same = [r for r in records if _same_network(row, r)]
    candidates = [r for r in same if r.method == row.records[0].method] or same
    return max(candidates, key=lambda r: r.measurements[LATENCY].median, default=None)
