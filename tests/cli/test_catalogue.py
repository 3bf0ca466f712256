"""`outfitbench encode` and `recommend`: a shop's photographs and outfits through what a run trained."""

from __future__ import annotations

import json
import shutil
import sys

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from outfitbench.cli.main import main
from outfitbench.core.hashes import content_hash
from PIL import Image


@pytest.fixture(scope="module")
def shop(tmp_path_factory):
    """Two tops, two bottoms, two shoes and a file that is no picture; and their eight outfits."""
    root = tmp_path_factory.mktemp("shop")
    draw = np.random.default_rng(0)
    names = [f"{kind}/{number}.png" for kind in ("top", "bottom", "shoe") for number in range(2)]
    for name in names:
        (root / "images" / name).parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(draw.integers(0, 255, (64, 64, 3), np.uint8)).save(root / "images" / name)
    (root / "images" / "shoe" / "broken.png").write_bytes(b"")
    items = [[top, bottom, shoe] for top in names[:2] for bottom in names[2:4] for shoe in names[4:]]
    table = {"outfit": [*map(str, range(9))], "items": [*items, ["shoe/broken.png"]]}
    pq.write_table(pa.table(table), root / "outfits.parquet")
    return root


def test_from_a_run_and_a_shop_to_every_users_best(finished_run, shop, capsys, tmp_path):
    run, out = str(finished_run.folder), str(tmp_path / "features")
    arguments = [run, "--method", "n-pair-xs", "--json", "--quiet"]
    assert main(["encode", *arguments, "--images", str(shop / "images"), "--out", out]) == 0
    encoded = json.loads(capsys.readouterr().out)
    assert (encoded["items"], encoded["shards"]) == (6, 1)
    assert [item["item"] for item in encoded["broken"]] == ["shoe/broken.png"]

    best = tmp_path / "best.parquet"
    files = ["--features", out, "--outfits", str(shop / "outfits.parquet"), "--out", str(best)]
    assert main(["recommend", *arguments, *files, "-k", "3", "--memory", "1"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["users"], told["outfits"], told["left_out"], told["rows"]) == (12, 8, 1, 36)
    table_of_exact = pq.read_table(best)
    table = table_of_exact.to_pandas()
    assert table.columns.tolist() == ["user", "rank", "outfit", "score"]
    assert table.groupby("user")["score"].apply(lambda of_user: of_user.is_monotonic_decreasing).all()
    assert table.groupby("user").size().tolist() == [3] * 12

    other = tmp_path / "other.parquet"
    said_otherwise = ["-k", "3", "--memory", "1", "--exact", "--out", str(other)]
    assert main(["recommend", *arguments, *files[:-2], *said_otherwise]) == 0
    capsys.readouterr()
    assert other.read_bytes() == best.read_bytes()

    assert main(["recommend", *arguments, *files, "-k", "3", "--index", "faiss"]) == 0
    assert json.loads(capsys.readouterr().out)["recall"] == 1
    assert pq.read_table(best)["outfit"].equals(table_of_exact["outfit"])

    assert main(["recommend", *arguments, *files, "--users", "12"]) == 2
    assert "argument --users: found user 12, expected users 0 to 11" in capsys.readouterr().err
    assert main(["recommend", *arguments, *files, "--strategy", "avgg"]) == 2
    assert "nearest: avg" in capsys.readouterr().err
    manifest = tmp_path / "features" / "manifest.json"
    told = json.loads(manifest.read_text())
    told["encoder"]["weights"] = "0"
    manifest.write_text(json.dumps(told))
    assert main(["recommend", *arguments, *files]) == 2
    assert "found features by N-pair XS with other weights or inputs" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("source", "said"),
    [
        (["nowhere"], "argument RUN: found 'nowhere', expected the folder that `outfitbench run` wrote"),
        (["RUN", "--method", "teacher"], "expected a method of the run; known: N-pair XS"),
        (["RUN", "--fit", "xs"], "argument --fit: found 'xs', expected a fit of the run"),
        (["RUN", "--images", "nowhere"], "nowhere: found nothing, expected a folder of images"),
    ],
)
def test_what_cannot_be_encoded(finished_run, shop, capsys, tmp_path, source, said):
    source = [str(finished_run.folder) if word == "RUN" else word for word in source]
    images = [] if "--images" in source else ["--images", str(shop / "images")]
    assert main(["encode", *source, *images, "--out", str(tmp_path / "out"), "--quiet"]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert said in line


def test_vectors_for_a_method_that_was_trained_on_images(finished_run, capsys, tmp_path):
    table = {"item": ["a"], "category": ["top"], "features": [[0.5, 1.0]]}
    pq.write_table(pa.table(table), tmp_path / "vectors.parquet")
    given = ["--images", str(tmp_path / "vectors.parquet"), "--out", str(tmp_path / "out"), "--quiet"]
    assert main(["encode", str(finished_run.folder), *given]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert "found no column image among 'item, category, features', expected the columns item" in line
    assert line.endswith("image (the bytes of an image file, which the model sees)")


def test_a_run_of_two_fits_wants_one_named(finished_run, shop, capsys, tmp_path):
    copy = tmp_path / "copy"
    shutil.copytree(finished_run.folder, copy)
    (fit,) = (copy / "fits").glob("*/record.json")
    record = json.loads(fit.read_text())
    description = record["description"] | {"seed": 1}
    twin = copy / "fits" / content_hash(description)
    shutil.copytree(fit.parent, twin)
    told = record | {"trial": twin.name, "description": description, "seed": 1}
    (twin / "record.json").write_text(json.dumps(told))
    arguments = ["--images", str(shop / "images"), "--out", str(tmp_path / "out"), "--quiet"]
    assert main(["encode", str(copy), *arguments]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    slugs = "n-pair-xs-closet-12-random-0, n-pair-xs-closet-12-random-1"
    assert f"found 2 fits ({slugs}), expected one; name one by --fit" in line


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (
            ["--on", "rya"],
            "--on: found 'rya', expected local, ray, or the address of a Ray cluster; nearest: ray",
        ),
        (
            ["--on", "ray://127.0.0.1"],
            "--on: found ray://127.0.0.1, expected ray://HOST:PORT; the port is 10001",
        ),
        (["--on", "ray"], "--on: found ray without ray, expected ray; run pip install 'outfitbench[ray]'"),
        (
            ["--on", "ray", "--index", "faiss"],
            "--index: found faiss with --on ray, where each part would have",
        ),
    ],
)
def test_a_cluster_that_cannot_be_used(finished_run, shop, capsys, tmp_path, monkeypatch, options, said):
    monkeypatch.setitem(sys.modules, "ray", None)
    files = [f"--{name}={tmp_path / name}" for name in ("features", "outfits", "out")]
    commands = [["recommend", str(finished_run.folder), *files]]
    if "--index" not in options:
        images = ["--images", str(shop / "images"), "--out", str(tmp_path / "shards")]
        commands.append(["encode", str(finished_run.folder), *images])
    for command in commands:
        assert main([*command, *options, "--quiet"]) == 2
        (line,) = capsys.readouterr().err.splitlines()
        assert said in line


def test_without_the_package_for_parquet(finished_run, shop, capsys, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "pyarrow.parquet", None)
    arguments = ["--images", str(shop / "images"), "--out", str(tmp_path / "out"), "--quiet"]
    assert main(["encode", str(finished_run.folder), *arguments]) == 2
    assert "found no package for Parquet, expected pyarrow; run pip install" in capsys.readouterr().err


def test_exactly_and_by_an_index_at_once(finished_run, capsys, tmp_path):
    files = [f"--{name}={tmp_path / name}" for name in ("features", "outfits", "out")]
    command = ["recommend", str(finished_run.folder), *files, "--quiet", "--exact", "--index", "faiss"]
    assert main(command) == 2
    (line,) = capsys.readouterr().err.splitlines()
    said = (
        "argument --exact: found it beside --index faiss, expected one way to rank; leave out one of the two"
    )
    assert said in line


def test_into_a_folder(finished_run, capsys, tmp_path):
    files = [f"--{name}={tmp_path / name}" for name in ("features", "outfits")]
    assert main(["recommend", str(finished_run.folder), *files, f"--out={tmp_path}", "--quiet"]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert f"argument --out: found {tmp_path}, a folder, expected a Parquet file to write" in line


def test_without_the_package_for_approximate_search(finished_run, shop, capsys, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "faiss", None)
    files = [f"--{name}={tmp_path / name}" for name in ("features", "outfits", "out")]
    assert main(["recommend", str(finished_run.folder), *files, "--index", "faiss"]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert "--index: found no package for approximate search, expected faiss; run pip install" in line
