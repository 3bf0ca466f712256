"""The table of look-alike items against scikit-learn's search and against sorting by hand."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import numpy as np
import pytest
from outfitbench.core.errors import InputError
from outfitbench.training import neighbours
from outfitbench.training.neighbours import load_table, neighbour_table, save_table
from safetensors.numpy import save_file
from sklearn.neighbors import NearestNeighbors


def by_hand(codes, categories, count):
    """Every distance, sorted by (distance, item); codes are whole numbers, so that distances are exact."""
    whole = codes.astype(np.int64)
    table = np.full((len(codes), count), -1)
    for item in range(len(codes)):
        others = np.flatnonzero((categories == categories[item]) & (np.arange(len(codes)) != item))
        distance = np.square(whole[others] - whole[item]).sum(axis=1)
        nearest = others[np.lexsort((others, distance))][:count]
        table[item, : len(nearest)] = nearest
    return table


@pytest.mark.parametrize("width", [2, 64, 513])
def test_equal_to_scikit_learn(width):
    rng = np.random.default_rng(width)
    codes = rng.normal(size=(1500, width)).astype(np.float32)
    categories = rng.choice(3, size=1500, p=[0.8, 0.15, 0.05]).astype(np.int8)
    found = neighbour_table(codes, categories, 10)
    assert found.dtype == np.int32
    for category in range(3):
        members = np.flatnonzero(categories == category)
        search = NearestNeighbors(n_neighbors=10, algorithm="brute").fit(codes[members].astype(np.float64))
        np.testing.assert_array_equal(found[members], members[search.kneighbors(return_distance=False)])


@pytest.mark.parametrize("count", [1, 3, 10, 90])
@pytest.mark.parametrize("values", [2, 4, 1000])
@pytest.mark.parametrize("items", [1, 2, 12, 700])
def test_equally_near_ones_come_in_the_order_of_their_ids(items, values, count):
    rng = np.random.default_rng([items, values, count])
    codes = rng.integers(values, size=(items, 3)).astype(np.float32) - values // 2
    categories = rng.integers(2, size=items)
    np.testing.assert_array_equal(
        neighbour_table(codes, categories, count), by_hand(codes, categories, count)
    )


def test_codes_that_are_all_equal():
    found = neighbour_table(np.full((2000, 8), 0.1, dtype=np.float32), np.zeros(2000, int), 3)
    assert found[:5].tolist() == [[1, 2, 3], [0, 2, 3], [0, 1, 3], [0, 1, 2], [0, 1, 2]]
    assert (found[4:] == [0, 1, 2]).all()


@pytest.mark.parametrize("block_bytes", [1, 50_000, 10**9])
def test_the_size_of_the_blocks_changes_nothing(block_bytes, monkeypatch):
    rng = np.random.default_rng(1)
    codes, categories = rng.normal(size=(900, 16)).round(1), rng.integers(2, size=900)
    expected = neighbour_table(codes, categories, 7)
    monkeypatch.setattr(neighbours, "_BLOCK_BYTES", block_bytes)
    np.testing.assert_array_equal(neighbour_table(codes, categories, 7), expected)


@pytest.mark.parametrize("scale", [1e-30, 1e-3, 1e6, 1e30])
def test_the_unit_of_the_codes_does_not_count(scale):
    codes, categories = np.random.default_rng(2).normal(size=(400, 8)), np.zeros(400, int)
    np.testing.assert_array_equal(
        neighbour_table(codes * scale, categories, 5), neighbour_table(codes, categories, 5)
    )


def test_a_category_with_too_few_items_ends_in_minus_one():
    codes, categories = np.array([[0.0], [1.0], [3.0], [9.0]]), np.array([4, 4, 4, -2])
    expected = [[1, 2, -1], [0, 2, -1], [1, 0, -1], [-1, -1, -1]]
    assert neighbour_table(codes, categories, 3).tolist() == expected


def test_no_items():
    assert neighbour_table(np.zeros((0, 4)), np.zeros(0, int), 3).shape == (0, 3)


@pytest.mark.parametrize(
    ("codes", "categories", "count", "message"),
    [
        (np.zeros(3), np.zeros(3), 1, r"codes: found shape \(3,\), expected one code an item, \(n, d\)"),
        (np.zeros((3, 0)), np.zeros(3), 1, r"codes: found shape \(3, 0\)"),
        (np.zeros((3, 2)), np.zeros(4), 1, r"categories: found shape \(4,\), expected \(3,\)"),
        (np.zeros((3, 2)), np.zeros(3), 0, "count: found 0, expected 1 or more"),
        (np.array([[0.0], [np.nan]]), np.zeros(2), 1, r"codes\[1\]: found a number that is not finite"),
        (np.array([[0.0], [np.inf]]), np.zeros(2), 1, r"codes\[1\]: found a number that is not finite"),
    ],
)
def test_bad_input_is_one_clear_line(codes, categories, count, message):
    with pytest.raises(InputError, match=message):
        neighbour_table(codes, categories, count)


TABLE = np.array([[1, 2], [0, -1], [1, 0]], dtype=np.int32)


def test_a_table_is_read_as_it_was_written(tmp_path):
    save_table(TABLE, tmp_path / "new" / "table.safetensors")
    found = load_table(tmp_path / "new" / "table.safetensors")
    np.testing.assert_array_equal(found, TABLE)
    assert found.dtype == np.int32


def _cut(path):
    path.write_bytes(path.read_bytes()[:-4])


def _pickle(path):
    path.write_bytes(b"\x80\x04\x95" + bytes(50))


def _bfloat16(path):
    header = json.dumps({"neighbours": {"dtype": "BF16", "shape": [1], "data_offsets": [0, 2]}}).encode()
    path.write_bytes(len(header).to_bytes(8, "little") + header + bytes(2))


@pytest.mark.parametrize(
    ("spoil", "found"),
    [
        (lambda path: path.unlink(), "no file"),
        (lambda path: (path.unlink(), path.mkdir()), "an unreadable file"),
        (lambda path: path.write_bytes(b""), "an unreadable file"),
        (_cut, "an unreadable file"),
        (_pickle, "an unreadable file"),
        (_bfloat16, "an unreadable file|bfloat16"),
        (lambda path: save_file({"weights": TABLE}, path), "other tensors"),
        (lambda path: save_file({"neighbours": TABLE[0]}, path), r"int32 of shape \(2,\)"),
        (lambda path: save_file({"neighbours": TABLE.astype(np.float32)}, path), "float32 of shape"),
        (lambda path: save_file({"neighbours": TABLE + 1}, path), "items beyond the table's own 3"),
        (lambda path: save_file({"neighbours": TABLE - 1}, path), "items beyond the table's own 3"),
    ],
)
def test_a_broken_table_is_one_clear_line(spoil, found, tmp_path):
    path = tmp_path / "table.safetensors"
    save_table(TABLE, path)
    spoil(path)
    with pytest.raises(InputError, match=f"table.safetensors: found {found}") as caught:
        load_table(path)
    assert "\n" not in str(caught.value)


CATALOGUE = """
import json, resource, time
import numpy as np
from outfitbench.training.neighbours import neighbour_table
rng = np.random.default_rng(0)
items = 200_000
codes, categories = rng.normal(size=(items, 64)).astype(np.float32), rng.integers(3, size=items)
started = time.perf_counter()
table = neighbour_table(codes, categories, 10)
print(json.dumps({
    "seconds": time.perf_counter() - started,
    "bytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
    "whole": bool((table >= 0).all() and (categories[table] == categories[:, None]).all()),
}))
"""


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_a_catalogue_of_200_000_items_in_five_minutes_and_two_gigabytes():
    environment = {name: value for name, value in os.environ.items() if name != "OMP_NUM_THREADS"}
    done = subprocess.run([sys.executable, "-c", CATALOGUE], env=environment, capture_output=True, check=True)
    found = json.loads(done.stdout)
    assert found["whole"]
    assert found["bytes"] < 2e9
    assert found["seconds"] < 300
