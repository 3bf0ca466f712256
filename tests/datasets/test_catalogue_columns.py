"""A catalogue of feature vectors in a Parquet file: what is one, which rows are broken, and a part of it."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from outfitbench.core.errors import InputError
from outfitbench.datasets.catalogue import open_catalogue

CATEGORIES = ("top", "bottom", "shoe")
WIDTH = 6
VECTORS = np.random.default_rng(0).normal(size=(10, WIDTH)).astype(np.float32)
COLUMNS = "the columns item (its name), category (one of the model's)"
SEEN = f"features (a list of {WIDTH} float32 numbers, which the model sees in place of an image)"
KINDS = {
    "list": pa.list_(pa.float32()),
    "large": pa.large_list(pa.float32()),
    "fixed": pa.list_(pa.float32(), WIDTH),
    "double": pa.list_(pa.float64()),
}


def write(path: Path, features: Any, **columns: Any) -> Path:
    """Of as many items as there are features."""
    numbers = range(len(features))
    table = {"item": [f"i{number}" for number in numbers], "category": [CATEGORIES[n % 3] for n in numbers]}
    pq.write_table(pa.table(table | {"features": features} | columns), path, row_group_size=3)
    return path


@pytest.mark.parametrize("kind", KINDS)
def test_a_part_is_its_vectors_wherever_they_are_read(tmp_path, monkeypatch, kind):
    write(tmp_path / "shop.parquet", pa.array(VECTORS.tolist(), KINDS[kind]))
    monkeypatch.chdir(tmp_path)
    whole = open_catalogue(Path("shop.parquet"), CATEGORIES, WIDTH)
    parts = {own: pickle.dumps(whole.part(*own)) for own in ((0, 2), (1, 7), (4, 5), (8, 12))}
    monkeypatch.chdir("/")
    for (first, stop), pickled in parts.items():
        part = pickle.loads(pickled)
        np.testing.assert_array_equal([item.read() for item in part.items()], VECTORS[first:stop])
        assert [item.name for item in part.items()] == [f"i{row}" for row in range(10)][first:stop]
        assert part.key(0, stop - first) == whole.key(first, stop)


def test_what_is_wrong_with_a_row_is_told_by_the_row_alone(tmp_path):
    rows: list[list[float | None] | None] = [*VECTORS.tolist()]
    rows[1], rows[2], rows[3] = None, rows[2][:-1], []
    for row, number in ((4, np.nan), (5, -np.inf), (6, 1e300), (7, None)):
        rows[row] = [*VECTORS[row, :-1].tolist(), number]
    shop = write(tmp_path / "shop", pa.array(rows, pa.list_(pa.float64())), item=[None, *"bcdefghij"])
    items = list(open_catalogue(shop, CATEGORIES, WIDTH).items())
    found = ["no item", "no features", "5 numbers", "0 numbers", *["NaN or infinity"] * 4]
    for row, said in enumerate(found, 1):
        with pytest.raises(InputError, match=f"shop, row {row}: found {said}, expected"):
            items[row - 1].read()
    np.testing.assert_array_equal([item.read() for item in items[8:]], VECTORS[8:])
    assert [item.category for item in items] == [-1] * 8 + [2, 0]


def test_a_vector_that_is_missing_among_those_of_one_length(tmp_path):
    shop = write(tmp_path / "shop", pa.array([VECTORS[0], None, VECTORS[2]], KINDS["fixed"]))
    first, second, third = open_catalogue(shop, CATEGORIES, WIDTH).items()
    np.testing.assert_array_equal([first.read(), third.read()], VECTORS[[0, 2]])
    with pytest.raises(InputError, match="row 2: found no features, expected 6 finite numbers"):
        second.read()


def test_categories_that_are_numbers_are_the_models_by_name(tmp_path):
    shop = write(tmp_path / "shop", VECTORS[:3].tolist(), category=[35, 7, 8])
    one, other, third = open_catalogue(shop, ("7", "35"), WIDTH).items()
    assert (one.category, other.category) == (1, 0)
    with pytest.raises(InputError, match="row 3: found '8', expected a category of the model"):
        third.read()


@pytest.mark.parametrize(
    ("features", "said"),
    [
        (pa.array(VECTORS[:, 1:].tolist(), pa.list_(pa.float32(), 5)), "found lists of 5, expected"),
        (VECTORS[:, 1:].tolist(), "found lists of 5, expected lists of 6 float32 numbers, as the model"),
        (VECTORS[:, 0], "found float, expected lists of 6 float32 numbers"),
        (VECTORS.astype(int).tolist(), "int64>, expected lists of 6 float32 numbers"),
    ],
)
def test_vectors_of_another_model_are_refused_at_once(tmp_path, features, said):
    shop = write(tmp_path / "shop", features)
    with pytest.raises(InputError, match=f"shop, column features: .*{said}"):
        open_catalogue(shop, CATEGORIES, WIDTH)


def test_images_for_a_model_of_vectors_and_the_other_way_round(tmp_path):
    folder = "a folder, and a model of features, which sees no images"
    for source, found in ((tmp_path, folder), (tmp_path / "nowhere", "nothing")):
        with pytest.raises(InputError) as caught:
            open_catalogue(source, CATEGORIES, WIDTH)
        expected = f"a Parquet file with the columns item, category and {SEEN}"
        assert str(caught.value) == f"{source}: found {found}, expected {expected}"
    table = {"item": ["a"], "category": ["top"]}
    pq.write_table(pa.table(table | {"image": [b""]}), tmp_path / "images")
    with pytest.raises(InputError) as caught:
        open_catalogue(tmp_path / "images", CATEGORIES, WIDTH)
    found = "found no column features among 'item, category, image'"
    assert str(caught.value) == f"{tmp_path / 'images'}: {found}, expected {COLUMNS}, {SEEN}"
    pq.write_table(pa.table(table | {"features": [VECTORS[0].tolist()]}), tmp_path / "vectors")
    with pytest.raises(InputError) as caught:
        open_catalogue(tmp_path / "vectors", CATEGORIES)
    found = "found no column image among 'item, category, features'"
    image = "image (the bytes of an image file, which the model sees)"
    assert str(caught.value) == f"{tmp_path / 'vectors'}: {found}, expected {COLUMNS}, {image}"
