"""Histories of cold users: so many training outfits of each, drawn again and again."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from outfitbench.datasets.cold_histories import cold_candidates, draw_histories

from .wardrobes import wardrobe


def test_a_history_is_so_many_different_training_outfits_of_its_user(cache: Path) -> None:
    dataset = wardrobe(cache, train=(6, 9, 12))
    histories = draw_histories(dataset, known=5, draws=4)
    assert histories.items.shape == (4, 3, 5, 3)
    train = dataset.split("train")
    for draw in histories.items:
        for user, outfits in zip(histories.users, draw.tolist(), strict=True):
            posted = train.items[train.users == user].tolist()
            assert all(outfit in posted for outfit in outfits)
            assert len({tuple(outfit) for outfit in outfits}) == 5


def test_users_with_fewer_outfits_are_left_out_and_counted(cache: Path) -> None:
    dataset = wardrobe(cache, train=(9, 4, 5, 0))
    histories = draw_histories(dataset, known=5)
    assert histories.users.tolist() == [0, 2]
    assert histories.too_few == 2
    ranked = cold_candidates(dataset, histories)
    assert set(ranked.users.tolist()) == {0, 2}
    whole = dataset.candidates("test", "random")
    np.testing.assert_array_equal(ranked.items, whole.items[np.isin(whole.users, [0, 2])])
    assert ranked.labels.sum() == 4


def test_draws_differ_and_come_again(cache: Path) -> None:
    dataset = wardrobe(cache)
    five = draw_histories(dataset, known=5)
    assert len({draw.tobytes() for draw in five.items}) == len(five.items) == 10
    again = draw_histories(dataset, known=5)
    np.testing.assert_array_equal(again.items, five.items)
    assert again.fingerprint == five.fingerprint != draw_histories(dataset, known=4).fingerprint


def test_what_is_known_stays_known_as_more_becomes(cache: Path) -> None:
    dataset = wardrobe(cache)
    one, five = draw_histories(dataset, known=1), draw_histories(dataset, known=5)
    np.testing.assert_array_equal(one.items, five.items[:, :, :1])
