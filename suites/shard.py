"""A part of the graph for one of several machines that do not know of each other."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence
from typing import Any, NamedTuple

from ..core.errors import Fault, InputError
from ..core.names import shown
from .trial import CostTrial, Trial

__all__ = ["Shard"]


class Shard(NamedTuple):
    """One of so many disjoint parts, which are the whole.

    Attributes:
        number: Which, from 1 on.
        parts: How many there are.
    """

    number: int
    parts: int

    @classmethod
    def parse(cls, text: str) -> Shard:
        """Read `3/16`.

        Raises:
            InputError: If it is no such thing, or there is no such part.

        Example:
            >>> Shard.parse("3/16")
            Shard(number=3, parts=16)
        """
        found = re.fullmatch(r"([0-9]{1,9})/([0-9]{1,9})", text)
        if found is None or not 1 <= int(found[1]) <= int(found[2]):
            expected = "K/N, part K of N, from 1/N to N/N"
            raise InputError(Fault("argument --shard", shown(text), expected, "as in --shard 3/16"))
        return cls(int(found[1]), int(found[2]))

    def __str__(self) -> str:
        return f"{self.number}/{self.parts}"

    def of(self, trials: Sequence[Trial[Any]]) -> list[Trial[Any]]:
        """The trials of this part, in their order.

        What stays together: weights and all that is made of them; a trial and the only fit that learns from
        it; all costs of a dataset, which are measured in one session. Such groups are dealt in the order of
        their hashes, kind by kind, so that every part has as many of each kind, but for one. What a trial
        needs of another part it waits for.
        """
        homes = _homes(trials)
        kinds = {trial.hash: trial.kind for trial in trials}
        groups = sorted(set(homes.values()), key=lambda home: (home not in kinds, kinds.get(home, ""), home))
        mine = set(groups[self.number - 1 :: self.parts])
        return [trial for trial in trials if homes[trial.hash] in mine]


def _homes(trials: Sequence[Trial[Any]]) -> dict[str, str]:
    """What each trial stays with: the first trial of its group, by hash; of costs, their dataset."""
    learners: dict[str, list[str]] = defaultdict(list)
    for trial in trials:
        for role, needed in trial.inputs.items():
            if role != "weights":
                learners[needed.hash].append(trial.hash)
    homes: dict[str, str] = {}
    for trial in trials:
        stays_with = (
            needed.hash
            for role, needed in trial.inputs.items()
            if role == "weights" or learners[needed.hash] == [trial.hash]
        )
        first = next(stays_with, None)
        if isinstance(trial, CostTrial):
            homes[trial.hash] = f"costs on {trial.dataset.fingerprint}"
        else:
            homes[trial.hash] = trial.hash if first is None else homes[first]
    return homes
