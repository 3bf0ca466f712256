"""The face of a workload."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from ..effort import Effort
from .served import ModelTraits, ServedModel

if TYPE_CHECKING:
    from ...datasets import Dataset
    from ..ceiling import Work
    from ..model_work import ModelWork

__all__ = ["Turn", "Workload"]


@dataclass
class Turn:
    """What one turn gave.

    Attributes:
        samples: By quantity, in the quantity's unit.
        flags: By quantity: why its samples, or their absence, should be read with care.
    """

    samples: dict[str, list[float]]
    flags: dict[str, list[str]] = field(default_factory=dict)


class Workload(ABC):
    """What is asked of an engine, and timed. The models that are compared take turns at it.

    Attributes:
        units: Unit of each quantity it may give.
        effort: The fields of `Effort` that decide what it does; no others are part of a cost's identity.
        enough: By quantity, how many samples it needs over all turns, and what for.
        needs_dataset: Whether it is laid out from a dataset's items or candidates.
        engines: The engines that can run it; None for all.
        counts: Whether what is counted, not timed (parameters, FLOPs, file size), stands beside it.
    """

    units: ClassVar[Mapping[str, str]]
    effort: ClassVar[tuple[str, ...]]
    enough: ClassVar[Mapping[str, tuple[int, str]]] = {}
    needs_dataset: ClassVar[bool] = False
    engines: ClassVar[tuple[str, ...] | None] = None
    counts: ClassVar[bool] = False

    @classmethod
    def lacks(cls, traits: ModelTraits) -> str:
        """What it asks for and a model does not have; empty where it can be asked.

        Args:
            traits: What not all models have.
        """
        return ""

    def turns(self, effort: Effort) -> int:
        """How many turns each model has."""
        return effort.rounds

    def first_batch(self, effort: Effort) -> int | None:
        """Outfits that a process of its own answers at once, as soon as it has answered one.

        What it takes until then is noted in `ServedModel.start`, and by nothing else that it imports or does.
        None for a workload that takes the model's process as it is.

        Args:
            effort: How much to measure.
        """
        return None

    def lay_out(self, dataset: Dataset, input_kind: str, folder: Path, effort: Effort) -> Sequence[str]:
        """Write what the turns read into a folder, for processes that know no datasets.

        Args:
            dataset: Whose items or candidates.
            input_kind: "image" or "features": what the models take.
            folder: An empty folder.
            effort: How much to measure.

        Returns:
            Flags for all that is measured on it.
        """
        return []

    def work(self, model: ModelWork, effort: Effort) -> Mapping[str, Work]:
        """What a sample takes at least, by quantity; those that are left out have no ceiling.

        Args:
            model: What its parts take.
            effort: How much is measured.
        """
        return {}

    def work_on(self, model: ModelWork, effort: Effort, folder: Path) -> Mapping[str, Work]:
        """The same, where it hangs on what was laid out; of others it is what `work` says.

        Args:
            model: What its parts take.
            effort: How much is measured.
            folder: What `lay_out` wrote.
        """
        return self.work(model, effort)

    @abstractmethod
    def turn(self, served: ServedModel, effort: Effort, folder: Path | None) -> Turn:
        """One turn, in the process of the model.

        Args:
            served: The loaded model.
            effort: How much to measure.
            folder: What `lay_out` wrote; None for a workload that needs no dataset.
        """
