"""Shards: disjoint parts that are the whole, what stays together in them, and what they wait for."""

from __future__ import annotations

import os
import shutil
import threading
from collections import Counter
from pathlib import Path

import pytest
from outfitbench.core.errors import InputError
from outfitbench.datasets import load_dataset
from outfitbench.suites import attempt, run_suite, schedule
from outfitbench.suites.attempt import trial_folder
from outfitbench.suites.executors.local import Here
from outfitbench.suites.plan import plan_trials
from outfitbench.suites.record_files import RECORD_FILE
from outfitbench.suites.schedule import run_trials
from outfitbench.suites.shard import Shard
from outfitbench.suites.suite_file import Suite
from outfitbench.suites.trial import EvaluationTrial, FitTrial, Trial


def planned(suite: Suite) -> list[Trial]:
    return plan_trials(suite, [load_dataset(name) for name in suite.datasets])


def with_students(suite: Suite, *names: str) -> Suite:
    """A teacher, and a student of each name, under eight seeds."""
    student = suite.methods["fnd-xs"]
    own = {"teacher-xs": suite.methods["teacher-xs"]}
    for place, name in enumerate(names):
        recipe = student.recipe.model_copy(update={"learning_rate": 0.01 * (place + 1)})
        own[name] = student.model_copy(update={"name": name, "recipe": recipe})
    return suite.model_copy(update={"methods": own, "seeds": list(range(8)), "scorers": ["random"]})


@pytest.mark.parametrize("parts", [1, 3, 16, 100])
def test_shards_are_disjoint_and_the_whole(smoke: Suite, parts: int) -> None:
    trials = planned(with_students(smoke, "one", "two"))
    shards = [Shard(number, parts).of(trials) for number in range(1, parts + 1)]
    assert Counter(trial.hash for shard in shards for trial in shard) == {trial.hash: 1 for trial in trials}
    for shard in shards:
        assert shard == [trial for trial in trials if trial in shard], "the graph's order is kept"
    fits = [sum(isinstance(trial, FitTrial) for trial in shard) for shard in shards]
    assert max(fits) - min(fits) <= 1


def test_weights_stay_with_what_is_made_of_them_and_a_teacher_with_its_only_student(smoke: Suite) -> None:
    def homes(*students: str) -> dict[str, int]:
        trials = planned(with_students(smoke, *students))
        return {trial.hash: number for number in range(1, 6) for trial in Shard(number, 5).of(trials)}

    for students in (("one",), ("one", "two")):
        number = homes(*students)
        trials = planned(with_students(smoke, *students))
        apart = 0
        for trial in trials:
            if isinstance(trial, EvaluationTrial):
                assert number[trial.hash] == number[trial.inputs["weights"].hash]
            elif isinstance(trial, FitTrial) and trial.inputs:
                apart += number[trial.hash] != number[trial.inputs["teacher"].hash]
        assert (apart > 0) == (len(students) > 1), "several students are shared out"


@pytest.mark.parametrize("text", ["0/4", "5/4", "1/0", "-1/4", "3", "1/4/4", "x/4", "", "1.5/4", "٣/4"])
def test_a_part_that_there_is_not_is_refused_in_one_line(text: str) -> None:
    with pytest.raises(InputError, match=r"argument --shard: found .*, expected K/N") as caught:
        Shard.parse(text)
    assert "\n" not in str(caught.value)


def test_the_last_shard_to_finish_has_all_records(smoke: Suite, finished: Path, tmp_path: Path) -> None:
    shutil.copytree(finished, tmp_path / "out")
    shutil.rmtree(tmp_path / "out" / "evaluations")
    suite = smoke.model_copy(update={"scorers": ["random"]})
    outcomes = [run_suite(suite, tmp_path / "out", device="cpu", shard=Shard(k, 2)) for k in (1, 2)]
    assert [outcome.others_lack > 0 for outcome in outcomes] == [True, False]
    assert len({trial.hash for outcome in outcomes for trial in outcome.trials}) == 5
    assert Counter(record.kind for record in outcomes[1].records)["quality"] == 2


def test_of_two_calls_on_one_shard_the_second_waits_and_does_nothing_again(
    smoke: Suite, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(schedule, "_POLL_SECONDS", 0.01)
    monkeypatch.setattr(attempt, "_RUNS", {})  # whoever ran anything would fail
    shard = Shard(1, 1).of(planned(smoke.model_copy(update={"methods": {}, "scorers": ["random"]})))
    (trial,) = shard
    first = attempt.claim_of(trial, tmp_path)
    assert first.take()

    def end() -> None:
        (trial_folder(tmp_path, trial) / RECORD_FILE).touch()
        first.release()

    ending = threading.Timer(0.3, end)
    ending.start()
    assert run_trials(shard, tmp_path, Here(tmp_path, "cpu")) == {}
    ending.join()
    assert f"waiting for process {os.getpid()} on " in capsys.readouterr().out


def test_what_another_shard_does_not_begin_is_begun_here(
    smoke: Suite,
    finished: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """As in an array of jobs of which few run at a time: nobody may wait for one that waits for its turn."""

    def copied(trial: Trial, folder: Path, *_: object, **__: object) -> None:
        shutil.copytree(trial_folder(finished, trial), folder, dirs_exist_ok=True)

    monkeypatch.setitem(attempt._RUNS, FitTrial, copied)
    monkeypatch.setattr(schedule, "_PATIENCE_SECONDS", 0.0)
    monkeypatch.setattr(schedule, "_POLL_SECONDS", 0.01)
    trials = planned(smoke)
    ranked = [trial for trial in trials if isinstance(trial, EvaluationTrial)]
    assert run_trials(ranked[1:], tmp_path, Here(tmp_path, "cpu")) == {}
    told = capsys.readouterr().out
    teacher, student = (trial.label for trial in trials if isinstance(trial, FitTrial))
    assert told.index(f"begun here: {teacher}") < told.index(f"begun here: {student}")
    assert [(trial_folder(tmp_path, trial) / RECORD_FILE).exists() for trial in trials] == [
        True,
        True,
        False,
        True,
    ]


def test_what_fails_in_another_shard_fails_what_waits_for_it(
    smoke: Suite, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise RuntimeError("out of memory")

    monkeypatch.setitem(attempt._RUNS, FitTrial, fail)
    monkeypatch.setattr(schedule, "_PATIENCE_SECONDS", 0.0)
    monkeypatch.setattr(schedule, "_POLL_SECONDS", 0.01)
    *_, student = (trial for trial in planned(smoke) if isinstance(trial, FitTrial))
    failed = run_trials([], tmp_path, Here(tmp_path, "cpu"), awaited=[student])
    assert "its teacher failed" in failed[student.hash]
