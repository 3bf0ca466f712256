from __future__ import annotations

import csv
import io
from statistics import fmean, median

import pytest
from outfitbench.reports import write_report
from outfitbench.reports.flat_tables import csv_file, flat_tables, parquet_file
from outfitbench.reports.material import material_of

from .made_records import cost, dataset, measurement, quality


def test_the_csv_holds_every_row_and_every_quantity_with_all_digits(tmp_path):
    records = [quality("A", auc=0.8), quality("A", auc=0.9, seed=1), quality("B, or C", auc=0.7)]
    measured = cost("A", latency=0.007, provider=None)
    write_report([*records, measured], tmp_path)
    with (tmp_path / "quality.csv").open(encoding="utf-8", newline="") as file:
        rows = {row["method"]: row for row in csv.DictReader(file)}
    assert rows.keys() == {"A", "B, or C"}
    assert float(rows["A"]["auc"]) == pytest.approx(
        fmean(auc for record in records[:2] for auc in record.test.auc), abs=1e-12
    )
    assert rows["A"]["seeds"] == "0 1"
    assert float(rows["A"]["auc_low"]) < float(rows["A"]["auc"]) < float(rows["A"]["auc_high"])
    assert rows["B, or C"]["auc_seed_sd"] == ""
    with (tmp_path / "costs.csv").open(encoding="utf-8", newline="") as file:
        costs = {row["quantity"]: row for row in csv.DictReader(file)}
    assert costs.keys() == measured.measurements.keys()
    samples = measured.measurements["latency"].samples
    assert float(costs["latency"]["median"]) == median(samples)
    assert float(costs["latency"]["p95"]) == sorted(samples)[189]
    assert (costs["latency"]["unit"], costs["latency"]["provider"]) == ("s", "")
    assert costs["throughput"]["p99"] == "", "20 samples have no p99"


def test_a_table_that_a_report_no_longer_has_is_taken_away(tmp_path):
    write_report([quality("A"), cost("A")], tmp_path)
    (tmp_path / "quality.parquet").touch()
    write_report([cost("A")], tmp_path)
    assert {path.name for path in tmp_path.glob("*.csv")} == {"costs.csv"}
    assert not list(tmp_path.glob("*.parquet"))


def test_parquet_holds_the_same(tmp_path):
    parquet = pytest.importorskip("pyarrow.parquet")
    few = cost("A", measured={"latency": measurement(0.01, "s", 5)})
    for rows in flat_tables(material_of([quality("A"), quality("B"), few, dataset()])).values():
        found = parquet.read_table(io.BytesIO(parquet_file(rows))).to_pylist()
        assert found == rows
        assert len(csv_file(rows).splitlines()) == len(rows) + 1
