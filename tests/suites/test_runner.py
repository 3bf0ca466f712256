"""The runner: order, resumption, failures, and processes that share a grid. Trials are XS and one epoch."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from outfitbench.datasets import Fault, InputError, load_dataset
from outfitbench.models import load_plugin
from outfitbench.suites import run_suite
from outfitbench.suites.records import DatasetRecord, QualityRecord
from outfitbench.suites.runner import trial_folder
from outfitbench.suites.suite_file import Suite
from outfitbench.suites.trial import plan_trials


def quality(records: list) -> dict[str, QualityRecord]:
    return {record.method: record for record in records if isinstance(record, QualityRecord)}


def test_a_dry_run_plans_in_order_and_writes_nothing(smoke: Suite, tmp_path: Path) -> None:
    outcome = run_suite(smoke, tmp_path / "out", device="cpu", dry_run=True)
    assert [trial.method.name for trial in outcome.trials] == ["Teacher XS", "FND XS"]
    assert outcome.trials[1].teacher is outcome.trials[0]
    assert not outcome.finished
    assert not outcome.records
    assert not (tmp_path / "out").exists()


def test_every_trial_leaves_its_record_and_weights(smoke: Suite, finished: Path) -> None:
    outcome = run_suite(smoke, finished, device="cpu")
    rows = quality(outcome.records)
    assert set(rows) == {"Teacher XS", "FND XS"}
    assert outcome.finished == {record.trial for record in rows.values()}
    assert sum(isinstance(record, DatasetRecord) for record in outcome.records) == 1
    student = rows["FND XS"]
    assert student.distillation is not None
    assert student.distillation.teacher_trial == rows["Teacher XS"].trial
    assert student.candidate_fingerprint == rows["Teacher XS"].candidate_fingerprint
    assert student.description["candidates"] != rows["Teacher XS"].description["candidates"], "other halves"
    for trial in outcome.trials:
        assert (trial_folder(finished, trial) / "weights.safetensors").exists()


@pytest.mark.parametrize(
    ("field", "name", "near"), [("model", "studnt-xs", "student-xs"), ("backbone", "resnet81", "resnet18")]
)
def test_an_unknown_name_is_refused_before_anything_is_trained(
    smoke: Suite, tmp_path: Path, field: str, name: str, near: str
) -> None:
    wrong = smoke.methods["fnd-xs"].model_copy(update={field: name})
    changed = smoke.model_copy(update={"methods": smoke.methods | {"fnd-xs": wrong}})
    with pytest.raises(InputError, match=f"suite smoke, method fnd-xs, {field}: found '{name}', .*{near}"):
        run_suite(changed, tmp_path / "out", device="cpu")
    assert not (tmp_path / "out").exists()


def test_a_trial_that_cannot_begin_leaves_nothing(
    smoke: Suite, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*arguments: object) -> None:
        raise InputError(Fault("top03.jpg", "no image", "an image"))

    monkeypatch.setattr("outfitbench.suites.runner.run_trial", refuse)
    with pytest.raises(InputError, match="top03"):
        run_suite(smoke, tmp_path, device="cpu")
    assert list((tmp_path / "trials").iterdir()) == []


def test_what_a_trial_killed_at_its_very_end_left_is_cleared(smoke: Suite, finished: Path) -> None:
    (trial, *_) = run_suite(smoke, finished, device="cpu", dry_run=True).trials
    left = trial_folder(finished, trial) / "progress.safetensors"
    left.write_bytes(b"")
    run_suite(smoke, finished, device="cpu")
    assert not left.exists()


def test_the_same_trial_gives_the_same_record_but_for_times(
    smoke: Suite, finished: Path, tmp_path: Path
) -> None:
    again = quality(run_suite(smoke, tmp_path, device="cpu").records)
    for method, record in quality(run_suite(smoke, finished, device="cpu").records).items():
        assert again[method].model_copy(update={"seconds": {}}) == record.model_copy(update={"seconds": {}})


def test_anything_that_decides_the_outcome_renames_the_trial(smoke: Suite, tmp_path: Path) -> None:
    def hashes(changed: Suite) -> list[str]:
        return [trial.hash for trial in run_suite(changed, tmp_path, device="cpu", dry_run=True).trials]

    teacher, student = hashes(smoke)
    assert not {teacher, student} & set(hashes(smoke.model_copy(update={"seeds": [1]})))
    assert not {teacher, student} & set(hashes(smoke.model_copy(update={"settings": ["hard"]})))
    methods = dict(smoke.methods)
    methods["teacher-xs"] = methods["teacher-xs"].model_copy(update={"temperature": 0.2})
    assert not {teacher, student} & set(hashes(smoke.model_copy(update={"methods": methods}))), (
        "another teacher makes another student"
    )


def test_a_trial_that_diverges_fails_with_its_student_and_the_rest_goes_on(
    smoke: Suite, tmp_path: Path
) -> None:
    methods = dict(smoke.methods)
    wild = methods["teacher-xs"].recipe.model_copy(update={"learning_rate": 1e30, "clip_norm": None})
    methods["teacher-xs"] = methods["teacher-xs"].model_copy(update={"recipe": wild})
    methods["sound"] = smoke.methods["teacher-xs"].model_copy(update={"name": "Sound"})
    outcome = run_suite(smoke.model_copy(update={"methods": methods}), tmp_path, device="cpu")
    assert [label.split(" · ")[0] for label in outcome.failed] == ["Teacher XS", "FND XS"]
    first, second = outcome.failed.values()
    assert "lower recipe.learning_rate" in first
    assert "its teacher failed" in second
    assert set(quality(outcome.records)) == {"Sound"}


def test_a_network_that_cannot_take_such_images_fails_alone(
    smoke: Suite, finished: Path, tmp_path: Path
) -> None:
    shutil.copytree(finished, tmp_path / "out")
    other = smoke.methods["teacher-xs"].model_copy(
        update={"name": "Vision transformer", "backbone": "vit_b_16"}
    )
    methods = {"vit": other, "sound": smoke.methods["teacher-xs"]}
    outcome = run_suite(smoke.model_copy(update={"methods": methods}), tmp_path / "out", device="cpu")
    ((label, message),) = outcome.failed.items()
    assert label.startswith("Vision transformer")
    assert "224" in message
    assert set(quality(outcome.records)) == {"Teacher XS"}


def test_two_processes_share_a_grid(finished: Path, tmp_path: Path) -> None:
    command = [
        sys.executable,
        "-c",
        "import sys; from pathlib import Path; from outfitbench.suites import load_suite, run_suite\n"
        "suite = load_suite('smoke', epochs=1).model_copy(update={'cost': None})\n"
        "sys.exit(bool(run_suite(suite, Path(sys.argv[1]), device='cpu').failed))",
        str(tmp_path),
    ]
    both = [
        subprocess.Popen(command, env=os.environ, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        for _ in range(2)
    ]
    said = [process.communicate()[0].decode() for process in both]
    assert [process.returncode for process in both] == [0, 0], said
    epochs = "".join(said).count("epoch 1/1: loss")
    assert epochs == 2, "each trial is trained by one of them"
    for path in tmp_path.glob("trials/*/record.json"):
        record, expected = (
            json.loads(file.read_text()) for file in (path, finished / path.relative_to(tmp_path))
        )
        assert record["test"] == expected["test"]


def test_weights_gone_wrong_are_named(smoke: Suite, finished: Path, tmp_path: Path) -> None:
    trials = run_suite(smoke, finished, device="cpu", dry_run=True).trials
    teacher = trial_folder(tmp_path, trials[0])
    teacher.mkdir(parents=True)
    source = trial_folder(finished, trials[0])
    (teacher / "record.json").write_bytes((source / "record.json").read_bytes())
    (teacher / "weights.safetensors").write_bytes((source / "weights.safetensors").read_bytes()[:1000])
    with pytest.raises(InputError, match=r"weights\.safetensors: found unreadable weights"):
        run_suite(smoke, tmp_path, device="cpu")


def test_a_device_that_is_not_there(smoke: Suite, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="auto, cpu or cuda"):
        run_suite(smoke, tmp_path, device="tpu")


def test_a_changed_plugin_is_another_trial(smoke: Suite, tmp_path: Path) -> None:
    source = (
        "from outfitbench.models import create_model, register_model\n"
        "@register_model('{name}')\n"
        "def build(options):\n"
        "    return create_model('student-xs', num_users=options.num_users)\n"
    )

    def trial(name: str, text: str) -> str:
        path = tmp_path / f"{name}.py"
        path.write_text(text.format(name=name))
        load_plugin(path)
        method = smoke.methods["teacher-xs"].model_copy(update={"model": name})
        mine = smoke.model_copy(update={"methods": {"mine": method}})
        (planned,) = run_suite(mine, tmp_path / "out", device="cpu", dry_run=True).trials
        return planned.description["model_source"]

    assert trial("mine-one", source) != trial("mine-two", source + "# changed\n")


def test_an_empty_split_is_refused_before_anything_runs(smoke: Suite) -> None:
    dataset = load_dataset("closet-12")
    nothing = dataset.split("train").take(slice(0, 0))
    halved = replace(dataset, tables={**dataset.tables, "valid-student": nothing})
    with pytest.raises(InputError, match="split valid-student: found no outfit"):
        plan_trials(smoke, [halved], bf16=False)
