"""The study of a search: shared by processes, taken over from those that die, refused when it is another."""

from __future__ import annotations

import errno
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from optuna.pruners import NopPruner
from optuna.trial import TrialState
from outfitbench.core.errors import InputError
from outfitbench.suites.study_file import StudyFile

SPACE = {"recipe.learning_rate": (0.015, 0.05, 0.15), "objective.fnd.alpha": (0.75, 1.5)}
TERMS = {"method": "fnd-xs", "dataset": "closet-12", "space": {key: list(v) for key, v in SPACE.items()}}


def opened(folder: Path, seed: int = 0, **other: Any) -> StudyFile:
    return StudyFile(folder, TERMS | other, SPACE, seed, NopPruner())


def tried(study: StudyFile) -> list[tuple[Any, ...]]:
    return [tuple(trial.params.values()) for trial in study.trials()]


def search(study: StudyFile, budget: int) -> StudyFile:
    for trial in study.claims(budget):
        study.complete(trial, 0.5)
    return study


def test_every_point_is_tried_once_in_an_order_that_only_the_seed_decides(tmp_path: Path) -> None:
    orders = [
        tried(search(opened(tmp_path / name, seed), 99)) for name, seed in (("a", 3), ("b", 3), ("c", 4))
    ]
    assert sorted(orders[0]) == sorted(product(*SPACE.values()))
    assert orders[0] == orders[1] != orders[2]
    assert sorted(orders[2]) == sorted(orders[0])


def test_a_budget_is_of_the_study_and_can_be_raised(tmp_path: Path) -> None:
    first = tried(search(opened(tmp_path), 2))
    assert tried(search(opened(tmp_path), 2)) == first
    more = tried(search(opened(tmp_path), 4))
    assert more[:2] == first
    assert (len(first), len(more)) == (2, 4)


def test_a_trial_is_of_one_process_and_is_taken_over_when_that_dies(tmp_path: Path) -> None:
    one, two = opened(tmp_path), opened(tmp_path)
    dying = one.claims(3)
    begun = next(dying)
    begun.report(0.7, 1)
    others = two.claims(3)
    assert next(others).number == 1, "0 is at work elsewhere"
    others.close()
    dying.close()  # as a process that dies: what it held is free, what it told stays
    for trial in two.claims(3):
        assert trial.params == two.trials()[trial.number].params
        if trial.number == begun.number:
            assert two.epochs(trial) == {1}
        two.complete(trial, 0.5)
    assert [trial.state for trial in two.trials()] == [TrialState.COMPLETE] * 3
    assert len(set(tried(two))) == 3


def test_no_file_is_locked_and_no_claim_is_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As on network folders that have no locks."""

    def refuse(*arguments: object) -> None:
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr("fcntl.flock", refuse)
    monkeypatch.setattr("fcntl.lockf", refuse)
    assert len(search(opened(tmp_path), 3).trials()) == 3
    assert [path.name for path in tmp_path.iterdir()] == ["journal.jsonl"]


def test_who_finds_nothing_left_waits_for_the_others(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    one, two = opened(tmp_path), opened(tmp_path)
    mine = one.claims(1)
    trial = next(mine)
    waited = []

    def finish(seconds: float) -> None:
        waited.append(seconds)
        one.complete(trial, 0.9)

    monkeypatch.setattr("outfitbench.suites.study_file.time.sleep", finish)
    assert list(two.claims(1)) == []
    assert len(waited) == 1
    assert two.trials()[0].value == 0.9


@pytest.mark.parametrize(
    ("broken", "says"),
    [
        (
            lambda raw: raw[:-9],
            r"journal.jsonl:\d+: found a line cut short, expected a whole line; .*no fit",
        ),
        (lambda raw: raw + b"\x00\xff\n", r"journal.jsonl:\d+: found '.*', expected the study of a search"),
        (lambda raw: b"[1]\n", r"journal.jsonl:1: found '\[1\]'"),
        (lambda raw: b'{"op_code": 4}\n', r"journal.jsonl: found no study \(KeyError"),
        (lambda raw: raw.replace(b"outfitbench tune", b"another"), r"found a study called 'another'"),
    ],
)
def test_a_broken_file_is_one_line(tmp_path: Path, broken: Any, says: str) -> None:
    search(opened(tmp_path), 1)
    journal = tmp_path / "journal.jsonl"
    journal.write_bytes(broken(journal.read_bytes()))
    with pytest.raises(InputError, match=says) as refused:
        opened(tmp_path)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    ("other", "says"),
    [
        (
            {"method": "n-pair-xs"},
            r"found a study of method 'fnd-xs', expected 'n-pair-xs'; name another",
        ),
        ({"dataset": "closet-24"}, r"a study of dataset 'closet-12', expected 'closet-24'"),
        ({"space": {"recipe.learning_rate": [0.1]}}, r"a study of space \{.*0.015.*\}, expected \{.*0.1\]\}"),
    ],
)
def test_another_search_is_refused(tmp_path: Path, other: dict[str, Any], says: str) -> None:
    opened(tmp_path)
    with pytest.raises(InputError, match=says):
        opened(tmp_path, **other)
