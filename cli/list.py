"""`outfitbench list`: the names that the other subcommands take."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from tyro.conf import Positional

from .answer import Answer
from .session import Session

__all__ = ["List"]


@dataclass(frozen=True)
class List:
    """Name the models, datasets or suites that there are.

    Attributes:
        what: Which names.
    """

    what: Positional[Literal["models", "datasets", "suites"]]

    def run(self, session: Session) -> Answer:
        """One name a line."""
        names = self._names()
        return Answer("\n".join(names), {self.what: names})

    def _names(self) -> list[str]:
        match self.what:
            case "models":
                from ..models import list_models

                return list_models()
            case "datasets":
                from ..datasets import list_datasets

                return list_datasets()
            case "suites":
                from ..suites.suite_file import list_suites

                return list_suites()
