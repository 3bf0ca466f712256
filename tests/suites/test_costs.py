"""Cost records of a suite: written once, only those that are lacking measured, a fault a row."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from outfitbench.bench.effort import Effort
from outfitbench.core.hashes import content_hash, file_hash
from outfitbench.core.machine import describe_machine
from outfitbench.datasets import Dataset, load_dataset
from outfitbench.models import create_model
from outfitbench.models.weights import WEIGHTS_FILE, save_tensors
from outfitbench.suites.costs import Failure, measure_costs
from outfitbench.suites.record_files import load_records, write_record
from outfitbench.suites.records import CostRecord, FitRecord, Machine
from outfitbench.training.history import Environment, Epoch

LEAST = Effort(rounds=2, samples=2, batch=2, batches=1, warm_seconds=0.1, recommend_runs=0)


@dataclass(frozen=True)
class FinishedFit:
    """What costs look at of a fit."""

    hash: str
    label: str
    method: Any
    dataset: Dataset


def plan(*engines: str) -> Any:
    return SimpleNamespace(engines=list(engines), devices=["cpu"], effort=LEAST)


@pytest.fixture(scope="module")
def dataset() -> Dataset:
    return load_dataset("closet-12")


@pytest.fixture(scope="module")
def fits(dataset: Dataset, tmp_path_factory: pytest.TempPathFactory) -> list[tuple[FinishedFit, Path]]:
    """Two fits of the smallest student, the second with weights that were altered after its record."""
    return [
        finished_fit(dataset, tmp_path_factory.mktemp("fit"), name, altered=name == "altered")
        for name in ("sound", "altered")
    ]


def finished_fit(dataset: Dataset, place: Path, name: str, *, altered: bool) -> tuple[FinishedFit, Path]:
    torch.manual_seed(0)
    model = create_model("student-xs", num_users=dataset.num_users)
    save_tensors(model.state_dict(), place / WEIGHTS_FILE)
    description = {"method": name}
    record = FitRecord(
        trial=content_hash(description),
        description=description,
        machine=Machine.model_validate(describe_machine()),
        method=name,
        model="student-xs",
        backbone=model.backbone_name,
        input_kind="image",
        input_size=64,
        dataset=dataset.name,
        split_scheme=dataset.split_scheme,
        negatives="random",
        seed=0,
        data_fingerprint=dataset.fingerprint,
        parameters=sum(parameter.numel() for parameter in model.parameters()),
        valid_auc=0.5,
        best_epoch=1,
        history=[Epoch(number=1, loss=1.0, learning_rate=0.1, valid_auc=0.5)],
        environment=Environment(device="cpu", precision="fp32", threads=1),
        weights=file_hash(place / WEIGHTS_FILE),
    )
    write_record(record, place)
    if altered:
        state = model.state_dict()
        save_tensors({key: value + 0.5 for key, value in state.items()}, place / WEIGHTS_FILE)
    method = SimpleNamespace(name=name, model="student-xs", backbone=None, options={}, image_size=64)
    return FinishedFit(record.trial, f"{name} · {dataset.name}", method, dataset), place


def test_records_stay_engines_are_added_and_a_fault_is_one_rows(fits, dataset, tmp_path, monkeypatch):
    first = list(measure_costs(plan("torch"), fits, tmp_path, outfit_size=4))
    failure, record = sorted(first, key=lambda cell: isinstance(cell, CostRecord))
    assert isinstance(failure, Failure)
    assert failure.label == "altered · closet-12 · torch · cpu"
    assert "expected" in failure.reason
    assert failure.reason in (failure.folder / "error.txt").read_text()

    assert isinstance(record, CostRecord)
    assert record.inputs == {"weights": fits[0][0].hash}
    assert record.description["outfit_size"] == 4
    assert {"processor", "generation", "cores", "accelerator", "versions", "cpu_flags"} == set(
        record.description["machine"]
    )
    assert record.measurements["latency"].turns == [2, 2]
    assert record.measurements["latency"].session == record.session
    assert (record.backbone, record.input_size, record.batch) == ("alexnet-small", 64, 2)

    # An engine that dies, and one that nobody knows, leave their reasons; the record stays as it is.
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    (tmp_path / "dying.py").write_text("print('a word before')\nraise OSError('no such thing')\n")
    (path,) = (tmp_path / "costs").glob("*/record.json")
    written = path.read_bytes()
    engines = ("torch", "dying:Engine", "tochr")
    cells = list(measure_costs(plan(*engines), fits[:1], tmp_path, outfit_size=4))
    assert path.read_bytes() == written
    assert cells[0] == record
    died, unknown = cells[1:]
    assert isinstance(died, Failure)
    assert died.reason.endswith("status 1 (OSError: no such thing)")
    assert (died.folder / "error.txt").read_text().splitlines().count("a word before") == 1
    assert isinstance(unknown, Failure)
    assert "nearest: torch" in unknown.reason
    assert load_records([tmp_path / "costs"]) == [record]


def test_each_engines_records_are_there_before_the_next_is_measured(fits, tmp_path, monkeypatch):
    cells = measure_costs(plan("torch", "onnxruntime"), fits[:1], tmp_path)
    first = next(cells)
    assert isinstance(first, CostRecord)
    assert first.engine == "torch"
    cells.close()  # as if it were killed
    assert load_records([tmp_path / "costs"]) == [first]

    def refuse(*arguments: object, **options: object) -> None:
        raise AssertionError("it was measured again")

    monkeypatch.setattr("outfitbench.suites.costs.profile_subjects", refuse)
    assert list(measure_costs(plan("torch"), fits[:1], tmp_path)) == [first]
