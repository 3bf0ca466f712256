"""ONNX Runtime on the graphs that `export_onnx` wrote, by IO binding; imports no torch."""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import onnxruntime as ort
from numpy.typing import NDArray

from ..errors import EngineError
from ..exported import ENCODER, SCORER
from ..memory import DeviceMemory
from ..request import Items, Request, as_floats
from ..subject import Subject

__all__ = ["PROVIDERS", "OnnxRuntimeEngine", "TensorRtEngine", "open_session"]

PROVIDERS = {"cpu": "CPUExecutionProvider", "cuda": "CUDAExecutionProvider"}
"""The execution provider of each device."""

_TENSORRT = "TensorrtExecutionProvider"

_SETTINGS = {PROVIDERS["cuda"]: {"arena_extend_strategy": "kSameAsRequested", "use_tf32": "0"}}


class OnnxRuntimeEngine:
    """Runs an exported model with ONNX Runtime.

    Attributes:
        name: The engine's, for messages.
        providers: The execution provider on each device that it runs on.
    """

    name: ClassVar[str] = "onnxruntime"
    providers: ClassVar[Mapping[str, str]] = PROVIDERS
    compiles = False
    needs_export = True

    def __init__(self, subject: Subject, device: str, threads: int) -> None:
        self._folder = subject.export
        self.precision = subject.graphs or "fp32"
        self._device = device
        self._threads = threads
        self.provider: str | None = self.providers.get(device)
        self._encoder: _Graph
        self._scorer: _Graph
        self._memory: DeviceMemory | None = None

    @property
    def has_item_bank(self) -> bool:
        """Whether the scorer that is loaded has an input for one."""
        return "bank" in self._scorer.inputs

    def load(self) -> None:
        """Open both graphs.

        Raises:
            EngineError: If there is no provider for the device, or the sessions do not run on it.
        """
        provider = self.provider
        if provider is None:
            able = " or ".join(self.providers)
            raise EngineError(f"engine {self.name}: found device {self._device}, expected {able}")
        if self._folder is None:
            raise EngineError(f"engine {self.name}: found no exported folder, expected one; use export_onnx")
        if self._device == "cuda":
            ort.preload_dlls()  # CUDA's libraries lie in Python packages, where the loader does not look
        self._memory = DeviceMemory() if self._device == "cuda" else None
        self._encoder, self._scorer = (
            _Graph(open_session(self._folder / name, provider, self._threads, self.name), self._device)
            for name in (ENCODER, SCORER)
        )

    def compile(self, request: Request) -> None:
        """The graphs are optimised when they are loaded."""

    def encode_items(self, items: Items, categories: NDArray[np.int64]) -> ort.OrtValue:
        """Encode items; the features stay on the device."""
        return self._encoder.run(images=as_floats(items), categories=categories)

    def score(
        self,
        users: NDArray[np.int64],
        features: ort.OrtValue | NDArray[np.float32],
        categories: NDArray[np.int64],
        bank: ort.OrtValue | NDArray[np.float32] | None = None,
    ) -> NDArray[np.float32]:
        """Score outfits."""
        among = {} if bank is None else {"bank": bank}
        return self._scorer.run(users=users, features=features, categories=categories, **among).numpy()

    def to_host(self, features: ort.OrtValue) -> NDArray[np.float32]:
        """Features as an array."""
        return features.numpy()

    def synchronize(self) -> None:
        """Nothing to wait for: a run returns when its outputs are written."""

    def device_seconds(self, request: Request, samples: int) -> list[float]:
        """Both graphs on inputs and outputs that stay on the device, synchronized before and after."""
        if self.provider == PROVIDERS["cpu"]:
            return []
        flat = request.categories.reshape(-1)
        items = self._encoder.values(images=as_floats(request.items), categories=flat)
        encode = self._encoder.bind(items)
        self._encoder.session.run_with_iobinding(encode)
        features = encode.get_outputs()[0]
        encode.bind_ortvalue_output("features", features)
        outfits = self._scorer.values(
            users=request.users, features=features, categories=request.categories, bank=features
        )
        score = self._scorer.bind(outfits)
        return [self._device_call(encode, score) for _ in range(samples)]

    def device_memory(self) -> dict[str, int] | None:
        """What the device's memory in use has grown by since before the sessions."""
        return None if self._memory is None else self._memory.growth()

    def _device_call(self, encode: ort.IOBinding, score: ort.IOBinding) -> float:
        encode.synchronize_inputs()
        start = time.perf_counter_ns()
        self._encoder.session.run_with_iobinding(encode)
        self._scorer.session.run_with_iobinding(score)
        score.synchronize_outputs()
        return (time.perf_counter_ns() - start) / 1e9


class TensorRtEngine(OnnxRuntimeEngine):
    """Runs an exported model with TensorRT, by way of ONNX Runtime; what it cannot run, CUDA does."""

    name = "onnxruntime-tensorrt"
    providers: ClassVar[Mapping[str, str]] = {"cuda": _TENSORRT}


def open_session(
    graph: Path, provider: str, threads: int, engine: str = OnnxRuntimeEngine.name
) -> ort.InferenceSession:
    """A session that runs on a provider and nowhere else.

    ONNX Runtime falls back to another one with nothing but a warning, so the provider is checked afterwards.

    Args:
        graph: An ONNX file.
        provider: Its name, as ONNX Runtime has it.
        threads: Intra-op threads.
        engine: Whose session it is, for the message.

    Raises:
        EngineError: If the session runs on another provider.
    """
    options = ort.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    # Each session has its own threads: those of one would spin on the cores that the other needs.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.log_severity_level = 4
    wanted = [provider, *([PROVIDERS["cuda"]] if provider == _TENSORRT else [])]
    providers = [(name, _SETTINGS.get(name, {})) for name in wanted]
    session = ort.InferenceSession(graph, options, providers=providers)
    found = session.get_providers()[0]
    if found != provider:
        raise EngineError(
            f"engine {engine}: found a session on {found}, expected {provider}; is it installed?"
        )
    return session


class _Graph:
    """One session, run by IO binding."""

    def __init__(self, session: ort.InferenceSession, device: str) -> None:
        self.session = session
        self._device = device
        self.inputs = [node.name for node in session.get_inputs()]
        self._output = session.get_outputs()[0].name

    def values(self, **arrays: NDArray[Any] | ort.OrtValue) -> dict[str, ort.OrtValue]:
        """The inputs that the graph has, on the device. They must outlive their binding."""
        return {name: self._value(arrays[name]) for name in self.inputs}

    def bind(self, values: Mapping[str, ort.OrtValue]) -> ort.IOBinding:
        """A binding of the inputs, and of the output to the device.

        Features come as rows, outfit after outfit, and are bound in the shape of the outfits, uncopied.
        """
        binding = ort.IOBinding(self.session)
        for name, value in values.items():
            if name == "features":
                shape = (*values["categories"].shape(), value.shape()[-1])
                binding.bind_input(name, self._device, 0, np.float32, shape, value.data_ptr())
            else:
                binding.bind_ortvalue_input(name, value)
        binding.bind_output(self._output, self._device)
        return binding

    def run(self, **arrays: NDArray[Any] | ort.OrtValue) -> ort.OrtValue:
        """The graph's output for these inputs."""
        values = self.values(**arrays)
        binding = self.bind(values)
        binding.synchronize_inputs()
        self.session.run_with_iobinding(binding)
        binding.synchronize_outputs()
        return binding.get_outputs()[0]

    def _value(self, array: NDArray[Any] | ort.OrtValue) -> ort.OrtValue:
        if isinstance(array, ort.OrtValue):
            return array
        return ort.OrtValue.ortvalue_from_numpy(np.ascontiguousarray(array), self._device)
