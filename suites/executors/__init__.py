"""Executors by name: what carries trials to processes and machines. One file an executor.

Each is entered as a function that makes one for an errand; a plugin adds one with `register_executor`.
"""

from __future__ import annotations

from .executor import EXECUTORS, Executor, create_executor, register_executor

__all__ = ["EXECUTORS", "Executor", "create_executor", "register_executor"]
