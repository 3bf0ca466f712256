"""Cost trials: written once, only what is lacking measured, a fault a row, a kill a workload at most."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from pathlib import Path

import pytest
import torch
from outfitbench.bench.effort import Effort
from outfitbench.bench.engine_profile import FailedProfile
from outfitbench.core.hashes import file_hash
from outfitbench.core.machine import describe_machine
from outfitbench.datasets import Dataset, load_dataset
from outfitbench.models import create_model
from outfitbench.models.weights import WEIGHTS_FILE, save_tensors
from outfitbench.suites.costs import Failure, measure_costs
from outfitbench.suites.record_files import load_records, write_record
from outfitbench.suites.records import CostRecord, FitRecord
from outfitbench.suites.trial import CostTrial, FitTrial
from outfitbench.training.history import Environment, Epoch
from outfitbench.training.method import Method

LEAST = Effort(rounds=2, samples=2, batch=2, batches=1, warm_seconds=0.1)


@pytest.fixture(scope="module")
def dataset(in_the_small_world: None) -> Dataset:
    return load_dataset("closet-12")


@pytest.fixture(scope="module")
def fits(dataset: Dataset, tmp_path_factory: pytest.TempPathFactory) -> dict[FitTrial, Path]:
    """Two fits of the smallest student, the second with weights that were altered after its record."""
    found = {}
    for seed, name in enumerate(("sound", "altered")):
        method = Method(name=name, model="student-xs", objective="n-pair", validation="student")
        fit = FitTrial(dataset, method=method, negatives="random", seed=seed)
        found[fit] = tmp_path_factory.mktemp("fit")
        finish(fit, found[fit], altered=name == "altered")
    return found


def finish(fit: FitTrial, place: Path, *, altered: bool) -> None:
    torch.manual_seed(0)
    dataset = fit.dataset
    model = create_model(fit.method.model, num_users=dataset.num_users)
    save_tensors(model.state_dict(), place / WEIGHTS_FILE)
    record = FitRecord(
        trial=fit.hash,
        description=fit.description.to_json(),
        machine=describe_machine(),
        method=fit.method.name,
        model=fit.method.model,
        backbone=model.backbone_name,
        input_kind="image",
        input_size=fit.method.image_size,
        dataset=dataset.name,
        split_scheme=dataset.split_scheme,
        negatives="random",
        seed=fit.seed,
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


def costs(
    fits: Sequence[FitTrial], engines: Sequence[str], workloads: Sequence[str] = ("request",)
) -> list[CostTrial]:
    machine = describe_machine()
    return [
        CostTrial(
            fit.dataset,
            {"weights": fit},
            workload=workload,
            engine=engine,
            device="cpu",
            effort=LEAST,
            outfit_size=4,
            machine=machine,
        )
        for engine in engines
        for fit in fits
        for workload in workloads
    ]


def measure(trials: Sequence[CostTrial], fits: dict[FitTrial, Path], out: Path):
    folders = {fit.hash: place for fit, place in fits.items()}
    folders |= {trial.hash: out / "costs" / trial.hash for trial in trials}
    return measure_costs(trials, folders, out / "costs")


def test_records_stay_engines_are_added_and_a_fault_is_one_rows(fits, tmp_path, monkeypatch):
    sound, altered = fits
    first = list(measure(costs([altered, sound], ["torch"]), fits, tmp_path))
    failure, record = first
    assert isinstance(failure, Failure)
    assert failure.trial.label == "altered · closet-12 · random · seed 1 · torch · cpu · request"
    assert "expected" in failure.reason
    assert failure.reason in (failure.folder / "error.txt").read_text()

    assert isinstance(record, CostRecord)
    assert record.inputs == {"weights": sound.hash}
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
    cells = list(measure(costs([sound], ["torch", "dying:Engine", "tochr"]), fits, tmp_path))
    assert path.read_bytes() == written
    assert cells[0] == record
    unknown, died = cells[1:]  # what is refused before anything is measured comes first
    assert isinstance(died, Failure)
    assert died.reason.endswith("status 1 (OSError: no such thing)")
    assert (died.folder / "error.txt").read_text().splitlines().count("a word before") == 1
    assert isinstance(unknown, Failure)
    assert "nearest: torch" in unknown.reason
    assert load_records([tmp_path / "costs"]) == [record]


@pytest.mark.slow
def test_each_workloads_records_are_there_before_the_next_is_measured(fits, tmp_path, monkeypatch):
    sound, _ = fits
    trials = costs([sound], ["torch"], ["start", "request"])
    cells = measure(trials, fits, tmp_path)
    first = next(cells)
    assert isinstance(first, CostRecord)
    assert first.workload == "start"
    cells.close()  # as if it were killed
    assert load_records([tmp_path / "costs"]) == [first]

    finished, second = measure(trials, fits, tmp_path)
    assert finished == first
    assert isinstance(second, CostRecord)
    assert second.workload == "request"
    assert second.session != first.session

    def refuse(*arguments: object, **options: object) -> None:
        raise AssertionError("it was measured again")

    monkeypatch.setattr("outfitbench.suites.costs.profile_places", refuse)
    assert list(measure(trials, fits, tmp_path)) == [first, second]


def test_all_engines_share_a_session_and_so_do_workloads_that_the_same_models_lack(
    fits, tmp_path, monkeypatch
):
    """Ratios are taken within a session only, so whatever is to be compared has to share one."""
    sound, _ = fits
    twin = dataclasses.replace(sound, seed=7)
    places = {**fits, twin: fits[sound]}
    sessions = []

    def noted(subjects, places, *, workloads, **options):
        sessions.append((len(subjects), [tuple(place) for place in places], workloads))
        return iter([FailedProfile("", "", "", "", "noted", "", ValueError())] * len(places) * len(workloads))

    monkeypatch.setattr("outfitbench.suites.costs.profile_places", noted)
    trials = [
        *costs([sound, twin], ["torch", "onnxruntime"], ["start", "request"]),
        *costs([twin], ["onnxruntime"], ["top-k"]),
    ]
    found = list(measure(trials, places, tmp_path))
    both = [(number, engine, "cpu") for engine in ("torch", "onnxruntime") for number in (0, 1)]
    assert sessions == [
        (2, both, ["start", "request"]),
        (1, [(0, "onnxruntime", "cpu")], ["top-k"]),
    ]
    assert [failure.trial.hash for failure in found] == [
        *(trial.hash for name in ("start", "request") for trial in trials if trial.workload == name),
        trials[-1].hash,
    ]


def test_what_a_workload_does_not_go_by_is_no_part_of_its_cost(fits):
    sound, _ = fits
    start, request = costs([sound], ["torch"], ["start", "request"])
    more = dataclasses.replace(request, effort=LEAST.model_copy(update={"samples": 9}))
    other = dataclasses.replace(request, effort=LEAST.model_copy(update={"batch": 9}))
    assert more.hash != request.hash
    assert other.hash == request.hash
    assert dataclasses.replace(start, effort=Effort()).hash == start.hash
    newer = request.machine.model_copy(update={"versions": {"torch": "9"}})
    assert dataclasses.replace(request, machine=newer).hash != request.hash
