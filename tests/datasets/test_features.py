"""Features as people have them: in a file on its own, of another type, under names in another form."""

from __future__ import annotations

import dataclasses
import io
import pickle
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from outfitbench.datasets import InputError, inspect_dataset
from outfitbench.datasets.polyvore import read_tree

from .written_trees import all_names, small_tree, write_converted, write_features, write_lmdb

NAME = "polyvore-32"


def vectors(count: int, size: int = 16) -> np.ndarray:
    """What a rectified layer gives: a quarter zeros, the rest up to 5."""
    return np.maximum(np.random.default_rng(1).normal(1, 1.5, size=(count, size)), 0).astype("<f4")


def as_npy(vector: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, vector)
    return buffer.getvalue()


def write(root: Path, dump: Callable[[np.ndarray], bytes]) -> Path:
    tree = small_tree(users=32)
    write_converted(tree, root)
    names = all_names(tree)
    values = {name: dump(vector) for name, vector in zip(names, vectors(len(names)), strict=True)}
    write_lmdb(root / "features" / "resnet34", values)
    return root / "features" / "resnet34"


@pytest.mark.parametrize(
    ("dump", "found"),
    [
        (as_npy, r"the bytes of a \.npy file"),
        *(
            (lambda v, n=n: pickle.dumps(v, protocol=n), "a pickle, which is never read")
            for n in (2, 3, 4, 5)
        ),
        (lambda v: pickle.dumps(v.tolist()), "a pickle, which is never read"),
    ],
)
def test_what_is_no_raw_vector_is_refused_by_its_name(
    dump: Callable[[np.ndarray], bytes], found: str, tmp_path: Path, cache: Path
) -> None:
    write(tmp_path, dump)
    with pytest.raises(
        InputError, match=rf"resnet34 \[top000\.jpg\]: found {found}|\[top00\.jpg\]: found {found}"
    ):
        read_tree(tmp_path, NAME, cache=cache)


def write_of_512(root: Path, place: str, kind: str) -> None:
    """A tree whose items have 512 numbers each, of some type, under a name."""
    tree = small_tree()
    write_converted(tree, root)
    values = map(bytes, vectors(72, 512).astype(kind))
    write_lmdb(root / "features" / place, dict(zip(all_names(tree), values, strict=True)))


@pytest.mark.parametrize(
    ("kind", "found"), [("<f2", "1,024 bytes, .* float16"), ("<f8", "4,096 bytes, .* float64")]
)
@pytest.mark.parametrize("place", ["resnet34", "resnet34.lmdb"])
def test_another_type_by_the_length_that_the_place_states_is_refused(
    kind: str, found: str, place: str, tmp_path: Path, cache: Path
) -> None:
    write_of_512(tmp_path, place, kind)
    with pytest.raises(InputError, match=rf"found {found}, expected 512 raw float32, as its name says"):
        read_tree(tmp_path, "polyvore-3", cache=cache)


@pytest.mark.parametrize(("place", "kind", "size"), [("resnet34", "<f4", 512), ("mine", "<f8", 1024)])
def test_a_length_that_nothing_speaks_against_is_taken(
    place: str, kind: str, size: int, tmp_path: Path, cache: Path
) -> None:
    write_of_512(tmp_path, place, kind)
    vectors = read_tree(tmp_path, "polyvore-3", cache=cache).vectors
    assert vectors is not None
    assert vectors.size == size


@pytest.mark.parametrize(
    ("change", "note"),
    [
        (lambda v: v.astype("<f8").tobytes(), "hold magnitudes beyond 1,000,000, such as top"),
        (lambda v: v.astype("<f2").tobytes(), "the vectors look like float16"),
        (lambda v: (0 * v).tobytes(), "768 of 768 vectors are all 0, such as top"),
        (lambda v: (0 * v + 3).tobytes(), "768 of 768 vectors hold one value throughout, such as top"),
    ],
)
def test_implausible_values_are_noted_with_an_example(
    change: Callable[[np.ndarray], bytes], note: str, tmp_path: Path, cache: Path
) -> None:
    place = write(tmp_path, change)
    findings = inspect_dataset(NAME, tmp_path, cache=cache)
    assert [one for one in findings.notes if note in one and one.startswith(f"{place}: ")]
    loaded = read_tree(tmp_path, NAME, cache=cache)
    assert any(note.split(", such")[0].removeprefix("768 of 768") in one for one in loaded.notes)


@pytest.mark.parametrize(
    "change",
    [
        lambda v: v.tobytes(),
        lambda v: v.astype("<f2").astype("<f4").tobytes(),  # rounded, and float32 all the same
        lambda v: (v / 5 * 255).astype("u1").astype("<f4").tobytes(),
    ],
)
def test_sound_values_are_not_noted(
    change: Callable[[np.ndarray], bytes], tmp_path: Path, cache: Path
) -> None:
    write(tmp_path, change)
    findings = inspect_dataset(NAME, tmp_path, cache=cache)
    assert (findings.faults, findings.notes) == ([], [])
    assert read_tree(tmp_path, NAME, cache=cache).notes == ()


@pytest.mark.parametrize(
    "place", ["features/resnet34.lmdb", "features/resnet34", "features/data.mdb", "features.lmdb", "features"]
)
def test_an_lmdb_in_a_file_on_its_own_is_found(place: str, tmp_path: Path, cache: Path) -> None:
    tree = small_tree()
    write_converted(tree, tmp_path)
    expected = write_features(tree, tmp_path / "elsewhere")
    (tmp_path / place).parent.mkdir(exist_ok=True)
    (tmp_path / "elsewhere" / "features" / "resnet34" / "data.mdb").rename(tmp_path / place)
    if (tmp_path / "features").is_dir():
        (tmp_path / "features" / "README.txt").write_text("Features of a ResNet-34.")
    dataset = read_tree(tmp_path, "polyvore-3", cache=cache)
    np.testing.assert_array_equal(dataset.features(np.arange(72)), expected)
    assert dataset.pictures is None


@pytest.mark.parametrize(("listed", "stored"), [("NFC", "NFD"), ("NFD", "NFC")])
def test_keys_are_found_in_another_normal_form(listed: str, stored: str, tmp_path: Path, cache: Path) -> None:
    import unicodedata

    tree = small_tree()
    names = [[f"é{name}" for name in names] for names in tree.names]

    def in_form(form: str) -> list[list[str]]:
        return [[unicodedata.normalize(form, name) for name in part] for part in names]

    write_converted(dataclasses.replace(tree, names=in_form(listed)), tmp_path)
    expected = write_features(dataclasses.replace(tree, names=in_form(stored)), tmp_path)
    dataset = read_tree(tmp_path, "polyvore-3", cache=cache)
    np.testing.assert_array_equal(dataset.features(np.arange(72)), expected)
