from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import outfitbench.datasets
import pytest
from outfitbench.core.plugins import load_plugin
from outfitbench.datasets import (
    InputError,
    check_dataset,
    inspect_dataset,
    list_datasets,
    load_dataset,
)

from .written_trees import picture, small_tree, write_images, write_original


def test_lists_every_dataset_once() -> None:
    names = list_datasets()
    assert len(set(names)) == len(names)
    expected = {"closet-12", "closet-24", "closet-60", "closet-16", "polyvore-630", "polyvore-519", "photos"}
    assert expected <= set(names)


@pytest.mark.parametrize(
    ("name", "nearest"), [("closet-42", "closet-24"), ("polyvore-603", "polyvore-630"), ("photo", "photos")]
)
def test_an_unknown_name_is_answered_with_the_nearest(name: str, nearest: str, tmp_path: Path) -> None:
    with pytest.raises(
        InputError, match=f"argument name: found '{name}', expected a dataset; nearest: .*{nearest}"
    ):
        load_dataset(name)
    assert nearest in str(check_dataset(name, tmp_path)[0])


@pytest.mark.parametrize(
    ("name", "needed"),
    [
        ("polyvore-630", "a folder that holds tuples_630"),
        ("polyvore-32", "a folder that holds tuples_32"),
        ("photos", "a folder of photographs for each class"),
    ],
)
def test_what_is_read_from_disk_needs_a_root(name: str, needed: str, tmp_path: Path) -> None:
    with pytest.raises(
        InputError, match=f"dataset {name}: found no root, expected .*{needed}; name it with root"
    ):
        load_dataset(name)
    with pytest.raises(InputError, match=f"nowhere: found no such folder, expected .*{needed}"):
        load_dataset(name, tmp_path / "nowhere")
    assert [fault.found for fault in check_dataset(name)] == ["no root"]


def test_an_unknown_split_scheme_is_refused_before_anything_is_made(cache: Path) -> None:
    with pytest.raises(InputError, match="argument split"):
        load_dataset("closet-12", split="8:1:1", cache=cache)
    assert list(cache.iterdir()) == []


def test_polyvore_is_read_from_its_root(tmp_path: Path, cache: Path) -> None:
    write_original(small_tree(users=53), tmp_path)
    dataset = load_dataset("polyvore-53", str(tmp_path), cache=cache)
    assert (dataset.name, dataset.num_users) == ("polyvore-53", 53)
    assert dataset.origin == "tuples_53 of the original release"
    assert dataset.cold_sibling is None
    write_original(small_tree(users=630), tmp_path)
    assert load_dataset("polyvore-630", tmp_path, cache=cache).cold_sibling == "polyvore-53"


def test_the_check_reaches_a_polyvore_tree(tmp_path: Path, cache: Path) -> None:
    tree = small_tree(users=32)
    write_original(tree, tmp_path)
    write_images(tree, tmp_path)
    (tmp_path / "images" / "291x291" / "top200.jpg").unlink()
    faults = check_dataset("polyvore-32", tmp_path, cache=cache)
    assert [Path(fault.where).name for fault in faults] == ["top200.jpg"]


def test_the_check_reaches_every_photograph(tmp_path: Path, cache: Path) -> None:
    for number in range(6):
        photo = tmp_path / ("shirt" if number % 2 else "pants") / f"{number}.jpg"
        photo.parent.mkdir(exist_ok=True)
        photo.write_bytes(picture(number) if number < 4 else b"no image")
    faults = check_dataset("photos", tmp_path, cache=cache)
    assert {"4.jpg", "5.jpg"} <= {Path(fault.where).name for fault in faults}


def test_a_closet_is_made_on_first_use_and_knows_its_truth() -> None:
    dataset = load_dataset("closet-12")
    assert dataset.num_users == 12
    assert dataset.origin.startswith("drawn by closet version ")
    assert dataset.hidden is not None
    test = dataset.split("test")
    preference = dataset.hidden.preference(test.users, test.items)
    assert preference.shape == (len(test),)
    assert np.isfinite(preference).all()
    assert load_dataset("closet-12").fingerprint == dataset.fingerprint
    assert load_dataset("closet-12", split="9:2:2").fingerprint != dataset.fingerprint
    assert check_dataset("closet-12") == []


def test_a_closet_can_be_read_from_a_root_like_any_tree(tmp_path: Path, cache: Path) -> None:
    write_original(small_tree(users=12), tmp_path)
    dataset = load_dataset("closet-12", tmp_path, cache=cache)
    assert dataset.num_items == 3 * 8 * 12
    assert dataset.hidden is None
    assert dataset.origin == "tuples_12 of the original release"
    with pytest.raises(InputError, match="expected the tree of closet-24, a drawn dataset"):
        load_dataset("closet-24", tmp_path, cache=cache)


PLUGIN = """
import dataclasses
from outfitbench.datasets import load_dataset, register_dataset

@register_dataset("closet-mine")
def load(name, root, split, cache):
    \"\"\"The small closet under another name.\"\"\"
    assert root is None
    dataset = load_dataset("closet-12", split=split, cache=cache)
    return dataclasses.replace(dataset, name=name, notes=("mine",))
"""


@pytest.mark.usefixtures("own_registry")
def test_a_plugin_adds_a_dataset(tmp_path: Path) -> None:
    (tmp_path / "plugin.py").write_text(PLUGIN)
    assert load_plugin(tmp_path / "plugin.py") == ["closet-mine"]
    assert "closet-mine" in list_datasets()
    dataset = load_dataset("closet-mine")
    assert (dataset.name, dataset.num_users) == ("closet-mine", 12)
    findings = inspect_dataset("closet-mine")
    assert (findings.faults, findings.notes) == ([], ["mine"])


@pytest.mark.usefixtures("own_registry")
def test_a_name_that_is_taken_is_refused(tmp_path: Path) -> None:
    (tmp_path / "plugin.py").write_text(PLUGIN.replace("closet-mine", "closet-12"))
    with pytest.raises(InputError, match="dataset 'closet-12': found a second definition"):
        load_plugin(tmp_path / "plugin.py")


def test_every_public_name_is_there() -> None:
    for name in outfitbench.datasets.__all__:
        assert getattr(outfitbench.datasets, name) is not None
        assert name in dir(outfitbench.datasets)
    with pytest.raises(AttributeError, match="no attribute 'load_datasets'"):
        outfitbench.datasets.load_datasets()


@pytest.mark.parametrize(
    "statement", ["import outfitbench.datasets", "from outfitbench.datasets import load_dataset"]
)
def test_datasets_import_no_torch(statement: str) -> None:
    code = f"import sys; {statement}; print({{'torch', 'scipy', 'lmdb', 'matplotlib'}} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
