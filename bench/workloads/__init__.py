"""Workloads by name: what is asked of an engine, and timed. One file each.

A plugin adds one of its own with `register_workload`; it is measured like ours, in a process that runs the
engine and nothing else.
"""

from __future__ import annotations

from .registry import DEFAULT_WORKLOADS, WORKLOADS, check_workload, default_workloads, register_workload
from .served import ModelTraits, ServedModel
from .workload import Turn, Workload

__all__ = [
    "DEFAULT_WORKLOADS",
    "WORKLOADS",
    "ModelTraits",
    "ServedModel",
    "Turn",
    "Workload",
    "check_workload",
    "default_workloads",
    "register_workload",
]
