"""`outfitbench data`: the embedded dataset made, described, broken and checked."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from outfitbench.cli.main import main
from outfitbench.core.cache import cache_folder
from outfitbench.datasets import load_dataset
from outfitbench.datasets.closet import make_closet

from ..datasets.written_releases import polyvore_outfits

NAME = "closet-12"


@pytest.fixture
def broken_tree(tmp_path) -> Path:
    """A closet with a truncated image and a training row that lacks a field."""
    root = tmp_path / "broken"
    shutil.copytree(make_closet(NAME, cache_folder()), root)
    image = min((root / "images").rglob("*.jpg"))
    image.write_bytes(image.read_bytes()[:100])
    (tuples,) = root.glob("tuples_*")
    train = tuples / "tuples_train_posi"
    lines = train.read_text().splitlines()
    lines[3] = "0,1"
    train.write_text("\n".join(lines) + "\n")
    return root


def run(capsys, *arguments: str) -> tuple[int, str, str]:
    status = main(["data", *arguments])
    printed = capsys.readouterr()
    return status, printed.out, printed.err


@pytest.mark.usefixtures("small_closet_12")
def test_make_leaves_everything_ready(capsys, cache):
    status, out, _ = run(capsys, "make", NAME, "--cache", str(cache), "--json")
    assert status == 0
    made = json.loads(out)
    dataset = load_dataset(NAME, cache=cache)
    assert made["fingerprint"] == dataset.fingerprint
    assert made["items"] == dataset.num_items
    assert made["candidate_fingerprints"]["hard"] == dataset.candidates("test", "hard").fingerprint


def test_where_nobody_knows_the_users_there_are_no_hard_negatives(capsys, cache, tmp_path):
    told = ["polyvore-outfits", "--root", str(polyvore_outfits(tmp_path / "root", 60)), "--cache", str(cache)]
    status, out, _ = run(capsys, "make", *told, "--json")
    assert status == 0
    assert list(json.loads(out)["candidate_fingerprints"]) == ["random"]
    assert "\nusers not known, 36 items, 60 training and 30 test outfits\n" in run(capsys, "make", *told)[1]
    _, out, _ = run(capsys, "stats", *told)
    assert "\nusers: not known: all outfits stand under one\n" in out
    assert "\ndrawn negatives repeated: random 0\n" in out


def test_stats_count_what_is_there(capsys):
    status, out, _ = run(capsys, "stats", NAME, "--json")
    assert status == 0
    statistics = json.loads(out)
    dataset = load_dataset(NAME)
    assert statistics["users"] == dataset.num_users
    assert sum(statistics["items_by_category"].values()) == dataset.num_items
    assert statistics["outfits"]["test"] == len(dataset.split("test"))
    _, text, _ = run(capsys, "stats", NAME)
    assert f"users: {dataset.num_users}" in text
    outfits = sum(len(dataset.split(split)) for split in ("train", "valid", "test"))
    assert f"\nsizes: {outfits} outfits of 3 items\n" in text
    assert "\nnegatives repeated: none\n" in text


def test_stats_are_of_the_split_that_a_run_would_use(capsys):
    status, out, _ = run(capsys, "stats", NAME, "--split", "9:2:2", "--json")
    assert status == 0
    dataset = load_dataset(NAME, split="9:2:2")
    assert json.loads(out)["outfits"] == {
        part: len(dataset.split(part)) for part in ("train", "valid", "test")
    }


def test_rows_that_a_run_would_leave_out_are_counted(capsys, broken_tree):
    asked = [NAME, "--root", str(broken_tree), "--skip-unusable"]
    status, out, _ = run(capsys, "check", *asked)
    assert status == 2
    image, note = out.splitlines()
    assert ".jpg" in image
    assert note.startswith("note: 1 unusable row of tuples_train_posi left out: ")
    status, out, _ = run(capsys, "stats", *asked)
    assert status == 0
    assert note in out.splitlines()


def test_outfits_that_a_run_would_leave_out_for_an_image_are_counted(capsys, cache, tmp_path):
    root = polyvore_outfits(tmp_path / "root", 60)
    (root / "images" / "bags7.jpg").unlink()
    asked = ["polyvore-outfits", "--root", str(root), "--cache", str(cache)]
    status, out, _ = run(capsys, "check", *asked)
    assert status == 2
    assert (
        out == f"{root}/images/bags7.jpg: found no such file or directory, expected a readable image file\n"
    )
    status, out, _ = run(capsys, "check", *asked, "--skip-unusable")
    assert status == 0
    first, *notes = out.splitlines()
    assert first == "polyvore-outfits: no fault found"
    assert all("item 'bags7', whose image 'images/bags7.jpg' is missing" in note for note in notes)
    status, _, err = run(capsys, "stats", *asked)
    assert status == 2
    assert "bags7.jpg: found no such file (1 of 36 images are missing)" in err
    status, out, _ = run(capsys, "stats", *asked, "--skip-unusable")
    assert status == 0
    assert [line for line in out.splitlines() if line.startswith("note: ")] == notes


def test_a_sound_dataset_has_no_fault(capsys):
    assert run(capsys, "check", NAME)[:2] == (0, f"{NAME}: no fault found\n")


def test_check_lists_every_fault_and_exits_with_2(capsys, broken_tree):
    status, out, err = run(capsys, "check", NAME, "--root", str(broken_tree))
    assert (status, err) == (2, "")
    lines = out.splitlines()
    assert len(lines) == 2
    assert any("tuples_train_posi:4" in line for line in lines)
    assert any(".jpg" in line for line in lines)
    status, out, _ = run(capsys, "check", NAME, "--root", str(broken_tree), "--json")
    assert status == 2
    assert [set(fault) for fault in json.loads(out)["faults"]] == [{"where", "found", "expected", "fix"}] * 2


def test_make_stops_at_the_first_fault_with_one_line(capsys, broken_tree):
    status, out, err = run(capsys, "make", NAME, "--root", str(broken_tree))
    assert (status, out) == (2, "")
    assert err.count("\n") == 1
    assert err.startswith("outfitbench: ")
    assert "tuples_train_posi:4" in err


@pytest.mark.parametrize(
    ("arguments", "hint"),
    [
        (["make", "closet-13"], "closet-12"),
        (["stats", "polyvore-630"], "--root"),
        (["check", "../closet-12"], "closet-12"),
        (
            ["stats", NAME, "--out", "x"],
            "argument --out: found x, expected nothing for stats; features takes it",
        ),
        (
            ["make", NAME, "--backbone", "alexnet"],
            "argument --backbone: found alexnet, expected nothing for make",
        ),
        (
            ["check", NAME, "--image-size", "128"],
            "argument --image-size: found 128, expected nothing for check",
        ),
        (["check", NAME, "--root", "."], "a drawn dataset that was copied there; without --root it is drawn"),
    ],
)
def test_a_dataset_that_cannot_be_had(capsys, arguments, hint):
    status, out, err = run(capsys, *arguments)
    assert status == 2
    (line,) = (out + err).splitlines()
    assert hint in line
