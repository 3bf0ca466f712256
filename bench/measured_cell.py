"""One model in one engine on one device, measured turn by turn."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path
from typing import Any

from .effort import Effort
from .measurement import Measurement
from .parity import check_parity, compare_answers
from .preparation import Prepared, reference_answers
from .recommend import PHASES
from .worker_process import WorkerProcess

__all__ = ["MeasuredCell"]

_ENOUGH_FOR_P99 = 100
_ENOUGH_RUNS = 10
_UNITS = {"throughput": "outfit/s", "encode_throughput": "item/s"}


class MeasuredCell:
    """Samples of one worker, gathered over its turns.

    Args:
        worker: A process that has imported the engine and nothing else.
        prepared: The model.
        engine: Name of the engine.
        device: "cpu" or "cuda".
        threads: Intra-op threads.
        effort: How much to measure.
        session: Name of the measuring session.
    """

    def __init__(
        self,
        worker: WorkerProcess,
        prepared: Prepared,
        engine: str,
        device: str,
        threads: int,
        effort: Effort,
        session: str,
    ) -> None:
        self.prepared = prepared
        self.engine = engine
        self.device = device
        self.threads = threads
        self.provider: str | None = None
        self.precision = ""
        self.parity: dict[str, float] = {}
        self._worker = worker
        self._effort = effort
        self._session = session
        self._samples: dict[str, list[float]] = defaultdict(list)
        self._turns: dict[str, list[int]] = defaultdict(list)
        self._flags: dict[str, list[str]] = defaultdict(list)

    def load(self) -> None:
        """Load the model, answer once, read the peak of memory, and compare the answers with PyTorch's.

        Raises:
            EngineError: If the engine cannot run here.
            ParityError: If it answers otherwise than PyTorch on the CPU.
        """
        subject = self.prepared.subject
        reply = self._worker.ask(
            "load",
            subject=subject.to_json(),
            device=self.device,
            threads=self.threads,
            outfit_size=self.prepared.outfit_size,
            warm_seconds=self._effort.warm_seconds,
            turn_seconds=self._effort.turn_seconds,
        )
        self.provider, self.precision = reply["provider"], reply["precision"]
        for name in ("load", "compile", "first_call"):
            if reply[name] is not None:
                self._samples[name].append(reply[name])
        for name, size in self._worker.ask("memory")["bytes"].items():
            self._samples[name].append(size)
        if "peak_memory" not in self._samples:
            self.flag("peak_memory", "no NVML")
        if (self.engine, self.device) != ("torch", "cpu"):
            self.parity = self._parity()
            check_parity(self.parity, f"engine {self.engine} on {self.device}, model {subject.model}")

    def turn(self) -> None:
        """Take one round's samples of everything that is timed warm."""
        effort = self._effort
        self._time("latency", self._worker.ask("latency", batch=1, samples=effort.samples))
        batched = {"batch": effort.batch, "samples": effort.batches}
        self._time("throughput", self._worker.ask("latency", **batched), effort.batch)
        self._time("encode_throughput", self._worker.ask("encode", **batched), effort.batch)
        if self.device != "cpu":
            self._time("device_latency", self._worker.ask("device_latency", samples=effort.samples))

    def warm_recommend(self, workload: Path) -> None:
        """A run over the test candidates that does not count: their shapes are met here first."""
        self._recommended(workload)

    def recommend(self, workload: Path) -> None:
        """One run over the test candidates."""
        seconds = self._recommended(workload)
        self._samples["recommend"].append(sum(seconds.values()))
        for phase in PHASES:
            self._samples[f"recommend_{phase}"].append(seconds[phase])

    def _recommended(self, workload: Path) -> dict[str, float]:
        subject = self.prepared.subject
        size = subject.input_size if subject.input_kind == "image" else None
        return self._worker.ask("recommend", folder=str(workload), image_size=size)["seconds"]

    def flag(self, name: str, flag: str) -> None:
        """Say something of a quantity, measured or not."""
        if flag not in self._flags[name]:
            self._flags[name].append(flag)

    def measurements(self) -> dict[str, Measurement]:
        """All quantities by name."""
        self._flag_few("latency", _ENOUGH_FOR_P99, "for p99")
        self._flag_few("device_latency", _ENOUGH_FOR_P99, "for p99")
        self._flag_few("recommend", _ENOUGH_RUNS, "runs")
        measured = {
            name: Measurement(
                unit=_unit(name),
                samples=self._samples.get(name, []),
                session=self._session,
                turns=self._turns.get(name, []),
                flags=self._flags.get(name, []),
            )
            for name in (*self._samples, *(self._flags.keys() - self._samples.keys()))
        }
        file_size = self.prepared.file_size(exported=self._worker.needs_export)
        return measured | self.prepared.counts | {"file_size": file_size}

    def _parity(self) -> dict[str, float]:
        known = self.prepared.export_parity
        if known is not None and self._worker.needs_export and self.device == "cpu":
            return known
        found = self._worker.ask("parity_answers")["answers"]
        return compare_answers(reference_answers(self.prepared.subject), found)

    def _time(self, name: str, reply: dict[str, Any], per_call: int | None = None) -> None:
        seconds = reply["seconds"]
        self._turns[name].append(len(seconds))
        self._samples[name] += seconds if per_call is None else [per_call / second for second in seconds]
        if not reply.get("settled", True):
            self.flag(name, "not settled")

    def _flag_few(self, name: str, enough: int, what: str) -> None:
        count = len(self._samples.get(name, []))
        if 0 < count < enough:
            self.flag(name, f"too few samples ({count} of {enough} {what})")


def _unit(name: str) -> str:
    return "byte" if name.startswith("peak_memory") else _UNITS.get(name, "s")
