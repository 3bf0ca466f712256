"""Cost records sorted by where they were taken, and found again for a row of a quality table."""

from __future__ import annotations

import math
from collections import defaultdict
from dataclasses import dataclass, replace
from itertools import product
from typing import TYPE_CHECKING, NamedTuple

from ..bench.engine_profile import joined
from .quantities import counted
from .record_choice import distinct, spelling

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from ..bench.measurement import Measurement
    from ..suites.records import CostRecord, FitRecord, Machine
    from .comparison_table import ComparisonTable
    from .table_rows import Row

__all__ = [
    "EVERY_USER",
    "LATENCY",
    "Configuration",
    "CostGroup",
    "Network",
    "RowCosts",
    "configuration",
    "cost_groups",
    "cost_of",
    "costs_of_rows",
    "effort_label",
    "groups_beside",
    "machine_label",
    "network_of",
    "ratio",
    "sampled",
    "sessions_of",
    "versions_label",
    "with_variants",
]

LATENCY = "latency"
"""One warm request, from the items' inputs to the score; see `bench/workloads/request.py`."""

EVERY_USER = "recommend"
"""The whole job of recommending to every user; see `bench/workloads/recommend.py`."""

_ENGINES = {"onnxruntime": "ONNX Runtime", "torch": "PyTorch", "torch-compile": "PyTorch compiled"}


def sampled(record: CostRecord, name: str) -> Measurement | None:
    """The measurement `name`, or None where it was not taken or failed."""
    measured = record.measurements.get(name)
    return measured if measured is not None and measured.samples else None


def ratio(own: CostRecord, other: CostRecord, name: str) -> float:
    """A quantity as a multiple of another record's; NaN where the two must not be divided.

    Times and memory are divided within a session only: between two sessions the machine may have changed.
    Counts (parameters) are the same in every session.
    """
    a, b = sampled(own, name), sampled(other, name)
    if a is None or b is None or not b.median or (a.unit, b.unit).count("1") == 1:
        return math.nan
    if a.unit != "1" and (not a.session or a.session != b.session):
        return math.nan
    return a.ratio_to(b)


class Network(NamedTuple):
    """What decides a cost of a model: its shape, whatever its weights."""

    model: str
    backbone: str
    input_kind: str
    input_size: int


def network_of(record: FitRecord | CostRecord) -> Network:
    """The network of a fit or of what was measured."""
    return Network(record.model, record.backbone, record.input_kind, record.input_size)


@dataclass(frozen=True, order=True)
class Configuration:
    """What ran a model; only times of one configuration on one machine are compared with each other."""

    engine: str
    device: str
    precision: str
    provider: str
    threads: int

    @property
    def runner(self) -> str:
        """Engine, device, provider where it is not the usual one, and threads; whatever the precision."""
        return ", ".join([*self._engine(), counted(self.threads, "thread")])

    def __str__(self) -> str:
        return ", ".join([*self._engine(), self.precision, counted(self.threads, "thread")])

    def _engine(self) -> list[str]:
        default = {"cpu": "CPUExecutionProvider", "cuda": "CUDAExecutionProvider"}.get(self.device)
        provider = [self.provider] if self.provider and self.provider != default else []
        return [f"{_ENGINES.get(self.engine, self.engine)} on {self.device}", *provider]


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
        data_fingerprint: Content hash of the dataset, where the records say it.
        evaluator_version: Version of the measuring rules.
        records: What was measured of one model in one configuration side by side, whatever the workload; by
            configuration and size, those whose network taught first.
        taken: The same, a record a workload.
        teachers: Networks that taught.
    """

    machine: Machine
    dataset: str | None
    data_fingerprint: str
    evaluator_version: int
    records: tuple[CostRecord, ...]
    taken: tuple[CostRecord, ...]
    teachers: frozenset[Network] = frozenset()

    @property
    def sessions(self) -> list[str]:
        """The sessions its records were taken in, by date."""
        return list(dict.fromkeys(session for _, session in sorted((r.date, r.session) for r in self.taken)))

    @property
    def has_teacher(self) -> bool:
        """Whether a network that taught was measured."""
        return any(network_of(record) in self.teachers for record in self.records)

    def reference(self, record: CostRecord, *, counted: bool = False) -> CostRecord | None:
        """What a record's costs are given relative to, in its configuration and in a session of its own.

        The network that taught; where none of the group did, the largest. None for the reference itself,
        and where it was not measured.

        Args:
            record: Whose costs.
            counted: Whether it is of a count, which is the same in every configuration and session.
        """
        own = sessions_of(record)
        peers = [
            r
            for r in self.records
            if counted or (configuration(r) == configuration(record) and sessions_of(r) & own)
        ]
        if self.has_teacher:
            taught = [r for r in peers if network_of(r) in self.teachers]
            found = max(taught, key=lambda r: len(sessions_of(r) & own), default=None)
            return None if network_of(record) in self.teachers else found
        found = max(peers, key=_size, default=record)
        return None if network_of(found) == network_of(record) else found


def sessions_of(record: CostRecord) -> frozenset[str]:
    """The sessions that a record's measurements are from."""
    return frozenset(measured.session for measured in record.measurements.values() if measured.session)


def machine_label(machine: Machine) -> str:
    """The machine in one line.

    Example:
        >>> from outfitbench.suites.records import Machine
        >>> machine_label(Machine(processor="Xeon", generation="6.143.8", cores=2, memory_bytes=16 * 2**30,
        ...                       accelerator=None, system="Linux 6", versions={}, cpu_flags=[]))
        'Xeon (6.143.8), 2 cores, 16 GiB, no accelerator, Linux 6'
    """
    memory = f"{min(machine.memory_bytes, 2**63) / 2**30:.3g} GiB"
    generation = f" ({machine.generation})" if machine.generation else ""
    return ", ".join(
        [
            f"{machine.processor}{generation}",
            counted(machine.cores, "core"),
            memory,
            machine.accelerator or "no accelerator",
            machine.system,
        ]
    )


def versions_label(machine: Machine) -> str:
    """The versions of what ran, in one line; empty if none is known."""
    return ", ".join(f"{name} {version}" for name, version in sorted(machine.versions.items()))


def effort_label(records: Iterable[CostRecord]) -> str:
    """How much was measured in all."""
    told = {f"{key} {value}" for record in records for key, value in record.effort.items()}
    return ", ".join(sorted(told)) or "not told"


def cost_groups(
    records: Iterable[CostRecord],
    names: Mapping[str, str] | None = None,
    teachers: Iterable[Network] = (),
) -> list[CostGroup]:
    """Sort cost records into tables. A record given twice counts once.

    Args:
        records: What was measured.
        names: Of fits, by hash: what their costs go by.
        teachers: Networks that taught.
    """
    taught = frozenset(teachers)
    groups: dict[tuple[str, str, str, int], list[CostRecord]] = defaultdict(list)
    for record in distinct(records):
        name = (names or {}).get(record.inputs.get("weights", ""), record.method)
        key = (
            record.dataset or "",
            record.data_fingerprint,
            spelling(record.machine),
            record.evaluator_version,
        )
        groups[key].append(record.model_copy(update={"method": name}))
    found = []
    for (dataset, data, _, version), taken in sorted(groups.items()):
        taken.sort(key=lambda r: (r.date, r.session, r.workload, r.trial))
        rows = sorted(
            joined(taken),
            key=lambda r: (
                configuration(r),
                network_of(r) not in taught,
                _size(r),
                r.method,
                r.variant,
                r.date,
                r.session,
                r.trial,
            ),
        )
        found.append(
            CostGroup(taken[0].machine, dataset or None, data, version, tuple(rows), tuple(taken), taught)
        )
    return found


def _size(record: CostRecord) -> float:
    measured = sampled(record, "parameters")
    return measured.median if measured else 0.0


@dataclass(frozen=True)
class RowCosts:
    """The costs that stand beside a quality table, all of one configuration and session.

    Attributes:
        group: Where they were taken.
        configuration: What ran the models.
        by_row: By row name, the record of its fit, or else of its network.
    """

    group: CostGroup
    configuration: Configuration
    by_row: dict[str, CostRecord]

    @property
    def label(self) -> str:
        """What ran them; with the precision where all were computed in one."""
        alike = all(record.precision == self.configuration.precision for record in self.by_row.values())
        return str(self.configuration) if alike else self.configuration.runner

    def has_all(self, name: str) -> bool:
        """Whether a time was taken of every row in one session, so that all may be compared in it."""
        taken = [sampled(record, name) for record in self.by_row.values()]
        sessions = {measured.session if measured and measured.unit == "s" else "" for measured in taken}
        return len(sessions) == 1 and "" not in sessions


def costs_of_rows(ranked: ComparisonTable, groups: Sequence[CostGroup]) -> RowCosts | None:
    """The latencies of the one configuration and session that covers most rows; None if there is none.

    Full precision only, for that is what the quality was measured in. Of equals, ONNX Runtime comes before
    torch and the CPU before a GPU, and an earlier session before a later one.
    """
    best = None
    for group in groups_beside(ranked, groups):
        running = sorted({configuration(r) for r in group.records if r.precision == "fp32"})
        for ran, session in product(running, group.sessions):
            records = [
                r
                for r in group.records
                if configuration(r) == ran and _is_timed(r) and r.measurements[LATENCY].session == session
            ]
            found = {row.name: record for row in ranked.rows if (record := cost_of(row, records))}
            if found and (best is None or len(found) > len(best.by_row)):
                best = RowCosts(group, ran, found)
    return best


def with_variants(found: RowCosts, ranked: ComparisonTable) -> RowCosts:
    """The same with variants beside it as they are run: in the same engine and session, in any precision."""
    sessions = {record.measurements[LATENCY].session for record in found.by_row.values()}
    records = [
        record
        for record in found.group.records
        if configuration(record).runner == found.configuration.runner
        and _is_timed(record)
        and record.measurements[LATENCY].session in sessions
    ]
    variants = {row.name: cost_of(row, records) for row in ranked.rows if row.variant}
    beside = {name: record for name, record in variants.items() if record is not None}
    return replace(found, by_row=beside | found.by_row)


def groups_beside(ranked: ComparisonTable, groups: Iterable[CostGroup]) -> list[CostGroup]:
    """The costs that may stand beside a quality table: of its data, or of none.

    None where users are new: to score for them is another job, which no workload measures.
    """
    return [
        group
        for group in groups
        if not ranked.cold
        and group.dataset in (ranked.dataset, None)
        and group.data_fingerprint in (ranked.data_fingerprint, "")
    ]


def _is_timed(record: CostRecord) -> bool:
    measured = sampled(record, LATENCY)
    return measured is not None and measured.unit == "s"


def cost_of(row: Row, records: Sequence[CostRecord]) -> CostRecord | None:
    """The row's own record, or one of its network; of several the slowest: no claim gains by the choice."""
    same = [r for r in records if network_of(r) == network_of(row.fit) and r.variant == row.variant]
    own = [r for r in same if r.inputs.get("weights") in row.weights] or [
        r for r in same if r.method == row.name
    ]
    return max(own or same, key=_latency, default=None)


def _latency(record: CostRecord) -> float:
    measured = sampled(record, LATENCY)
    return measured.median if measured else 0.0
