from __future__ import annotations

import hashlib
import json
import re
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from outfitbench.datasets import InputError
from outfitbench.datasets.closet import CLOSETS, hidden_preference, make_closet
from outfitbench.datasets.closet.garment import Garment


@pytest.fixture(scope="module")
def root(session_cache: Path) -> Path:
    return make_closet("closet-12", session_cache)


@pytest.fixture
def few_garments(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(CLOSETS, "closet-12", replace(CLOSETS["closet-12"], items_per_category=15))


def test_a_closet_is_a_polyvore_u_tree(root: Path) -> None:
    names = [(root / f"tuples_12/image_list_{c}").read_text().split() for c in ("top", "bottom", "shoe")]
    assert all(re.fullmatch(r"[0-9a-f]{40}\.jpg", name) for category in names for name in category)
    images = {path.name for path in (root / "images/291x291").iterdir()}
    assert images == {name for category in names for name in category}
    assert len(images) == sum(map(len, names))
    for part in ("train", "val", "test"):
        header, *rows = (root / f"tuples_12/tuples_{part}_posi").read_text().splitlines()
        assert header == "user,top,bottom,shoe"
        numbers = np.array([row.split(",") for row in rows], int)
        assert set(numbers[:, 0]) == set(range(12))
        assert (numbers[:, 1:] < [len(category) for category in names]).all()
        assert (numbers >= 0).all()


def test_the_bytes_are_the_same_every_time(few_garments: None, cache: Path, tmp_path: Path) -> None:
    once, again = make_closet("closet-12", cache), make_closet("closet-12", tmp_path)
    files = [path.relative_to(once) for path in once.rglob("*") if path.is_file()]
    assert len(files) > 45
    assert all((once / file).read_bytes() == (again / file).read_bytes() for file in files)


def test_the_outfits_are_frozen(root: Path) -> None:
    """A change here changes everybody's results: raise GENERATOR_VERSION with it."""
    digest = hashlib.sha256()
    for path in sorted((root / "tuples_12").iterdir()):
        digest.update(path.name.encode() + path.read_bytes())
    assert digest.hexdigest()[:16] == "4b81fe670b7c60b8"


def test_a_made_closet_is_not_made_again(root: Path) -> None:
    before = {path: path.stat().st_mtime_ns for path in root.rglob("*")}
    assert make_closet("closet-12", root.parents[1]) == root
    assert before == {path: path.stat().st_mtime_ns for path in root.rglob("*")}


@pytest.mark.parametrize(
    "harm",
    [
        lambda root: (root / "tuples_12/tuples_val_posi").write_text("user,top,bottom,shoe\n"),
        lambda root: next((root / "images/291x291").iterdir()).unlink(),
        lambda root: next((root / "images/291x291").iterdir()).write_bytes(b""),
        lambda root: (root / "manifest.json").write_text('{"version":'),
        lambda root: (root / "truth.json").unlink(),
    ],
)
def test_a_harmed_closet_is_made_again(
    few_garments: None, cache: Path, harm: Callable[[Path], object]
) -> None:
    made = make_closet("closet-12", cache)
    whole = json.loads((made / "manifest.json").read_text())
    harm(made)
    make_closet("closet-12", cache)
    assert json.loads((made / "manifest.json").read_text()) == whole
    assert len(list((made / "images/291x291").iterdir())) == whole["images"]["number"]


def test_nothing_stays_of_a_closet_that_failed(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(garment: Garment) -> bytes:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("outfitbench.datasets.closet.make.render", fail)
    with pytest.raises(InputError, match="full disk"):
        make_closet("closet-12", cache)
    assert [path.name for path in (cache / "closet").iterdir()] == []


MAKE = """
import sys
from dataclasses import replace
from pathlib import Path
from outfitbench.datasets.closet import CLOSETS, make_closet

CLOSETS["closet-12"] = replace(CLOSETS["closet-12"], items_per_category=15)
print(make_closet("closet-12", Path(sys.argv[1])))
"""


def test_two_processes_may_want_the_same_closet(few_garments: None, cache: Path, tmp_path: Path) -> None:
    command = [sys.executable, "-c", MAKE, str(cache)]
    both = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    (made,) = {process.communicate()[0].splitlines()[-1] for process in both}
    assert [process.returncode for process in both] == [0, 0]
    by_itself = make_closet("closet-12", tmp_path)
    assert (Path(made) / "manifest.json").read_bytes() == (by_itself / "manifest.json").read_bytes()


def test_an_unknown_closet_is_refused(cache: Path) -> None:
    with pytest.raises(InputError, match="'closet-13', expected one of closet-12"):
        make_closet("closet-13", cache)


def test_a_broken_truth_is_one_clear_line(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"truth\.json: found what cannot be read"):
        hidden_preference(tmp_path)
    (tmp_path / "truth.json").write_text('{"item_category": [0]}')
    with pytest.raises(InputError, match="KeyError"):
        hidden_preference(tmp_path)
