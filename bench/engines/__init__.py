"""Engines by name. Importing this package imports no engine's library."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import cast

from ...datasets.errors import Fault, InputError
from ..subject import Subject
from .engine import Engine, answer

__all__ = ["DEVICES", "ENGINES", "Engine", "EngineFactory", "answer", "engine_factory", "needs_export"]

DEVICES = ("cpu", "cuda")
"""Where an engine can run."""

ENGINES = {
    "torch": "outfitbench.bench.engines.torch_engine:TorchEngine",
    "torch-compile": "outfitbench.bench.engines.torch_compile:TorchCompileEngine",
    "onnxruntime": "outfitbench.bench.engines.onnxruntime_engine:OnnxRuntimeEngine",
}
"""Module and class of each engine; `profile` also takes a `module:Class` of your own."""

EngineFactory = Callable[[Subject, str, int], Engine]
"""Makes an engine for a subject, a device and a number of threads."""


def engine_factory(name: str) -> EngineFactory:
    """Import an engine's library and give its class.

    Args:
        name: A name in `ENGINES`, or `module:Class`.

    Raises:
        InputError: For a name that is neither.
    """
    target = ENGINES.get(name, name)
    if ":" not in target:
        raise InputError(Fault("argument engine", repr(name), f"one of {', '.join(ENGINES)}"))
    module, _, attribute = target.partition(":")
    return cast("EngineFactory", getattr(importlib.import_module(module), attribute))


def needs_export(name: str) -> bool:
    """Whether an engine runs the ONNX graphs instead of the model itself."""
    return name == "onnxruntime"
