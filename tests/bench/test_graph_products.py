"""Operators by bits: those of a small network, counted by hand."""

from __future__ import annotations

from pathlib import Path

import pytest
from outfitbench.bench import Subject
from outfitbench.bench.graph_products import products_by_bits
from outfitbench.bench.variants import make_variant
from outfitbench.datasets import Dataset


@pytest.mark.parametrize(
    ("variant", "counted"),
    [
        # Its encoder has a convolution and three fully connected layers, its scorer three such layers.
        ("int8-static", {"8": {"Conv": 1, "Gemm": 3}, "32": {"Gemm": 3}}),
        ("int8-dynamic", {"8": {"ConvInteger": 1, "MatMulInteger": 6}}),
        pytest.param("weight-only", {"32": {"Conv": 1, "Gemm": 6}}, marks=pytest.mark.slow),
        pytest.param("fp16-graph", {"16": {"Conv": 1, "Gemm": 3}, "32": {"Gemm": 3}}, marks=pytest.mark.slow),
        ("fp16", {}),
    ],
)
def test_operators_are_counted_by_the_bits_that_they_compute_in(
    headed_subject: Subject, small_closet: Dataset, tmp_path: Path, variant: str, counted: dict
):
    make_variant(variant, headed_subject, tmp_path / "made", dataset=small_closet)
    assert products_by_bits(tmp_path / "made") == counted
