"""Per-user metrics as they stand in a record; imports no torch."""

from __future__ import annotations

import itertools
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, FiniteFloat, model_validator

__all__ = ["ColdStart", "Metric", "Share", "ShuffledUsers", "UserScores"]

Share = Annotated[float, Field(ge=0, le=1)]

Metric = Literal["auc", "ndcg", "ndcg_standard"]
"""A per-user metric: a field of `UserScores`."""

_Name = Annotated[str, Field(min_length=1)]
_Hash = Annotated[str, Field(pattern=r"^[0-9a-z-]+$")]


class UserScores(BaseModel):
    """Per-user metrics, aligned lists; users without a positive and a negative are not in them.

    Attributes:
        users: The users that were ranked, ascending.
        auc: Area under the ROC curve of each.
        ndcg: NDCG over all cut-offs of each (the authors' definition).
        ndcg_standard: NDCG of the full list of each (the usual definition).
        left_out: How many of all the dataset's users are not ranked: they have no positive, or no negative.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    users: list[Annotated[int, Field(ge=0, lt=2**63)]]
    auc: list[Share]
    ndcg: list[Share]
    ndcg_standard: list[Share]
    left_out: Annotated[int, Field(ge=0, lt=2**63)]

    @model_validator(mode="after")
    def _one_value_a_user(self) -> UserScores:
        for name in ("auc", "ndcg", "ndcg_standard"):
            if (found := len(getattr(self, name))) != len(self.users):
                raise ValueError(f"`{name}` has {found} values for {len(self.users)} users")
        return self

    @model_validator(mode="after")
    def _each_user_once(self) -> UserScores:
        for user, after in itertools.pairwise(self.users):
            if user >= after:
                raise ValueError(f"`users` are not ascending: {after} stands after {user}")
        return self


class ShuffledUsers(BaseModel):
    """What comes of ranking each user's candidates by the taste of another.

    Attributes:
        seed: Which user stood in for which; see `user_rankings.other_users`.
        same_scores: Whether every candidate has the score that it has for its own user, bit for bit: then
            the method knows no users.
        test: Per-user metrics on the test candidates, of the users that are ranked.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    seed: Annotated[int, Field(ge=0, lt=2**63)]
    same_scores: bool
    test: UserScores


class ColdStart(BaseModel):
    """Whom a cold setting ranked for, by what it knew of them, and how.

    Attributes:
        dataset: Name of the cold users' dataset, whose test candidates were ranked.
        data_fingerprint: Its content hash.
        known: Outfits known of each user.
        draws: How often those were drawn; the metrics are means over the draws.
        histories: Content hash of all that was drawn.
        too_few: Users left out as they have fewer outfits.
        strategy: Name of the way in which the model scored; one of its `cold_strategies`.
        options: The numbers that the strategy goes by.
        spread: By metric, the standard deviation over the draws of the mean over users.
        neighbours: Known users in a neighbourhood, on average; None where none were asked.
        alone: Neighbourhoods, of all draws and users, that hold the most similar known user only because
            one has to be there.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    dataset: _Name
    data_fingerprint: _Hash
    known: Annotated[int, Field(ge=1, lt=2**63)]
    draws: Annotated[int, Field(ge=2, lt=2**63)]
    histories: _Hash
    too_few: Annotated[int, Field(ge=0, lt=2**63)]
    strategy: _Name
    options: dict[str, FiniteFloat] = {}
    spread: dict[Metric, Annotated[float, Field(ge=0, allow_inf_nan=False)]]
    neighbours: Annotated[float, Field(ge=1, allow_inf_nan=False)] | None = None
    alone: Annotated[int, Field(ge=0, lt=2**63)] | None = None
