"""What is run: suite and method files, the graph of trials, the runner and the records.

Names are loaded on first use, so that reading suites and records imports no torch.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..core.lazy import lazy_names

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

__getattr__, __dir__ = lazy_names(
    __name__,
    {
        "metrics": ["metrics"],
        "objectives": ["objectives"],
        "record_files": ["load_records"],
        "runner": ["RunOutcome", "run_suite"],
        "suite_file": ["Suite", "list_suites", "load_suite"],
    },
)
