"""A distilling step: no image is encoded twice, no teacher's backbone runs, only the student learns."""

from __future__ import annotations

import functools
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
import torch
from outfitbench.core.errors import InputError
from outfitbench.datasets import NO_ITEM, Dataset, OutfitTable, load_dataset
from outfitbench.datasets.outfit_hash import PostedOutfits
from outfitbench.evaluation.item_inputs import ItemInputs
from outfitbench.models import create_model
from outfitbench.models.backbones import create_backbone
from outfitbench.models.options import ModelOptions
from outfitbench.models.outfit_model import OutfitModel
from outfitbench.models.zoo.paper_network import PaperNetwork
from outfitbench.training.batches import Batch, BatchDraws, draw_epoch, load_batches
from outfitbench.training.objectives import OBJECTIVES
from outfitbench.training.objectives.objective import FitContext
from outfitbench.training.recombination import Recombiner
from outfitbench.training.step import TrainingStep
from outfitbench.training.teacher import Teacher

TAUGHT = [
    ("fnd", {}),
    ("fnd-r", {"recombined": 40}),
    ("recd", {"recombined": 40}),
    ("recd", {"recombined": 40, "base": "none", "users": "batch"}),
    ("recd", {"recombined": 40, "base": "fnd-r", "over_users": 0}),
    ("hinton", {"recombined": 40}),
    ("rkd", {}),
    ("fitnet", {}),
    ("fitnet", {"hint": "outfits"}),
    ("rd", {"recombined": 40}),
    ("de-rrd", {"recombined": 40}),
    ("de-rrd", {"recombined": 40, "experts": 0}),
]


@pytest.fixture(scope="module", params=["whole", "varied"])
def dataset(request: pytest.FixtureRequest) -> Dataset:
    """Outfits of three items; or every third one of two."""
    whole = load_dataset("closet-12")
    if request.param == "whole":
        return whole
    train = whole.split("train")
    items = train.items.copy()
    items[::3, -1] = NO_ITEM
    return replace(whole, tables={**whole.tables, "train": OutfitTable(train.users, items)})


@pytest.fixture(scope="module")
def taught_by(dataset: Dataset) -> tuple[OutfitModel, Teacher]:
    """A teacher of another width that has learned: its users point at the outfits they posted."""
    torch.manual_seed(0)
    options = ModelOptions(num_users=dataset.num_users)
    model = PaperNetwork(create_backbone(options, "alexnet-small"), dataset.num_users, feature_size=64).eval()
    train = dataset.split("train")
    with torch.no_grad():
        images = torch.from_numpy(dataset.images(np.arange(dataset.num_items), 64)).permute(0, 3, 1, 2)
        features = model.encode_items(images.float() / 255, torch.zeros(len(images), dtype=torch.int64))
        worn = features[torch.from_numpy(train.items.astype(np.int64))]
        outfits = model.embed_outfits(worn, torch.from_numpy(dataset.categories_of(train.items)))
        outfits = outfits - outfits.mean(0)
        for user in range(dataset.num_users):
            model.users.weight[user] = outfits[torch.from_numpy(train.users == user)].mean(0)
    return model, Teacher(model, dataset, ItemInputs(dataset, 64), "hard")


@pytest.fixture(scope="module")
def batch(dataset: Dataset) -> Batch:
    positives, negatives = draw_epoch(dataset, "hard", seed=0, epoch=1)
    train = dataset.split("train")
    recombine = functools.partial(
        Recombiner(train, dataset.item_category, 40).draw, generator=np.random.default_rng(0)
    )
    draws = BatchDraws(posted=PostedOutfits(train), recombine=recombine)
    first = slice(16)
    loaded = load_batches(
        dataset, ItemInputs(dataset, 64), positives.take(first), negatives.take(first), 16, draws
    )
    return next(iter(loaded))


@pytest.mark.parametrize(("name", "given"), TAUGHT)
def test_a_step_encodes_each_item_once_and_teaches_the_student_alone(
    name: str, given: dict, dataset: Dataset, taught_by: tuple[OutfitModel, Teacher], batch: Batch
) -> None:
    taught, teacher = taught_by
    torch.manual_seed(0)
    model = create_model("student-xs", num_users=dataset.num_users)
    entry = OBJECTIVES.entry(name)
    part = entry.value(entry.options.model_validate(given), model)
    part.check_teacher(taught)
    part.begin(FitContext(dataset, teacher))
    step = TrainingStep(model, {name: (1.0, part)}, teacher)
    seen, images = [], []
    hooks = [
        model.backbone.register_forward_hook(lambda _m, inputs, _o: seen.append(len(inputs[0]))),
        taught.backbone.register_forward_hook(lambda _m, inputs, _o: images.append(len(inputs[0]))),
    ]
    varied = bool((dataset.split("train").items == NO_ITEM).any())
    with torch.autocast("cpu", torch.bfloat16, enabled=varied):  # the two that are rarely met, at once
        loss, named = step(batch)
    loss.backward()
    for hook in hooks:
        hook.remove()
    assert seen == [len(batch.inputs)], "each distinct item once"
    assert not images, "the teacher's features are a table"
    assert torch.isfinite(loss)
    assert float(loss.detach()) == pytest.approx(sum(map(float, named.values())), rel=1e-5)
    assert all(parameter.grad is None for parameter in taught.parameters())
    first = next(model.backbone.parameters()).grad
    assert first is not None
    assert first.isfinite().all()
    assert first.abs().sum() > 0
    for parameter in part.parameters():
        assert parameter.grad is not None
        assert parameter.grad.isfinite().all()
    assert not any("objectives" in key or "regressor" in key for key in model.state_dict()), "not shipped"


@pytest.mark.parametrize("option", [{"teacher_users": "start"}, {"outfit_cosine": 1.0}])
def test_vectors_of_another_width_are_refused(
    option: dict, dataset: Dataset, taught_by: tuple[OutfitModel, Teacher]
) -> None:
    entry = OBJECTIVES.entry("recd")
    part = entry.value(
        entry.options.model_validate(option), create_model("student-xs", num_users=dataset.num_users)
    )
    (name,) = option
    said = f"recd, {name}, teacher: found vectors of width 64, expected its student's width, 128"
    with pytest.raises(InputError, match=said):
        part.check_teacher(taught_by[0])


MEMORY = """
import resource, sys
import numpy as np, torch
from outfitbench.datasets import load_dataset
from outfitbench.evaluation.item_inputs import ItemInputs
from outfitbench.models import create_model
from outfitbench.training.batches import BatchDraws, draw_epoch, load_batches
from outfitbench.training.objectives import OBJECTIVES
from outfitbench.training.recombination import Recombiner
from outfitbench.training.step import TrainingStep

dataset = load_dataset("closet-24")
size = int(sys.argv[1])
network = create_model("teacher", num_users=630).eval().requires_grad_(False)
features = torch.randn(dataset.num_items, network.feature_size)
class Teacher:
    def score_matrix(self, users, items, categories):
        return network.score_matrix(users, features[torch.from_numpy(items.clip(0))], categories)
positives, negatives = draw_epoch(dataset, "random", 0, 1)
recombiner = Recombiner(dataset.split("train"), dataset.item_category, 4096)
generator = np.random.default_rng(0)
draws = BatchDraws(recombine=lambda ours, theirs: recombiner.draw(ours, theirs, generator))
batch = next(load_batches(dataset, ItemInputs(dataset, size), positives, negatives, 256, draws))
model = create_model("student-xs", num_users=630)
entry = OBJECTIVES.entry("recd")
part = entry.value(entry.options(recombined=4096), model)
loss, _ = TrainingStep(model, {"recd": (1.0, part)}, Teacher())(batch)
loss.backward()
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20)
"""


@pytest.mark.slow
@pytest.mark.parametrize("size", [64, 128])
def test_a_step_of_256_pairs_with_4096_recombined_outfits_fits_into_4_gb(size: int) -> None:
    """With a teacher of the true size beside it, whose features of all items are at hand."""
    peak = float(subprocess.check_output([sys.executable, "-c", MEMORY, str(size)]))
    print(f"peak {peak:.2f} GiB")
    assert peak < 3.72  # 4 GB in GiB
