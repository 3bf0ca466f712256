from __future__ import annotations

import pytest
import torch
from outfitbench.bench.counts import count_parameters, count_work, flops_of
from outfitbench.models import create_model, list_models


def test_parameters_and_buffers_by_hand(tiny):
    convolution, norm, users = 3 * 16 * 9 + 16, 2 * 16, 5 * 16
    running_means, running_variances, batches_seen = 16, 16, 1
    count = count_parameters(tiny)
    assert count.parameters == convolution + norm + users
    assert count.buffers == running_means + running_variances + batches_seen


def test_flops_by_hand_attention_included(tiny):
    items, side, width = 3, (16 - 3) // 2 + 1, 16
    convolution = 2 * items * side**2 * width * (3 * 9)
    logits_and_mix = 2 * (2 * items * items * width)
    assert flops_of(count_work(tiny, 16)).samples == [convolution + logits_and_mix]


def test_flops_of_an_lstm_by_hand(plugin):
    model = create_model("tiny-recurrent", num_users=5)
    gates = 2 * 3 * (4 * 16) * (16 + 16)
    assert flops_of(count_work(model, 16)).samples[0] == 2 * 3 * 7**2 * 16 * 27 + gates


def test_what_cannot_be_counted_is_a_blank_with_its_reason(plugin):
    blank = flops_of(count_work(create_model("tiny-fused", num_users=5), 16))
    assert blank.samples == []
    assert blank.flags == ["not counted: _scaled_dot_product_flash_attention_for_cpu"]


def test_counting_leaves_gradients_and_the_fast_path_alone(tiny):
    with torch.no_grad():
        flops_of(count_work(tiny, 16))
        assert not torch.is_grad_enabled()
    assert torch.backends.mha.get_fastpath_enabled()
    assert all(parameter.grad is None for parameter in tiny.parameters())


D = 128
"""Width of features."""

PAIRS = 3
"""Of an outfit's three items."""

SET_TRANSFORMER = 2 * (2 * 3 * 5 * D * D) + 2 * (3 + 2 * 3) * D * D
"""Two blocks of five layers over three items; a pooling of three layers over the seed, two over the items.

Its products over an outfit's few items, which are not counted, are below 0.01 % of a request.
"""

SCORES = {
    **dict.fromkeys(["teacher", "student-xs", "student-s", "student-m"], SET_TRANSFORMER),
    **dict.fromkeys(["lpae-u", "lpae-g"], SET_TRANSFORMER + 2 * D * D),  # and a projection
    "type-aware": 2 * PAIRS * D * 4,  # four masks over the difference of each pair
    # Five masks over each item, its shares of a layer of 32; for each pair its weights, and both mixed masks.
    "sce-net": 2 * 3 * D * 5 + 2 * (2 * 3 * D * 32) + 2 * (2 * PAIRS * 32 * 5) + 2 * (2 * PAIRS * 5 * D),
    # Two readers of four gates over input and state; their states against three items and the end.
    "bi-lstm": 2 * (2 * 3 * 4 * D * (D + D)) + 2 * (2 * 3) * (3 + 1) * D,
    "outfit-net-fir": 0,
    "outfit-net": 2 * 3 * D * D,
    "fhn": 2 * 3 * 3 * D,  # each item's sum over those of other categories
}
HEADS = {"fhn": 3}
"""Encoders that see every item; one elsewhere."""

PAIR = {
    **dict.fromkeys(["teacher", "student-xs", "student-s", "student-m", "lpae-u", "lpae-g", "fhn"], 2 * D),
    "outfit-net": 2 * (2 * 3 * D),  # each item is attended to and liked
}
"""A user's score of an outfit whose vector is there; 0 where all users have the same."""

BANKED = {"bi-lstm": 2 * (2 * 3) * D}
"""Both readers' states against an item."""

SPARED = {
    "bi-lstm": 2 * (2 * 4 * D * D),  # readers start from a state that does not train
    "fhn": 2 * 3 * 3 * D,  # which categories differ does not, either
}
"""Of the gradients, which are twice the way there elsewhere."""

FULLY_CONNECTED = {"teacher": 4096, "student-m": 2048, "student-s": 1024}


def _inside(side: int, kernel: int) -> int:
    """Products of an AlexNet's kernel with an image of ones: each is one, and one with padding nothing."""
    stride, padding = (4, 2) if kernel == 11 else (1, kernel // 2)
    image, ones = torch.ones(1, 1, side, side), torch.ones(1, 1, kernel, kernel)
    return int(torch.conv2d(image, ones, stride=stride, padding=padding).sum())


@pytest.mark.parametrize("name", list_models())
def test_flops_of_every_model_by_hand(name):
    # AlexNet at 64 pixels: (channels out, kernel, channels in, side of what it is shown, and of the map).
    layers = [
        (64, 11, 3, 64, 15),
        (192, 5, 64, 7, 7),
        *((o, 3, i, 3, 3) for o, i in ((384, 192), (256, 384), (256, 256))),
    ]
    convolutions = sum(2 * out * kernel**2 * into * side**2 for out, kernel, into, _, side in layers)
    inside = sum(2 * out * into * _inside(shown, kernel) for out, kernel, into, shown, _ in layers)
    wide = FULLY_CONNECTED.get(name)
    tail = 2 * (256 * 36 * wide + wide * wide) if wide else 0
    last = wide or 256
    head = HEADS.get(name, 1) * 2 * (last * (last // 2) + last // 2 * D)
    work = count_work(create_model(name, num_users=9).eval(), 64)
    assert work.encode.flops == inside + tail + head
    assert work.score.flops == SCORES[name]
    assert flops_of(work).samples == [3 * (convolutions + tail + head) + SCORES[name]]
    first = 2 * 64 * 3 * _inside(64, 11)  # whose gradient nobody asks for: pixels do not train
    assert work.training.encode == 3 * work.encode.flops - first
    own_items = 3 * BANKED.get(name, 0)
    assert work.matrix.flops == (SCORES[name] - own_items, PAIR.get(name, 0), BANKED.get(name, 0))
    assert work.training.scores == (
        3 * (SCORES[name] - own_items) - SPARED.get(name, 0),
        3 * PAIR.get(name, 0),
        3 * BANKED.get(name, 0),
    )


def test_bytes_that_nobody_can_spare_by_hand(tiny):
    work = count_work(tiny, 16)
    convolution, norm = 3 * 16 * 9 + 16, 4 * 16
    assert work.encode.weights == 4 * (convolution + norm)
    assert work.encode.data == 16 * 16 * 3 + 4 * 16  # a byte a pixel and colour, a float a feature
    assert work.score.weights == 4 * 16  # one user's row of the table
    assert work.score.data == 3 * 4 * 16 + 4
    convolution_norm_and_users = 4 * (3 * 16 * 9 + 16 + 2 * 16 + 5 * 16)
    assert (work.training.weights, work.training.item) == (convolution_norm_and_users, 16 * 16 * 3)
    assert work.matrix[1:] == (0, 4 * 16, 4 * 16)  # nothing is shared but items; a row for each user


def test_a_model_that_scores_pair_by_pair_has_no_part_that_users_share(tiny):
    work = count_work(tiny, 16)
    logits_and_mix = 2 * (2 * 3 * 3 * 16)
    assert work.matrix.flops == (0, logits_and_mix, 0)
    assert work.training.scores == (0, 3 * logits_and_mix, 0)


def test_what_does_not_train_takes_no_gradient(tiny):
    for parameter in tiny.convolution.parameters():
        parameter.requires_grad_(False)
    work = count_work(tiny, 16)
    assert work.training.encode == work.encode.flops
    assert work.training.weights == 4 * (2 * 16 + 5 * 16)
