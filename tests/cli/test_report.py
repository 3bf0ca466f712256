"""`outfitbench report`."""

from __future__ import annotations

import json
from pathlib import Path
from statistics import fmean

import pytest
from outfitbench.cli.main import main
from outfitbench.core.hashes import content_hash
from outfitbench.suites.record_files import write_record
from outfitbench.suites.records import QualityRecord

from ..reports.made_records import cost, dataset, on_disk, quality, suite


def test_a_report_of_records_alone(finished_run, capsys):
    out = finished_run.folder / "again"  # beside the run's own, so that links to the records are the same
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


@pytest.fixture
def measured(tmp_path):
    """Records of two rows with their costs."""
    records = [
        dataset(),
        suite(),
        *(on_disk(quality(name, auc=auc)) for name, auc in (("A", 0.7), ("B", 0.9))),
    ]
    for name, latency in (("A", 0.004), ("B", 0.012)):
        (row,) = (r for r in records if isinstance(r, QualityRecord) and r.fit.method == name)
        record = cost(name, latency=latency, inputs={"weights": row.fit.trial})
        description = record.description | {"inputs": record.inputs}
        records.append(
            record.model_copy(update={"description": description, "trial": content_hash(description)})
        )
    for number, record in enumerate(records):
        write_record(record, tmp_path / "runs" / str(number))
    return tmp_path / "runs"


def test_the_costs_are_told_to_programs_too(measured, capsys, tmp_path):
    assert main(["report", str(measured), "--out", str(tmp_path / "out"), "--json"]) == 0
    costs = json.loads(capsys.readouterr().out)["costs"]
    latency = {row["method"]: row["median"] for row in costs if row["quantity"] == "latency"}
    assert latency == {"A": pytest.approx(0.004, rel=0.01), "B": pytest.approx(0.012, rel=0.01)}


@pytest.mark.parametrize(("budget", "best", "status"), [("latency=5ms", "A", 0), ("latency=1ms", None, 1)])
def test_the_best_within_a_budget(measured, capsys, tmp_path, budget, best, status):
    command = ["report", str(measured), "--out", str(tmp_path / "out"), "--budget", budget]
    assert main([*command, "--json"]) == status
    (answer,) = json.loads(capsys.readouterr().out)["budget"]
    assert (answer["best"] or {}).get("method") == best
    assert [step["method"] for step in answer["more"]] == (["B"] if best else [])
    assert answer["tied"] is None
    assert main(command) == status
    said = capsys.readouterr().out.splitlines()[-1]
    assert (f"found no model within {budget.replace('=', ' ')[:-3]}" in said) == (best is None)
    page = (tmp_path / "out" / "README.md").read_text()
    assert "## Which model to ship" in page
    assert said.split(":")[0] in page


def test_each_budget_is_answered_by_itself(measured, capsys, tmp_path):
    command = ["report", str(measured), "--out", str(tmp_path / "out"), "--json"]
    budgets = ["--budget", "latency=5ms", "--budget", "latency=1s", "--budget", "cached-latency=10ms"]
    assert main([*command, *budgets]) == 1  # nobody measured a request from cached features
    answers = json.loads(capsys.readouterr().out)["budget"]
    told = [(answer["budget"], (answer["best"] or {}).get("method")) for answer in answers]
    assert told == [("latency 5.00 ms", "A"), ("latency 1.00 s", "B"), ("cached-latency 10.0 ms", None)]
    page = (tmp_path / "out" / "README.md").read_text()
    assert all(f"within {budget.partition(' ')[0]}" in page.replace("\\", "") for budget, _ in told)


def test_what_pytest_benchmark_saved_stands_on_the_page_of_the_records_beside_it(measured, capsys, tmp_path):
    stats = {"median": 0.005, "mean": 0.005, "stddev": 0.0001, "rounds": 100}
    one = {"name": "sleep", "fullname": "sleep", "group": "the instrument", "stats": stats}
    saved = {"benchmarks": [one], "machine_info": {}, "datetime": "2026-11-29T18:00:00"}
    (tmp_path / "instrument.json").write_text(json.dumps(saved))
    command = ["report", str(measured), str(tmp_path / "instrument.json"), "--out", str(tmp_path / "out")]
    assert main(command) == 0
    assert not (tmp_path / "out" / "benchmarks.md").exists()
    _, _, section = (tmp_path / "out" / "README.md").read_text().partition("\n## Benchmarks\n")
    assert "#### the instrument" in section
    assert "5.00 ms" in section.partition("\n## ")[0]


def test_a_budget_without_costs_and_one_that_cannot_be_read_are_refused(finished_run, capsys, tmp_path):
    command = ["report", str(finished_run.folder), "--out", str(tmp_path / "out"), "--budget"]
    assert main([*command, "latency=1ms"]) == 2
    assert "found no row of quality that has costs beside it" in capsys.readouterr().err
    assert main([*command, "latency=1MB"]) == 2
    assert "expected latency in s, ms, us" in capsys.readouterr().err


def test_an_older_run_to_hold_it_against(measured, capsys, tmp_path):
    command = ["report", str(measured), "--out", str(tmp_path / "out"), "--against", str(measured)]
    assert main([*command, "--json"]) == 0
    changes = json.loads(capsys.readouterr().out)["against"]
    assert {change["verdict"] for change in changes} == {"noise"}
    assert len(changes) == 2 * (2 + 7), "AUC and NDCG, and what the made costs hold"
    assert "Nothing." in (tmp_path / "out" / "against.md").read_text()
    assert main(command) == 0
    assert "0 worse, 0 better, 18 within noise" in capsys.readouterr().out
