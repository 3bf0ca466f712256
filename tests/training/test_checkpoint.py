"""Checkpoints: what is saved is restored, and whatever is broken means a fresh start, not a crash."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from outfitbench.datasets import InputError
from outfitbench.models.weights import load_weights, save_tensors
from outfitbench.training.checkpoint import Checkpoint, Progress
from outfitbench.training.history import Environment, Epoch
from torch import nn
from torch.optim import SGD, Adam

HISTORY = [
    Epoch(number=1, loss=3.0, learning_rate=0.1, valid_auc=0.7),
    Epoch(number=2, loss=2.0, learning_rate=0.05, valid_auc=1 / 3),
]


HERE = Environment(device="cpu", precision="fp32", threads=3)


def network_with_momentum(seed: int) -> tuple[nn.Module, SGD]:
    torch.manual_seed(seed)
    model = nn.Linear(3, 2)
    optimizer = SGD(model.parameters(), lr=0.1, momentum=0.9)
    model(torch.ones(4, 3)).square().sum().backward()
    optimizer.step()
    return model, optimizer


def saved(folder: Path) -> tuple[nn.Module, SGD]:
    model, optimizer = network_with_momentum(0)
    Checkpoint(folder).save(model, model, optimizer, Progress(HISTORY[:1], 1, 2.5), HERE)
    model(torch.ones(4, 3)).square().sum().backward()
    optimizer.step()
    Checkpoint(folder).save(model, model, optimizer, Progress(HISTORY, 1, 5.0), HERE)
    return model, optimizer


def test_weights_momentum_and_history_come_back_exactly(tmp_path: Path) -> None:
    model, optimizer = saved(tmp_path)
    fresh, other = network_with_momentum(1)
    assert Checkpoint(tmp_path).restore(fresh, other) == Progress(HISTORY, 1, 5.0)
    for name, parameter in fresh.named_parameters():
        original = dict(model.named_parameters())[name]
        assert torch.equal(parameter, original)
        assert torch.equal(
            other.state[parameter]["momentum_buffer"], optimizer.state[original]["momentum_buffer"]
        )


def test_the_best_weights_are_of_the_best_epoch_and_old_ones_go(tmp_path: Path) -> None:
    model, optimizer = saved(tmp_path)
    best = nn.Linear(3, 2)
    load_weights(best, Checkpoint(tmp_path).best(1))
    assert not torch.equal(best.weight, model.weight), "epoch 2 was worse and is not the best"
    better = Epoch(number=3, loss=1.0, learning_rate=0.01, valid_auc=0.9)
    Checkpoint(tmp_path).save(model, model, optimizer, Progress([*HISTORY, better], 3, 7.5), HERE)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["best-3.safetensors", "progress.safetensors"]


@pytest.mark.parametrize(
    "damage",
    ["nothing there", "cut short", "not safetensors", "a wrong header", "another network", "no best weights"],
)
def test_without_a_whole_checkpoint_training_starts_afresh(tmp_path: Path, damage: str) -> None:
    saved(tmp_path)
    progress = tmp_path / "progress.safetensors"
    if damage == "nothing there":
        progress.unlink()
    elif damage == "cut short":
        progress.write_bytes(progress.read_bytes()[:-8])
    elif damage == "not safetensors":
        progress.write_bytes(b"progress")
    elif damage == "a wrong header":
        header = {"history": "[1", "best_epoch": "x", "seconds": "1", "environment": "{}"}
        save_tensors({"weights.weight": torch.zeros(2, 3), "weights.bias": torch.zeros(2)}, progress, header)
        assert Checkpoint(tmp_path).environment() is None
    elif damage == "another network":
        other = nn.Linear(4, 2)
        Checkpoint(tmp_path).save(other, other, SGD(other.parameters()), Progress(HISTORY, 1, 5.0), HERE)
    else:
        Checkpoint(tmp_path).best(1).unlink()
    assert Checkpoint(tmp_path).restore(*network_with_momentum(1)) == Progress()


def test_the_environment_that_a_fit_began_in_is_known(tmp_path: Path) -> None:
    assert Checkpoint(tmp_path).environment() is None
    saved(tmp_path)
    assert Checkpoint(tmp_path).environment() == HERE


def test_adams_state_comes_back_exactly(tmp_path: Path) -> None:
    def trained(steps: int, model: nn.Module, optimizer: Adam) -> None:
        for _ in range(steps):
            optimizer.zero_grad()
            model(torch.ones(4, 3)).square().sum().backward()
            optimizer.step()

    torch.manual_seed(0)
    model = nn.Linear(3, 2)
    optimizer = Adam(model.parameters(), lr=0.1, fused=True)
    trained(2, model, optimizer)
    Checkpoint(tmp_path).save(model, model, optimizer, Progress(HISTORY[:1], 1, 1.0), HERE)
    trained(3, model, optimizer)
    fresh = nn.Linear(3, 2)
    other = Adam(fresh.parameters(), lr=0.1, fused=True)
    Checkpoint(tmp_path).restore(fresh, other)
    trained(3, fresh, other)
    assert torch.equal(fresh.weight, model.weight)


@pytest.mark.filterwarnings("ignore:.*to a meta parameter")
@pytest.mark.parametrize(
    ("kind", "device"), [({"fused": True}, "meta"), ({"capturable": True}, "meta"), ({}, "cpu")]
)
def test_adams_steps_lie_where_its_kernels_read_them(tmp_path: Path, kind: dict, device: str) -> None:
    """By torch's own rule: beside the parameter for kernels that count there, else on the CPU."""
    model = nn.Linear(3, 2)
    optimizer = Adam(model.parameters())
    model(torch.ones(4, 3)).square().sum().backward()
    optimizer.step()
    Checkpoint(tmp_path).save(model, model, optimizer, Progress(HISTORY[:1], 1, 1.0), HERE)
    elsewhere = nn.Linear(3, 2, device="meta")  # a device that every machine has
    other = Adam(elsewhere.parameters())
    other.param_groups[0].update(kind)
    Checkpoint(tmp_path).restore(elsewhere, other)
    assert {str(other.state[p]["step"].device) for p in elsewhere.parameters()} == {device}
    assert {str(other.state[p]["exp_avg"].device) for p in elsewhere.parameters()} == {"meta"}


@pytest.mark.parametrize(
    ("tensors", "says"),
    [
        ({"weight": torch.zeros(2, 3), "bias": torch.tensor([0.0, float("nan")])}, "bias: found NaN"),
        ({"weight": torch.zeros(2, 4), "bias": torch.zeros(2)}, r"weight: found shape \(2, 4\)"),
        ({"weight": torch.zeros(2, 3)}, "bias: found shape None"),
        ({"weight": torch.zeros(2, 3), "bias": torch.zeros(2), "more": torch.zeros(1)}, "more: found shape"),
    ],
)
def test_weights_that_do_not_fit_are_named(tmp_path: Path, tensors: dict, says: str) -> None:
    path = tmp_path / "weights.safetensors"
    save_tensors(tensors, path)
    with pytest.raises(InputError, match=says) as caught:
        load_weights(nn.Linear(3, 2), path)
    assert str(path) in str(caught.value)


def test_missing_weights_are_one_line(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="unreadable weights"):
        load_weights(nn.Linear(3, 2), tmp_path / "none.safetensors")
