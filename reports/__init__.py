"""What it says: tables, figures and pages made from records and nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..core.lazy import lazy_names

if TYPE_CHECKING:
    from .page import write_report

__all__ = ["write_report"]

__getattr__, __dir__ = lazy_names(__name__, {"page": ["write_report"]})
