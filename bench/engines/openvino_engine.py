"""OpenVINO on the graphs that `export_onnx` wrote, on the CPU; imports no torch."""

from __future__ import annotations

import sys
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import EngineError
from ..exported import ENCODER, SCORER
from ..request import Items, Request, as_floats
from ..subject import Subject

sys.modules.setdefault("openvino_telemetry", None)  # pyright: ignore[reportArgumentType]
import openvino  # noqa: E402 - by itself it tells its maker, from a process of its own, that it was imported

__all__ = ["OpenVinoEngine"]


class OpenVinoEngine:
    """Runs an exported model with OpenVINO, in the precision of its graphs."""

    provider: str | None = None
    compiles = False
    needs_export = True

    def __init__(self, subject: Subject, device: str, threads: int) -> None:
        self._folder = subject.export
        self._device = device
        # One stream is one request at a time. Left to itself OpenVINO computes fp32 graphs in 16 bits, where
        # the processor can.
        self._settings = {
            "INFERENCE_NUM_THREADS": threads,
            "NUM_STREAMS": 1,
            "INFERENCE_PRECISION_HINT": "f32",
        }
        self.precision = subject.graphs or "fp32"
        self._encoder: _Graph
        self._scorer: _Graph

    @property
    def has_item_bank(self) -> bool:
        """Whether the scorer that is loaded has an input for one."""
        return "bank" in self._scorer.inputs

    def load(self) -> None:
        """Read and compile both graphs.

        Raises:
            EngineError: If another device than the CPU is asked for.
        """
        if self._device != "cpu":
            raise EngineError(f"engine openvino: found device {self._device}, expected cpu")
        if self._folder is None:
            raise EngineError("engine openvino: found no exported folder, expected one; use export_onnx")
        self._encoder, self._scorer = (
            _Graph(self._folder / name, self._settings) for name in (ENCODER, SCORER)
        )

    def compile(self, request: Request) -> None:
        """The graphs are compiled when they are loaded."""

    def encode_items(self, items: Items, categories: NDArray[np.int64]) -> NDArray[np.float32]:
        """Encode items."""
        return self._encoder.run(images=as_floats(items), categories=categories)

    def score(
        self,
        users: NDArray[np.int64],
        features: NDArray[np.float32],
        categories: NDArray[np.int64],
        bank: NDArray[np.float32] | None = None,
    ) -> NDArray[np.float32]:
        """Score outfits."""
        outfits = features.reshape(*categories.shape, -1)
        among = {} if bank is None else {"bank": bank}
        return self._scorer.run(users=users, features=outfits, categories=categories, **among)

    def to_host(self, features: NDArray[np.float32]) -> NDArray[np.float32]:
        """Features are there."""
        return features

    def synchronize(self) -> None:
        """Nothing to wait for: a call returns when its output is written."""

    def device_seconds(self, request: Request, samples: int) -> list[float]:
        """There is no device apart."""
        return []

    def device_memory(self) -> dict[str, int] | None:
        """There is no device apart."""
        return None


class _Graph:
    """A compiled graph; each thread that asks has a request of its own."""

    def __init__(self, graph: Path, settings: Mapping[str, Any]) -> None:
        self._model = openvino.Core().compile_model(graph, "CPU", dict(settings))
        self._own = threading.local()
        # An input is called by its own name, and by that of its conversion where it begins with one.
        self._names = [given.names for given in self._model.inputs]
        self.inputs = set[str]().union(*self._names)

    def run(self, **arrays: NDArray[Any]) -> NDArray[np.float32]:
        """The graph's output for the inputs that it has."""
        if not hasattr(self._own, "request"):
            self._own.request = self._model.create_infer_request()
        asked = [arrays[name] for names in self._names for name in names & arrays.keys()]
        given = [np.ascontiguousarray(array) for array in asked]
        return np.array(self._own.request.infer(given)[0])  # the request's own memory is written again
