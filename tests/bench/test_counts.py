from __future__ import annotations

import torch
from outfitbench.bench.counts import count_flops, count_parameters
from outfitbench.models import create_model


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
    assert count_flops(tiny, 16).samples == [convolution + logits_and_mix]


def test_flops_of_the_paper_network_by_hand():
    # AlexNet at 64 pixels: (channels out, kernel, channels in, side of the map).
    layers = [(64, 11, 3, 15), (192, 5, 64, 7), (384, 3, 192, 3), (256, 3, 384, 3), (256, 3, 256, 3)]
    convolutions = sum(2 * out * kernel**2 * into * side**2 for out, kernel, into, side in layers)
    head = 2 * (256 * 128 + 128 * 128)
    d, slots = 128, 3
    attention = 2 * slots * 5 * d * d
    pooling = 2 * (1 + 2) * d * d + 2 * slots * 2 * d * d
    counted = count_flops(create_model("student-xs", num_users=9).eval(), 64).samples[0]
    assert counted == 3 * (convolutions + head) + 2 * attention + pooling
    uncounted = 2 * 2 * (2 * slots * slots * d) + 2 * (2 * slots * d)
    assert uncounted / counted < 1e-4


def test_flops_of_an_lstm_by_hand(plugin):
    model = create_model("tiny-recurrent", num_users=5)
    gates = 2 * 3 * (4 * 16) * (16 + 16)
    assert count_flops(model, 16).samples[0] == 2 * 3 * 7**2 * 16 * 27 + gates


def test_what_cannot_be_counted_is_a_blank_with_its_reason(plugin):
    blank = count_flops(create_model("tiny-fused", num_users=5), 16)
    assert blank.samples == []
    assert blank.flags == ["not counted: _scaled_dot_product_flash_attention_for_cpu"]


def test_counting_leaves_gradients_and_the_fast_path_alone(tiny):
    with torch.no_grad():
        count_flops(tiny, 16)
        assert not torch.is_grad_enabled()
    assert torch.backends.mha.get_fastpath_enabled()
    assert all(parameter.grad is None for parameter in tiny.parameters())
