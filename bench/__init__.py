"""What it costs: latency, memory, size and parity of models in PyTorch and ONNX Runtime.

Names are loaded on first use, so that importing the package imports no torch.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

# Absolute: pytest imports `bench/benchmarks` from the folder, where this package has no parent.
from outfitbench.core.lazy import lazy_names

if TYPE_CHECKING:
    from .effort import FULL, QUICK, Effort
    from .engine_profile import EngineProfile, FailedProfile
    from .engines import DEVICES, ENGINES, LazyEngine, register_engine
    from .errors import EngineError, ParityError
    from .export import export_onnx
    from .exported import ExportedModel, load_export
    from .measurement import Measurement
    from .profiling import profile, profile_subjects
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
    "FailedProfile",
    "LazyEngine",
    "Measurement",
    "ParityError",
    "Subject",
    "export_onnx",
    "load_export",
    "profile",
    "profile_subjects",
    "register_engine",
]

__getattr__, __dir__ = lazy_names(
    __name__,
    {
        "effort": ["Effort", "FULL", "QUICK"],
        "engine_profile": ["EngineProfile", "FailedProfile"],
        "engines": ["DEVICES", "ENGINES", "LazyEngine", "register_engine"],
        "errors": ["EngineError", "ParityError"],
        "export": ["export_onnx"],
        "exported": ["ExportedModel", "load_export"],
        "measurement": ["Measurement"],
        "profiling": ["profile", "profile_subjects"],
        "subject": ["Subject"],
    },
)
