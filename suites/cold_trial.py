"""A trial that ranks for users on whom nothing was trained."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar

from ..datasets import CandidateSet, Dataset
from ..datasets.cold_histories import ColdHistories, cold_candidates, draw_histories, known_outfits
from ..evaluation.cold_start import strategy_options
from .descriptions import ColdDescription
from .records import EVALUATOR_VERSION
from .trial import FitTrial, Trial, engine_of, fit_of

__all__ = ["ColdTrial"]


@dataclass(frozen=True, eq=False, kw_only=True)
class ColdTrial(Trial[ColdDescription]):
    """A fit or a variant ranks for users on whom nothing was trained; role "weights".

    Attributes:
        sibling: The dataset of those users.
        setting: How many outfits are known of each.
        strategy: How the model scores them.
    """

    kind: ClassVar[str] = "evaluation"
    sibling: Dataset
    setting: str
    strategy: str

    def _describe(self) -> ColdDescription:
        return ColdDescription(
            inputs=self._input_hashes,
            evaluator=EVALUATOR_VERSION,
            setting=self.setting,
            cold_data=self.sibling.fingerprint,
            candidates=self.candidates.fingerprint,
            histories=self.histories.fingerprint,
            draws=len(self.histories.items),
            strategy=self.strategy,
            options=strategy_options(self.strategy),
            engine=engine_of(self.inputs["weights"]),
        )

    @property
    def known(self) -> int:
        """How many outfits are known of each user."""
        known = known_outfits(self.setting)
        assert known is not None  # it is a cold setting
        return known

    @cached_property
    def histories(self) -> ColdHistories:
        """Those outfits, in every draw."""
        return draw_histories(self.sibling, self.known)

    @cached_property
    def candidates(self) -> CandidateSet:
        """What is ranked."""
        return cold_candidates(self.sibling, self.histories)

    @property
    def fit(self) -> FitTrial:
        """Whose weights rank, as they are or compressed."""
        return fit_of(self)

    @property
    def label(self) -> str:
        """Who ranks, for whom, and how."""
        of_whom = f"{self.setting} of {self.sibling.name}"
        return f"{self.inputs['weights'].label} · ranks {of_whom} · {self.strategy}"
