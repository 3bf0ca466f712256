"""`outfitbench profile`: figures for a person, for a program, and as records for a report."""

from __future__ import annotations

import json
import re
import shutil

import pytest
from outfitbench.bench.variants import make_variant
from outfitbench.cli.compressed import compressed
from outfitbench.cli.main import main
from outfitbench.cli.session import Session
from outfitbench.cli.subjects import choose_subjects
from outfitbench.core.errors import Fault, InputError
from outfitbench.core.hashes import file_hash
from outfitbench.core.machine import accelerator_name, describe_machine
from outfitbench.suites.describing import describe_variant
from outfitbench.suites.record_files import load_records, write_record
from outfitbench.suites.records import VariantRecord


def test_a_trained_method_is_measured_and_recorded_once(finished_run, least_effort, capsys, tmp_path):
    words = ["--engine", "torch", "--workload", "start", "--workload", "request", "--json", "--quiet"]
    arguments = [str(finished_run.folder), *words, "--out", str(tmp_path)]
    assert main(["profile", *arguments]) == 0
    (profile,) = json.loads(capsys.readouterr().out)["profiles"]
    (trained,) = finished_run.answer["quality"]
    assert profile["method"] == trained["method"]
    assert profile["measurements"]["parameters"]["samples"] == [trained["parameters"]]
    records = {record.workload: record for record in load_records([tmp_path])}
    assert records.keys() == {"start", "request"}
    record = records["request"]
    assert record.kind == "cost"
    assert record.dataset == "closet-12"
    assert record.measurements["latency"].n == len(profile["measurements"]["latency"]["samples"])
    assert profile["summaries"]["latency"]["median"] == record.measurements["latency"].median
    (weights,) = (r.trial for r in load_records([finished_run.folder]) if r.kind == "fit")
    assert record.inputs == {"weights": weights}

    before = {path: path.read_bytes() for path in tmp_path.rglob("record.json")}
    assert main(["profile", *arguments]) == 0
    assert {*json.loads(capsys.readouterr().out)["kept"]} == {*map(str, before)}
    assert {path: path.read_bytes() for path in before} == before


def test_a_variant_of_a_trained_method_stands_beside_it(finished_run, least_effort, capsys):
    words = ["--engine", "torch", "--workload", "start", "--variant", "fp16", "--json", "--quiet"]
    assert main(["profile", str(finished_run.folder), *words]) == 0
    own, half = json.loads(capsys.readouterr().out)["profiles"]
    assert (own["variant"], half["variant"]) == ("", "fp16")
    size, halved = (one["measurements"]["file_size"]["samples"][0] for one in (own, half))
    assert halved < 0.51 * size
    assert main(["profile", "student-xs", "--variant", "fp16", "--quiet"]) == 2
    assert "expected the trained methods of a run" in capsys.readouterr().err


def test_a_variant_that_cannot_be_made_costs_no_other_row(finished_run, least_effort, capsys):
    """Of a network without wide layers, one without items to calibrate it, and one that is trained on."""
    names = ["low-rank", "int8-static", "pruned-50", "fp16"]
    words = [word for name in names for word in ("--variant", name)]
    arguments = [str(finished_run.folder), "--engine", "torch", "--workload", "start", *words]
    assert main(["profile", *arguments, "--json", "--quiet"]) == 1
    answer = json.loads(capsys.readouterr().out)
    assert [profile["variant"] for profile in answer["profiles"]] == ["", "fp16"]
    assert [(row["method"], row["variant"]) for row in answer["failed"]] == [
        ("N-pair XS", name) for name in names[:3]
    ]
    reasons = [row["reason"] for row in answer["failed"]]
    assert reasons[0].startswith("variant low-rank, model student-xs: found no fully connected layer of 256")
    assert "without its dataset, expected closet-12 as it was trained on, whose items" in reasons[1]
    assert "of which pruned-50 has to be trained on" in reasons[2]


TURNED = """
from dataclasses import replace

from outfitbench.bench.variants import Variant, register_variant
from outfitbench.models.weights import WEIGHTS_FILE, save_tensors
from safetensors.torch import load_file


@register_variant("turned")
class Turned(Variant):
    '''Who liked an outfit dislikes it.'''

    def make(self, subject, folder, sample=None):
        tensors = load_file(subject.weights)
        tensors["users.weight"] *= -1
        save_tensors(tensors, folder / WEIGHTS_FILE)

    def load(self, subject, folder):
        return replace(subject, weights=folder / WEIGHTS_FILE, export=None)
"""


@pytest.mark.usefixtures("own_registry")
@pytest.mark.parametrize(
    ("variant", "engine", "known"),
    [
        ("turned", "torch", []),
        pytest.param(
            "turned+int8-dynamic", "onnxruntime", ["--dataset", "closet-12"], marks=pytest.mark.slow
        ),
    ],
)
def test_a_variant_that_ranks_otherwise_than_its_fit_is_flagged(
    finished_run, least_effort, capsys, tmp_path, variant, engine, known
):
    """By the outfits that it was trained on where they are there; its own weights and graphs tell nothing."""
    plugin = tmp_path / "turned.py"
    plugin.write_text(TURNED)
    words = ["--engine", engine, "--workload", "start", "--variant", variant, "--plugin", str(plugin)]
    out = tmp_path / "costs"
    arguments = [str(finished_run.folder), *words, *known, "--out", str(out), "--json", "--quiet"]
    assert main(["profile", *arguments]) == 1
    answer = json.loads(capsys.readouterr().out)
    assert answer["failed"] == []
    own, turned = answer["profiles"]
    (flagged,) = answer["flagged"]
    said, _, lost = flagged.rpartition(": ")
    assert said == f"flagged: N-pair XS · {variant} · {engine}"
    found = re.fullmatch(r"lost its parity \(Kendall's τ (-[01].\d+), .*, beside what it was made of\)", lost)
    assert found is not None
    assert float(found[1]) < -0.9
    assert turned["parity"].get("kendall_tau", 1) > 0.8, "the engine answers as what it was given"
    on = [{flag for one in row["measurements"].values() for flag in one["flags"]} for row in (own, turned)]
    assert (lost in on[0], lost in on[1]) == (False, True)
    records = {record.variant: record for record in load_records([out])}
    assert (lost in records[""].flags, lost in records[variant].flags) == (False, True)


def test_what_a_run_found_of_its_variant_is_said_and_not_found_out_again(finished_run, tmp_path):
    run = tmp_path / "run"
    shutil.copytree(finished_run.folder, run)
    (fit,) = choose_subjects([str(run)], Session())
    described = describe_variant("fp16", {"weights": str(fit.trained)})
    files = run / "variants" / described.hash / "files"
    make_variant("fp16", fit.subject, files)
    flags = ["lost its parity (as it was told)"]
    record = VariantRecord(
        trial=described.hash,
        description=described.to_json(),
        inputs={"weights": str(fit.trained)},
        machine=describe_machine(),
        fit=fit.fit,
        variant="fp16",
        files={path.name: file_hash(path) for path in files.iterdir()},
        bytes=sum(path.stat().st_size for path in files.iterdir()),
        flags=flags,
    )
    write_record(record, files.parent)
    (made,), _ = compressed(choose_subjects([str(run)], Session()), ["fp16"], tmp_path / "here")
    assert [*made.flags] == flags
    assert not (tmp_path / "here").exists()


def test_what_fails_is_said_and_the_rest_is_measured(finished_run, least_effort, capsys, tmp_path):
    plugin = tmp_path / "broken.py"
    plugin.write_text(BROKEN)
    words = ["--engine", "torch", "--engine", "broken", "--plugin", str(plugin), "--quiet", "--json"]
    assert main(["profile", str(finished_run.folder), "--workload", "request", *words]) == 1
    answer = json.loads(capsys.readouterr().out)
    assert [profile["engine"] for profile in answer["profiles"]] == ["torch"]
    (failed,) = answer["failed"]
    assert failed["engine"] == "broken"
    assert "no licence" in failed["reason"]


BROKEN = """
from outfitbench.bench import register_engine

@register_engine("broken")
class Broken:
    def __init__(self, subject, device, threads):
        raise RuntimeError("no licence")
"""


NOT_A_NUMBER = """
from outfitbench.models import OutfitModel, register_model
from torch import nn


@register_model("not-a-number")
class NotANumber(OutfitModel):
    '''Scores nothing by a number.'''

    def __init__(self, options):
        super().__init__()
        self.num_users, self.feature_size = options.num_users, 3
        self.input_kind, self.input_size = "image", 16
        self.backbone_name = "none"
        self.users = nn.Embedding(options.num_users, 3)

    def encode_items(self, images, categories):
        return images.mean((2, 3))

    def score(self, users, features, categories):
        return (features.sum(1) * self.users(users)).sum(-1) * float("nan")
"""


@pytest.mark.usefixtures("own_registry")
def test_a_model_without_numbers_fails_beside_one_that_is_measured(least_effort, capsys, tmp_path):
    plugin = tmp_path / "not_a_number.py"
    plugin.write_text(NOT_A_NUMBER)
    words = ["--engine", "torch", "--workload", "request", "--plugin", str(plugin), "--quiet", "--json"]
    assert main(["profile", "not-a-number", "fhn", "--users", "3", *words]) == 1
    answer = json.loads(capsys.readouterr().out)
    assert [profile["model"] for profile in answer["profiles"]] == ["fhn"]
    (failed,) = answer["failed"]
    assert failed["reason"] == (
        "model not-a-number: found NaN or an infinite score, expected numbers, which rank"
    )


@pytest.mark.parametrize(
    ("arguments", "hint"),
    [
        ([], "argument sources"),
        (["techer"], "teacher"),
        (["student-xs", "--engine", "onnx"], "onnxruntime"),
        (["student-xs", "--device", "tpu"], "cuda"),
        (["student-xs", "--root", "/nonexistent"], "argument --root: found /nonexistent, and no dataset"),
        (["student-xs", "--dataset", "closet-13"], "closet-12"),
        (["student-xs", "--batch", "0"], "argument --batch: found 0, expected 1 or more"),
        (["student-xs", "--image-size", "-1"], "argument --image-size: found -1"),
        (["student-xs", "--time-limit", "0"], "argument --time-limit: found 0, expected 1 or more"),
        (["student-xs", "--threads", "100000"], "argument threads: found 100000"),
        pytest.param(
            ["student-xs", "--device", "cuda"],
            "argument device: found cuda without a CUDA device",
            marks=pytest.mark.skipif(accelerator_name() is not None, reason="CUDA is here"),
        ),
    ],
)
def test_what_cannot_be_measured_is_one_line(capsys, arguments, hint):
    assert main(["profile", *arguments]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert hint in line


def test_sizes_and_threads_reach_what_measures(capsys, monkeypatch):
    asked = {}

    def stop(subjects, **options):
        asked.update(options, subjects=subjects)
        raise InputError(Fault("argument", "enough", "no measuring here"))

    monkeypatch.setattr("outfitbench.bench.profile_subjects", stop)
    sizes = ["--image-size", "96", "--outfit-size", "4", "--batch", "7", "--threads", "1"]
    assert main(["profile", "student-xs", "fhn", *sizes, "--time-limit", "60"]) == 2
    assert [subject.input_size for subject in asked["subjects"]] == [96, 96]
    assert (asked["outfit_size"], asked["threads"]) == (4, 1)
    assert (asked["effort"].batch, asked["effort"].limit_seconds) == (7, 60)


def test_a_runs_methods_know_the_size_of_their_images(finished_run, capsys):
    assert main(["profile", str(finished_run.folder), "--image-size", "96"]) == 2
    assert "argument --image-size: found 96 beside n-pair-xs-closet-12" in capsys.readouterr().err


def test_what_is_asked_for_twice_is_measured_once(capsys, monkeypatch):
    asked = {}

    def stop(subjects, **options):
        asked.update(options)
        raise InputError(Fault("argument", "enough", "no measuring here"))

    monkeypatch.setattr("outfitbench.bench.profile_subjects", stop)
    twice = ["--engine", "torch", "--device", "cpu", "--workload", "start"] * 2
    assert main(["profile", "student-xs", *twice, "--workload", "request"]) == 2
    assert [*asked["engines"]] == ["torch"]
    assert [*asked["devices"]] == ["cpu"]
    assert [*asked["workloads"]] == ["start", "request"]
