"""The suite's record: what it calls its fits, by whoever ran them last."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from pathlib import Path

from outfitbench.datasets import load_dataset
from outfitbench.reports.grouping import names_of_fits
from outfitbench.suites import suite_record
from outfitbench.suites.plan import plan_trials
from outfitbench.suites.record_files import load_records
from outfitbench.suites.suite_file import Suite
from outfitbench.suites.trial import FitTrial


def test_the_name_that_was_run_last_holds(smoke: Suite, tmp_path: Path, monkeypatch) -> None:
    trials = [t for t in plan_trials(smoke, [load_dataset("closet-12")]) if isinstance(t, FitTrial)]
    renamed = [
        replace(t, method=t.method.model_copy(update={"name": f"New {t.method.name}"})) for t in trials
    ]
    minutes = iter(range(60))

    class Clock(datetime):
        @classmethod
        def now(cls, tz=None):
            return datetime(2024, 1, 1, 12, next(minutes), tzinfo=tz)

    monkeypatch.setattr(suite_record, "datetime", Clock)
    for asked, count in ((trials, 1), (trials, 1), (renamed, 2), (trials, 3), (trials, 3), (renamed, 4)):
        kept = suite_record.record_suite(smoke, asked, "", tmp_path)
        records = load_records([tmp_path])
        assert kept in records
        assert len(records) == count, "what says what was said last stays"
        assert names_of_fits(records) == {trial.hash: trial.method.name for trial in asked}


def test_what_is_declared_is_kept_by_hash_for_each_seed(smoke: Suite, tmp_path: Path) -> None:
    longer = smoke.methods["fnd-xs"].model_copy(
        update={"name": "Twice", "recipe": smoke.methods["fnd-xs"].recipe.model_copy(update={"epochs": 2})}
    )
    suite = smoke.model_copy(
        update={
            "seeds": [0, 1],
            "methods": smoke.methods | {"twice": longer},
            "compare": [("fnd-xs", "teacher-xs")],
            "longer": {"twice": "fnd-xs"},
        }
    )
    trials = plan_trials(suite, [load_dataset("closet-12")])
    of = {(t.method.name, t.seed): t.hash for t in trials if isinstance(t, FitTrial)}
    name = {key: method.name for key, method in suite.methods.items()}
    record = suite_record.record_suite(suite, trials, "", tmp_path)
    assert record.compare == [(of[name["fnd-xs"], s], of[name["teacher-xs"], s]) for s in (0, 1)]
    assert record.longer == {of["Twice", s]: of[name["fnd-xs"], s] for s in (0, 1)}
