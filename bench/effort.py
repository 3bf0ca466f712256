"""How much to measure."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

__all__ = ["FULL", "QUICK", "Effort"]


class Effort(BaseModel):
    """How many samples of each quantity, and of what size.

    Attributes:
        rounds: How often each model's turn comes; what is compared takes turns.
        samples: Requests timed in a turn. p99 needs 100 over all rounds.
        batch: Outfits in a request of "throughput", and items in one of "encode_throughput".
        batches: Such requests timed in a turn.
        outfits: Outfits that one user asks for at once.
        warm_seconds: When to give up warming a shape.
        turn_seconds: When to end a turn's samples of one quantity before all are taken.
        recommend_runs: Runs of "recommend".
        recommend_candidates: Candidates of a run; None takes all.
        catalogue_items: Items of "catalogue" that are read from their files; None takes all.
        vectors: Outfit vectors of "top-k".
        best: How many of them each user is given.
        history: Outfits that are known of a new user.
        limit_seconds: When a process that does not answer is ended; no part of what is measured.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    rounds: int = Field(default=10, ge=1)
    samples: int = Field(default=50, ge=1)
    batch: int = Field(default=32, ge=1)
    batches: int = Field(default=5, ge=1)
    warm_seconds: float = Field(default=5.0, gt=0)
    turn_seconds: float = Field(default=30.0, gt=0)
    outfits: int = Field(default=20, ge=1)
    recommend_runs: int = Field(default=10, ge=0)
    recommend_candidates: int | None = Field(default=None, ge=1)
    catalogue_items: int | None = Field(default=None, ge=1)
    vectors: int = Field(default=1_000_000, ge=1)
    best: int = Field(default=10, ge=1)
    history: int = Field(default=5, ge=1)
    limit_seconds: float = Field(default=1800.0, gt=0)


FULL = Effort()
"""For figures that are published."""

QUICK = Effort(
    rounds=4,
    samples=25,
    batch=16,
    batches=1,
    warm_seconds=0.5,
    turn_seconds=1.0,
    recommend_runs=3,
    recommend_candidates=200,
    catalogue_items=200,
    vectors=50_000,
)
"""For a first look: seconds a model."""
