"""What it costs: latency, memory, size and parity of models in PyTorch and ONNX Runtime.

Names are loaded on first use, so that importing the package imports no torch.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .effort import FULL, QUICK, Effort
    from .engines import DEVICES, ENGINES
    from .errors import EngineError, ParityError
    from .export import export_onnx
    from .exported import ExportedModel, load_export
    from .machine import describe_machine
    from .measurement import Measurement
    from .profiling import EngineProfile, profile, profile_subjects
    from .subject import Subject

__all__ = [
    "DEVICES",
    "ENGINES",
    "FULL",
    "QUICK",
    "Effort",
    "EngineError",
    "EngineProfile",
    "ExportedModel",
    "Measurement",
    "ParityError",
    "Subject",
    "describe_machine",
    "export_onnx",
    "load_export",
    "profile",
    "profile_subjects",
]

_HOME = {
    "DEVICES": "engines",
    "ENGINES": "engines",
    "FULL": "effort",
    "QUICK": "effort",
    "Effort": "effort",
    "EngineError": "errors",
    "EngineProfile": "profiling",
    "ExportedModel": "exported",
    "Measurement": "measurement",
    "ParityError": "errors",
    "Subject": "subject",
    "describe_machine": "machine",
    "export_onnx": "export",
    "load_export": "exported",
    "profile": "profiling",
    "profile_subjects": "profiling",
}


def __getattr__(name: str) -> object:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f".{_HOME[name]}", __name__), name)


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
