"""A sample of a dataset's training outfits, and what an engine gives them, held against raw ONNX."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import onnxruntime
import pytest
from outfitbench.bench import ExportedModel, Subject
from outfitbench.bench.agreement import agreement
from outfitbench.bench.engines.onnxruntime_engine import OnnxRuntimeEngine
from outfitbench.bench.sample import Sample, draw_sample, sample_scores
from outfitbench.core.errors import InputError
from outfitbench.datasets import Dataset


def test_a_sample_holds_training_outfits_and_their_items(small_closet: Dataset, sample: Sample):
    train = small_closet.split("train")
    posted = {
        (user, tuple(items)) for user, items in zip(train.users.tolist(), train.items.tolist(), strict=True)
    }
    names = {image.tobytes(): item for item, image in enumerate(small_closet.image_array(16))}
    ids = np.array([names[image.tobytes()] for image in sample.items])
    np.testing.assert_array_equal(small_closet.item_category[ids], sample.item_categories)
    assert len(sample.users) == 40
    for user, outfit in zip(sample.users.tolist(), sample.outfits, strict=True):
        assert (user, tuple(ids[outfit])) in posted


def test_where_nothing_was_trained_on_there_is_nothing_to_calibrate_by(headed_subject: Subject):
    empty = SimpleNamespace(name="closet-12", split=lambda name: [])
    with pytest.raises(InputError, match="dataset closet-12: found no training outfit, expected some"):
        draw_sample(empty, headed_subject)


def test_scores_of_a_sample_are_those_of_raw_onnx(headed_export: ExportedModel, sample: Sample):
    engine = OnnxRuntimeEngine(Subject(model="x", num_users=5, export=headed_export.folder), "cpu", 1)
    engine.load()
    scores = sample_scores(engine, replace(sample, users=sample.users % 5))
    encoder, scorer = (
        onnxruntime.InferenceSession(headed_export.folder / name) for name in ("encoder.onnx", "scorer.onnx")
    )
    images = sample.items.transpose(0, 3, 1, 2).astype(np.float32) / np.float32(255)
    (features,) = encoder.run(None, {"images": images, "categories": sample.item_categories})
    user = sorted(set((sample.users % 5).tolist()))[1]
    given = {
        "users": np.full(len(sample.outfits), user),
        "features": features[sample.outfits],
        "categories": sample.item_categories[sample.outfits],
    }
    np.testing.assert_allclose(scores[1], scorer.run(None, given)[0], atol=1e-5)


def test_a_variant_agrees_with_itself(headed_subject: Subject, sample: Sample):
    assert agreement(headed_subject, headed_subject, sample) == {
        "max_abs_difference": 0.0,
        "kendall_tau": pytest.approx(1.0),
        "top_k_overlap": 1.0,
    }
