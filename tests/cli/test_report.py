"""`outfitbench report`."""

from __future__ import annotations

import json
from pathlib import Path
from statistics import fmean

import pytest
from outfitbench.cli.main import main
from outfitbench.suites.record_files import write_record
from outfitbench.suites.records import QualityRecord

from ..reports.made_records import dataset, on_disk, quality, suite


def test_a_report_of_records_alone(finished_run, capsys, tmp_path):
    out = tmp_path / "report"
    assert main(["report", str(finished_run.folder), "--out", str(out), "--json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    page = Path(answer["report"])
    assert answer["records"] == len(list(finished_run.folder.rglob("record.json")))
    assert page.read_bytes() == Path(finished_run.answer["report"]).read_bytes()
    (ran,) = finished_run.answer["quality"]
    assert answer["quality"] == [
        {
            "dataset": "closet-12",
            "setting": "random",
            "negatives": "random",
            "method": ran["method"],
            "parameters": ran["parameters"],
            "seeds": [0],
            "auc": pytest.approx(ran["auc"]),
            "ndcg": pytest.approx(ran["ndcg"]),
        }
    ]


def test_the_numbers_are_means_over_users_and_seeds(capsys, tmp_path):
    records = [dataset(), suite()]
    records += [quality("A", auc=auc, seed=seed) for seed, auc in enumerate((0.7, 0.9))]
    for number, record in enumerate(records):
        if isinstance(record, QualityRecord):
            record = on_disk(record)
        write_record(record, tmp_path / "runs" / str(number))
    assert main(["report", str(tmp_path / "runs"), "--out", str(tmp_path / "out"), "--json"]) == 0
    (row,) = json.loads(capsys.readouterr().out)["quality"]
    assert (row["method"], row["seeds"]) == ("A", [0, 1])
    for metric in ("auc", "ndcg"):
        by_hand = [fmean(getattr(r.test, metric)) for r in records if isinstance(r, QualityRecord)]
        assert row[metric] == pytest.approx(fmean(by_hand))


def test_nothing_to_report(capsys, tmp_path):
    assert main(["report", str(tmp_path / "nowhere"), "--out", str(tmp_path / "report")]) == 2
    assert main(["report", str(tmp_path), "--out", str(tmp_path / "report")]) == 2
    printed = capsys.readouterr()
    assert printed.err.count("\n") == 2
    assert not (tmp_path / "report").exists()


def test_a_record_cut_short_is_named(finished_run, capsys, tmp_path):
    whole = min(finished_run.folder.rglob("record.json"))
    (tmp_path / "record.json").write_bytes(whole.read_bytes()[:-100])
    assert main(["report", str(tmp_path / "record.json"), "--out", str(tmp_path / "report")]) == 2
    assert str(tmp_path / "record.json") in capsys.readouterr().err
