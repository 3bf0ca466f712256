"""AlexNet's fully connected layers over maps: they learn what they would over repeated ones."""

from __future__ import annotations

import copy

import pytest
import torch
from outfitbench.models.backbones import create_backbone
from outfitbench.models.backbones.fully_connected import FullyConnected
from outfitbench.models.errors import ModelError
from outfitbench.models.options import ModelOptions
from torch import nn


def layers(dropout: float = 0.0) -> FullyConnected:
    return FullyConnected(channels=3, width=5, dropout=dropout).double()


@pytest.mark.parametrize("side", [1, 2, 3])
def test_folded_it_learns_what_it_would_have_learnt_unfolded(side: int) -> None:
    """Three steps of SGD with momentum, decay and a clipped gradient; torch's own pooling is the oracle."""
    whole = layers()
    folding = copy.deepcopy(whole)
    folded = folding.fold(side)
    maps = torch.rand(4, 3, side, side, dtype=torch.float64)
    found = []
    for network in (whole, folded):
        optimizer = torch.optim.SGD(network.parameters(), lr=0.1, momentum=0.9, weight_decay=0.01)
        for _ in range(3):
            optimizer.zero_grad()
            network(maps).square().sum().backward()
            nn.utils.clip_grad_norm_(network.parameters(), 0.05)
            optimizer.step()
        found.append(network(maps))
    torch.testing.assert_close(found[1], found[0])
    folding.unfold(folded)
    torch.testing.assert_close(folding(maps), found[0])
    assert sum(w.numel() for w in folded.parameters()) == 5 * 3 * side**2 + 5 + 5 * 5 + 5


@pytest.mark.parametrize("side", [6, 4])
def test_it_stays_as_it_is_where_the_pooling_repeats_nothing_or_not_evenly(side: int) -> None:
    whole = layers()
    assert whole.fold(side) is whole


def test_dropout_takes_a_value_with_all_its_copies() -> None:
    folded = layers(dropout=0.5).fold(3)
    folded.weight.data.fill_(1)
    folded.bias.data.zero_()
    folded.rest = nn.Identity()
    sums = folded(torch.ones(200, 3, 3, 3, dtype=torch.float64))[:, 0]
    assert torch.equal(sums, (sums / 4).round() * 4)  # r = 2, and what is kept is doubled
    assert 27 * 2 - 3 < sums.mean() < 27 * 2 + 3


@pytest.mark.parametrize("name", ["alexnet-large", "alexnet-small"])
def test_a_network_cut_in_two_is_the_network(name: str) -> None:
    backbone = create_backbone(ModelOptions(num_users=1), name).eval()
    images = torch.rand(2, 3, 128, 128)
    convolutions, rest = backbone.cut(128)
    assert (convolutions.width, rest.input_size) == (256 * 9, 256 * 9)
    with torch.no_grad():
        torch.testing.assert_close(rest(convolutions(images)), backbone(images), rtol=1e-4, atol=1e-5)


def test_all_alexnets_share_the_name_of_their_convolutions_and_others_are_not_cut() -> None:
    names = {
        create_backbone(ModelOptions(num_users=1), name).convolutions
        for name in ("alexnet-m", "alexnet-s", "alexnet-small")
    }
    assert names == {"alexnet"}
    with pytest.raises(ModelError, match="expected an AlexNet"):
        create_backbone(ModelOptions(num_users=1), "mobilenet_v3_small").cut(64)
