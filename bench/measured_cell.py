"""One workload at one seat: its samples, gathered turn by turn."""

from __future__ import annotations

import datetime
import traceback
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from ..core.errors import InputError
from ..core.machine import Machine, clock, code_hash
from ..core.names import why
from ..models.errors import ModelError
from .ceiling import Bound, Ceiling
from .effort import Effort
from .engine_profile import EngineProfile, FailedProfile
from .errors import EngineError, ParityError
from .measurement import Measurement
from .seat import Seat
from .workloads import WORKLOADS

__all__ = ["MeasuredCell", "attempt", "reason_of"]

_EXPECTED = (EngineError, ParityError, InputError, ModelError)
"""Errors whose message says all that there is to say."""

_BITS = {"bf16": 16, "int8": 8}
"""Of a weight, where an engine keeps it in fewer than 32."""


class MeasuredCell:
    """What one model in one engine on one device gives under one workload; what fails, fails by itself.

    Args:
        seat: The model in its engine.
        workload: Name of the workload.
        effort: How much to measure.
        session: Name of the measuring session.
        failure: Why it cannot be measured, where that is known before.
    """

    def __init__(
        self, seat: Seat, workload: str, effort: Effort, session: str, failure: Exception | None = None
    ) -> None:
        self.seat = seat
        self._name = workload
        self._workload = WORKLOADS.get(workload)()
        self._effort = effort
        self._session = session
        self._failure = seat.failure or failure or self._refusal()
        self._folder: Path | None = None
        self._samples: dict[str, list[float]] = defaultdict(list)
        self._turns: dict[str, list[int]] = defaultdict(list)
        self._flags: dict[str, list[str]] = defaultdict(list)

    def turn(self, folder: Path | None) -> None:
        """Take one turn's samples.

        Args:
            folder: What the workload laid out, or None.
        """
        self._folder = folder
        if self._failure is None:
            self._failure = attempt(lambda: self._take(folder))
            if self._failure is not None:
                self.seat.close()

    def outcome(
        self, flags: Sequence[str], row_flags: list[str], machine: Machine, ceiling: Ceiling | None = None
    ) -> EngineProfile | FailedProfile:
        """All that was gathered, or why there is nothing.

        Args:
            flags: Of the workload, for its first quantity.
            row_flags: On the whole row.
            machine: Where it was taken.
            ceiling: What its processor could do at most meanwhile, if that was measured.
        """
        ceiling = ceiling if self.seat.device == "cpu" else None
        for name in list(self._workload.units)[:1]:
            self._flags[name] += flags
        made: list[EngineProfile] = []
        failure = self._failure or attempt(lambda: made.append(self._profile(row_flags, machine, ceiling)))
        return made[0] if failure is None else self._failed(failure)

    def _refusal(self) -> Exception | None:
        engines, prepared = self._workload.engines, self.seat.prepared
        if engines is not None and self.seat.engine not in engines:
            found = f"workload {self._name}: found engine {self.seat.engine}"
            return EngineError(f"{found}, expected {' or '.join(engines)}")
        if prepared is not None and (lacking := self._workload.lacks(prepared.traits)):
            found = f"workload {self._name}: found model {prepared.subject.model}"
            return EngineError(f"{found}, expected one that has {lacking}")
        return None

    def _take(self, folder: Path | None) -> None:
        reply = self.seat.turn(self._name, folder, self._workload.first_batch(self._effort))
        for name, samples in reply["samples"].items():
            self._samples[name] += samples
            self._turns[name].append(len(samples))
        for name, flags in reply["flags"].items():
            self._flags[name] += [flag for flag in flags if flag not in self._flags[name]]

    def _measurements(self) -> dict[str, Measurement]:
        for name, (enough, what) in self._workload.enough.items():
            if 0 < (count := len(self._samples.get(name, []))) < enough:
                self._flags[name].append(f"too few samples ({count} of {enough} {what})")
        told = [name for name, flags in self._flags.items() if flags and name not in self._samples]
        return {
            name: Measurement(
                unit=self._workload.units[name],
                samples=self._samples.get(name, []),
                session=self._session,
                turns=self._turns.get(name, []),
                flags=self._flags.get(name, []),
            )
            for name in (*self._samples, *told)
        }

    def _bounds(self, measurements: Mapping[str, Measurement], ceiling: Ceiling | None) -> dict[str, Bound]:
        """How near to the machine's ceiling each quantity comes of which the work is known."""
        prepared = self.seat.prepared
        assert prepared is not None, "what could not be prepared has failed"
        if ceiling is None or prepared.work is None:
            return {}
        precision, model = self.seat.precision, prepared.work
        if not prepared.subject.graphs and precision in _BITS:  # the engine itself makes its weights smaller
            model = model.with_weights_of(_BITS[precision] / 32)
        if self._folder is None:
            work = self._workload.work(model, self._effort)
        else:
            work = self._workload.work_on(model, self._effort, self._folder)
        known = [name for name in work if name in measurements and measurements[name].samples]
        return {name: ceiling.bound(work[name], measurements[name], precision) for name in known}

    def _profile(self, row_flags: list[str], machine: Machine, ceiling: Ceiling | None) -> EngineProfile:
        seat, prepared = self.seat, self.seat.prepared
        assert prepared is not None, "what could not be prepared has failed"
        subject = prepared.subject
        assert subject.input_size is not None, "`prepare` filled it in"
        measurements = self._measurements()
        counts = prepared.counted(exported=seat.exports) if self._workload.counts else {}
        return EngineProfile(
            method=subject.label or subject.model,
            model=subject.model,
            variant=subject.variant,
            backbone=prepared.backbone,
            input_kind=subject.input_kind,
            input_size=subject.input_size,
            workload=self._name,
            engine=seat.engine,
            provider=seat.provider,
            device=seat.device,
            precision=seat.precision,
            threads=seat.threads,
            cores=seat.cores,
            batch=self._effort.batch,
            outfit_size=prepared.outfit_size,
            effort=self._effort.model_dump(mode="json", include=set(self._workload.effort)),
            measurements=measurements | counts,
            parity=seat.parity,
            flags=[*row_flags, *seat.flags],
            ceiling=ceiling,
            bounds=self._bounds(measurements, ceiling),
            machine=machine,
            session=self._session,
            date=datetime.datetime.now(datetime.UTC).date().isoformat(),
            clock=clock(),
            code=code_hash(),
        )

    def _failed(self, error: Exception) -> FailedProfile:
        output = error.output if isinstance(error, EngineError) else ""
        return FailedProfile(
            method=self.seat.subject.label or self.seat.subject.model,
            engine=self.seat.engine,
            device=self.seat.device,
            workload=self._name,
            reason=reason_of(error),
            output=output if isinstance(error, _EXPECTED) else "".join(traceback.format_exception(error)),
            error=error,
            variant=self.seat.subject.variant,
        )


def attempt(step: Callable[[], object]) -> Exception | None:
    """Do a step; the error it ends in, if it does: a stranger's model or engine may raise anything."""
    try:
        step()
    except Exception as error:
        return error
    return None


def reason_of(error: Exception) -> str:
    """What was found, in one line; of an error that nobody expected with its kind.

    Example:
        >>> reason_of(EngineError("engine torch: found no CUDA device")), reason_of(KeyError("weight"))
        ('engine torch: found no CUDA device', "KeyError ('weight')")
    """
    return str(error) if isinstance(error, _EXPECTED) else why(error)
