from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from outfitbench.datasets import InputError, OutfitTable, splits
from outfitbench.datasets.splits import check_scheme, halve, named_splits, resplit, shared_items


def table(outfits: list[tuple[int, list[int]]]) -> OutfitTable:
    return OutfitTable(np.int32([user for user, _ in outfits]), np.int32([items for _, items in outfits]))


outfit_lists = st.lists(
    st.tuples(st.integers(0, 3), st.lists(st.integers(-1, 25), min_size=3, max_size=3)),
    min_size=1,
    max_size=80,
)


@given(outfit_lists)
def test_halves_cover_all_and_differ_by_one_at_most(outfits: list[tuple[int, list[int]]]) -> None:
    whole = table(outfits)
    first, second = halve(whole)
    assert sorted([*first, *second]) == list(range(len(whole)))
    assert 0 <= len(first) - len(second) <= 1
    counts = [np.bincount(whole.users[rows], minlength=4) for rows in (first, second)]
    assert np.abs(counts[0] - counts[1]).max() <= 1


@given(outfit_lists)
def test_resplit_covers_all_by_the_quota_of_each_user(outfits: list[tuple[int, list[int]]]) -> None:
    whole = table(outfits)
    parts = resplit(whole)
    assert sorted(np.concatenate(parts)) == list(range(len(whole)))
    for user in np.unique(whole.users):
        train, valid, test = (int((whole.users[rows] == user).sum()) for rows in parts)
        owned = train + valid + test
        quota = max(1, round(owned * 2 / 13)) if owned >= 3 else 0
        assert valid == quota
        assert test <= quota
        assert (test > 0) == (owned >= 3)


def shares_an_item(first: list[int], second: list[int]) -> bool:
    return bool((set(first) & set(second)) - {-1})


@settings(max_examples=200)
@given(outfit_lists)
def test_training_and_test_share_items_only_where_no_outfit_could_be_held_out(
    outfits: list[tuple[int, list[int]]],
) -> None:
    whole = table(outfits)
    train, _, test = resplit(whole)
    for user in range(4):
        own = [items for owner, items in outfits if owner == user]
        quota = max(1, round(len(own) * 2 / 13))
        related = [
            sum(shares_an_item(one, other) for place, other in enumerate(own) if place != number)
            for number, one in enumerate(own)
        ]
        shared = shared_items(
            whole.take(train[whole.users[train] == user]), whole.take(test[whole.users[test] == user])
        )
        if len(own) >= 3 and min(related) <= quota:
            assert shared == 0


def test_sparse_wardrobes_reach_the_ratio_without_sharing_items() -> None:
    rng = np.random.default_rng(0)
    users = np.repeat(np.arange(20, dtype=np.int32), 130)
    items = rng.integers(0, 2000, size=(len(users), 3)).astype(np.int32)
    whole = OutfitTable(users, items)
    train, valid, test = resplit(whole)
    assert (len(train), len(valid), len(test)) == (1800, 400, 400)
    assert shared_items(whole.take(train), whole.take(test)) == 0
    # The worth of the rule: at random, the same sizes share many.
    shuffled = rng.permutation(len(whole))
    assert shared_items(whole.take(shuffled[:1800]), whole.take(shuffled[2200:])) > 100


def test_a_user_whose_outfits_all_share_one_item_still_has_a_test_part() -> None:
    whole = table([(0, [7, 10 + n, 30 + n]) for n in range(13)])
    train, valid, test = resplit(whole)
    assert (len(train), len(valid), len(test)) == (9, 2, 2)
    assert shared_items(whole.take(train), whole.take(test)) == 1


def test_a_users_split_depends_on_the_user_and_the_seed_alone() -> None:
    outfits = [(user, [100 * user + n, 40 + n, 80 + n]) for user in range(3) for n in range(26)]
    alone = table([outfit for outfit in outfits if outfit[0] == 1])
    together = table(outfits)
    test_alone = alone.take(resplit(alone)[2]).items.tolist()
    test_together = together.take(resplit(together)[2])
    assert test_together.items[test_together.users == 1].tolist() == test_alone
    assert together.take(resplit(together, seed=1)[2]).items.tolist() != test_together.items.tolist()


def test_named_splits_halve_the_validation_part() -> None:
    valid = table([(0, [n, n, n]) for n in range(6)])
    splits = named_splits(valid, valid, valid)
    assert list(splits) == ["train", "valid", "test", "valid-teacher", "valid-student"]
    halves = [splits["valid-teacher"].items[:, 0].tolist(), splits["valid-student"].items[:, 0].tolist()]
    assert sorted(halves[0] + halves[1]) == list(range(6))


def test_shared_items_counts_pairs_of_a_user_and_an_item() -> None:
    train = table([(0, [1, -1, 5]), (1, [2, 3, 6])])
    test = table([(0, [1, -1, 5]), (0, [1, 3, 6]), (1, [1, 3, 7])])
    assert shared_items(train, test) == 3


def test_shared_items_of_many_users_are_counted_part_by_part(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(splits, "_USERS_AT_ONCE", 3)
    draw = np.random.default_rng(0)
    train, test = (
        OutfitTable(draw.integers(0, 20, size, np.int32), draw.integers(-1, 12, (size, 4), np.int32))
        for size in (90, 30)
    )
    of_train, of_test = (
        {(user, item) for user, row in zip(each.users, each.items, strict=True) for item in row if item >= 0}
        for each in (train, test)
    )
    assert shared_items(train, test) == len(of_train & of_test) > 50


def test_an_unknown_scheme() -> None:
    check_scheme("9:2:2")
    with pytest.raises(InputError, match="found '8:1:1', expected one of released, 9:2:2"):
        check_scheme("8:1:1")
