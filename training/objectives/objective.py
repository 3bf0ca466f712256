"""The face of an objective: a part that is given a step's context and returns named losses."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Set
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal, NamedTuple, Protocol

import numpy as np
import torch
from pydantic import BaseModel, ConfigDict, Field
from torch import nn

from ...core.registry import Registry
from ..history import Distillation, PositiveMean
from ..recombination import Recombination

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from torch import Tensor

    from ...datasets import Dataset
    from ...models import OutfitModel

__all__ = [
    "OBJECTIVES",
    "FitContext",
    "Forecast",
    "Need",
    "Objective",
    "ObjectiveOptions",
    "Outfits",
    "RecombinedOptions",
    "StepContext",
    "TeacherScores",
    "TemperatureOptions",
    "register_objective",
]

Need = Literal["teacher", "views", "pairs", "recombined", "start"]
"""What an objective may ask for: a frozen teacher; two augmented views of each positive outfit; training
outfits of two items or more (it may meet shorter ones beside them); recombined outfits, of a step's items;
weights of another method to start from."""


class ObjectiveOptions(BaseModel):
    """Options of an objective; a subclass adds its own.

    Attributes:
        weight: Factor of its loss in the sum.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    weight: Annotated[float, Field(gt=0, allow_inf_nan=False)] = 1.0

    @property
    def beside(self) -> str:
        """What asks for another objective beside it, that it is added to; empty where nothing does."""
        return ""

    def searched(self) -> Mapping[str, tuple[bool | int | float | str, ...]]:
        """Values that a search tries, by option; a subclass names its own, others stay as they are."""
        return {}


class TemperatureOptions(ObjectiveOptions):
    """Options of an objective over scaled scores.

    Attributes:
        temperature: τ.
    """

    temperature: Annotated[float, Field(gt=0, allow_inf_nan=False)] = 0.1


class RecombinedOptions(TemperatureOptions):
    """Options of an objective over recombined outfits.

    Attributes:
        recombined: R, how many are drawn for a step. Objectives of one method share them.
        exchanged: Share of them that are one of the batch's positives with a single item exchanged: harder
            ones.
    """

    recombined: Annotated[int, Field(ge=1)] = 1024
    exchanged: Annotated[float, Field(ge=0, le=1)] = 0.0


class Outfits(NamedTuple):
    """Outfits whose items are rows of a step's features.

    Attributes:
        rows: int64 (B, K), row of each item; 0 in empty slots.
        categories: int64 (B, K), −1 in empty slots.
        items: int32 (B, K), global ids, by which a teacher knows them, −1 in empty slots: those of a step's
            batch have them. None of outfits that were made without, which no teacher can score.
    """

    rows: Tensor
    categories: Tensor
    items: NDArray[np.int32] | None = None

    @classmethod
    def joined(cls, *parts: Outfits) -> Outfits:
        """The outfits of several, one after the other."""
        items = [part.items for part in parts if part.items is not None]
        return cls(
            torch.cat([part.rows for part in parts]),
            torch.cat([part.categories for part in parts]),
            np.concatenate(items) if len(items) == len(parts) else None,
        )

    def first(self, count: int) -> Outfits:
        """At most so many of them."""
        items = None if self.items is None else self.items[:count]
        return Outfits(self.rows[:count], self.categories[:count], items)


class TeacherScores(Protocol):
    """What a frozen teacher says: of the training items' features, a table, and never of their images.

    Attributes:
        feature_size: Width of its items' features, and of its outfit vectors.
    """

    feature_size: int

    def positive_mean(self, users: Tensor, over: PositiveMean = "train") -> Tensor:
        """Mean score of each user's positives (Eq. 11), float32 (N,)."""
        ...

    def gap(self, over: PositiveMean = "train") -> float:
        """That mean over all training positives, less the mean score of random negatives."""
        ...

    def score_matrix(self, users: Tensor, items: NDArray[np.integer], categories: Tensor) -> Tensor:
        """Scores of users (U,) for outfits, float32 (U, B), from global item ids (B, K) and categories."""
        ...

    def item_features(self, items: NDArray[np.integer]) -> Tensor:
        """Its features of items, float32 (…, D), from global ids (…)."""
        ...

    def embed_outfits(self, items: NDArray[np.integer], categories: Tensor) -> Tensor:
        """Its outfit vectors, float32 (B, d), from global item ids (B, K) and categories."""
        ...

    def user_vectors(self) -> Tensor:
        """Its users' vectors, float32 (num_users, d)."""
        ...

    def describe(
        self,
        alpha: float | None = None,
        temperature: float = 0.1,
        over: PositiveMean = "train",
        recombination: Recombination | None = None,
    ) -> Distillation:
        """What it says of the negatives, and what FND with this absolute α will do, estimated beforehand."""
        ...


class StepContext(Protocol):
    """What one step knows. Each value is computed when it is first asked for, so nobody pays for another."""

    @property
    def progress(self) -> float:
        """Share of the fit's steps that are done, 0 in the first."""
        ...

    @property
    def users(self) -> Tensor:
        """int64 (N,)."""
        ...

    @property
    def features(self) -> Tensor:
        """The step's distinct items, encoded once: float (n, D)."""
        ...

    @property
    def item_categories(self) -> Tensor:
        """int64 (n,)."""
        ...

    @property
    def positives(self) -> Outfits:
        """N outfits, one a pair."""
        ...

    @property
    def negatives(self) -> Outfits:
        """N outfits: the one in row i was drawn for pair i; all pairs share them."""
        ...

    @property
    def posted(self) -> Tensor | None:
        """Bool (N, N), whether user i posted negative j; None where that cannot be."""
        ...

    @property
    def positive_scores(self) -> Tensor:
        """(N,)."""
        ...

    @property
    def negative_scores(self) -> Tensor:
        """(N, N), row i what user i gives to each negative; −∞ where the user posted it."""
        ...

    @property
    def recombined(self) -> Outfits:
        """R outfits that nobody posted, of the step's items; fewer where it has few. Needs "recombined"."""
        ...

    @property
    def recombined_scores(self) -> Tensor:
        """(N, R), row i what user i gives to each recombined outfit. Needs "recombined"."""
        ...

    @property
    def view_vectors(self) -> Tensor:
        """(2N, d), outfit vectors; rows 2n and 2n + 1 are views of positive n. Needs "views"."""
        ...

    @property
    def teacher(self) -> TeacherScores:
        """The frozen teacher. Needs "teacher"."""
        ...

    def features_of(self, outfits: Outfits) -> Tensor:
        """Features of outfits' items, float (B, K, D); what stands in empty slots has no meaning."""
        ...

    def score_matrix(self, users: Tensor, outfits: Outfits) -> Tensor:
        """What users (U,) give to outfits, whether posted by them or not: float (U, B)."""
        ...

    def outfit_vectors(self, outfits: Outfits) -> Tensor:
        """(B, d), of a model whose outfits are vectors."""
        ...

    def teacher_scores(self, users: Tensor, outfits: Outfits) -> Tensor:
        """What the teacher says users (U,) give to outfits: float32 (U, B), no gradient. Needs "teacher"."""
        ...


class FitContext(NamedTuple):
    """What is known before a fit starts.

    Attributes:
        dataset: What it learns from.
        teacher: The frozen teacher, for objectives that need one.
    """

    dataset: Dataset
    teacher: TeacherScores | None


class Forecast(NamedTuple):
    """What an objective says before training.

    Attributes:
        distillation: For the record.
        warnings: What a reader of the row should know.
    """

    distillation: Distillation | None = None
    warnings: tuple[str, ...] = ()


class Objective(nn.Module, ABC):
    """One part of what a method minimises.

    It may own parameters: they train with the model's and stand in its checkpoints, and are not shipped.

    Args:
        options: As registered with it.
        model: The model in training; not to be kept as a part, or its parameters would count twice.

    Attributes:
        needs: What it cannot do without; a fit that lacks it is refused before anything trains.
    """

    needs: ClassVar[frozenset[Need]] = frozenset()

    def __init__(self, options: ObjectiveOptions, model: OutfitModel) -> None:
        super().__init__()

    def check_dataset(self, dataset: Dataset) -> None:
        """Refuse a dataset that has not what this asks of it.

        Raises:
            InputError: If it has not.
        """

    def check_teacher(self, teacher: OutfitModel) -> None:
        """Refuse a teacher that has not what this asks of it.

        Args:
            teacher: Without its weights.

        Raises:
            InputError: If it has not.
        """

    def check_start(self, taken: Set[str]) -> None:
        """Refuse weights to start from that leave out what this asks of them.

        Args:
            taken: Names of the model's weights that are taken over.

        Raises:
            InputError: If they do.
        """

    def begin(self, fit: FitContext) -> Forecast:
        """Get ready for a fit, and say what it will do.

        Raises:
            TrainingError: If the fit has no sense (a teacher that learned nothing).
        """
        return Forecast()

    @abstractmethod
    def forward(self, step: StepContext) -> dict[str, Tensor]:
        """Losses of a step by name, each a scalar; their sum is minimised."""


OBJECTIVES: Registry[type[Objective]] = Registry("objective", "outfitbench.training.objectives")

register_objective = OBJECTIVES.register
"""Enter an objective: `@register_objective("name", options=MyOptions)` on an `Objective`."""
