"""Any tree that is written is read back; any tree that is broken is refused in one line or read soundly."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from outfitbench.datasets import NO_ITEM, InputError
from outfitbench.datasets.check import inspect_tree
from outfitbench.datasets.polyvore import read_tree

from .written_trees import Tree, small_tree, write_converted, write_original

WRITERS = {"original": write_original, "converted": write_converted}


@contextmanager
def fresh_folder() -> Iterator[Path]:
    """A folder for one example: fixtures live for all examples of a test together."""
    folder = Path(tempfile.mkdtemp())
    try:
        yield folder
    finally:
        shutil.rmtree(folder)


@st.composite
def trees(draw: st.DrawFn) -> Tree:
    users = draw(st.integers(1, 5))
    sizes = [draw(st.integers(2, 6)) for _ in range(3)]
    variable = draw(st.booleans())
    columns = [0, 0, 1, 2] if variable else [0, 1, 2]
    row = st.tuples(st.integers(0, users - 1), *(st.integers(0, sizes[column] - 1) for column in columns))
    if variable:
        row = st.tuples(row, st.booleans()).map(
            lambda drawn: (*drawn[0][:2], -1, *drawn[0][3:]) if drawn[1] else drawn[0]
        )
        row = row.filter(lambda outfit: outfit[1] != outfit[2])
    rows = draw(
        st.lists(
            row,
            min_size=3,
            max_size=20,
            unique_by=lambda outfit: (outfit[0], frozenset(outfit[1:3]), *outfit[3:]),
        )
    )
    first, second = sorted(draw(st.lists(st.integers(1, len(rows) - 1), min_size=2, max_size=2, unique=True)))
    name = st.text(
        st.characters(codec="utf-8", exclude_categories=["C", "Z"], exclude_characters="/\\:"), min_size=1
    )
    names = [
        draw(st.lists(name.filter(lambda n: n not in (".", "..")), min_size=size, max_size=size, unique=True))
        for size in sizes
    ]
    return Tree(users, names, {"train": rows[:first], "valid": rows[first:second], "test": rows[second:]})


@settings(max_examples=60)
@given(trees(), st.sampled_from(sorted(WRITERS)))
def test_a_written_tree_is_read_back(tree: Tree, layout: str) -> None:
    with fresh_folder() as root:
        WRITERS[layout](tree, root)
        dataset = read_tree(root, f"polyvore-{tree.users}", cache=root / "cache")
    assert list(dataset.item_names) == [name for names in tree.names for name in names]
    for split, rows in tree.outfits.items():
        table = dataset.split(split)
        assert table.users.tolist() == [row[0] for row in rows]
        expected = [[item for item in row if item != NO_ITEM] for row in tree.global_rows(split)]
        assert [[item for item in row if item != NO_ITEM] for row in table.items.tolist()] == expected


BROKEN_BYTES = st.one_of(
    st.binary(max_size=3), st.sampled_from([b"-1", b",", b"\n", b"\r\n", b"\xef\xbb\xbf", b"1\n2"])
)


@pytest.mark.parametrize("layout", sorted(WRITERS))
@pytest.mark.parametrize("variable", [False, True])
@settings(max_examples=40)
@given(data=st.data())
def test_a_broken_tree_is_refused_or_read_soundly(layout: str, variable: bool, data: st.DataObject) -> None:
    with fresh_folder() as root:
        folder = WRITERS[layout](small_tree(variable=variable), root)
        file = data.draw(st.sampled_from(sorted(folder.iterdir())), label="file")
        content = file.read_bytes()
        start = data.draw(st.integers(0, len(content)), label="start")
        length = data.draw(st.integers(0, 12), label="bytes taken away")
        file.write_bytes(
            content[:start] + data.draw(BROKEN_BYTES, label="put in") + content[start + length :]
        )
        faults = inspect_tree(root, "polyvore-3", root / "cache").faults
        text_faults = [str(fault) for fault in faults if fault.found != "neither images nor features"]
        assert not any("\n" in fault for fault in text_faults)
        if text_faults:
            with pytest.raises(InputError) as refused:
                read_tree(root, "polyvore-3", cache=root / "cache")
            assert str(refused.value) == text_faults[0]
            return
        dataset = read_tree(root, "polyvore-3", cache=root / "cache")
    for split in ("train", "valid", "test"):
        table = dataset.split(split)
        assert len(table) > 0
        assert table.users.min() >= 0
        assert table.users.max() < 3
        assert table.items.min() >= NO_ITEM
        assert table.items.max() < dataset.num_items
        worn = np.where(table.items == NO_ITEM, 3, dataset.item_category[table.items])
        assert all({0, 1, 2} <= set(row) for row in worn.tolist()) or layout == "converted"
