"""What measuring a model in an engine comes to.

The measurements of a profile, by name:

- "load" (s): from files to a model that is ready, in a fresh process that has imported the engine.
- "compile" (s): compiling for the shape of the first request; engines that compile only.
- "first_call" (s): the first request after that.
- "latency" (s): one warm request. That is one user and one outfit of `outfit_size` items, from decoded images
  (uint8) to floats, to features, to the score; from the host's memory to the host's memory.
- "device_latency" (s): the same on CUDA, input and output staying on the device.
- "throughput" (outfit/s): requests of `Effort.batch` outfits.
- "encode_throughput" (item/s): encoding `Effort.batch` items.
- "peak_memory" (byte): the peak of a process that has loaded the model and answered one request, beyond its
  peak when it had only imported the engine. On CUDA: what torch's allocator held at most, or for ONNX
  Runtime what the memory in use of the device grew by.
- "peak_memory_reserved" (byte): on CUDA in torch, what the allocator reserved at most.
- "parameters", "buffers" (1): numbers that are trained, and those that are not.
- "flops" (FLOP): of one request; a multiply-add is two.
- "file_size" (byte): the files that the engine loads.
- "recommend" (s): every user's test candidates in order, from the encoded images. Its parts are
  "recommend_decode", "recommend_encode" and "recommend_score". An untimed run goes before.

What could not be measured has no samples and a flag that says why.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, ConfigDict

from ..models.options import InputKind
from .measurement import Measurement

__all__ = ["EngineProfile", "FailedProfile"]


class EngineProfile(BaseModel):
    """What one model costs in one engine on one device.

    The fields are those of a cost record that come from measuring.

    Attributes:
        method: The subject's label.
        model: The zoo's name of the model.
        backbone: The image network's name.
        input_kind: "image" or "features".
        input_size: H = W of the images in pixels, or F of the features.
        engine: "torch", "torch-compile" or "onnxruntime".
        provider: ONNX Runtime's execution provider, or None.
        device: "cpu" or "cuda".
        precision: "fp32", "bf16" or "int8".
        threads: Intra-op threads, the same for every engine.
        batch: Outfits in a request of "throughput", items in one of "encode_throughput".
        outfit_size: Items of an outfit in a request.
        measurements: By name, see above.
        parity: Against torch, for other engines: "max_abs_difference", "kendall_tau", "top_k_overlap".
        flags: On the whole row.
        machine: As `describe_machine` gives it; its `versions` hold the version of this package.
        session: Name of the measuring session, new at every call: ratios hold within one only.
        date: The day (ISO, UTC).
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    method: str
    model: str
    backbone: str
    input_kind: InputKind
    input_size: int
    engine: str
    provider: str | None
    device: str
    precision: str
    threads: int
    batch: int
    outfit_size: int
    measurements: dict[str, Measurement]
    parity: dict[str, float] = {}
    flags: list[str] = []
    machine: dict[str, Any]
    session: str
    date: str


@dataclass(frozen=True)
class FailedProfile:
    """A model that could not be measured in one engine on one device; the others stand.

    Attributes:
        method: The subject's label.
        engine: Name of the engine.
        device: "cpu" or "cuda".
        reason: What was found, in one line.
        output: All that the engine's process printed, or a traceback; empty where there is nothing to say.
        error: What was raised.
    """

    method: str
    engine: str
    device: str
    reason: str
    output: str
    error: Exception
