"""A loaded model as a workload meets it: who answers, what can be asked, and how an answer is timed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

import numpy as np

from ..energy import EnergyCounter
from ..engines.engine import Engine
from ..errors import EngineError
from ..latency import time_calls, warm_up
from ..request import Request, make_request
from ..subject import Subject

__all__ = ["BATCH_MEMORY", "ModelTraits", "ServedModel"]

BATCH_MEMORY = "batch_memory"
"""The peak of a process that was asked for a batch as it started, in `ServedModel.start`."""

NOT_SETTLED = "not settled"
"""The flag of samples whose warm-up was given up."""


@dataclass(frozen=True)
class ModelTraits:
    """What not all models have, and some workloads are about.

    Attributes:
        vector_size: d, where users and outfits are vectors whose inner product is the score; else None.
        scores_new_users: Whether it scores users on whom nothing was trained by similar known users.
    """

    vector_size: int | None = None
    scores_new_users: bool = True


@dataclass
class ServedModel:
    """A model in an engine, loaded.

    Attributes:
        engine: Who answers.
        subject: The model, with its input size.
        threads: Intra-op threads.
        outfit_size: Items of an outfit in a request.
        warm_seconds: When to give up warming a shape.
        turn_seconds: When to end a turn's samples of one quantity before all are taken.
        device: "cpu" or "cuda".
        traits: What not all models have.
        start: What loading and the first answer took: seconds by "load", "compile" and "first_call", bytes by
            "peak_memory" and, on CUDA in torch, "peak_memory_reserved"; `BATCH_MEMORY` where it
            was asked for a batch then.
    """

    engine: Engine
    subject: Subject
    threads: int
    outfit_size: int
    warm_seconds: float
    turn_seconds: float
    device: str = "cpu"
    traits: ModelTraits = field(default_factory=ModelTraits)
    start: dict[str, float] = field(default_factory=dict)
    _settled: dict[str, bool] = field(default_factory=dict)

    @property
    def input_size(self) -> int:
        """H = W of the images in pixels, or F of the features."""
        assert self.subject.input_size is not None, "the parent fills the size in"
        return self.subject.input_size

    def request(self, batch: int) -> Request:
        """A batch of made outfits, the same every time."""
        subject = self.subject
        return make_request(
            subject.num_users,
            subject.input_kind,
            self.input_size,
            batch=batch,
            outfit_size=self.outfit_size,
            num_categories=subject.num_categories,
        )

    def request_of_one_user(self, outfits: int) -> Request:
        """The same outfits, all asked for by one user."""
        request = self.request(outfits)
        return replace(request, users=np.full_like(request.users, request.users[0]))

    def first_time(self, what: str) -> bool:
        """Whether something is met for the first time, so that it needs warming; True once."""
        if what in self._settled:
            return False
        self._settled[what] = True
        return True

    def warm_seconds_of(
        self, shape: str, call: Callable[[], object], samples: int
    ) -> tuple[list[float], list[str]]:
        """Seconds of some calls whose shape is warmed the first time it is met, and woken every time.

        Args:
            shape: Names what must be warmed by itself: engines search algorithms for each shape.
            call: What is timed.
            samples: How many times.

        Returns:
            The seconds, and flags.
        """
        if shape not in self._settled:
            self._settled[shape] = warm_up(call, cap_seconds=self.warm_seconds)
        self.check_numbers(call())
        seconds = time_calls(call, samples, cap_seconds=self.turn_seconds, wait=self.engine.synchronize)
        return seconds, [] if self._settled[shape] else [NOT_SETTLED]

    def check_numbers(self, answered: object) -> None:
        """Refuse scores that rank nothing; whatever else a call gives passes.

        Raises:
            EngineError: If one is NaN or infinite.
        """
        if isinstance(answered, np.ndarray) and not np.isfinite(answered).all():
            name = self.subject.label or self.subject.model
            raise EngineError(f"model {name}: found NaN or an infinite score, expected numbers, which rank")

    def energy_of(self, call: Callable[[], object], samples: int) -> tuple[list[float], list[str]]:
        """Joules of a warm call, the mean over some; nothing where no counter can be read.

        Args:
            call: What is done.
            samples: How many times; fewer where a turn is over before.

        Returns:
            One figure, or none; and the counter that told it, as a flag.
        """
        counter = EnergyCounter(self.device)
        if counter.used() is None:
            return [], []
        taken = time_calls(call, samples, cap_seconds=self.turn_seconds, wait=self.engine.synchronize)
        used = counter.used()
        return ([], []) if used is None else ([used.joules / len(taken)], [f"energy by {used.source}"])
