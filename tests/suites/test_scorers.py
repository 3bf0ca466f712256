"""Scorers as trials, and users shuffled in the pass that ranks."""

from __future__ import annotations

import shutil
import zlib
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from outfitbench.core.errors import InputError
from outfitbench.core.plugins import load_plugin
from outfitbench.datasets import load_dataset
from outfitbench.suites import load_suite, run_suite
from outfitbench.suites.attempt import trial_folder
from outfitbench.suites.plan import plan_trials
from outfitbench.suites.record_files import load_records
from outfitbench.suites.records import QualityRecord, ScorerRecord
from outfitbench.suites.run_evaluation import run_scorer
from outfitbench.suites.suite_file import Suite
from outfitbench.suites.trial import EvaluationTrial, FitTrial, ScorerTrial

ALL = ["random", "popularity", "colour-histogram", "hidden-truth"]


def scorers_of(suite: Suite, dataset=None) -> list[ScorerTrial]:
    trials = plan_trials(suite, [dataset or load_dataset("closet-12")])
    return [trial for trial in trials if isinstance(trial, ScorerTrial)]


def test_scorers_leave_records_like_the_methods_and_train_nothing(
    smoke: Suite, finished: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    shutil.copytree(finished, out)
    outcome = run_suite(smoke.model_copy(update={"scorers": ALL}), out, device="cpu")
    assert not outcome.failed
    assert len(outcome.trials) - len(outcome.finished) == len(ALL)
    records = {record.scorer: record for record in outcome.records if isinstance(record, ScorerRecord)}
    assert sorted(records) == sorted(ALL)
    methods = [record for record in outcome.records if isinstance(record, QualityRecord)]
    for record in records.values():
        assert record.test.users == methods[0].test.users
        assert record.candidate_fingerprint == methods[0].candidate_fingerprint
        assert record.summary.endswith(".")
    auc = {name: float(np.mean(record.test.auc)) for name, record in records.items()}
    assert auc["random"] == 0.5 < auc["colour-histogram"] < auc["hidden-truth"]
    assert {name for name, record in records.items() if record.shuffled and record.shuffled.same_scores} == {
        "random",
        "popularity",
    }
    assert all(r in load_records([out / "evaluations"]) for r in records.values())


def test_a_student_is_ranked_for_its_users_and_for_others(finished: Path) -> None:
    evaluations = [r for r in load_records([finished]) if isinstance(r, QualityRecord)]
    assert evaluations
    for record in evaluations:
        assert record.shuffled is not None
        assert record.shuffled.seed == record.fit.seed
        assert record.shuffled.test.users == record.test.users
        assert record.shuffled.test.auc != record.test.auc
        assert not record.shuffled.same_scores


def test_whoever_does_not_ask_is_ranked_for_their_users_alone(
    smoke: Suite, finished: Path, tmp_path: Path
) -> None:
    """The same metrics, and another trial: an evaluation of before the question keeps its name."""
    plain = smoke.model_copy(update={"shuffled_users": False, "scorers": ["popularity"]})
    with_shuffle, without = (
        [t for t in plan_trials(suite, [load_dataset("closet-12")]) if isinstance(t, EvaluationTrial)]
        for suite in (smoke, plain)
    )
    assert all("shuffled_users" not in trial.description.to_json() for trial in without)
    assert not {trial.hash for trial in with_shuffle} & {trial.hash for trial in without}
    shutil.copytree(finished / "fits", tmp_path / "fits")
    records = [r for r in run_suite(plain, tmp_path, device="cpu").records if r.kind in ("quality", "scorer")]
    assert all(record.shuffled is None for record in records)
    asked = {r.fit.method: r for r in load_records([finished]) if isinstance(r, QualityRecord)}
    for record in records:
        if isinstance(record, QualityRecord):
            assert record.test == asked[record.fit.method].test


def test_a_scorer_goes_by_data_split_setting_and_candidates(smoke: Suite) -> None:
    one = smoke.model_copy(update={"scorers": ["random"], "settings": ["random", "hard"]})
    random, hard = scorers_of(one)
    assert random.description.to_json() | {"setting": "hard", "candidates": ""} == (
        hard.description.to_json() | {"candidates": ""}
    )
    assert random.hash != hard.hash
    (again, _) = scorers_of(one.model_copy(update={"seeds": [5], "negatives": ["hard", "random"]}))
    assert again.hash == random.hash, "nothing of it is trained"


def test_what_a_dataset_cannot_give_is_left_out_and_said(smoke: Suite, capsys) -> None:
    bare = replace(load_dataset("closet-12"), hidden=None, pictures=None)
    able = scorers_of(smoke.model_copy(update={"scorers": ALL}), bare)
    assert [trial.scorer for trial in able] == ["random", "popularity"]
    assert capsys.readouterr().out.splitlines() == [
        "scorers: closet-12 has no images, colour-histogram left out",
        "scorers: closet-12 has no hidden preference, hidden-truth left out",
    ]


def test_an_unknown_scorer_is_refused_before_anything_trains(smoke: Suite, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"suite smoke, scorers: found 'rnadom', .*nearest: random"):
        run_suite(smoke.model_copy(update={"scorers": ["rnadom"]}), tmp_path / "out", device="cpu")
    assert not (tmp_path / "out").exists()


SUITE = """
title = "Mine"
datasets = ["closet-12"]
methods = ["n-pair-xs"]
scorers = {scorers}
"""


@pytest.mark.parametrize(
    ("scorers", "more", "says"),
    [
        ('["random", "random"]', "", "each value once"),
        ('"random"', "", "scorers"),
        ('["random"]', '[method.n-pair-xs]\nname = "random"', "found 'random', the name of a scorer"),
    ],
)
def test_what_a_suite_says_wrong_of_scorers(tmp_path: Path, scorers: str, more: str, says: str) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(SUITE.format(scorers=scorers) + more)
    with pytest.raises(InputError, match=says):
        load_suite(path)


PLUGIN = """
import numpy as np
from outfitbench.evaluation import Scorer, register_scorer


@register_scorer("fewest-items")
class FewestItems(Scorer):
    '''Prefers small outfits.'''

    def score(self, outfits):
        {body}
"""


def test_a_scorer_of_ones_own_and_one_that_breaks(smoke: Suite, finished: Path, tmp_path: Path) -> None:
    path = tmp_path / "fewest.py"
    path.write_text(PLUGIN.format(body="return 1 / 0"))
    load_plugin(path)
    shutil.copytree(finished, tmp_path / "out")
    mine = smoke.model_copy(update={"scorers": ["fewest-items", "random"]})
    outcome = run_suite(mine, tmp_path / "out", device="cpu")
    assert list(outcome.failed) == ["fewest-items · closet-12 · ranks random"]
    assert [r.scorer for r in outcome.records if isinstance(r, ScorerRecord)] == ["random"]
    (first,) = (trial for trial in outcome.trials if trial.label.startswith("fewest-items"))
    assert first.description.sources.keys() == {"scorer"}
    assert "division by zero" in (trial_folder(tmp_path / "out", first) / "error.txt").read_text()
    assert sum(isinstance(trial, FitTrial) for trial in outcome.trials) == 2


@pytest.mark.parametrize(
    ("body", "found"),
    [
        ("np.full(len(outfits), np.nan)", "NaN for outfit 0"),
        ("np.zeros(len(outfits) - 1)", r"scores of shape \(\d+,\)"),
        ("np.zeros((len(outfits), 1))", r"scores of shape \(\d+, 1\)"),
        ("0.5", r"scores of shape \(\)"),
        ("None", "a NoneType"),
        ("['a'] * len(outfits)", "a list of <U1"),
        ("[[1], [1, 2]]", "a list"),
        ("np.zeros(len(outfits)) * 1j", "a ndarray of complex128"),
    ],
)
def test_what_a_scorer_gives_is_held_to_be_a_number_an_outfit(
    smoke: Suite, tmp_path: Path, body: str, found: str
) -> None:
    path = tmp_path / "odd.py"
    name = f"odd-{zlib.crc32(body.encode())}"
    path.write_text(PLUGIN.replace("fewest-items", name).format(body=f"return {body}"))
    load_plugin(path)
    trial = ScorerTrial(load_dataset("closet-12"), scorer=name, setting="random")
    says = (
        f"^what the `score` of scorer {name} gives: found {found}, expected a number for each of [0-9]+ out"
    )
    with pytest.raises(InputError, match=says):
        run_scorer(trial, tmp_path / "out", {}, "cpu")
    assert not (tmp_path / "out").exists()


def test_a_scorer_that_uses_torch_has_one_thread_whatever_the_cores(
    smoke: Suite, finished: Path, tmp_path: Path
) -> None:
    path = tmp_path / "threads.py"
    path.write_text(
        PLUGIN.replace("fewest-items", "one-thread").format(
            body="import torch; return np.zeros(len(outfits)) / (torch.get_num_threads() == 1)"
        )
    )
    load_plugin(path)
    shutil.copytree(finished, tmp_path / "out")
    mine = smoke.model_copy(update={"scorers": ["one-thread"]})
    before = torch.get_num_threads()
    try:
        torch.set_num_threads(2)
        assert not run_suite(mine, tmp_path / "out", device="cpu").failed
    finally:
        torch.set_num_threads(before)
