"""What comes of measuring one model in one engine on one device under one workload, or why nothing does.

The quantities are those of the workloads (`bench/workloads/`, one file each). What could not be measured has
no samples and a flag that says why.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, ConfigDict, Field

from ..core.hashes import canonical_json
from ..core.machine import Machine
from ..models.options import InputKind
from .ceiling import Bound, Ceiling
from .measurement import Measurement

__all__ = ["EngineProfile", "FailedProfile", "joined"]

Name = Annotated[str, Field(min_length=1)]
Count = Annotated[int, Field(ge=1)]


class EngineProfile(BaseModel):
    """What one model costs in one engine on one device under one workload.

    Attributes:
        method: The row's name in a table, or the model's name when profiled by itself.
        model: The zoo's name of the model.
        variant: What compression made of it; empty for the model as it was trained.
        backbone: The image network's name.
        input_kind: "image" or "features".
        input_size: H = W of the images in pixels, or the width of the features.
        workload: What was asked of it.
        engine: "torch", "torch-compile", "onnxruntime", or one of your own.
        provider: ONNX Runtime's execution provider, or None.
        device: "cpu" or "cuda".
        precision: What the engine computes in: "fp32", "bf16", "int8".
        threads: Intra-op threads, the same for every engine.
        cores: Numbers of the cores that its process was kept to; none where the system keeps none to any.
        batch: Outfits in a request of "throughput", items in one of "encode_throughput".
        outfit_size: Items of an outfit in a request.
        effort: How much was measured: the fields of `Effort` that the workload goes by.
        measurements: By quantity; see the workload.
        parity: Against torch, for other engines: "max_abs_difference", "kendall_tau", "top_k_overlap".
        flags: On the whole row ("shared processor (22% of it went to others)").
        ceiling: What the machine could do at most, read before each of the workload's rounds and after the
            last; of a processor.
        bounds: By quantity, how near it comes to that, where its work is known.
        machine: Where it was taken.
        session: Which measuring session it was taken in; ratios hold within one only.
        date: The day (ISO, UTC).
        clock: Of the processor in Hz, where it can be read.
        code: Hash of the code that measured, and of what it measured.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    method: Name
    model: Name
    variant: str = ""
    backbone: str
    input_kind: InputKind
    input_size: Count
    workload: Name
    engine: Name
    provider: str | None
    device: Name
    precision: str
    threads: Count
    cores: tuple[Annotated[int, Field(ge=0)], ...] = ()
    batch: Count
    outfit_size: Count
    effort: dict[str, Any] = {}
    measurements: dict[str, Measurement]
    parity: dict[str, float] = {}
    flags: list[str] = []
    ceiling: Ceiling | None = None
    bounds: dict[str, Bound] = {}
    machine: Machine
    session: str
    date: str
    clock: float | None = None
    code: str = ""


@dataclass(frozen=True)
class FailedProfile:
    """A model that could not be measured in one engine on one device under one workload; the others stand.

    Attributes:
        method: The subject's label.
        engine: Name of the engine.
        device: "cpu" or "cuda".
        workload: What was asked of it.
        reason: What was found, in one line.
        output: All that the engine's process printed, or a traceback; empty where there is nothing to say.
        error: What was raised.
        variant: As in `EngineProfile`.
    """

    method: str
    engine: str
    device: str
    workload: str
    reason: str
    output: str
    error: Exception
    variant: str = ""


P = TypeVar("P", bound=EngineProfile)

_OF_ONE_WORKLOAD = {
    *("workload", "effort", "batch", "measurements", "parity", "flags", "session", "date"),
    *("ceiling", "bounds", "clock", "code"),
    *("trial", "description", "seconds"),
}
"""Fields of profiles, and of the records that keep them, that may differ from workload to workload."""


def joined(profiles: Iterable[P]) -> list[P]:
    """One profile a model, engine and device, with what was measured under all workloads side by side.

    What was measured under one workload twice, in two sessions, stays apart. Each measurement names its own
    session, as ratios hold within one, and takes over the flags of its row.

    Args:
        profiles: Of single workloads.

    Returns:
        The profiles, `workload` naming all that went into each, in the order in which the first of each came.
    """
    alike: dict[str, list[list[P]]] = defaultdict(list)
    for profile in profiles:
        rows = alike[canonical_json(profile.model_dump(mode="json", exclude=_OF_ONE_WORKLOAD))]
        free = [row for row in rows if profile.workload not in {other.workload for other in row}]
        # One of its own session first: that is what its ratios are taken within.
        free.sort(key=lambda row: all(other.session != profile.session for other in row))
        if free:
            free[0].append(profile)
        else:
            rows.append([profile])
    return [_side_by_side(row) for rows in alike.values() for row in rows]


def _side_by_side(profiles: list[P]) -> P:
    first = profiles[0]
    measurements: dict[str, Measurement] = {}
    effort: dict[str, Any] = {}
    for profile in profiles:
        for name, measured in profile.measurements.items():
            own = [*measured.flags, *profile.flags] if measured.session else measured.flags
            measurements[name] = measured.model_copy(update={"flags": own})
        effort |= profile.effort
    return first.model_copy(
        update={
            "workload": ", ".join(profile.workload for profile in profiles),
            "batch": next((one.batch for one in profiles if "batch" in one.effort), first.batch),
            "effort": effort,
            "measurements": measurements,
            "bounds": {name: bound for profile in profiles for name, bound in profile.bounds.items()},
            "parity": next((profile.parity for profile in profiles if profile.parity), {}),
            "flags": [],
        }
    )
