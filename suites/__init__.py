"""How good is it: objectives, training, evaluation, trials, the runner and the records."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from . import metrics, objectives
    from .record_files import load_records
    from .runner import RunOutcome, run_suite
    from .suite_file import Suite, list_suites, load_suite

__all__ = [
    "RunOutcome",
    "Suite",
    "list_suites",
    "load_records",
    "load_suite",
    "metrics",
    "objectives",
    "run_suite",
]

_HOME = {
    "RunOutcome": "runner",
    "Suite": "suite_file",
    "list_suites": "suite_file",
    "load_records": "record_files",
    "load_suite": "suite_file",
    "run_suite": "runner",
}


def __getattr__(name: str) -> Any:  # noqa: ANN401 - whatever the name stands for
    """Import a public name on first use, so that reading suites and records imports no torch."""
    if name in ("metrics", "objectives"):
        return import_module(f".{name}", __name__)
    if name in _HOME:
        return getattr(import_module(f".{_HOME[name]}", __name__), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return __all__
