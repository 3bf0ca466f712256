"""The set transformer against PyTorch's own attention and transformer layer."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from outfitbench.models.set_transformer import AttentionBlock, SetTransformer
from torch import nn

WIDTH, HEADS = 32, 4


def oracle_attention(block: AttentionBlock) -> nn.MultiheadAttention:
    """PyTorch's attention with a block's weights."""
    oracle = nn.MultiheadAttention(WIDTH, HEADS, batch_first=True)
    projections = (block.query, block.key, block.value)
    oracle.load_state_dict(
        {
            "in_proj_weight": torch.cat([linear.weight for linear in projections]),
            "in_proj_bias": torch.cat([linear.bias for linear in projections]),
            "out_proj.weight": block.merge.weight,
            "out_proj.bias": block.merge.bias,
        }
    )
    return oracle


def oracle_layer(block: AttentionBlock) -> nn.TransformerEncoderLayer:
    """PyTorch's transformer layer, its second feed-forward matrix set to the identity."""
    oracle = nn.TransformerEncoderLayer(WIDTH, HEADS, WIDTH, dropout=0.0, batch_first=True)
    oracle.self_attn = oracle_attention(block)
    oracle.linear1, oracle.norm1, oracle.norm2 = block.feed_forward, block.attention_norm, block.output_norm
    nn.init.eye_(oracle.linear2.weight)
    nn.init.zeros_(oracle.linear2.bias)
    return oracle


def oracle_embedding(transformer: SetTransformer, features: torch.Tensor, empty: torch.Tensor):
    items = features
    for block in transformer.blocks:
        items = oracle_layer(block)(items, src_key_padding_mask=empty)
    pooling = transformer.pooling
    seed = transformer.seed.expand(len(items), 1, -1)
    gathered, _ = oracle_attention(pooling)(seed, items, items, key_padding_mask=empty)
    hidden = pooling.attention_norm(seed + gathered)
    return pooling.output_norm(hidden + torch.relu(pooling.feed_forward(hidden))).squeeze(1)


@pytest.fixture(autouse=True)
def double_precision():
    torch.set_default_dtype(torch.float64)
    torch.manual_seed(0)
    yield
    torch.set_default_dtype(torch.float32)


@pytest.mark.parametrize("slots", [1, 2, 3, 4, 7])
def test_equals_pytorchs_transformer_layers_and_attention(slots):
    transformer = SetTransformer(WIDTH, HEADS)
    features, empty = torch.randn(5, slots, WIDTH), torch.rand(5, slots) < 0.4
    empty[:, 0] = False
    torch.testing.assert_close(transformer(features, empty), oracle_embedding(transformer, features, empty))


def test_gradients_equal_those_of_pytorchs_layers():
    transformer = SetTransformer(WIDTH, HEADS)
    features, empty = torch.randn(4, 3, WIDTH, requires_grad=True), torch.tensor([[False, False, True]] * 4)
    weights = torch.randn(4, WIDTH)
    gradients = [
        torch.autograd.grad((embedding * weights).sum(), [features, transformer.seed])
        for embedding in (transformer(features, empty), oracle_embedding(transformer, features, empty))
    ]
    torch.testing.assert_close(*gradients)


def test_parameters_of_a_block_are_those_of_the_paper():
    assert sum(p.numel() for p in AttentionBlock(128, 8).parameters()) == 83_072


@given(st.data())
@settings(max_examples=40)
def test_order_does_not_matter(data):
    slots = data.draw(st.integers(1, 6))
    order = data.draw(st.permutations(range(slots)))
    empty = torch.tensor([data.draw(st.lists(st.booleans(), min_size=slots, max_size=slots))])
    transformer = SetTransformer(WIDTH, HEADS)
    features = torch.randn(1, slots, WIDTH)
    torch.testing.assert_close(
        transformer(features, empty), transformer(features[:, order], empty[:, order]), rtol=0, atol=1e-9
    )


@pytest.mark.parametrize("garbage", [1e30, float("inf"), float("nan")])
def test_what_stands_in_an_empty_slot_is_ignored_forward_and_backward(garbage):
    transformer = SetTransformer(WIDTH, HEADS)
    empty = torch.tensor([[False, True, False]])
    clean = torch.randn(1, 3, WIDTH)
    dirty = clean.masked_fill(empty.unsqueeze(-1), garbage)
    results = []
    for features in (clean, dirty):
        features.requires_grad_(True)
        embedding = transformer(features, empty)
        gradients = torch.autograd.grad(embedding.square().sum(), [features, *transformer.parameters()])
        results.append((embedding, *gradients))
    torch.testing.assert_close(*results, rtol=0, atol=0)
    assert results[1][1][0, 1].eq(0).all()


def test_empty_slots_change_nothing():
    transformer = SetTransformer(WIDTH, HEADS)
    features = torch.randn(3, 2, WIDTH)
    padded = torch.cat([features, torch.randn(3, 2, WIDTH)], dim=1)
    empty = torch.tensor([[False, False, True, True]] * 3)
    torch.testing.assert_close(transformer(padded, empty), transformer(features, empty[:, :2]))


def test_an_outfit_without_items_has_one_finite_embedding():
    transformer = SetTransformer(WIDTH, HEADS)
    three, four = (
        transformer(torch.full((1, slots, WIDTH), float("nan")), torch.ones(1, slots, dtype=torch.bool))
        for slots in (3, 4)
    )
    assert three.isfinite().all()
    torch.testing.assert_close(three, four)


def test_autocast_leaves_residuals_and_norms_in_float32():
    torch.set_default_dtype(torch.float32)
    transformer = SetTransformer(WIDTH, HEADS)
    features, empty = torch.randn(8, 3, WIDTH), torch.zeros(8, 3, dtype=torch.bool)
    with torch.autocast("cpu", torch.bfloat16):
        embedding = transformer(features.bfloat16(), empty)
    assert embedding.dtype == torch.float32
    torch.testing.assert_close(embedding, transformer(features, empty), rtol=0, atol=0.1)
