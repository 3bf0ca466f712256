"""The face of a variant."""

from __future__ import annotations

from abc import ABC, abstractmethod
from pathlib import Path

from ..subject import Subject

__all__ = ["Variant"]


class Variant(ABC):
    """What compression makes of a trained model: other weights, or other graphs, for engines to load."""

    @abstractmethod
    def make(self, subject: Subject, folder: Path) -> None:
        """Write the variant's files.

        Args:
            subject: The trained model, with its weights.
            folder: An empty folder.

        Raises:
            InputError: If the model's weights cannot be read.
        """

    @abstractmethod
    def load(self, subject: Subject, folder: Path) -> Subject:
        """The model as engines load it, from the files that `make` wrote.

        Args:
            subject: The trained model.
            folder: The variant's folder.
        """
