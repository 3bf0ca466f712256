"""In which order trials begin: what most depends on goes first, where several run side by side."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import pytest
from outfitbench.suites.attempt import Ended
from outfitbench.suites.schedule import run_trials


@dataclass
class Named:
    """As much of a trial as the schedule looks at."""

    hash: str
    inputs: dict[str, Named] = field(default_factory=dict)
    kind: str = "fit"

    @property
    def label(self) -> str:
        return self.hash


class Clockwork:
    """Trials that take the seconds they are said to, on a clock of its own."""

    def __init__(self, jobs: int, seconds: dict[str, float]) -> None:
        self.jobs, self._seconds = jobs, seconds
        self.now, self.begun, self.told, self._until = 0.0, [], [], {}

    def has_room(self) -> bool:
        return len(self._until) < self.jobs

    def share(self, trial: Named) -> float:
        return 1 / self.jobs

    def get_ready(self, trials: int) -> None: ...

    def begin(self, trial: Named, number: str) -> None:
        self.begun.append(trial.hash)
        self.told.append(number)
        self._until[trial.hash] = self.now + self._seconds[trial.hash]

    def ended(self, seconds: float) -> dict[str, Ended]:
        first = min(self._until, key=self._until.__getitem__)
        self.now = self._until.pop(first)
        return {first: Ended()}

    def close(self) -> None: ...


TEACHERS = {f"teacher {seed}": Named(f"teacher {seed}") for seed in range(3)}
TRIALS = [
    trial
    for seed, teacher in enumerate(TEACHERS.values())
    for trial in (
        *(Named(f"baseline {seed}.{number}") for number in range(4)),
        teacher,
        *(Named(f"student {seed}.{number}", {"teacher": teacher}) for number in range(2)),
    )
]
SECONDS = {
    trial.hash: {"teacher": 100.0, "student": 20.0, "baseline": 5.0}[trial.hash.split()[0]]
    for trial in TRIALS
}


@pytest.mark.parametrize("jobs", [1, 2])
def test_two_jobs_are_both_at_work_to_the_end_and_one_keeps_to_the_graph(tmp_path: Path, jobs: int) -> None:
    executor = Clockwork(jobs, SECONDS)
    assert not run_trials(TRIALS, tmp_path, executor, SECONDS)
    assert sorted(executor.begun) == sorted(SECONDS)
    if jobs == 1:
        assert executor.begun == [trial.hash for trial in TRIALS]
    else:
        assert executor.begun[:2] == ["teacher 0", "teacher 1"]
        assert executor.now <= 1.05 * sum(SECONDS.values()) / 2


def test_without_known_seconds_the_graph_gives_the_order(tmp_path: Path) -> None:
    executor = Clockwork(2, SECONDS)
    assert not run_trials(TRIALS, tmp_path, executor)
    first = [trial.hash for trial in TRIALS if not trial.inputs]
    assert executor.begun[:5] == first[:5]


def test_the_time_left_is_that_of_what_runs_side_by_side(tmp_path: Path) -> None:
    """A trial that takes the whole executor leaves no room for another, however many it could run."""

    class Narrow(Clockwork):
        def share(self, trial: Named) -> float:
            return 1.0 if trial.hash == "large" else 0.25

    executor = Narrow(4, {"large": 600.0, "small": 400.0})
    run_trials([Named("large"), Named("small")], tmp_path, executor, {"large": 600.0, "small": 400.0})
    expected = [f"trial {number} of 2, about 12 min of training left" for number in (1, 2)]
    assert executor.told == expected, "600 s and a quarter of 400 s"
