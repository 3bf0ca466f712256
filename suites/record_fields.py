"""What the fields of records may hold."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

__all__ = [
    "Count",
    "Date",
    "Hash",
    "Name",
    "Negatives",
    "Seconds",
    "Setting",
    "Version",
]

Name = Annotated[str, Field(min_length=1)]
"""What people call something."""

Hash = Annotated[str, Field(pattern=r"^[0-9a-z-]+$")]
"""Of a description or of content; see `core.hashes`."""

Negatives = Literal["random", "hard"]
"""What is trained against."""

Setting = Annotated[str, Field(pattern=r"^(random|hard|cold-[1-9][0-9]*)$")]
"""What is ranked."""

Version = Annotated[int, Field(ge=1, lt=2**63)]
"""Of the evaluator: `EVALUATOR_VERSION` when it was measured."""


def _date(text: str) -> str:
    try:
        datetime.fromisoformat(text)
    except ValueError as error:
        raise ValueError("a date (ISO)") from error
    return text


Date = Annotated[str, AfterValidator(_date)]
"""A day, or a moment to the second (ISO)."""

Count = Annotated[int, Field(ge=0, lt=2**63)]
"""How many of something."""

Seconds = dict[str, Annotated[float, Field(ge=0, allow_inf_nan=False)]]
"""Wall time by phase, beside whatever else the machine did; no part of an outcome."""
