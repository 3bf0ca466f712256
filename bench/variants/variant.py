"""The face of a variant."""

from __future__ import annotations

from abc import ABC, abstractmethod
from pathlib import Path
from typing import ClassVar

from ..parity import EXACT, Tolerance
from ..sample import Sample
from ..subject import Subject

__all__ = ["Variant"]


class Variant(ABC):
    """What compression makes of a trained model: other weights, or other graphs, for engines to load.

    Attributes:
        needs_sample: Whether it looks at items that the model was trained on.
        engine: What it is ranked in, where that is not PyTorch as it is, which has weights.
        leaves_graphs: Whether it leaves ONNX graphs, which only engines that run graphs can load, and no
            weights. Others with an engine run in that one alone.
        trains: Whether what it makes is trained on, with the fit's own objectives, before it is what it is. A
            suite does so.
        tolerance: How far it may be from the model as it was trained before a record says that it lost its
            parity.
    """

    needs_sample: ClassVar[bool] = False
    engine: ClassVar[str] = ""
    leaves_graphs: ClassVar[bool] = False
    trains: ClassVar[bool] = False
    tolerance: ClassVar[Tolerance] = EXACT

    @abstractmethod
    def make(self, subject: Subject, folder: Path, sample: Sample | None = None) -> None:
        """Write the variant's files.

        Args:
            subject: The trained model, with its weights.
            folder: An empty folder.
            sample: Training outfits with their items; always there for a variant that `needs_sample`.

        Raises:
            InputError: If the model's weights cannot be read, or the variant has nothing to compress in it.
            EngineError: If the variant is made of an export, and the exporter cannot follow the model.
        """

    @abstractmethod
    def load(self, subject: Subject, folder: Path) -> Subject:
        """The model as engines load it, from the files that `make` wrote.

        Args:
            subject: The trained model.
            folder: The variant's folder.
        """
