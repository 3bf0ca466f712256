"""What cannot work is refused in one line, before anything trains or is written."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from outfitbench.core.errors import InputError
from outfitbench.datasets import OutfitTable, load_dataset
from outfitbench.suites import load_suite, run_suite
from outfitbench.suites.plan import plan_trials
from outfitbench.suites.records import QualityRecord
from outfitbench.suites.suite_file import Suite

from ..datasets.written_releases import polyvore_outfits
from .test_runner import with_method


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


@pytest.mark.parametrize(("model", "objective"), [("type-aware", "type-aware"), ("outfit-net-fir", "bpr")])
def test_pairs_of_items_want_outfits_with_pairs(smoke: Suite, model: str, objective: str) -> None:
    """With none, every loss would be the mean of nothing, every score 0."""
    paired = with_method(smoke, "teacher-xs", model=model, objective=objective)
    dataset = load_dataset("closet-12")
    assert plan_trials(paired, [dataset])
    alone = {name: OutfitTable(t.users, t.items[:, :1]) for name, t in dataset.tables.items()}
    with pytest.raises(
        InputError, match="closet-12: found training outfits of one item only, expected pairs"
    ):
        plan_trials(paired, [replace(dataset, tables=alone)])


@pytest.mark.parametrize(
    ("key", "changes", "says"),
    [
        ("fnd-xs", {"teacher": None}, "teacher: found none"),
        ("fnd-xs", {"objective": "n-pair"}, "no objective of the method asks for one"),
        ("fnd-xs", {"own_network": False}, "own network"),
        ("fnd-xs", {"objective": {"fnd": {"alhpa": 1}}}, "nearest: alpha"),
        ("fnd-xs", {"objective": {"fnd": {"weight": 0}}}, "weight"),
        ("fnd-xs", {"objective": {"fnd": {"weight": float("nan")}}}, "weight"),
        ("fnd-xs", {"objective": "fdn"}, "nearest: fnd"),
        ("teacher-xs", {"objective": {"contrastive": {"augmentations": ["eras"]}}}, "nearest: erase"),
        (
            "teacher-xs",
            {"objective": {"contrastive": {"augmentations": ["identity"]}}},
            "other than identity",
        ),
    ],
)
def test_what_no_objective_can_use_is_refused_before_anything_trains(
    smoke: Suite, tmp_path: Path, key: str, changes: dict, says: str
) -> None:
    with pytest.raises(InputError, match=says):
        run_suite(with_method(smoke, key, **changes), tmp_path / "out", device="cpu")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"backbone": "vit_b_16"}, "method Teacher XS on closet-12, image_size: .*224"),
        (
            {"image_size": 8},
            "^method Teacher XS on closet-12, image_size: found images of 8×8 pixels, "
            "expected at least 63×63, the least that alexnet-small takes$",
        ),
        ({"objective": "type-aware"}, "pair"),
        ({"recipe": {"rates": {"bakbone": 0.1}}}, "recipe.rates: found 'bakbone'"),
    ],
)
def test_what_a_network_cannot_do_is_refused_before_anything_trains(
    smoke: Suite, tmp_path: Path, changes: dict, says: str
) -> None:
    if "recipe" in changes:
        recipe = smoke.methods["teacher-xs"].recipe.model_copy(update=changes["recipe"])
        changes = {"recipe": recipe}
    with pytest.raises(InputError, match=says):
        run_suite(with_method(smoke, "teacher-xs", **changes), tmp_path / "out", device="cpu", dry_run=True)
    assert not (tmp_path / "out").exists()


def test_of_features_a_size_of_images_makes_no_other_network_of_a_teacher(smoke: Suite) -> None:
    larger = with_method(smoke, "fnd-xs", own_network=False, image_size=128)
    dataset = load_dataset("closet-12")
    assert plan_trials(larger, [dataset])
    seen = replace(dataset, vectors=object())  # whatever they are, they are seen instead of the images
    with pytest.raises(InputError, match="fnd-xs, teacher: found 'teacher-xs', its student's own network"):
        plan_trials(larger, [seen])


def test_two_methods_that_are_one_trial_are_refused(smoke: Suite, tmp_path: Path) -> None:
    twin = smoke.methods["teacher-xs"].model_copy(update={"name": "Its twin"})
    suite = smoke.model_copy(update={"methods": smoke.methods | {"twin": twin}})
    with pytest.raises(InputError, match="method twin: found the same trial as teacher-xs"):
        run_suite(suite, tmp_path / "out", device="cpu", dry_run=True)


def test_an_empty_split_is_refused_before_anything_runs(smoke: Suite) -> None:
    dataset = load_dataset("closet-12")
    nothing = dataset.split("train").take(slice(0, 0))
    halved = replace(dataset, tables={**dataset.tables, "valid-student": nothing})
    with pytest.raises(InputError, match="split valid-student: found no outfit"):
        plan_trials(smoke, [halved])


def test_look_alikes_that_nobody_asks_for_are_refused_but_where_all_methods_say_so(tmp_path: Path) -> None:
    path, data = tmp_path / "mine.toml", [load_dataset("closet-12")]

    def plan(table: str) -> None:
        head = 'title = "x"\ndatasets = ["closet-12"]\nmethods = ["n-pair-xs", "cl-xs"]\n'
        path.write_text(head + table)
        plan_trials(load_suite(path), data)

    plan("[every_method.neighbours]\ncount = 5")
    plan("[method.cl-xs.neighbours]\ncount = 5")
    with pytest.raises(InputError, match="method n-pair-xs, neighbours: found a table without effect"):
        plan("[method.n-pair-xs.neighbours]\ncount = 5")


def test_imagenet_weights_that_cannot_be_had_are_told_before_anything_trains(
    smoke: Suite, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unreachable(*arguments, **options):
        raise OSError("no route to host")

    monkeypatch.setattr("torch.hub.download_url_to_file", unreachable)
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "home"))
    suite = with_method(smoke, "fnd-xs", pretrained=True)
    (note,) = run_suite(suite, tmp_path / "out", device="cpu", dry_run=True).notes
    assert note.startswith("the ImageNet weights of alexnet-small are fetched first (")
    says = "^method FND XS on closet-12, pretrained: found no usable ImageNet weights .*no route to host"
    with pytest.raises(InputError, match=says):
        run_suite(suite, tmp_path / "out", device="cpu")
    assert not (tmp_path / "out").exists()


def test_where_nobody_knows_the_users_only_methods_that_need_none_are_run(
    smoke: Suite, tmp_path: Path, cache: Path
) -> None:
    root = polyvore_outfits(tmp_path / "root", sets=60)
    dataset = load_dataset("polyvore-outfits", root, cache=cache)
    with pytest.raises(
        InputError,
        match="suite smoke, method teacher-xs: found a model of users, on polyvore-outfits, "
        "expected one that knows none, for nobody knows who posted these outfits",
    ):
        plan_trials(smoke, [dataset])
    paired = with_method(smoke, "teacher-xs", model="type-aware", objective="type-aware")
    alone = paired.model_copy(
        update={
            "methods": {"teacher-xs": paired.methods["teacher-xs"]},
            "settings": ["random"],
            "negatives": ["random"],
            "datasets": ["polyvore-outfits"],
        }
    )
    for option in ("settings", "negatives"):
        with pytest.raises(InputError, match=f"{option}: found hard on polyvore-outfits, expected random"):
            plan_trials(alone.model_copy(update={option: ["random", "hard"]}), [dataset])
    outcome = run_suite(alone, tmp_path / "out", root=root, cache=cache, device="cpu")
    assert not outcome.failed
    (ranked,) = (record for record in outcome.records if isinstance(record, QualityRecord))
    assert ranked.test.users == [0]
