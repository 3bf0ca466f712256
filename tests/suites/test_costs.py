"""Cost records of a suite: written once, and only those that are lacking measured."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from outfitbench.bench.effort import Effort
from outfitbench.suites import run_suite
from outfitbench.suites.records import CostRecord
from outfitbench.suites.suite_file import CostPlan, Suite

LEAST = Effort(rounds=2, samples=2, batch=2, batches=1, warm_seconds=0.1, recommend_runs=0)


def with_engines(smoke: Suite, *engines: str) -> Suite:
    plan = CostPlan(methods=["fnd-xs"], engines=list(engines), devices=["cpu"], effort=LEAST)
    return smoke.model_copy(update={"cost": plan})


def costs(suite: Suite, out: Path) -> dict[str, CostRecord]:
    outcome = run_suite(suite, out, device="cpu")
    assert not outcome.failed
    return {record.engine: record for record in outcome.records if isinstance(record, CostRecord)}


def test_an_engine_that_is_added_leaves_the_others_records_as_they_are(
    smoke: Suite, finished: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "out"
    shutil.copytree(finished, out)
    first = costs(with_engines(smoke, "torch"), out)
    (path,) = (out / "costs").glob("*/record.json")
    written = path.read_bytes()
    both = costs(with_engines(smoke, "torch", "onnxruntime"), out)
    assert path.read_bytes() == written
    assert set(both) == {"torch", "onnxruntime"}
    assert both["torch"] == first["torch"]
    assert both["torch"].measurements["latency"].turns == [2, 2]
    assert (both["torch"].backbone, both["torch"].input_size, both["torch"].batch) == ("alexnet-small", 64, 2)

    def refuse(*arguments: object, **options: object) -> None:
        raise AssertionError("there is nothing left to measure")

    monkeypatch.setattr("outfitbench.suites.costs.profile_subjects", refuse)
    assert costs(with_engines(smoke, "torch", "onnxruntime"), out) == both
