"""`outfitbench run`: a suite run for real, planned, refused and failed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from outfitbench.cli.main import main
from outfitbench.suites import run_fit
from outfitbench.suites.record_files import load_records
from outfitbench.training.errors import TrainingError


def test_a_run_leaves_records_and_a_report(finished_run):
    (row,) = finished_run.answer["quality"]
    (record,) = (record for record in load_records([finished_run.folder]) if record.kind == "quality")
    assert row["method"] == record.fit.method
    assert row["auc"] == pytest.approx(sum(record.test.auc) / len(record.test.auc))
    assert 0 <= row["auc"] <= 1
    assert Path(finished_run.answer["report"]).is_relative_to(finished_run.folder / "report")
    assert Path(finished_run.answer["report"]).is_file()


def test_a_finished_run_is_planned_as_finished(finished_run, capsys):
    assert main(["run", str(finished_run.suite), "--out", str(finished_run.folder), "--dry-run"]) == 0
    out = capsys.readouterr().out
    assert [line.split()[:2] for line in out.splitlines()[:-1]] == [
        ["finished", "fit"],
        ["finished", "evaluation"],
    ]
    assert out.endswith("one: 0 of 2 trials to run\n")


def test_a_dry_run_writes_nothing(finished_run, capsys, tmp_path):
    out = tmp_path / "not-there"
    assert (
        main(["run", str(finished_run.suite), "--out", str(out), "--epochs", "2", "--dry-run", "--json"]) == 0
    )
    trials = json.loads(capsys.readouterr().out)["trials"]
    assert [trial["kind"] for trial in trials] == ["fit", "evaluation"]
    assert not any(trial["finished"] for trial in trials)
    assert not out.exists()


def test_a_failed_trial_is_status_1_and_said(finished_run, capsys, monkeypatch, tmp_path):
    def diverge(*arguments):
        raise TrainingError("the loss is not finite")

    monkeypatch.setattr(run_fit.Training, "run", diverge)
    status = main(["run", str(finished_run.suite), "--out", str(tmp_path / "runs"), "--quiet"])
    assert status == 1
    assert "the loss is not finite" in capsys.readouterr().out
    assert main(["run", str(finished_run.suite), "--out", str(tmp_path / "runs")]) == 1
    loud = capsys.readouterr()
    assert (loud.out + loud.err).count("the loss is not finite") == 1, "told by the progress"
    assert "failed: N-pair XS · closet-12" in loud.out


@pytest.mark.parametrize(
    ("arguments", "hint"),
    [
        (["smok"], "nearest: smoke"),
        (["no-such.toml"], "no-such.toml"),
        (["smoke", "--dataset", "closet-13"], "closet-12"),
        (["smoke", "--epochs", "0"], "epochs"),
    ],
)
def test_what_cannot_be_run_is_one_line(capsys, tmp_path, arguments, hint):
    assert main(["run", *arguments, "--out", str(tmp_path / "runs")]) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    (line,) = printed.err.splitlines()
    assert hint in line


def test_a_folder_that_cannot_be_made_is_refused(capsys, tmp_path):
    (tmp_path / "file").touch()
    assert main(["run", "smoke", "--out", str(tmp_path / "file" / "runs")]) == 2
    assert "argument --out" in capsys.readouterr().err
