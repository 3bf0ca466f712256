"""Pruned layers, held against parameters counted by hand and against the whole network with outputs at 0."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
import torch
from outfitbench.bench import Subject, load_export
from outfitbench.bench.counts import count_parameters, count_work, flops_of
from outfitbench.bench.engines.torch_engine import load_model
from outfitbench.bench.preparation import prepare
from outfitbench.bench.variants import low_rank, make_variant
from outfitbench.core.errors import InputError
from outfitbench.datasets import Dataset
from outfitbench.models import create_model
from outfitbench.models.weights import load_weights, save_tensors

# 3→64→192→384→256→256 channels by kernels of 11, 5, 3, 3 and 3, then 256→128→128; the last of each stays.
CONVOLUTIONS = 32 * 3 * 121 + 96 * 32 * 25 + 192 * 96 * 9 + 128 * 192 * 9 + 256 * 128 * 9
BIASES = 32 + 96 + 192 + 128 + 256
HEAD = 256 * 64 + 64 + 64 * 128 + 128
WHOLE = 64 * 3 * 121 + 192 * 64 * 25 + 384 * 192 * 9 + 256 * 384 * 9 + 256 * 256 * 9 + 64 + 192 + 384 + 512
WHOLE_HEAD = 256 * 128 + 128 + 128 * 128 + 128


@pytest.fixture(scope="module")
def student(tmp_path_factory: pytest.TempPathFactory) -> Subject:
    """XS, as if trained: biases are not 0."""
    torch.manual_seed(0)
    model = create_model("student-xs", num_users=3)
    for parameter in model.parameters():
        torch.nn.init.normal_(parameter, std=0.05)
    weights = tmp_path_factory.mktemp("xs") / "weights.safetensors"
    save_tensors(model.state_dict(), weights)
    return Subject(model="student-xs", num_users=3, weights=weights, input_size=64)


@pytest.fixture(scope="module")
def halved(student: Subject, tmp_path_factory: pytest.TempPathFactory) -> Subject:
    return make_variant("pruned-50", student, tmp_path_factory.mktemp("pruned") / "made")


def test_half_of_the_channels_leave_as_many_parameters_as_by_hand(student: Subject, halved: Subject):
    whole, pruned = load_model(student), load_model(halved)
    lost = WHOLE + WHOLE_HEAD - (CONVOLUTIONS + BIASES + HEAD)
    assert count_parameters(whole).parameters - count_parameters(pruned).parameters == lost
    assert halved.weights.stat().st_size < 0.4 * student.weights.stat().st_size
    # Maps of 15, 7 and 3 positions a side; a multiply-add is two.
    products = 15**2 * 32 * 3 * 121 + 7**2 * 96 * 32 * 25
    products += 3**2 * 9 * (192 * 96 + 128 * 192 + 256 * 128) + 256 * 64 + 64 * 128
    scorer = flops_of(count_work(whole, 64, 3)).median - 3 * 2 * (
        15**2 * 64 * 3 * 121
        + 7**2 * 192 * 64 * 25
        + 3**2 * 9 * (384 * 192 + 256 * 384 + 256 * 256)
        + 256 * 128
        + 128 * 128
    )
    assert flops_of(count_work(pruned, 64, 3)).median == scorer + 3 * 2 * products


def test_it_answers_as_the_whole_network_with_the_weakest_outputs_at_0(student: Subject, halved: Subject):
    whole, pruned = load_model(student), load_model(halved)
    silent = Counter()
    for path, layer in pruned.named_modules():
        if "kept" in dict(layer.named_buffers(recurse=False)):
            own = whole.get_submodule(path)
            out = np.setdiff1d(np.arange(len(own.weight)), layer.kept)
            with torch.no_grad():
                own.weight[out], own.bias[out] = 0, 0
            silent[path] = len(out)
    assert sorted(silent.values()) == [32, 64, 96, 128, 192]
    first = load_model(student).backbone.network[0][0].weight.detach().abs().sum((1, 2, 3)).numpy()
    kept = pruned.backbone.network[0][0].kept
    np.testing.assert_array_equal(kept, np.sort(np.argsort(-first)[:32]))
    images, categories = torch.rand(4, 3, 64, 64), torch.zeros(4, dtype=torch.int64)
    with torch.inference_mode():
        torch.testing.assert_close(
            pruned.encode_items(images, categories), whole.encode_items(images, categories)
        )


def test_fully_connected_layers_behind_a_map_lose_a_channels_positions_together(tmp_path: Path):
    torch.manual_seed(0)
    weights = tmp_path / "s.safetensors"
    save_tensors(create_model("student-s", num_users=3).state_dict(), weights)
    subject = Subject(model="student-s", num_users=3, weights=weights, input_size=64)
    model = load_model(make_variant("pruned-25", subject, tmp_path / "made"))
    assert tuple(model.backbone.network[1].first.weight.shape) == (768, 192 * 36)
    assert model.backbone.network[0][10].weight.shape[:2] == (192, 192)


def test_what_is_pruned_can_be_compressed_further_and_exported(
    headed_subject: Subject, small_closet: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    graphs = make_variant("pruned-50+int8-static", headed_subject, tmp_path / "graphs", dataset=small_closet)
    whole = load_model(headed_subject)
    lost = sum(one.numel() for one in whole.head.parameters()) - (
        16 * 256 + 256 + 256 * 128 + 128 + 128 * 16 + 16
    )
    assert load_export(graphs.export).parameters == count_parameters(whole).parameters - lost
    # What is counted of the graphs is what is counted of the network that they are made of.
    prepared = prepare(graphs, 3, tmp_path / "prepared")
    head = 2 * (16 * 256 + 256 * 128 + 128 * 16)
    assert prepared.work is not None
    assert prepared.work.encode.flops == 2 * 7**2 * 16 * 27 + head
    assert prepared.work.score.flops == head
    assert prepared.counts["flops"].median == 3 * prepared.work.encode.flops + head
    card = graphs.export / "model.json"
    card.write_text(json.dumps(json.loads(card.read_text()) | {"layers": {}}))  # as before cards told them
    assert prepare(graphs, 3, tmp_path / "untold").work is None
    monkeypatch.setattr(low_rank, "_LEAST", 128)
    factored = load_model(make_variant("pruned-25+low-rank", headed_subject, tmp_path / "factored"))
    assert factored.head[0].out_features == 384
    assert (factored.head[2].outer.shape, factored.head[2].bias.shape) == ((192, 48), (192,))
    half = load_model(make_variant("pruned-50+fp16", headed_subject, tmp_path / "half"))
    assert half.head[2].weight.shape == (128, 256)


def test_other_weights_are_not_taken_for_pruned_ones(student: Subject, halved: Subject, tmp_path: Path):
    with pytest.raises(InputError, match="expected shape"):
        load_weights(create_model("student-s", num_users=3), student.weights)
    with pytest.raises(InputError, match="expected shape"):
        load_weights(create_model("student-xs", num_users=2), halved.weights)
