"""What of a run is exported or measured, and under which names."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from outfitbench.cli.session import Session
from outfitbench.cli.subjects import choose_subjects
from outfitbench.core.errors import InputError
from outfitbench.core.hashes import content_hash, file_hash
from outfitbench.models import register_model
from outfitbench.suites.record_files import write_record
from outfitbench.suites.records import FitRecord
from pydantic import BaseModel

from ..reports.made_records import dataset, evaluation, fit, on_disk, suite, user_scores


def trained(run: Path, method: str, options: Any = None, **changes: Any) -> FitRecord:
    """A fit's folder as a run leaves it; its weights are of this method alone."""
    asked = changes.get("backbone") if changes.get("input_kind", "image") == "image" else None
    model = {"options": options or {"width": 7}, "backbone": asked}
    description = {"method": method, "changes": str(changes), "model": model}
    trial = content_hash(description)
    folder = run / "fits" / trial
    folder.mkdir(parents=True)
    weights = folder / "weights.safetensors"
    weights.write_bytes(trial.encode())
    known = fit(method, trial=trial, description=description, weights=file_hash(weights))
    record = known.model_copy(update=changes)
    write_record(record, folder)
    return record


def chosen(run: Path, *methods: str):
    return choose_subjects([str(run)], Session(), methods=methods)


@pytest.fixture
def run(tmp_path) -> Path:
    write_record(dataset(users=24), tmp_path / "datasets" / "one")
    return tmp_path


@pytest.mark.parametrize(
    "names",
    [
        ("FND α", "FND β"),
        ("FND+", "FND-"),
        ("FND", "fnd"),
        ("★", "☆"),
        ("é", "e\u0301"),
        ("x" * 300 + "1", "x" * 300 + "2"),
        ("ü" * 300, "ü" * 299),
        ("a/b", "a\\b"),
        ("..", "."),
    ],
)
def test_no_two_fits_come_to_one_folder(run, names):
    for name in names:
        trained(run, name)
    slugs = [choice.slug for choice in chosen(run)]
    assert len({slug.casefold() for slug in slugs}) == len(names)
    for slug in slugs:
        folder = run / "out" / slug
        folder.mkdir(parents=True)
        (folder.parent / f".{slug}-12345678").touch()  # as a folder that is being filled is called
        assert folder.parent.name == "out"


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"model": "mean-of-items"}, "Mine, model: found 'mean-of-items', expected a model; "),
        ({"backbone": "tiny"}, "Mine, backbone: found 'tiny', expected a backbone; "),
    ],
)
def test_a_fit_whose_plugin_is_not_loaded_says_which_and_how(run, changes, says):
    trained(run, "Mine", **changes)
    with pytest.raises(InputError) as refused:
        chosen(run)
    assert str(refused.value).startswith(f"{run}, {says}")
    assert str(refused.value).endswith("--plugin FILE loads the one it was trained with")


def test_letters_of_any_script_are_kept(run):
    trained(run, "FND α (XS)", negatives="hard", seed=3)
    (choice,) = chosen(run)
    assert choice.slug == "fnd-α-xs-closet-24-hard-3"


def test_a_folders_name_does_not_hang_on_which_are_asked_for(run):
    trained(run, "FND+")
    trained(run, "FND-")
    alone = [choice.slug for name in ("FND+", "FND-") for choice in chosen(run, name)]
    assert sorted(alone) == sorted(choice.slug for choice in chosen(run))
    assert len(set(alone)) == 2


def test_a_fit_tells_what_its_model_is(run):
    image = trained(run, "A", input_size=96, backbone="alexnet-small")
    features = trained(run, "B", input_kind="features", input_size=24, backbone="features")
    by_fit = {choice.trained: choice for choice in chosen(run)}
    seen = by_fit[image.trial].subject
    assert (seen.model, seen.num_users, seen.label) == ("student-xs", 24, "A")
    assert seen.options == {"width": 7}
    assert (seen.input_kind, seen.input_size, seen.backbone) == ("image", 96, "alexnet-small")
    seen = by_fit[features.trial].subject
    assert (seen.input_kind, seen.input_size, seen.backbone) == ("features", 24, None)


def test_a_row_goes_by_the_name_that_its_latest_suite_gives_it(run):
    record = trained(run, "Old")
    write_record(suite(names={record.trial: "New"}, date="2026-11-25T11:00:00"), run / "suites" / "b")
    write_record(suite(names={record.trial: "Older"}, date="2026-11-24T11:00:00"), run / "suites" / "a")
    (choice,) = chosen(run, "New")
    assert choice.subject.label == "New"
    with pytest.raises(InputError, match="found 'Old', expected a method of the run"):
        chosen(run, "Old")


@pytest.mark.parametrize(
    ("name", "key"),
    [("FND XS", "fnd-xs"), ("Teacher, lite0 frozen", "teacher-lite0"), ("Mine, α = 2", "mine-α-2")],
)
def test_a_method_goes_by_its_id_as_well(run, name, key):
    trained(run, "Other")
    mine = trained(run, name)
    for asked in (name, key):
        assert [choice.trained for choice in chosen(run, asked)] == [mine.trial]
    with pytest.raises(InputError, match="found 'teacher', expected a method of the run"):
        chosen(run, "teacher")


def test_a_name_goes_before_an_id(run):
    plain, loud = trained(run, "fnd"), trained(run, "FND")
    assert [choice.trained for choice in chosen(run, "fnd")] == [plain.trial]
    assert [choice.trained for choice in chosen(run, "FND")] == [loud.trial]


def test_the_folder_of_a_fit_is_told_from_that_of_its_run(run):
    folder = run / "fits" / trained(run, "A").trial
    with pytest.raises(InputError) as caught:
        chosen(folder)
    assert str(caught.value) == f"{folder}: found the folder of a fit, expected the run's folder, {run}"


def test_a_first_stage_that_nothing_ranks_is_no_row_unless_it_is_asked_for(run):
    first = trained(run, "First")
    second = trained(run, "Second", inputs={"start": first.trial})
    assert [choice.trained for choice in chosen(run)] == [second.trial]
    assert [choice.trained for choice in chosen(run, "First")] == [first.trial]
    write_record(on_disk(evaluation(first, user_scores(0.8))), run / "ranks")
    assert {choice.trained for choice in chosen(run)} == {first.trial, second.trial}


def test_altered_and_missing_weights_are_refused(run):
    record = trained(run, "A")
    weights = run / "fits" / record.trial / "weights.safetensors"
    weights.write_bytes(b"other")
    with pytest.raises(InputError, match=r"weights\.safetensors: found weights of hash"):
        chosen(run)
    weights.unlink()
    with pytest.raises(InputError, match="no weights of trial"):
        chosen(run)


def test_a_run_without_a_fit_or_its_dataset_is_refused(run, tmp_path_factory):
    with pytest.raises(InputError, match="found no trained method, expected a fit of any method"):
        chosen(run)
    bare = tmp_path_factory.mktemp("bare")
    trained(bare, "A")
    with pytest.raises(InputError, match="no record of dataset 'closet-24'"):
        chosen(bare)


def test_an_unknown_model_is_refused_before_anything_is_measured():
    with pytest.raises(InputError, match=r"argument sources: found 'techer', .*; nearest: teacher"):
        choose_subjects(["teacher", "techer"], Session(), users=1)


def test_what_has_no_meaning_is_refused_and_not_ignored(run):
    trained(run, "A")
    with pytest.raises(InputError, match="argument --method: found 'A', and no folder of a run"):
        choose_subjects(["teacher"], Session(), methods=("A",))
    with pytest.raises(InputError, match="argument --users: found 5 beside runs, which know theirs"):
        choose_subjects([str(run)], Session(), users=5)


class Reader(BaseModel):
    """Options of a model that reads a file."""

    table: Path | None = None


def test_an_option_that_names_a_file_is_refused_as_the_record_does_not_know_its_place(run):
    register_model("reader", options=Reader)(lambda options: None)
    trained(run, "A", options={"table": "0123456789abcdef"}, model="reader")
    with pytest.raises(InputError, match="option table: found a file, of which the record keeps the hash"):
        chosen(run)
