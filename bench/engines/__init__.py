"""Engines by name. Importing this package imports no engine's library."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import cast

from ...datasets.errors import Fault, InputError
from ..subject import Subject
from .engine import Engine, answer

__all__ = [
    "DEVICES",
    "ENGINES",
    "Engine",
    "EngineFactory",
    "answer",
    "engine_factory",
    "engine_target",
    "needs_export",
]

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
    module, attribute = engine_target(name)
    return cast("EngineFactory", getattr(importlib.import_module(module), attribute))


def engine_target(name: str) -> tuple[str, str]:
    """Module and class of an engine, not imported.

    Raises:
        InputError: For a name that is neither in `ENGINES` nor `module:Class`.
    """
    module, separator, attribute = ENGINES.get(name, name).partition(":")
    if not separator:
        raise InputError(
            Fault("argument engine", repr(name), f"one of {', '.join(ENGINES)}, or module:Class of your own")
        )
    return module, attribute


def needs_export(name: str) -> bool:
    """Whether an engine runs the ONNX graphs instead of the model itself."""
    return name == "onnxruntime"
