"""What a process that is sent an errand can do of it."""

from __future__ import annotations

from pathlib import Path

import pytest
from outfitbench.core.errors import InputError
from outfitbench.datasets import load_dataset
from outfitbench.suites.attempt import Ended, trial_folder
from outfitbench.suites.errand import Errand, Workplace
from outfitbench.suites.plan import plan_trials
from outfitbench.suites.record_files import RECORD_FILE
from outfitbench.suites.suite_file import Suite


def test_a_dataset_that_is_missing_here_fails_its_own_trials_alone(smoke: Suite, tmp_path: Path) -> None:
    trial, *_ = plan_trials(smoke, [load_dataset("closet-12")])
    record = trial_folder(tmp_path, trial) / RECORD_FILE
    record.parent.mkdir(parents=True)
    record.touch()  # so that nothing is to be done
    for datasets in (["closet-12", "iqon"], ["iqon", "closet-12"]):
        suite = smoke.model_copy(update={"datasets": datasets})
        place = Workplace(Errand(suite, tmp_path, "cpu"))
        assert place.attempt(trial.hash, "") == Ended()
        with pytest.raises(InputError, match="dataset iqon: found no root"):
            place.attempt("of iqon", "")
    ours = Workplace(Errand(smoke, tmp_path, "cpu"))
    assert "install the same sources everywhere" in ours.attempt("of other sources", "").failed
    theirs = Errand(smoke, tmp_path, "cpu", fingerprints={"closet-12": "another"})
    with pytest.raises(InputError, match="expected another, the caller's; give every machine the same"):
        Workplace(theirs).attempt(trial.hash, "")
