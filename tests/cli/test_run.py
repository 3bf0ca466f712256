"""`outfitbench run`: a suite run for real, planned, refused and failed."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import pytest
from outfitbench.cli.main import main
from outfitbench.cli.run import Run
from outfitbench.cli.session import Session
from outfitbench.suites import run_fit
from outfitbench.suites.record_files import load_records
from outfitbench.training.errors import TrainingError

from ..conftest import REPOSITORY


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


def test_a_plan_names_finished_weights_that_the_rest_cannot_use(finished_run, capsys, tmp_path):
    shutil.copytree(finished_run.folder, tmp_path / "runs")
    for weights in (tmp_path / "runs").rglob("weights.safetensors"):
        weights.unlink()
    suite = tmp_path / "one.toml"
    suite.write_text(finished_run.suite.read_text().replace('["random"]', '["random", "hard"]'))
    assert main(["run", str(suite), "--out", str(tmp_path / "runs"), "--dry-run"]) == 1
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("broken    fit         N-pair XS")
    assert lines[-1].startswith("broken: N-pair XS · closet-12 · random · seed 0: ")
    assert "found no such file" in lines[-1]


def test_a_failed_trial_is_status_1_and_said(finished_run, capsys, monkeypatch, tmp_path):
    def diverge(*arguments):
        raise TrainingError("the loss is not finite")

    monkeypatch.setattr(run_fit.Training, "run", diverge)
    status = main(["run", str(finished_run.suite), "--out", str(tmp_path / "runs"), "--quiet"])
    assert status == 1
    assert "the loss is not finite" in capsys.readouterr().out
    assert main(["run", str(finished_run.suite), "--out", str(tmp_path / "runs")]) == 1
    loud = capsys.readouterr()
    says = "failed: N-pair XS · closet-12 · random · seed 0: the loss is not finite"
    assert says in loud.out
    assert says in " ".join(loud.err.split()), "when it happens"


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


@pytest.mark.parametrize("planning", [[], ["--dry-run"]])
def test_a_folder_that_cannot_be_made_is_refused(capsys, tmp_path, planning):
    (tmp_path / "file").touch()
    assert main(["run", "smoke", "--out", str(tmp_path / "file" / "runs"), *planning]) == 2
    assert "argument --out" in capsys.readouterr().err


def test_the_command_names_a_packaged_suite_as_everyone_can(tmp_path):
    packaged = REPOSITORY / "suites" / "files" / "smoke.toml"
    own = tmp_path / "smoke.toml"
    own.write_text(packaged.read_text() + "# changed")
    asked = ["smoke", str(packaged), str(own)]
    commands = [Run(suite=suite, seeds=(3,))._command(Session()) for suite in asked]
    assert commands == [f"outfitbench run {name} --seeds 3" for name in ("smoke", "smoke", "smoke.toml")]


@pytest.mark.usefixtures("small_closet_12")
def test_all_that_is_derived_goes_where_the_session_says(finished_run, capsys, monkeypatch, tmp_path):
    monkeypatch.setenv("OUTFITBENCH_CACHE", str(tmp_path / "other"))
    arguments = ["run", str(finished_run.suite), "--out", str(tmp_path / "runs"), "--device", "cpu"]
    assert main(["--cache", str(tmp_path / "given"), *arguments, "--dry-run", "--quiet"]) == 0
    assert list((tmp_path / "given" / "precision").iterdir())
    assert not (tmp_path / "other").exists()
    assert os.environ["OUTFITBENCH_CACHE"] == str(tmp_path / "other"), "for whoever comes after"
