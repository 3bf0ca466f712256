from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from outfitbench.bench import Subject
from outfitbench.bench.request import as_floats, make_request

paths = st.builds(Path, st.text("ab/. é", min_size=1))
subjects = st.builds(
    Subject,
    model=st.text(),
    num_users=st.integers(1),
    label=st.text(),
    weights=st.none() | paths,
    backbone=st.none() | st.text(),
    options=st.dictionaries(st.text(), st.integers() | st.text() | st.booleans()),
    input_kind=st.sampled_from(["image", "features"]),
    input_size=st.none() | st.integers(1),
    plugins=st.lists(paths).map(tuple),
    export=st.none() | paths,
)


@given(subjects)
def test_a_subject_travels_as_json(subject):
    assert Subject.from_json(json.loads(json.dumps(subject.to_json()))) == subject


@pytest.mark.parametrize(
    ("outfit_size", "categories"), [(1, [0]), (2, [0, 1]), (3, [0, 1, 2]), (4, [0, 0, 1, 2])]
)
def test_requests_have_the_shape_asked_for(outfit_size, categories):
    request = make_request(7, "image", 20, batch=3, outfit_size=outfit_size)
    assert request.items.shape == (3 * outfit_size, 20, 20, 3)
    assert request.categories.tolist() == [categories] * 3
    assert (request.users < 7).all()


def test_requests_are_the_same_from_the_same_seed():
    one, same, other = (make_request(7, "features", 8, batch=4, seed=seed).items for seed in (1, 1, 2))
    assert np.array_equal(one, same)
    assert not np.array_equal(one, other)


def test_bytes_become_floats_between_0_and_1():
    pixels = np.arange(2 * 3 * 4 * 3, dtype=np.uint8).reshape(2, 3, 4, 3)
    floats = as_floats(pixels)
    assert floats.flags.c_contiguous
    assert floats.dtype == np.float32
    assert np.array_equal(floats, (pixels / 255).astype(np.float32).transpose(0, 3, 1, 2))


def test_features_stay_as_they_are():
    features = np.ones((2, 3), dtype=np.float32)
    assert as_floats(features) is features
