"""Evaluation, shuffled users and all, against one forward pass of the backbone over the distinct items."""

from __future__ import annotations

import pytest
import torch
from outfitbench.datasets import load_dataset
from outfitbench.evaluation.item_inputs import ItemInputs, as_float
from outfitbench.evaluation.scoring import scoring_of
from outfitbench.evaluation.user_rankings import rank_as_others_too
from outfitbench.models import create_model

from .ratios import report_ratio

BATCH = 256
"""Of the pass over the backbone; the larger, the faster."""


@pytest.mark.parametrize("name", ["student-xs", "teacher"])
def test_evaluation_costs_little_more_than_the_backbone(benchmark, name):
    dataset = load_dataset("closet-24")
    torch.manual_seed(0)
    model = create_model(name, num_users=dataset.num_users).eval()
    inputs = ItemInputs(dataset, 64)
    candidates = dataset.candidates("test", "random")
    ids = candidates.outfits.distinct_items
    images = [inputs(ids[start : start + BATCH])[0] for start in range(0, len(ids), BATCH)]

    @torch.inference_mode()
    def backbone_once():
        for batch in images:
            model.backbone(as_float(batch))

    def evaluation():
        score = scoring_of(model, dataset, inputs, candidates)
        rank_as_others_too(score, candidates, dataset.num_users, seed=0)

    benchmark.pedantic(evaluation, rounds=3, warmup_rounds=1)
    report_ratio(benchmark, evaluation, backbone_once, rounds=11, most=1.2)
