"""The runner: order, resumption, failures, and processes that share a grid. Trials are XS and one epoch."""

from __future__ import annotations

import errno
import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest
from outfitbench.core.errors import Fault, InputError
from outfitbench.core.plugins import load_plugin
from outfitbench.datasets import load_dataset
from outfitbench.models.weights import save_tensors
from outfitbench.suites import run_suite
from outfitbench.suites.attempt import trial_folder
from outfitbench.suites.plan import plan_trials
from outfitbench.suites.record_files import load_records
from outfitbench.suites.records import DatasetRecord, QualityRecord, SuiteRecord
from outfitbench.suites.suite_file import Suite
from outfitbench.suites.trial import EvaluationTrial, FitTrial
from safetensors.torch import load_file


def quality(records: list) -> dict[str, QualityRecord]:
    return {record.fit.method: record for record in records if isinstance(record, QualityRecord)}


def planned(suite: Suite) -> dict[str, FitTrial]:
    """The fits of a suite by their row's name."""
    trials = plan_trials(suite, [load_dataset(name) for name in suite.datasets])
    return {trial.method.name: trial for trial in trials if isinstance(trial, FitTrial)}


def with_method(suite: Suite, key: str, **changes: object) -> Suite:
    changed = suite.methods[key].model_copy(update=changes)
    return suite.model_copy(update={"methods": suite.methods | {key: changed}})


def with_recipe(suite: Suite, key: str, **changes: object) -> Suite:
    return with_method(suite, key, recipe=suite.methods[key].recipe.model_copy(update=changes))


def test_a_dry_run_plans_in_order_and_writes_nothing(smoke: Suite, tmp_path: Path) -> None:
    outcome = run_suite(smoke, tmp_path / "out", device="cpu", dry_run=True)
    teacher, student, *evaluations = outcome.trials
    assert [teacher.label.split(" · ")[0], student.label.split(" · ")[0]] == ["Teacher XS", "FND XS"]
    assert student.inputs == {"teacher": teacher}
    assert [trial.inputs for trial in evaluations] == [{"weights": teacher}, {"weights": student}]
    assert not outcome.finished
    assert not outcome.records
    assert not (tmp_path / "out").exists()


def test_every_trial_leaves_its_record_and_weights(smoke: Suite, finished: Path) -> None:
    outcome = run_suite(smoke, finished, device="cpu")
    rows = quality(outcome.records)
    assert set(rows) == {"Teacher XS", "FND XS"}
    assert outcome.finished == {record.trial for record in rows.values()} | {
        record.fit.trial for record in rows.values()
    }
    assert sum(isinstance(record, DatasetRecord) for record in outcome.records) == 1
    student = rows["FND XS"]
    assert student.fit.distillation is not None
    assert student.fit.inputs == {"teacher": rows["Teacher XS"].fit.trial}
    assert student.candidate_fingerprint == rows["Teacher XS"].candidate_fingerprint
    halves = {row.fit.description["validation_candidates"] for row in rows.values()}
    assert len(halves) == 2, "teacher and student choose their epoch on other halves"
    for trial in outcome.trials:
        if isinstance(trial, FitTrial):
            assert (trial_folder(finished, trial) / "weights.safetensors").exists()


def test_a_trial_that_cannot_begin_leaves_its_reason(
    smoke: Suite, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*arguments: object, **named: object) -> None:
        raise InputError(Fault("top03.jpg", "no image", "an image"))

    monkeypatch.setitem(__import__("outfitbench.suites.attempt", fromlist=["_RUNS"])._RUNS, FitTrial, refuse)
    outcome = run_suite(smoke, tmp_path, device="cpu")
    assert all(word in " ".join(outcome.failed.values()) for word in ("top03", "its teacher failed"))
    (reason,) = tmp_path.glob("fits/*/error.txt")
    assert "top03.jpg: found no image" in reason.read_text()


def test_what_a_trial_killed_at_its_very_end_left_is_cleared(smoke: Suite, finished: Path) -> None:
    trial = planned(smoke)["Teacher XS"]
    left = trial_folder(finished, trial) / "progress.safetensors"
    left.write_bytes(b"")
    run_suite(smoke, finished, device="cpu")
    assert not left.exists()


def test_the_same_trial_gives_the_same_record_but_for_times(
    smoke: Suite, finished: Path, tmp_path: Path
) -> None:
    again = quality(run_suite(smoke, tmp_path, device="cpu").records)

    def outcome(record: QualityRecord) -> QualityRecord:
        fit = record.fit.model_copy(update={"seconds": {}})
        return record.model_copy(update={"seconds": {}, "fit": fit})

    for method, record in quality(run_suite(smoke, finished, device="cpu").records).items():
        assert outcome(again[method]) == outcome(record)


@pytest.mark.parametrize(
    "change",
    [
        lambda suite: suite.model_copy(update={"seeds": [1]}),
        lambda suite: suite.model_copy(update={"negatives": ["hard"]}),
        lambda suite: with_method(suite, "teacher-xs", objective={"n-pair": {"temperature": 0.2}}),
        lambda suite: with_recipe(suite, "teacher-xs", optimizer="adam"),
        lambda suite: with_recipe(suite, "teacher-xs", rates={"users": 0.1}),
    ],
    ids=["seed", "negatives", "temperature", "optimizer", "rates"],
)
def test_anything_that_decides_the_outcome_renames_the_fit_and_its_student(smoke: Suite, change) -> None:
    before, after = ({trial.hash for trial in planned(suite).values()} for suite in (smoke, change(smoke)))
    assert not before & after


@pytest.mark.parametrize(
    "change",
    [
        lambda suite: with_method(suite, "teacher-xs", name="Another name"),
        lambda suite: with_recipe(suite, "teacher-xs", plateau_patience=3),
        lambda suite: with_method(suite, "teacher-xs", objective={"n-pair": {"temperature": 0.1}}),
        lambda suite: suite.model_copy(update={"settings": ["hard", "random"]}),
    ],
    ids=["name", "option without effect", "default written out", "what is ranked"],
)
def test_what_decides_nothing_renames_no_fit(smoke: Suite, change) -> None:
    before, after = ({trial.hash for trial in planned(suite).values()} for suite in (smoke, change(smoke)))
    assert before == after


def test_weights_trained_once_are_ranked_under_every_setting(smoke: Suite, finished: Path, tmp_path) -> None:
    shutil.copytree(finished, tmp_path / "out")
    written = {path: path.stat().st_mtime_ns for path in (tmp_path / "out" / "fits").glob("*/*.*")}
    both = smoke.model_copy(update={"settings": ["random", "hard"]})
    outcome = run_suite(both, tmp_path / "out", device="cpu")
    assert {path: path.stat().st_mtime_ns for path in written} == written, "a finished trial was touched"
    trained = [trial for trial in outcome.trials if isinstance(trial, FitTrial)]
    assert {trial.hash for trial in trained} <= outcome.finished
    ranked = [(r.fit.method, r.setting) for r in outcome.records if isinstance(r, QualityRecord)]
    assert sorted(ranked) == [(m, s) for m in ("FND XS", "Teacher XS") for s in ("hard", "random")]


def test_a_renamed_row_is_named_by_its_suite(smoke: Suite, finished: Path, tmp_path: Path) -> None:
    shutil.copytree(finished, tmp_path / "out")
    renamed = with_method(smoke, "teacher-xs", name="Professor")
    outcome = run_suite(renamed, tmp_path / "out", device="cpu")
    assert len(outcome.finished) == len(outcome.trials)
    (suite,) = (record for record in outcome.records if isinstance(record, SuiteRecord))
    assert suite.names[planned(smoke)["Teacher XS"].hash] == "Professor"


def test_a_teacher_altered_since_its_record_teaches_nobody(
    smoke: Suite, finished: Path, tmp_path: Path
) -> None:
    teacher, student = planned(smoke).values()
    shutil.copytree(trial_folder(finished, teacher), trial_folder(tmp_path, teacher))
    path = trial_folder(tmp_path, teacher) / "weights.safetensors"
    tensors = load_file(path)
    save_tensors({name: tensor + 0.5 for name, tensor in tensors.items()}, path)
    failed = run_suite(smoke, tmp_path, device="cpu").failed
    assert "as in the record beside it" in failed[student.label]


def test_contrastive_learning_from_look_alikes_to_ranking(
    smoke: Suite, finished: Path, tmp_path: Path
) -> None:
    """FND-CL: a table of neighbours, a projection that is not shipped, two named losses."""
    objectives = {"fnd": {}, "contrastive": {"weight": 0.2}}
    changed = with_method(smoke, "fnd-xs", objective=objectives, name="FND-CL XS")
    teacher = planned(smoke)["Teacher XS"]
    shutil.copytree(trial_folder(finished, teacher), trial_folder(tmp_path, teacher))
    outcome = run_suite(changed, tmp_path, device="cpu")
    assert not outcome.failed
    record = quality(outcome.records)["FND-CL XS"]
    assert set(record.fit.inputs) == {"teacher", "neighbours"}
    assert set(record.fit.history[0].losses) == {"fnd", "contrastive"}
    assert record.fit.parameters == quality(outcome.records)["Teacher XS"].fit.parameters
    assert any(isinstance(trial, EvaluationTrial) for trial in outcome.trials)


def test_a_trial_that_diverges_fails_with_its_student_and_the_rest_goes_on(
    smoke: Suite, tmp_path: Path
) -> None:
    methods = dict(smoke.methods)
    wild = methods["teacher-xs"].recipe.model_copy(update={"learning_rate": 1e30, "clip_norm": None})
    methods["teacher-xs"] = methods["teacher-xs"].model_copy(update={"recipe": wild})
    methods["sound"] = smoke.methods["teacher-xs"].model_copy(update={"name": "Sound"})
    outcome = run_suite(smoke.model_copy(update={"methods": methods}), tmp_path, device="cpu")
    names = [label.split(" · ")[0] for label in outcome.failed]
    assert names == ["Teacher XS", "FND XS", "Teacher XS", "FND XS"], "the fits, then their evaluations"
    first, second, *_ = outcome.failed.values()
    assert first.startswith("epoch 1/1: found "), "the label stands before it"
    assert "lower recipe.learning_rate" in first
    assert "its teacher failed" in second
    assert set(quality(outcome.records)) == {"Sound"}


def test_scores_that_are_all_the_same_are_told(smoke: Suite, tmp_path: Path) -> None:
    """A backbone that is left as it starts, and nothing else that learns: with a rate of next to nothing."""
    constant = tmp_path / "constant.py"
    constant.write_text(CONSTANT)
    load_plugin(constant)
    changed = with_method(smoke, "teacher-xs", model="constant", name="Constant")
    suite = changed.model_copy(update={"methods": {"constant": changed.methods["teacher-xs"]}})
    (record,) = quality(run_suite(suite, tmp_path / "out", device="cpu").records).values()
    assert set(record.test.auc) == {0.5}
    assert "collapsed" in " ".join(record.fit.warnings)


CONSTANT = """
from outfitbench.models import OutfitModel, register_model
from outfitbench.models.backbones import create_backbone
import torch


@register_model("constant")
class Constant(OutfitModel):
    'Score 0, whatever it is asked.'

    def __init__(self, options):
        super().__init__()
        self.backbone = create_backbone(options, "alexnet-small")
        self.num_users, self.feature_size = options.num_users, self.backbone.width
        self.backbone_name, self.input_kind = self.backbone.name, self.backbone.input_kind
        self.input_size = self.backbone.input_size

    def encode_items(self, images, categories):
        return self.backbone(images)

    def score(self, users, features, categories):
        return 0.0 * features.sum((1, 2))
"""


def test_a_dry_run_says_about_how_long_training_takes(smoke: Suite, finished: Path, tmp_path: Path) -> None:
    plan = run_suite(smoke, tmp_path / "out", device="cpu", dry_run=True)
    fits = [trial for trial in plan.trials if isinstance(trial, FitTrial)]
    assert plan.seconds.keys() == {fit.hash for fit in fits}
    took = {
        record.trial: record.seconds["train"] for record in load_records([finished]) if record.kind == "fit"
    }
    for fit in fits:
        assert plan.seconds[fit.hash] < 30 * took[fit.hash]
        assert took[fit.hash] < 30 * plan.seconds[fit.hash]
    assert run_suite(smoke, finished, device="cpu", dry_run=True).seconds == {}


def test_two_processes_share_a_grid(
    smoke: Suite, smoke_file: Path, finished: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Another one, and this one as soon as that one has begun its first trial."""
    command = [
        sys.executable,
        "-c",
        "import sys; from pathlib import Path; from outfitbench.suites import load_suite, run_suite\n"
        "suite = load_suite(Path(sys.argv[1]), epochs=1).model_copy(update={'cost': None})\n"
        "sys.exit(bool(run_suite(suite, Path(sys.argv[2]), device='cpu').failed))",
        str(smoke_file),
        str(tmp_path),
    ]
    other = subprocess.Popen(command, env=os.environ, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    while other.poll() is None and not list(tmp_path.glob("fits/*/claim")):
        time.sleep(0.01)
    assert not run_suite(smoke, tmp_path, device="cpu").failed
    theirs, ours = other.communicate()[0].decode(), capsys.readouterr()
    assert other.returncode == 0, theirs
    epochs = (theirs + ours.out + ours.err).count("epoch 1/1: loss")
    assert epochs == 2, "each trial is trained by one of them"
    for path in tmp_path.glob("evaluations/*/record.json"):
        record, expected = (
            json.loads(file.read_text()) for file in (path, finished / path.relative_to(tmp_path))
        )
        assert record["test"] == expected["test"]


def test_a_grid_needs_no_file_locks(
    smoke: Suite, finished: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*arguments: object) -> None:
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr("fcntl.flock", refuse)
    monkeypatch.setattr("fcntl.lockf", refuse)
    teacher = planned(smoke)["Teacher XS"]
    shutil.copytree(trial_folder(finished, teacher), trial_folder(tmp_path, teacher))
    (trial_folder(tmp_path, teacher) / "claim").mkdir()  # as of a process that was killed while it let go
    assert not run_suite(smoke, tmp_path, device="cpu").failed
    assert {path.name for path in tmp_path.glob("*s/*/*")} == {"record.json", "weights.safetensors"}


def test_weights_gone_wrong_are_named(smoke: Suite, finished: Path, tmp_path: Path) -> None:
    trial = planned(smoke)["Teacher XS"]
    teacher = trial_folder(tmp_path, trial)
    teacher.mkdir(parents=True)
    source = trial_folder(finished, trial)
    (teacher / "record.json").write_bytes((source / "record.json").read_bytes())
    (teacher / "weights.safetensors").write_bytes((source / "weights.safetensors").read_bytes()[:1000])
    failed = run_suite(smoke, tmp_path, device="cpu").failed
    assert any("weights.safetensors: found a file of hash" in message for message in failed.values())


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
        return planned(mine)[method.name].description.model.sources["model"]

    assert trial("mine-one", source) != trial("mine-two", source + "# changed\n")


def test_a_dry_run_holds_what_the_rest_needs_against_its_record(
    smoke: Suite, finished: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    shutil.copytree(finished, out)
    fits = planned(smoke)
    weights = {name: trial_folder(out, fit) / "weights.safetensors" for name, fit in fits.items()}
    weights["Teacher XS"].write_bytes(b"other")
    weights["FND XS"].unlink()
    assert not run_suite(smoke, out, device="cpu", dry_run=True).broken, "nobody needs them"
    other = smoke.model_copy(update={"settings": ["random", "hard"]})
    broken = run_suite(other, out, device="cpu", dry_run=True).broken
    assert broken.keys() == {fit.hash for fit in fits.values()}
    assert "found a file of hash" in broken[fits["Teacher XS"].hash]
    assert "found no such file" in broken[fits["FND XS"].hash]
