"""A catalogue encoded and ranked on a Ray cluster: what one process makes of it, with a worker killed."""

from __future__ import annotations

import json
import re
import shutil
import socket
from collections.abc import Callable
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import torch
from outfitbench.cli.main import main
from outfitbench.core.errors import InputError
from outfitbench.core.plugins import load_plugin
from outfitbench.core.ray_cluster import cluster_for
from outfitbench.datasets.catalogue import open_catalogue
from outfitbench.evaluation.catalogue_features import CatalogueFeatures, Encoder
from outfitbench.evaluation.catalogue_outfits import CatalogueOutfits
from outfitbench.evaluation.catalogue_ranking import CatalogueRanking
from outfitbench.evaluation.catalogue_users import KnownUsers
from outfitbench.evaluation.encode_catalogue import encode_catalogue
from outfitbench.evaluation.model_on_ray import put_model
from outfitbench.models import create_model
from PIL import Image

pytestmark = [pytest.mark.ray, pytest.mark.filterwarnings("ignore")]  # Ray's warnings are not ours

CATEGORIES = ["top", "bottom", "shoe"]
NAMES = [f"{kind}/{number}.png" for kind in sorted(CATEGORIES) for number in range(3)]
BROKEN = NAMES[1]
ENCODER = Encoder(
    method="m", model="m", weights="0", categories=CATEGORIES, image_size=64, decoder=1, feature_size=3
)

MEAN_COLOUR = """
import os, signal
from pathlib import Path
from torch import nn
from outfitbench.models import OutfitModel, register_model

folder = Path({folder!r})


@register_model("mean-colour")
class MeanColour(OutfitModel):
    '''An item is its mean colour. Where a folder `doomed` lies, whoever encodes first is killed.'''

    def __init__(self, options):
        super().__init__()
        self.users = nn.Embedding(options.num_users, 3)
        self.num_users, self.feature_size, self.input_size = options.num_users, 3, 64
        self.backbone_name, self.input_kind = "none", "image"

    def encode_items(self, images, categories):
        with (folder / "calls").open("a") as calls:
            calls.write(f"{{os.getpid()}}\\n")
        try:
            (folder / "doomed").rmdir()
        except FileNotFoundError:
            return images.mean((2, 3))
        os.kill(os.getpid(), signal.SIGKILL)

    def score(self, users, features, categories):
        return (self.users(users)[:, None] * features).mean((1, 2))
"""


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Nine garments, one of them broken, in a folder and in a file; and the outfits of the others."""
    root = tmp_path_factory.mktemp("shop")
    draw = np.random.default_rng(0)
    for name in NAMES:
        (root / "images" / name).parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(draw.integers(0, 255, (64, 64, 3), np.uint8)).save(root / "images" / name)
    (root / "images" / BROKEN).write_bytes(b"")
    images = [(root / "images" / name).read_bytes() for name in NAMES]
    rows = {"item": NAMES, "category": [name.split("/")[0] for name in NAMES], "image": images}
    pq.write_table(pa.table(rows), root / "images.parquet", row_group_size=3)
    sound = [[name for name in NAMES if name.startswith(kind) and name != BROKEN] for kind in CATEGORIES]
    worn = [list(outfit) for outfit in product(*sound)]
    table = {"outfit": [str(number) for number in range(len(worn))], "items": worn}
    pq.write_table(pa.table(table), root / "outfits.parquet")
    new = {"user": ["zoe", "ann", "zoe"], "items": [worn[0], worn[5], worn[7]]}
    pq.write_table(pa.table(new), root / "new.parquet")
    return root


@pytest.fixture(scope="module")
def plugin(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder in which a model that is defined in a file tells what it does."""
    folder = tmp_path_factory.mktemp("plugin")
    (folder / "mean_colour.py").write_text(MEAN_COLOUR.format(folder=str(folder)))
    load_plugin(folder / "mean_colour.py")
    return folder


@pytest.fixture
def encode(plugin: Path, tmp_path: Path) -> Callable[[str, Any], dict[str, bytes]]:
    """Encodes a catalogue in shards of two, and gives what lies in the folder then."""
    model = create_model("mean-colour", num_users=2).eval()

    def encode(on: str, catalogue: Any) -> dict[str, bytes]:
        out = tmp_path / on.partition(":")[0]
        with cluster_for(on, "cpu") as cluster:
            encode_catalogue(model, catalogue, ENCODER, out, shard_items=2, cluster=cluster)
        return {path.name: path.read_bytes() for path in out.iterdir() if path.name != ".identity"}

    return encode


def test_a_worker_that_is_killed_costs_its_shard_alone(
    cluster: object, plugin: Path, shop: Path, encode: Callable[[str, Any], dict[str, bytes]]
) -> None:
    (plugin / "doomed").mkdir()
    encoded = encode("ray", open_catalogue(shop / "images", CATEGORIES))
    assert not (plugin / "doomed").exists()
    calls = (plugin / "calls").read_text().split()
    assert len(calls) == 5 + 1, "five shards of a batch each, one of them twice"
    assert 1 in [calls.count(process) for process in calls]
    assert encoded == encode("local", open_catalogue(shop / "images", CATEGORIES))
    assert json.loads(encoded["manifest.json"])["whole"]
    assert len(encoded) == 5 + 1, "and nothing of who was killed"


def test_from_a_file_through_the_head_without_a_common_folder(
    cluster: Any,
    shop: Path,
    encode: Callable[[str, Any], dict[str, bytes]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The machines look for another folder than the caller's."""
    monkeypatch.setattr("outfitbench.evaluation.encode_on_ray.identify", lambda out: "another")
    encoded = encode(cluster.client, open_catalogue(shop / "images.parquet", CATEGORIES))
    assert encoded == encode("local", open_catalogue(shop / "images.parquet", CATEGORIES))


def test_vectors_are_encoded_as_by_one_process(cluster: object, tmp_path: Path) -> None:
    torch.manual_seed(0)
    model = create_model("student-xs", num_users=2, input_kind="features", feature_size=8).eval()
    seen = {"image_size": None, "decoder": None, "vector_size": 8, "feature_size": model.feature_size}
    vectors = np.random.default_rng(0).normal(size=(len(NAMES), 8)).astype(np.float32)
    vectors[1] = np.nan
    rows = {"item": NAMES, "category": [name.split("/")[0] for name in NAMES], "features": vectors.tolist()}
    pq.write_table(pa.table(rows), tmp_path / "shop.parquet", row_group_size=3)
    made = []
    for on in ("ray", "local"):
        catalogue = open_catalogue(tmp_path / "shop.parquet", CATEGORIES, 8)
        with cluster_for(on, "cpu") as machines:
            manifest = encode_catalogue(
                model,
                catalogue,
                ENCODER.model_copy(update=seen),
                tmp_path / on,
                shard_items=2,
                cluster=machines,
            )
        assert (manifest.items, [item.item for item in manifest.broken]) == (8, [BROKEN])
        files = sorted(path for path in (tmp_path / on).iterdir() if path.name != ".identity")
        made.append({path.name: path.read_bytes() for path in files})
    assert made[0] == made[1]


def test_a_machine_without_the_images_is_named_and_the_rest_is_kept(
    cluster: object,
    shop: Path,
    tmp_path: Path,
    encode: Callable[[str, Any], dict[str, bytes]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The last shard's image is gone once the caller has seen it."""
    shutil.copytree(shop / "images", tmp_path / "images")

    def put(*given: Any) -> list[Any]:
        (tmp_path / "images" / NAMES[-1]).unlink()
        return put_model(*given)

    monkeypatch.setattr("outfitbench.evaluation.encode_on_ray.put_model", put)
    told = r"argument --images: found no such files, or others, .* run it again \(on %s\)$"
    with pytest.raises(InputError, match=told % re.escape(socket.gethostname())):
        encode("ray", open_catalogue(tmp_path / "images", CATEGORIES))
    kept = sorted(path.name for path in (tmp_path / "ray").glob("*.parquet"))
    assert kept == [f"features-{number:05}.parquet" for number in range(4)]
    assert '"whole": false' in (tmp_path / "ray" / "manifest.json").read_text()


def test_a_gpu_that_the_cluster_lacks(cluster: object) -> None:
    with (
        pytest.raises(InputError, match="--device: found cuda, expected cpu, as the Ray cluster has no GPU"),
        cluster_for("ray", "cuda"),
    ):
        pass


@pytest.fixture
def in_small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of one outfit each, for five users at a time, of items in blocks of three."""
    for where, name, size in (
        ("rank_on_ray", "_BLOCK", 1),
        ("rank_on_ray", "_ITEMS", 3),
        ("rank_on_ray", "_BYTES_A_PLACE", 1 << 40),
        ("rank_on_ray", "USERS_AT_ONCE", 5),
        ("catalogue_users", "USERS_AT_ONCE", 5),
    ):
        monkeypatch.setattr(f"outfitbench.evaluation.{where}.{name}", size)


@pytest.mark.usefixtures("cluster", "in_small_parts")
def test_every_users_best_are_those_of_one_process(
    finished_run: Any, shop: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run, out = str(finished_run.folder), tmp_path / "features"
    assert main(["encode", run, "--images", str(shop / "images"), "--out", str(out), "--on", "ray"]) == 0
    assert "8 items by 128 features" in capsys.readouterr().out
    files = ["--features", str(out), "--outfits", str(shop / "outfits.parquet"), "-k", "7"]

    def best(on: str, users: str) -> dict[str, list[Any]]:
        path = tmp_path / f"{on}.parquet"
        assert main(["recommend", run, *files, "--on", on, "--users", users, "--out", str(path)]) == 0
        return pq.read_table(path).to_pydict()

    for users, count in (("all", 12), (str(shop / "new.parquet"), 2)):
        there, here = best("ray", users), best("local", users)
        np.testing.assert_allclose(there.pop("score"), here.pop("score"), atol=1e-6)
        assert there == here
        assert there["rank"] == [*range(1, 8)] * count


@pytest.mark.usefixtures("cluster")
def test_equal_scores_are_ordered_as_in_one_process(finished_run: Any, shop: Path, tmp_path: Path) -> None:
    """Each outfit is there 300 times, in three parts; by products of tastes, and by scores of pairs."""
    out = tmp_path / "features"
    assert (
        main(["encode", str(finished_run.folder), "--images", str(shop / "images"), "--out", str(out)]) == 0
    )
    features = CatalogueFeatures(out, tmp_path)
    worn = pq.read_table(shop / "outfits.parquet")["items"].to_pylist() * 300
    pq.write_table(pa.table({"outfit": [*map(str, range(len(worn)))], "items": worn}), tmp_path / "outfits")
    outfits = CatalogueOutfits(tmp_path / "outfits", features, tmp_path)
    with cluster_for("ray", "cpu") as ray:
        for name in ("student-xs", "fhn"):
            torch.manual_seed(0)
            model = create_model(name, num_users=4, input_kind="features", feature_size=8).eval()
            for where, machines in (("there", ray), ("here", None)):
                ranking = CatalogueRanking(
                    model, features, outfits, memory=16 << 20, strategy="w-avg", cluster=machines
                )
                ranking.write(KnownUsers(np.arange(4)), 700, tmp_path / where)
            assert pq.read_table(tmp_path / "there").equals(pq.read_table(tmp_path / "here")), name
