"""`outfitbench export`: of a model by name, and of what a run trained."""

from __future__ import annotations

import contextlib
import csv
import io
import json
import shutil
import subprocess
import sys
from dataclasses import replace

import numpy as np
import onnxruntime
import pytest
from outfitbench.bench import Subject
from outfitbench.bench.engines.torch_engine import load_model
from outfitbench.cli.main import main
from outfitbench.cli.named_datasets import named_datasets
from outfitbench.cli.session import Session
from outfitbench.cli.subjects import choose_subjects
from outfitbench.core.hashes import file_hash
from outfitbench.datasets import CandidateSet, load_dataset
from outfitbench.datasets.closet import CLOSETS
from outfitbench.evaluation.item_inputs import ItemInputs
from outfitbench.evaluation.scoring import score_candidates
from safetensors.torch import load_file, save_file


@pytest.fixture(scope="module")
def exported(finished_run, tmp_path_factory):
    """What the command answers of a run's one fit and of variants of it, and where two of them lie."""
    out = tmp_path_factory.mktemp("served")
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        variants = [word for name in ("low-rank", "torch-bf16", "fp16") for word in ("--variant", name)]
        command = ["export", str(finished_run.folder), "--out", str(out), *variants]
        assert main([*command, "--json", "--quiet"]) == 1  # two of them are nothing to export
    return json.loads(printed.getvalue()), sorted(out.iterdir(), key=lambda folder: len(folder.name))


def test_a_trained_method_is_exported_with_its_weights(exported):
    answer, (folder, half) = exported
    assert half.name == f"{folder.name}-fp16"
    export = answer["exports"][0]
    assert export["model"] == "student-xs"
    assert export["num_users"] == 12
    assert export["input_size"] == 64
    assert export["parity"]["max_abs_difference"] <= 1e-4
    session = onnxruntime.InferenceSession(folder / "encoder.onnx", providers=["CPUExecutionProvider"])
    assert session.get_inputs()[0].shape[1:] == [3, 64, 64]


def test_a_variant_that_cannot_be_exported_costs_no_other(exported):
    """Of a network without wide layers, and one that PyTorch makes as it loads the weights."""
    answer, folders = exported
    assert len(answer["exports"]) == len(folders) == 2
    of_none, of_pytorch = answer["failed"]
    assert (of_none["method"], of_none["variant"]) == ("N-pair XS", "low-rank")
    assert of_none["reason"].startswith("variant low-rank, model student-xs: found no fully connected layer")
    assert of_pytorch["variant"] == "torch-bf16"
    assert of_pytorch["reason"].startswith("variant torch-bf16: found what PyTorch does")


@pytest.fixture
def copied_run(finished_run, tmp_path):
    copy = tmp_path / "copy"
    shutil.copytree(finished_run.folder, copy)
    (record,) = copy.glob("fits/*/record.json")
    return copy, record, record.with_name("weights.safetensors")


def test_weights_that_are_not_the_records_are_refused(copied_run, capsys, tmp_path):
    run, _, weights = copied_run
    weights.write_bytes(weights.read_bytes()[:-4] + b"\0\0\0\0")
    assert main(["export", str(run), "--out", str(tmp_path / "onnx")]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert f"{weights}: found weights of hash" in line


@pytest.mark.parametrize("command", ["export", "profile"])
def test_broken_weights_are_named_by_file_and_tensor(copied_run, capsys, tmp_path, command):
    run, path, weights = copied_run
    tensors = load_file(weights)
    tensors["users.weight"][3, 5] = float("nan")
    save_file(tensors, weights)
    record = json.loads(path.read_text()) | {"weights": file_hash(weights)}
    path.write_text(json.dumps(record))
    assert main([command, str(run), "--out", str(tmp_path / "out"), "--quiet"]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert f"{weights}, users.weight: found NaN or infinite weights" in line


@pytest.mark.parametrize(
    ("source", "hint"),
    [
        (["techer"], "teacher"),
        (
            ["RUN", "--method", "No such method"],
            "found 'No such method', expected a method of the run; known: N-pair XS",
        ),
    ],
)
def test_what_cannot_be_exported(finished_run, capsys, tmp_path, source, hint):
    source = [str(finished_run.folder) if word == "RUN" else word for word in source]
    assert main(["export", *source, "--out", str(tmp_path / "onnx")]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert hint in line


def test_what_is_exported_names_its_trial_its_dataset_and_its_items(finished_run, exported):
    answer, folders = exported
    assert answer["unnamed"] == []
    fit, half = (export["serving"]["origin"] for export in answer["exports"])
    (record,) = (json.loads(path.read_text()) for path in finished_run.folder.glob("fits/*/record.json"))
    assert (fit["trial"], fit["variant"], half["variant"]) == (record["trial"], "", "fp16")
    assert half["trial"] != fit["trial"]
    for key in ("weights", "dataset", "data_fingerprint", "negatives", "seed", "method"):
        assert fit[key] == half[key] == record[key]
    dataset = load_dataset("closet-12")
    assert answer["exports"][0]["serving"]["categories"] == list(dataset.categories)
    for folder in folders:
        assert (folder / "recommend.py").is_file()
        with (folder / "items.csv").open(encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))
        assert [row["name"] for row in rows] == list(dataset.item_names)
        numbers = [dataset.categories.index(row["category"]) for row in rows]
        assert numbers == dataset.item_category.tolist()


def test_whoever_serves_it_gets_the_scores_of_the_evaluation(finished_run, exported, tmp_path):
    _, (folder, _) = exported
    dataset = load_dataset("closet-12")
    candidates = dataset.candidates("test", "random")
    outfits = candidates.items[candidates.users == 3][:4].copy()
    outfits[1, 1] = -1  # two items: an empty slot among the others of its batch
    items = np.unique(outfits[outfits >= 0]).tolist()
    names = {item: f"{item}.jpg" for item in items}
    for item, name in names.items():
        (tmp_path / name).write_bytes(dataset.pictures.read(item))
    categories = [dataset.categories[dataset.item_category[item]] for item in items]
    asked = {
        "user": 3,
        "items": dict(zip(names.values(), categories, strict=True)),
        "outfits": [[names[item] for item in outfit if item >= 0] for outfit in outfits.tolist()],
    }
    (tmp_path / "request.json").write_text(json.dumps(asked))
    command = [sys.executable, "-E", "-s", str(folder / "recommend.py"), str(tmp_path / "request.json")]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    printed = (line.split("\t") for line in done.stdout.splitlines())
    found = {tuple(outfit): float(score) for score, *outfit in printed}

    (weights,) = finished_run.folder.glob("fits/*/weights.safetensors")
    subject = Subject(model="student-xs", num_users=12, weights=weights, input_size=64)
    ranked = CandidateSet(np.full(4, 3), outfits, np.zeros(4, bool))
    scores = score_candidates(load_model(subject), dataset, ItemInputs(dataset, 64), ranked)
    np.testing.assert_allclose([found[tuple(o)] for o in asked["outfits"]], scores, atol=1e-5)


def test_items_of_other_data_give_no_names_and_a_root_that_is_none_is_refused(
    finished_run, capsys, tmp_path, monkeypatch
):
    out = ["--out", str(tmp_path / "onnx"), "--root", str(tmp_path)]
    assert main(["export", str(finished_run.folder), *out]) == 2
    assert "the tree of closet-12" in capsys.readouterr().err
    chosen = choose_subjects([str(finished_run.folder)], Session())
    small = replace(CLOSETS["closet-12"], outfits_per_user=14, items_per_category=40)
    monkeypatch.setitem(CLOSETS, "closet-12", small)
    datasets, (said,) = named_datasets(chosen, None, Session(cache=tmp_path / "cache"))
    assert datasets == {}
    assert said.startswith("items and users left without names: dataset closet-12: found data of fingerprint")
