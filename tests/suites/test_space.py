"""The user–outfit space: what stands in it, what the fit calls false, and that two runs are one."""

from __future__ import annotations

import base64
import shutil
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
import torch
from outfitbench.core.hashes import content_hash
from outfitbench.datasets import InputError, load_dataset
from outfitbench.evaluation.item_inputs import ItemInputs, as_float
from outfitbench.models import create_model
from outfitbench.models.weights import load_weights
from outfitbench.suites import load_records, load_suite, run_suite
from outfitbench.suites.plan import plan_trials
from outfitbench.suites.records import SpaceRecord
from outfitbench.suites.suite_file import Suite
from outfitbench.suites.suite_plans import SpacePlan
from PIL import Image

OUTFITS = 5


@pytest.fixture(scope="module")
def with_space(smoke: Suite) -> Suite:
    plan = SpacePlan(methods=["teacher-xs"], users=3, outfits=OUTFITS, perplexity=6.0)
    return smoke.model_copy(update={"space": plan})


@pytest.fixture(scope="module")
def out(finished: Path, with_space: Suite, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("space") / "out"
    shutil.copytree(finished, folder)
    assert not run_suite(with_space, folder, device="cpu").failed
    return folder


def only(out: Path) -> SpaceRecord:
    (record,) = (record for record in load_records([out]) if isinstance(record, SpaceRecord))
    return record


@pytest.fixture(scope="module")
def record(out: Path) -> SpaceRecord:
    return only(out)


def outfits_of(split: str, user: int) -> set[frozenset[int]]:
    table = load_dataset("closet-12").split(split)
    return {frozenset(worn[worn >= 0].tolist()) for worn in table.items[table.users == user]}


def test_each_kind_is_what_it_says(record: SpaceRecord) -> None:
    assert len(record.users) == 3
    for user in record.users:
        shown = {
            kind: [frozenset(p.items) for p in record.points if (p.user, p.kind) == (user, kind)]
            for kind in ("positive", "negative", "held-out")
        }
        posted, held_out = outfits_of("train", user), outfits_of("test", user)
        assert len(shown["positive"]) == len(shown["negative"]) == OUTFITS
        assert len(shown["held-out"]) == min(OUTFITS, len(held_out))
        assert set(shown["positive"]) <= posted
        assert not set(shown["negative"]) & posted
        assert set(shown["held-out"]) <= held_out


def test_distances_are_the_papers_at_alpha_one(record: SpaceRecord, out: Path) -> None:
    """Scored here by the model itself, one outfit after another."""
    dataset = load_dataset("closet-12")
    model = create_model("student-xs", num_users=dataset.num_users)
    load_weights(model, out / "fits" / record.inputs["weights"] / "weights.safetensors")
    model.eval()
    inputs = ItemInputs(dataset, 64)

    @torch.inference_mode()
    def score(user: int, items: list[int]) -> float:
        pixels, categories = inputs(np.array(items))
        features = model.encode_items(as_float(pixels), categories)
        return float(model.score(torch.tensor([user]), features[None], categories[None]))

    user = min(record.users)
    mean = np.mean([score(user, sorted(items)) for items in outfits_of("train", user)])
    points = [point for point in record.points if point.user == user]
    expected = [mean - score(user, point.items) for point in points]
    assert [point.distance for point in points] == pytest.approx(expected, abs=1e-5)


def test_liked_is_what_the_dataset_says(record: SpaceRecord) -> None:
    dataset = load_dataset("closet-12")
    assert dataset.hidden is not None
    for user in record.users:
        train = dataset.split("train").take(dataset.split("train").users == user)
        bar = dataset.hidden.preference(train.users, train.items).mean()
        for point in record.points:
            if point.user == user:
                own = dataset.hidden.preference(np.int32([user]), np.int32([point.items]))
                assert point.truly_liked == (own[0] >= bar)


def test_pictures_are_those_of_the_items(record: SpaceRecord) -> None:
    assert record.items == sorted({item for point in record.points for item in point.items})
    assert record.pictures is not None
    sheet = np.asarray(Image.open(BytesIO(base64.b64decode(record.pictures))).convert("RGB"), dtype=float)
    size = record.picture_size
    across = sheet.shape[1] // size
    whole = load_dataset("closet-12").images(np.array(record.items))
    for place in (0, across, len(record.items) - 1):
        row, column = divmod(place, across)
        shown = sheet[row * size : (row + 1) * size, column * size : (column + 1) * size]
        halved = whole[place].reshape(size, 2, size, 2, 3).mean((1, 3))
        others = [np.abs(shown - w.reshape(size, 2, size, 2, 3).mean((1, 3))).mean() for w in whole]
        assert np.abs(shown - halved).mean() < 12
        assert int(np.argmin(others)) == place


def test_it_comes_out_the_same_twice(
    record: SpaceRecord, out: Path, with_space: Suite, tmp_path: Path
) -> None:
    again = tmp_path / "again"
    shutil.copytree(out, again)
    shutil.rmtree(again / "spaces")
    assert not run_suite(with_space, again, device="cpu").failed
    same = {"machine", "seconds"}
    assert only(again).model_dump(exclude=same) == record.model_dump(exclude=same)
    assert record.trial == content_hash(record.description)
    places = np.array([(point.x, point.y) for point in record.points])
    assert len(np.unique(places, axis=0)) == len(places)


def test_a_method_without_such_a_space_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    text = 'title = "x"\ndatasets = ["closet-12"]\nmethods = ["fhn"]\n[space]\nmethods = ["KEY"]\n'
    path.write_text(text.replace("KEY", "fhn"))
    with pytest.raises(InputError, match=r"suite mine, space\.methods: found 'fhn', whose users and outfits"):
        plan_trials(load_suite(path), [load_dataset("closet-12")])
    path.write_text(text.replace("KEY", "teacher"))
    with pytest.raises(InputError, match=r"mine\.toml, space\.methods: found 'teacher', expected one of fhn"):
        load_suite(path)
