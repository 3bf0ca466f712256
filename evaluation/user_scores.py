"""Per-user metrics as they stand in a record; imports no torch."""

from __future__ import annotations

import itertools
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, model_validator

__all__ = ["Share", "ShuffledUsers", "UserScores"]

Share = Annotated[float, Field(ge=0, le=1)]


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
