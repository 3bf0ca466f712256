"""Weights in 16 bits: rounded as the formats say, half the file, the same face for every engine."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from outfitbench.bench import Subject
from outfitbench.bench.engines.torch_engine import load_model
from outfitbench.bench.variants import VARIANTS, make_variant
from outfitbench.core.errors import InputError
from outfitbench.models.weights import save_tensors
from safetensors.numpy import load_file


@pytest.fixture
def trained(tiny, plugin: Path, tmp_path: Path) -> Subject:
    weights = tmp_path / "weights.safetensors"
    save_tensors(tiny.state_dict(), weights)
    return Subject(model="tiny", num_users=5, weights=weights, plugins=(plugin,))


def bits_of_bfloat16(values: np.ndarray) -> np.ndarray:
    """Float32 to the nearest number whose lower 16 bits are 0, to even where it lies between two."""
    bits = values.view(np.uint32).astype(np.uint64)
    return ((bits + 0x7FFF + ((bits >> 16) & 1)) >> 16).astype(np.uint16)


def test_fp16_rounds_as_numpy_does(trained: Subject, tmp_path: Path):
    made = make_variant("fp16", trained, tmp_path / "made")
    assert made.variant == "fp16"
    full, half = load_file(trained.weights), load_file(made.weights)
    assert full.keys() == half.keys()
    for name, values in full.items():
        rounded = values.astype(np.float16) if values.dtype == np.float32 else values
        assert half[name].dtype == rounded.dtype
        np.testing.assert_array_equal(half[name], rounded)
    saved = trained.weights.stat().st_size - made.weights.stat().st_size
    floats = sum(values.nbytes for values in full.values() if values.dtype == np.float32)
    assert saved == pytest.approx(floats / 2, abs=64)  # the header names other types


def test_bf16_keeps_the_upper_half_of_the_bits(trained: Subject, tmp_path: Path):
    made = make_variant("bf16", trained, tmp_path / "made")
    wide = load_model(made).state_dict()
    for name, values in load_file(trained.weights).items():
        if values.dtype != np.float32:
            continue
        np.testing.assert_array_equal(wide[name].numpy().view(np.uint32) >> 16, bits_of_bfloat16(values))


@pytest.mark.parametrize("measured", [False, True])
def test_engines_compute_with_widened_weights(trained: Subject, tmp_path: Path, measured: bool):
    model = load_model(make_variant("fp16", trained, tmp_path / "made"), measured=measured)
    assert {parameter.dtype for parameter in model.parameters()} == {torch.float32}
    images, categories = torch.rand(3, 3, 16, 16), torch.arange(3)
    features = model.encode_items(images, categories)
    torch.testing.assert_close(
        features, load_model(trained).encode_items(images, categories), rtol=1e-2, atol=1e-2
    )


def test_an_unknown_variant_is_told_with_the_nearest(trained: Subject, tmp_path: Path):
    with pytest.raises(InputError, match="argument variant: found 'fp61', expected a variant; nearest: fp16"):
        make_variant("fp61", trained, tmp_path / "made")
    assert not (tmp_path / "made").exists()
    assert {"fp16", "bf16"} <= set(VARIANTS.names())
