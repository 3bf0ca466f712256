"""The best outfits of a catalogue for each user, against all scores sorted whole by NumPy."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import torch
from outfitbench.core.errors import InputError
from outfitbench.datasets.user_names import UserNames
from outfitbench.evaluation import outfit_index, outfit_ranking
from outfitbench.evaluation.catalogue_features import CatalogueFeatures, Encoder, FeatureShard, Manifest
from outfitbench.evaluation.catalogue_outfits import CatalogueOutfits
from outfitbench.evaluation.catalogue_ranking import (
    CatalogueRanking,
    check_ranks_catalogues,
    check_searches_by_index,
)
from outfitbench.evaluation.catalogue_users import NewUsers, read_users
from outfitbench.models import create_model, list_models

CATEGORIES = ["top", "bottom", "shoe"]
USERS, ITEMS, OUTFITS, WIDTH = 6, 30, 200, 128
DRAW = np.random.default_rng(0)
FEATURES = DRAW.normal(size=(ITEMS, WIDTH)).astype(np.float32)
WORN = np.stack([DRAW.integers(0, 10, OUTFITS) + 10 * category for category in range(3)], 1)


def named(rows) -> list[str]:
    return [f"i{row}" for row in rows if row >= 0]


@pytest.fixture(scope="module")
def shop(tmp_path_factory) -> Path:
    """Features in two shards, and outfits of them; one holds an item that nobody encoded, one nothing."""
    folder = tmp_path_factory.mktemp("shop")
    shards = []
    for number, part in enumerate((slice(0, 20), slice(20, ITEMS))):
        names = [f"i{row}" for row in range(ITEMS)][part]
        kinds = [CATEGORIES[row // 10] for row in range(ITEMS)][part]
        table = {"item": names, "category": kinds, "features": FEATURES[part].tolist()}
        pq.write_table(pa.table(table), folder / f"{number}.parquet")
        shards.append(FeatureShard(file=f"{number}.parquet", key="", finished=True, items=len(names)))
    encoder = Encoder(
        method="m", model="m", weights="0", categories=CATEGORIES, image_size=8, decoder=1, feature_size=WIDTH
    )
    manifest = Manifest(encoder=encoder, whole=True, shards=shards)
    (folder / "manifest.json").write_text(manifest.model_dump_json())
    items = [["i1", "missing"], [], *map(named, WORN)]
    outfits = {"outfit": [f"o{number}" for number in range(-2, OUTFITS)], "items": items}
    pq.write_table(pa.table(outfits), folder / "outfits.parquet")
    return folder


@pytest.fixture
def features(shop, tmp_path_factory) -> CatalogueFeatures:
    return CatalogueFeatures(shop, tmp_path_factory.mktemp("features"))


def make(name: str):
    torch.manual_seed(1)
    return create_model(name, num_users=USERS, input_kind="features", feature_size=8).eval()


def ranked(model, features, shop, out, users, *, k=5, memory=1 << 20, strategy="w-avg"):
    outfits = CatalogueOutfits(shop / "outfits.parquet", features, out)
    assert outfits.left_out == 2
    ranking = CatalogueRanking(model, features, outfits, memory=memory, strategy=strategy)
    ranking.write(users, k, out / "best.parquet")
    return pq.read_table(out / "best.parquet")


def by_index(model, features, shop, out, users, k, memory=1 << 20):
    outfits = CatalogueOutfits(shop / "outfits.parquet", features, out)
    ranking = CatalogueRanking(model, features, outfits, memory=memory, strategy="w-avg", index="faiss")
    return ranking.write(users, k, out / "best.parquet"), pq.read_table(out / "best.parquet")


def all_scores(model, items=WORN) -> np.ndarray:
    categories = torch.from_numpy(items // 10)
    with torch.inference_mode():
        return model.score_matrix(torch.arange(USERS), torch.from_numpy(FEATURES)[items], categories).numpy()


def assert_best(table, scores, names, k=5):
    assert table["user"].to_pylist() == [name for name in names for _ in range(k)]
    assert table["rank"].to_pylist() == [*range(1, k + 1)] * len(names)
    best = np.argsort(-scores, axis=1, kind="stable")[:, :k]
    np.testing.assert_allclose(
        np.reshape(table["score"], (-1, k)), np.take_along_axis(scores, best, 1), atol=1e-5
    )
    chosen = np.reshape([int(name[1:]) for name in table["outfit"].to_pylist()], (-1, k))
    # Of two scores that differ by rounding alone either may be the better.
    np.testing.assert_allclose(
        np.take_along_axis(scores, chosen, 1), np.reshape(table["score"], (-1, k)), atol=1e-5
    )
    assert all(len(set(row)) == k for row in chosen.tolist())


SAME = {"teacher", "student-s", "student-m"}
"""From features they are the student XS."""

ZOO = [name for name in list_models() if name not in SAME | {"bi-lstm"}]


@pytest.mark.parametrize("name", ZOO)
def test_known_users_get_the_best_of_all_their_scores(name, features, shop, tmp_path):
    model = make(name)
    check_ranks_catalogues(model, name)
    table = ranked(model, features, shop, tmp_path, read_users("5,0,3", USERS, features))
    assert_best(table, all_scores(model)[[5, 0, 3]], [5, 0, 3])


def test_items_that_stay_in_their_files(features, shop, tmp_path, monkeypatch):
    """No memory is theirs; else what so few items have is read at once."""
    monkeypatch.setattr(outfit_ranking, "_OF_ITEMS", 1 << 40)
    model = make("student-xs")
    table = ranked(model, features, shop, tmp_path, read_users("5,0,3", USERS, features))
    assert_best(table, all_scores(model)[[5, 0, 3]], [5, 0, 3])


def test_an_item_that_is_there_twice_or_not_at_all(shop, tmp_path):
    """The same shard once more, and a manifest of nothing."""
    told = json.loads((shop / "manifest.json").read_text())
    for shard in told["shards"]:
        (tmp_path / shard["file"]).write_bytes((shop / shard["file"]).read_bytes())
    for shards, said in (([1, 0, 1], "found item 'i20' twice, expected a name for each"), ([], "of no item")):
        of_these = told | {"shards": [told["shards"][number] for number in shards]}
        (tmp_path / "manifest.json").write_text(json.dumps(of_these))
        with pytest.raises(InputError, match=said):
            CatalogueFeatures(tmp_path, tmp_path)


@pytest.mark.parametrize("name", ["student-xs", "lpae-g"])
def test_a_taste_is_what_the_score_says(name):
    model = make(name)
    worn = torch.from_numpy(FEATURES)[WORN], torch.from_numpy(WORN // 10)
    with torch.inference_mode():
        outfits = model.embed_outfits(*worn)
        product = model.tastes(torch.arange(USERS)) @ (outfits / outfits.norm(dim=1, keepdim=True)).T
    np.testing.assert_allclose(product, all_scores(model), atol=1e-5)


def test_an_index_that_searches_everywhere_finds_the_best(features, shop, tmp_path):
    """Of 200 outfits it has 14 cells, and 16 are searched."""
    model = make("student-xs")
    told, table = by_index(model, features, shop, tmp_path, read_users("5,0,3", USERS, features), 5)
    assert told == (15, 1.0, 3)
    assert_best(table, all_scores(model)[[5, 0, 3]], [5, 0, 3])


def test_the_recall_told_is_that_of_the_table(features, shop, tmp_path, monkeypatch):
    monkeypatch.setattr(outfit_index, "_PROBED", 1)
    model = make("student-xs")
    told, table = by_index(model, features, shop, tmp_path, read_users("all", USERS, features), 20)
    found = np.reshape([int(name[1:]) for name in table["outfit"].to_pylist()], (USERS, 20))
    best = np.argsort(-all_scores(model), axis=1)[:, :20]
    share = np.mean([len({*own} & {*of_all}) / 20 for own, of_all in zip(found, best, strict=True)])
    assert told.recall == pytest.approx(share)
    assert 0.1 < share < 1
    assert np.array_equal(table["rank"].to_pylist(), np.tile(np.arange(1, 21), USERS))


def test_an_index_beyond_the_memory_or_of_pairs_is_refused(features, shop, tmp_path):
    users, model = read_users("0", USERS, features), make("student-xs")
    with pytest.raises(
        InputError, match=r"--memory: found 0 MiB, expected 1 for an index of 200 outfits; or"
    ):
        by_index(model, features, shop, tmp_path, users, 5, memory=1 << 10)
    with pytest.raises(
        InputError, match="--index: found an index for FHN, which scores each user and outfit"
    ):
        check_searches_by_index(make("fhn"), "FHN")


def test_an_index_of_what_is_no_number_is_refused():
    vectors = np.ones((10, 2), np.float32)
    vectors[7] = np.nan
    with pytest.raises(
        InputError, match="vectors of outfits: found NaN or inf, expected numbers; the weights"
    ):
        outfit_index.OutfitIndex(vectors, threads=1)


@pytest.fixture
def newcomers(features, tmp_path) -> NewUsers:
    """Two new users: of one two outfits are known, of the other one, between them."""
    table = {"user": ["zoe", "ann", "zoe"], "items": [named(WORN[7]), named(WORN[8]), named(WORN[9])]}
    pq.write_table(pa.table(table), tmp_path / "new.parquet")
    users = read_users(str(tmp_path / "new.parquet"), USERS, features)
    assert isinstance(users, NewUsers)
    return users


@pytest.mark.parametrize("name", ["student-xs", "fhn"])
@pytest.mark.parametrize(("strategy", "of_a_liking"), [("avg", 48), ("w-avg", 48), ("w-avg", 1 << 20)])
def test_new_users_get_the_mean_of_their_neighbours_scores(
    name, strategy, of_a_liking, features, shop, newcomers, tmp_path, monkeypatch
):
    """Equations 20 to 24 by hand; also where memory suffices for one user after the other alone."""
    monkeypatch.setattr(outfit_ranking, "_BYTES_A_LIKING", of_a_liking)
    model = make(name)
    scores = all_scores(model).astype(np.float64)
    expected = []
    for known in ([7, 9], [8]):
        similarity = scores[:, known].mean(1)
        near = similarity > 0
        near[similarity.argmax()] = True
        weights = near * (np.exp(similarity / 0.2) if strategy == "w-avg" else 1.0)
        expected.append(weights / weights.sum() @ scores)
    table = ranked(model, features, shop, tmp_path, newcomers, strategy=strategy)
    assert_best(table, np.stack(expected), ["zoe", "ann"])


def test_new_users_by_the_models_own_way(features, shop, newcomers, tmp_path):
    model = make("lpae-u")
    table = ranked(model, features, shop, tmp_path, newcomers, strategy="anchor-search")
    outfits, kinds = torch.from_numpy(FEATURES), torch.from_numpy(WORN // 10)
    expected = []
    with torch.inference_mode():
        for known in ([7, 9], [8]):
            taste = model.cold_tastes(outfits[WORN[known]][None], kinds[known][None])
            expected.append(model.score_tastes(taste, outfits[WORN], kinds)[0].numpy())
    assert_best(table, np.stack(expected), ["zoe", "ann"])


def test_of_a_model_without_users_new_ones_get_what_all_get(features, shop, newcomers, tmp_path):
    model = make("outfit-net-fir")
    table = ranked(model, features, shop, tmp_path, newcomers, strategy="no-user")
    assert_best(table, all_scores(model)[:2], ["zoe", "ann"])


def test_a_model_with_an_item_bank_is_refused_by_name():
    with pytest.raises(InputError, match="method Bi-LSTM: found scores among all items of the catalogue"):
        check_ranks_catalogues(make("bi-lstm"), "Bi-LSTM")


def test_users_that_the_weights_do_not_know(features, tmp_path):
    with pytest.raises(
        InputError, match=r"found user 6, expected users 0 to 5 .*; for a new user give a Parq"
    ):
        read_users("0,6", USERS, features)
    path = tmp_path / "new.parquet"
    for users, said in (
        (pa.array([5, 6, -1]), "found user 6, expected users 0 to 5"),
        (pa.array([5, None]), "column user: found what is no number, expected numbers of known users; for"),
        (pa.array(["zoe"]), "column user: found what is no number"),
        (pa.array([], pa.int64()), "found no rows, expected a user a row"),
    ):
        pq.write_table(pa.table({"user": users}), path)
        with pytest.raises(InputError, match=said):
            read_users(str(path), USERS, features)
    pq.write_table(pa.table({"user": pa.array([5, 0], pa.int16())}), path)
    assert read_users(str(path), USERS, features).names.tolist() == [5, 0]
    pq.write_table(pa.table({"user": ["zoe"], "items": [["i1", "i99"]]}), path)
    with pytest.raises(InputError, match=r"new.parquet, row 1: found item 'i99', which has no features"):
        read_users(str(path), USERS, features)
    with pytest.raises(InputError, match=r"--users: found 'nobody', expected all, numbers"):
        read_users("nobody", USERS, features)


CALLED = UserNames.of([b"7", b"ann", b"0", b"zoe", "Åsa".encode(), b"5"])


def test_users_go_by_the_names_of_their_dataset_where_these_are_known(features, shop, tmp_path):
    users = read_users("0, zoe,5", USERS, features, CALLED)
    assert users.names.tolist() == [2, 3, 5], "a name of digits is no number"
    many = ["a" * 200, "b" * 200]  # more than a path may have
    assert read_users(
        ",".join(many), 2, features, UserNames.of([name.encode() for name in many])
    ).names.tolist() == [0, 1]
    path = tmp_path / "users.parquet"
    for column, numbers in (
        (pa.array(["Åsa", "7"], pa.large_string()), [4, 0]),
        (pa.array([1, 5, 1]), [1, 5, 1]),
    ):
        pq.write_table(pa.table({"user": column}), path)
        assert read_users(str(path), USERS, features, CALLED).names.tolist() == numbers
    for text, said in (("ann,1", "--users: found user '1', expected names"), ("ANN", "found user 'ANN'")):
        with pytest.raises(InputError, match=said):
            read_users(text, USERS, features, CALLED)
    for column, said in (
        (pa.array(["ann", "bob"]), "column user: found user 'bob', expected names of the dataset's users; a"),
        (pa.array(["ann", None]), "column user: found user 'None', expected names"),
        (pa.array([0.5]), "column user: found what is no number"),
    ):
        pq.write_table(pa.table({"user": column}), path)
        with pytest.raises(InputError, match=said):
            read_users(str(path), USERS, features, CALLED)

    model = make("student-xs")
    outfits = CatalogueOutfits(shop / "outfits.parquet", features, tmp_path)
    ranking = CatalogueRanking(model, features, outfits, memory=1 << 20, strategy="w-avg")
    ranking.write(users, 2, tmp_path / "best.parquet", CALLED)
    table = pq.read_table(tmp_path / "best.parquet")
    assert table.column_names == ["user", "name", "rank", "outfit", "score"]
    assert table["name"].to_pylist() == ["0", "0", "zoe", "zoe", "5", "5"]
    assert_best(table, all_scores(model)[[2, 3, 5]], [2, 3, 5], 2)


def test_outfits_that_are_none(features, tmp_path):
    path = tmp_path / "outfits.parquet"
    pq.write_table(pa.table({"outfit": ["o"], "items": ["i1"]}), path)
    with pytest.raises(InputError, match=r"column items: found string, expected a list"):
        CatalogueOutfits(path, features, tmp_path)
    pq.write_table(pa.table({"outfit": ["o"], "items": [["i1", "i99"]]}), path)
    with pytest.raises(InputError, match="found 1 outfits, none of them of items with features"):
        CatalogueOutfits(path, features, tmp_path)
