"""A shop finds its users: by the names of their dataset in an export, in a request and in recommendations."""

from __future__ import annotations

import contextlib
import csv
import io
import json
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from outfitbench.bench import load_export
from outfitbench.cli.main import main

from ..datasets.written_releases import iqon_set, write_iqon
from ..datasets.written_trees import picture

SUITE = """
title = "One student of an IQON3000"
datasets = ["iqon"]
settings = ["random"]
methods = ["n-pair-xs"]

[every_method.recipe]
epochs = 1
"""

NUMBERS = {"1": 0, "11": 1, "30": 2, "7": 3}
"""By name: sets are read in the order of their files' paths. A user is called as another is numbered."""


@pytest.fixture(scope="module")
def home(tmp_path_factory) -> Path:
    """A release with a set that cannot be used; a run on it; a shop of two tops and two pairs of shoes."""
    home = tmp_path_factory.mktemp("iqon")
    draw = np.random.default_rng(0)
    sets = [
        iqon_set(int(user), n, {int(draw.integers(12)): "トップス", 100 + int(draw.integers(12)): "靴"})
        for n, user in enumerate([*NUMBERS] * 20)
    ]
    broken = iqon_set(7, 99, {1: "トップス"})
    root = write_iqon(home / "root", [*sets, broken])
    for name in ("top/a", "top/b", "shoes/c", "shoes/d"):
        path = home / "images" / f"{name}.jpg"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(picture(len(name) + ord(name[-1])))
    items = [[f"top/{top}.jpg", f"shoes/{shoes}.jpg"] for top in "ab" for shoes in "cd"]
    pq.write_table(pa.table({"outfit": list("wxyz"), "items": items}), home / "outfits.parquet")
    (home / "one.toml").write_text(SUITE)
    where = ["--root", str(root), "--skip-unusable", "--out", str(home / "runs")]
    assert main(["run", str(home / "one.toml"), *where, "--quiet"]) == 0
    images = ["--images", str(home / "images"), "--out", str(home / "features")]
    assert main(["encode", str(home / "runs"), *images, "--quiet"]) == 0
    return home


def test_an_export_says_what_users_are_called_and_answers_to_it(home, tmp_path, capsys, monkeypatch):
    arguments = ["export", str(home / "runs"), "--out", str(tmp_path / "served"), "--json", "--quiet"]
    assert main([*arguments, "--root", str(home / "root")]) == 0
    serving = json.loads(capsys.readouterr().out)["exports"][0]["serving"]
    assert serving["user_names"] == "users.csv"
    assert serving["users"] == "0 to 3, as the dataset numbers them; users.csv has their names"
    (folder,) = (tmp_path / "served").iterdir()
    assert "users.csv" in serving["beside"]
    with (folder / "users.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert {row["name"]: int(row["user"]) for row in rows} == NUMBERS

    items = {"top/a.jpg": "top", "shoes/c.jpg": "shoes", "shoes/d.jpg": "shoes"}
    outfits = [["top/a.jpg", "shoes/c.jpg"], ["top/a.jpg", "shoes/d.jpg"]]

    def asked(user):
        request = home / "images" / "request.json"
        request.write_text(json.dumps({"user": user, "items": items, "outfits": outfits}))
        command = [sys.executable, str(folder / "recommend.py"), str(request)]
        return subprocess.run(command, capture_output=True, text=True)

    by_name, by_number, nobody = asked("7"), asked(NUMBERS["7"]), asked("3")
    assert by_name.returncode == 0, by_name.stderr
    assert by_name.stdout == by_number.stdout != asked("1").stdout
    said = '"user": found \'3\', expected one of 0 to 3, a name that stands in users.csv, or "known": outfits'
    assert said in nobody.stderr

    graphs = Path(shutil.copytree(folder, tmp_path / "graphs"))

    def the_same_graphs(model, out, **named):
        exported = load_export(graphs)
        for name in exported.files:
            shutil.copyfile(graphs / name, out / name)
        return exported

    monkeypatch.setattr("outfitbench.bench.export.export_onnx", the_same_graphs)
    assert main(arguments) == 0  # and without the root as ever
    answer = json.loads(capsys.readouterr().out)
    assert answer["exports"][0]["serving"]["user_names"] is None
    assert answer["unnamed"][0].startswith("items and users left without names: dataset iqon: found no root")
    assert not (folder / "users.csv").exists()


def recommended(home: Path, out: Path, *options: str) -> pa.Table:
    files = ["--features", str(home / "features"), "--outfits", str(home / "outfits.parquet")]
    with contextlib.redirect_stdout(io.StringIO()):
        assert main(["recommend", str(home / "runs"), *files, "--out", str(out), *options, "--quiet"]) == 0
    return pq.read_table(out)


def test_recommendations_are_asked_for_by_name_and_say_it(home, tmp_path, capsys):
    plain = recommended(home, tmp_path / "plain.parquet", "-k", "2")
    assert plain.column_names == ["user", "rank", "outfit", "score"]
    root = ["--root", str(home / "root")]
    table = recommended(home, tmp_path / "named.parquet", "-k", "2", *root)
    assert table.column_names == ["user", "name", "rank", "outfit", "score"]
    assert table.drop_columns(["name"]).equals(plain)
    called = dict(zip(table["name"].to_pylist(), table["user"].to_pylist(), strict=True))
    assert called == NUMBERS

    some = recommended(home, tmp_path / "some.parquet", "-k", "2", "--users", "7,1", *root)
    assert some["user"].to_pylist() == [3, 3, 0, 0]
    assert some["name"].to_pylist() == ["7", "7", "1", "1"]
    files = ["--features", str(home / "features"), "--outfits", str(home / "outfits.parquet")]
    asked = ["recommend", str(home / "runs"), *files, "--out", str(tmp_path / "no.parquet")]
    assert main([*asked, "--users", "7,2", *root]) == 2
    assert (
        "argument --users: found user '2', expected names of the dataset's users" in capsys.readouterr().err
    )
    assert main([*asked, "--users", "7"]) == 2
    assert "argument --users: found user 7, expected users 0 to 3 of the weights" in capsys.readouterr().err


def test_a_root_whose_users_have_no_names_is_refused(finished_run, small_world, capsys, tmp_path):
    (tree,) = (small_world / "closet").glob("closet-12-v*[0-9]")
    files = [f"--{name}={tmp_path / name}" for name in ("features", "outfits", "out")]
    assert main(["recommend", str(finished_run.folder), *files, "--root", str(tree)]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert "argument --root: found closet-12, whose users have no names but their numbers" in line
