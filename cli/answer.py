"""What a subcommand has to say, once for a person and once for a program."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from ..core.errors import escaped

__all__ = ["BAD_INPUT", "FAILED", "Answer"]

FAILED = 1
"""Exit status when a run failed."""

BAD_INPUT = 2
"""Exit status when an input cannot be used; a usage error has the same."""


@dataclass(frozen=True)
class Answer:
    r"""A subcommand's result.

    Attributes:
        text: For a person, without the last line's end.
        document: The same for a program; plain JSON types and paths.
        status: Exit status.

    Example:
        >>> answer = Answer("closet-12\ncloset-24", {"datasets": ["closet-12", "closet-24"]})
        >>> print(answer.rendered(json_wanted=True))
        {
          "datasets": [
            "closet-12",
            "closet-24"
          ]
        }
    """

    text: str
    document: dict[str, Any]
    status: int = 0

    def rendered(self, *, json_wanted: bool, encoding: str | None = "utf-8") -> str:
        """The one of the two forms that was asked for.

        Args:
            json_wanted: Whether it is for a program.
            encoding: Of the stream it goes to; what of JSON it cannot hold is written as JSON's escapes.

        Raises:
            ValueError: If the document holds NaN or infinity, which JSON cannot.
        """
        if not json_wanted:
            return escaped(self.text, keep="\n")
        plain = json.dumps(self.document, indent=2, ensure_ascii=False, allow_nan=False, default=str)
        try:
            plain.encode(encoding or "utf-8")
        except UnicodeEncodeError:
            return json.dumps(self.document, indent=2, allow_nan=False, default=str)
        return plain
