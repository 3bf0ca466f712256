"""One model in one engine on one device: a process of its own, in which every workload has its turns."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

from ..core.affinity import chosen_cores
from .effort import Effort
from .engines import needs_export
from .parity import EXACT, IN_BFLOAT16, check_parity, compare_answers
from .preparation import Prepared, reference_answers
from .subject import Subject
from .variants import tolerance_of
from .worker_process import WorkerProcess

__all__ = ["Seat"]


class Seat:
    """A process that imports an engine while its model is prepared here, then loads it and answers.

    A process that dies in a workload, or is closed, is started again when it is asked next.

    Args:
        subject: The model.
        engine: Name of the engine.
        device: "cpu" or "cuda".
        threads: Intra-op threads.
        effort: How much to measure.
        scratch: A folder for what its processes compile.

    Attributes:
        cores: Those that its process is kept to, one for each thread; none where the system keeps none.
        prepared: The model with all its files, once it is prepared.
        failure: Why nothing can be measured here, if that is so.
        exports: Whether the engine runs the ONNX graphs, once it is loaded.
        parity: Against torch; empty for torch itself. Of a variant that is graphs in another engine than ONNX
            Runtime on the CPU, against that.
        flags: What a reader of its rows should know.
    """

    def __init__(
        self, subject: Subject, engine: str, device: str, threads: int, effort: Effort, scratch: Path
    ) -> None:
        self.subject = subject
        self.engine = engine
        self.device = device
        self.threads = threads
        self.cores = chosen_cores(threads)
        self.prepared: Prepared | None = None
        self.failure: Exception | None = None
        self.provider: str | None = None
        self.precision = ""
        self.exports = False
        self.parity: dict[str, float] = {}
        self.flags: list[str] = []
        self._effort, self._scratch = effort, scratch
        self._worker: WorkerProcess | None = None

    def start(self) -> None:
        """Start the process, which imports the engine while the caller goes on."""
        if self._worker is None:
            self._worker = WorkerProcess(
                self.engine,
                self.subject.plugins,
                cores=self.cores,
                limit_seconds=self._effort.limit_seconds,
                scratch=self._scratch,
            )

    @property
    def needs_export(self) -> bool:
        """Whether the engine runs the ONNX graphs."""
        known = needs_export(self.engine)
        return self._process().needs_export if known is None else known

    def load(self) -> None:
        """Load the model, answer once, and compare the answers with PyTorch's.

        Raises:
            EngineError: If the engine cannot run here.
            ParityError: If it answers otherwise than PyTorch on the CPU.
        """
        self._load()
        self.exports = self.needs_export
        if (self.engine, self.device) != ("torch", "cpu"):
            self.parity = self._parity()
            self._check_parity()

    def turn(
        self, workload: str, folder: Path | None, first_batch: int | None = None
    ) -> dict[str, dict[str, list[Any]]]:
        """One turn of a workload: "samples" and "flags" by quantity.

        Args:
            workload: Its name.
            folder: What it laid out, or None.
            first_batch: As for `Workload.first_batch`.

        Raises:
            EngineError: If the engine's process refuses or dies; the next turn has a new one.
        """
        if first_batch is not None:
            self.close()
        if self._worker is None:
            self._load(first_batch)
        return self._process().ask(
            "turn",
            workload=workload,
            effort=self._effort.model_dump(mode="json"),
            folder=None if folder is None else str(folder),
        )

    def close(self) -> None:
        """End the process; a turn that is asked for all the same starts another."""
        if self._worker is not None:
            self._worker.close()
            self._worker = None

    def _process(self) -> WorkerProcess:
        self.start()
        assert self._worker is not None, "it was started"
        return self._worker

    def _model(self) -> Prepared:
        assert self.prepared is not None, "it is prepared before it is loaded"
        return self.prepared

    def _load(self, first_batch: int | None = None) -> None:
        prepared = self._model()
        reply = self._process().ask(
            "load",
            subject=prepared.subject.to_json(),
            device=self.device,
            threads=self.threads,
            outfit_size=prepared.outfit_size,
            warm_seconds=self._effort.warm_seconds,
            turn_seconds=self._effort.turn_seconds,
            traits=asdict(prepared.traits),
            first_batch=first_batch,
        )
        self.provider, self.precision = reply["provider"], reply["precision"]

    def _check_parity(self) -> None:
        """Refuse an engine that answers otherwise; flag a variant that does so, and is what it is."""
        subject = self._model().subject
        rounded = {"bf16": IN_BFLOAT16, "int8": tolerance_of("int8-dynamic")}
        tolerance = rounded.get(self.precision, EXACT)
        if subject.graphs:
            tolerance = tolerance_of(subject.variant)
        if subject.graphs and self._exported_here():
            self.flags += tolerance.flags(self.parity)
            return
        check_parity(self.parity, f"engine {self.engine} on {self.device}, model {subject.model}", tolerance)

    def _exported_here(self) -> bool:
        """Whether it is the engine that the graphs were held against PyTorch in, when they were made."""
        return (self.engine, self.device) == ("onnxruntime", "cpu")

    def _parity(self) -> dict[str, float]:
        prepared = self._model()
        known = prepared.export_parity
        if known is not None and self._exported_here():
            return known
        found = self._process().ask("parity_answers")["answers"]
        return compare_answers(reference_answers(prepared.subject), found)
