"""Rows of a comparison: the evaluations of a method, one a seed, and those of what nobody trained."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from ..evaluation.metrics import bootstrap_interval, exceeds
from .recipes import objectives_label

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ..evaluation.user_scores import ColdStart
    from ..suites.records import Evaluation, FitRecord, QualityRecord, ScorerRecord

__all__ = ["METRICS", "AnyRow", "Row", "ScorerRow"]

METRICS = {"auc": "AUC", "ndcg": "NDCG (all cut-offs)", "ndcg_standard": "NDCG (standard)"}
"""Fields of `UserScores` and their headings."""

_CHANCE = 0.5
"""The AUC of a random order."""


@dataclass(frozen=True, eq=False)
class AnyRow:
    """What a table shows of whoever ranked; what only trained rows have is empty.

    Attributes:
        name: The row's name, told apart from a namesake by its trial.
        records: Its evaluations.
    """

    name: str
    records: tuple[Evaluation, ...]

    @property
    def model(self) -> str:
        """The zoo's name of the model."""
        return ""

    @property
    def backbone(self) -> str:
        """The image network's name."""
        return ""

    @property
    def objectives(self) -> str:
        """What it was trained with."""
        return ""

    @property
    def variant(self) -> str:
        """What compression made of its fits."""
        return ""

    @property
    def strategy(self) -> str:
        """How it scores users on whom nothing was trained; empty where it ranks for those it knows."""
        return ""

    @property
    def distilled(self) -> bool:
        """Whether a teacher was used for it."""
        return False

    @property
    def taught(self) -> bool:
        """Whether a teacher has a part in it, be it a fit or a variant of one."""
        return False

    @property
    def seeds(self) -> tuple[int, ...]:
        """Seeds of its fits."""
        return ()

    @property
    def parameters(self) -> int | None:
        """Parameters of the model as it is shipped."""
        return None

    def per_seed(self, metric: str) -> NDArray[np.float64]:
        """(number of records, number of users): a metric of each user, by each record."""
        return np.array([getattr(record.test, metric) for record in self.records], dtype=np.float64)

    def per_user(self, metric: str) -> NDArray[np.float64]:
        """(number of users,): a metric of each user, averaged over the records."""
        return self.per_seed(metric).mean(axis=0)

    def per_seed_shuffled(self, metric: str) -> NDArray[np.float64] | None:
        """`per_seed` where each user's candidates are ranked as another user; None if nobody asked for it."""
        ranked = [record.shuffled.test for record in self.records if record.shuffled is not None]
        if len(ranked) < len(self.records):
            return None
        return np.array([getattr(scores, metric) for scores in ranked], dtype=np.float64)

    @property
    def ignores_users(self) -> bool:
        """Whether every score was the same for another user, to the last bit."""
        return all(record.shuffled is not None and record.shuffled.same_scores for record in self.records)

    def mean(self, metric: str) -> float:
        """The metric averaged over users and records."""
        return float(self.per_user(metric).mean())

    def means(self, metric: str) -> list[float]:
        """The metric averaged over users, of each record."""
        return [float(np.mean(getattr(record.test, metric))) for record in self.records]

    def interval(self, metric: str) -> tuple[float, float]:
        """The bootstrap 95 % interval of the mean, over users and seeds."""
        return bootstrap_interval(self.per_seed(metric))

    def seed_spread(self, metric: str) -> float:
        """Sample standard deviation of the means of its records; NaN for one."""
        means = self.means(metric)
        return float(np.std(means, ddof=1)) if len(means) > 1 else float("nan")

    @cached_property
    def beats_chance(self) -> bool:
        """Whether the interval of its AUC lies above that of a random order."""
        return bool(exceeds(self.interval("auc")[0], _CHANCE))

    @cached_property
    def holds_chance(self) -> bool:
        """Whether the interval of its AUC holds that of a random order."""
        low, high = self.interval("auc")
        return not exceeds(low, _CHANCE) and not exceeds(_CHANCE, high)


@dataclass(frozen=True, eq=False)
class ScorerRow(AnyRow):
    """A scorer of a table, which nobody trained: one evaluation."""

    records: tuple[ScorerRecord, ...]

    @property
    def summary(self) -> str:
        """What it goes by, in one sentence."""
        return self.records[0].summary


@dataclass(frozen=True, eq=False)
class Row(AnyRow):
    """One method of a table: its evaluations, one a seed.

    Attributes:
        name: The method's name, told apart from a namesake of another recipe by its trial.
        records: Its evaluations by ascending seed; all fits of one recipe.
    """

    records: tuple[QualityRecord, ...]

    @property
    def fit(self) -> FitRecord:
        """The first seed's fit, which stands for what all of them share."""
        return self.records[0].fit

    @property
    def fits(self) -> frozenset[str]:
        """Hashes of its fits."""
        return frozenset(record.fit.trial for record in self.records)

    @property
    def weights(self) -> frozenset[str]:
        """Hashes of the trials whose weights were evaluated: its fits, or variants of them."""
        return frozenset(record.inputs["weights"] for record in self.records)

    @property
    def variant(self) -> str:
        """What compression made of the fits; empty for the fits themselves."""
        return self.records[0].variant

    @property
    def cold(self) -> tuple[ColdStart, ...]:
        """Of each record, whom it ranked for, and how, where those are users on whom nothing was trained."""
        return tuple(record.cold for record in self.records if record.cold is not None)

    @property
    def strategy(self) -> str:
        """How it scores users on whom nothing was trained; empty where it ranks for those it knows."""
        return self.cold[0].strategy if self.cold else ""

    @property
    def model(self) -> str:
        """The zoo's name of the model."""
        return self.fit.model

    @property
    def backbone(self) -> str:
        """The image network's name."""
        return self.fit.backbone

    @property
    def parameters(self) -> int:
        """Parameters of the model as it is shipped."""
        return self.records[0].parameters or self.fit.parameters

    @property
    def seeds(self) -> tuple[int, ...]:
        """The fits' seeds, ascending."""
        return tuple(record.fit.seed for record in self.records)

    @property
    def objectives(self) -> str:
        """What it was trained with: "n-pair + 0.2 contrastive"; empty if the description does not say."""
        return objectives_label(self.fit.description)

    @property
    def taught(self) -> bool:
        """Whether a teacher has a part in it, be it a fit or a variant of one."""
        return "teacher" in self.fit.inputs

    @property
    def distilled(self) -> bool:
        """Whether it is a fit that a teacher was used for; a variant is compared with its fit alone."""
        return self.taught and not self.variant
