"""Cold settings from suite file to report: planned, refused, run, and the same when run again."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from outfitbench.core.errors import InputError
from outfitbench.datasets import Dataset, OutfitTable, register_dataset
from outfitbench.suites import load_suite, run_suite
from outfitbench.suites.cold_trial import ColdTrial
from outfitbench.suites.plan import plan_trials
from outfitbench.suites.records import QualityRecord
from outfitbench.suites.suite_file import Suite

from ..datasets.wardrobes import Vectors, wardrobe

SUITE = """
title = "New users"
datasets = ["large"]
settings = ["random", "cold-1", "cold-5"]
methods = ["n-pair-xs", "lpae-u", "type-aware"]
scorers = ["random"]

[every_method.recipe]
epochs = 1
"""


@pytest.fixture
def large(cache: Path) -> Dataset:
    return wardrobe(cache, "large", train=(6, 7, 8, 9), cold_sibling="small")


@pytest.fixture
def small(cache: Path) -> Dataset:
    """New users, of whom one has no more than four training outfits."""
    return wardrobe(cache, "small", train=(9, 4, 8))


@pytest.fixture
def suite(large: Dataset, small: Dataset, tmp_path: Path, own_registry: None) -> Suite:
    for dataset in (large, small):
        register_dataset(dataset.name)(lambda name, *_, dataset=dataset: dataset)
    path = tmp_path / "strangers.toml"
    path.write_text(SUITE)
    return load_suite(path)


def test_new_users_are_ranked_for_in_every_way_that_a_model_has(suite: Suite, tmp_path: Path) -> None:
    out = tmp_path / "out"
    outcome = run_suite(suite, out, device="cpu")
    assert not outcome.failed
    cold = [r for r in outcome.records if isinstance(r, QualityRecord) and r.cold is not None]
    ways = sorted((r.setting, r.fit.method, r.cold.strategy) for r in cold if r.cold)
    assert ways == [
        (setting, method, strategy)
        for setting in ("cold-1", "cold-5")
        for method, strategy in (
            ("LPAE-u", "anchor-search"),
            ("N-pair XS", "avg"),
            ("N-pair XS", "w-avg"),
            ("Type-Aware", "no-user"),
        )
    ]
    for record in cold:
        assert record.cold is not None
        five = record.setting == "cold-5"
        assert record.cold.known == (5 if five else 1)
        assert record.cold.too_few == record.test.left_out == (1 if five else 0)
        assert record.test.users == ([0, 2] if five else [0, 1, 2])
        assert record.fit.dataset == "large"
        assert record.cold.dataset == "small"
    assert len({(r.setting, r.candidate_fingerprint, r.cold and r.cold.histories) for r in cold}) == 2
    page = (tmp_path / "report").joinpath("README.md")
    from outfitbench.reports import write_report

    write_report(outcome.records, tmp_path / "report")
    text = page.read_text()
    assert "large, cold-5 of small (trained on random negatives)" in text
    assert "| N-pair XS (w) |" in text

    evaluations = {record.trial: record.test for record in cold}
    for hashed in evaluations:
        (out / "evaluations" / hashed / "record.json").unlink()
    again = run_suite(suite, out, device="cpu")
    assert {r.trial: r.test for r in again.records if r.kind == "quality" and r.cold} == evaluations


def test_scorers_and_shuffled_users_are_for_users_who_are_known(suite: Suite, large, small) -> None:
    trials = plan_trials(suite, [large], {"small": small})
    settings = [getattr(trial, "setting", None) for trial in trials if hasattr(trial, "scorer")]
    assert settings == ["random"]
    cold = [trial for trial in trials if isinstance(trial, ColdTrial)]
    assert len(cold) == 8
    assert not any("shuffled_users" in trial.description.to_json() for trial in cold)


def test_a_description_has_the_numbers_that_a_strategy_goes_by(suite: Suite, large, small) -> None:
    trials = [t for t in plan_trials(suite, [large], {"small": small}) if isinstance(t, ColdTrial)]
    numbers = {trial.strategy: trial.description.options for trial in trials}
    assert numbers == {
        "avg": {"threshold": 0.0},
        "w-avg": {"threshold": 0.0, "temperature": 0.2},
        "anchor-search": {},
        "no-user": {},
    }
    assert len({trial.hash for trial in trials}) == len(trials)
    described = trials[0].description.to_json()
    assert (described["cold_data"], described["draws"]) == (small.fingerprint, 10)


def test_the_shipped_suite_ranks_one_and_five_known_outfits() -> None:
    suite = load_suite("table3")
    assert suite.settings == ["cold-1", "cold-5"]
    assert {"lpae-u", "fnd-xs", "fnd-cl-xs", "type-aware"} <= set(suite.methods)


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        (None, "^suite strangers, settings, cold-1: found large, which goes with none, expected a dataset"),
        (
            {"categories": ("hat", "bottom", "shoe")},
            "^dataset small, the new users of large, categories: found hat, bottom, shoe, "
            "expected top, bottom, shoe$",
        ),
        (
            {"vectors": "wide"},
            "items: found features of 9 numbers, expected features of 6 numbers, which N-pair XS",
        ),
        ({"tables": "short"}, "cold-5: found no user with 5 training outfits and a test outfit"),
    ],
)
def test_new_users_that_cannot_be_ranked_for_are_refused(suite: Suite, large, small, changes, says) -> None:
    if changes is None:
        with pytest.raises(InputError, match=says):
            plan_trials(suite, [replace(large, cold_sibling=None)], {})
        return
    if changes.get("vectors") == "wide":
        changes = {"vectors": Vectors(small.vectors.rows.repeat(2, axis=1)[:, :9])}
    if changes.get("tables") == "short":
        train = small.split("train").take(slice(0, 4))
        changes = {"tables": {**small.tables, "train": OutfitTable(train.users, train.items)}}
    with pytest.raises(InputError, match=says):
        plan_trials(suite, [large], {"small": replace(small, **changes)})


def test_a_setting_that_does_not_exist_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "wrong.toml"
    path.write_text('title = "x"\ndatasets = ["closet-12"]\nmethods = ["n-pair-xs"]\nsettings = ["cold-0"]\n')
    with pytest.raises(InputError, match="settings"):
        load_suite(path)
