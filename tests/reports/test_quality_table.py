from __future__ import annotations

import re

import numpy as np
import pytest
from outfitbench.reports.grouping import comparison_tables
from outfitbench.reports.quality_table import quality_legend, quality_table
from outfitbench.suites.records import UserScores
from scipy import stats

from .made_records import quality, user_scores
from .tables import by_first_column, read_tables

METRICS = {"AUC": "auc", "NDCG (all cut-offs)": "ndcg", "NDCG (standard)": "ndcg_standard"}


def rows_of(*records):
    (ranking,) = comparison_tables(records)
    (rows,) = read_tables(quality_table(ranking))
    return by_first_column(rows)


def scores(auc) -> UserScores:
    values = list(auc)
    return UserScores(
        users=list(range(len(values))), auc=values, ndcg=values, ndcg_standard=values, left_out=0
    )


@pytest.mark.parametrize(("heading", "field"), METRICS.items())
def test_cells_hold_the_mean_and_its_bootstrap_interval(heading, field):
    record = quality("FND", scores=user_scores(0.9, users=60))
    values = np.array(getattr(record.test, field))
    cell = rows_of(record)["FND"][heading]
    mean, low, high = map(float, re.fullmatch(r"([\d.]+) \[([\d.]+), ([\d.]+)\]", cell).groups())
    assert mean == pytest.approx(100 * values.mean(), abs=0.0051)
    oracle = stats.bootstrap(
        (values,), np.mean, method="percentile", n_resamples=5000, rng=1
    ).confidence_interval
    assert (low, high) == pytest.approx((100 * oracle.low, 100 * oracle.high), abs=0.15)


def test_the_best_is_bold_and_a_clearly_worse_one_bare():
    rows = rows_of(quality("Good", auc=0.93), quality("Bad", auc=0.7))
    for heading in METRICS:
        assert rows["Good"][heading].startswith("**")
        assert "*" not in rows["Bad"][heading]
        assert "≈" not in rows["Bad"][heading]


def test_a_difference_that_users_do_not_agree_on_is_a_tie():
    noise = np.random.default_rng(0).normal(0, 0.02, 40)
    rows = rows_of(
        quality("A", scores=scores(0.9 + 0 * noise)),
        quality("B", scores=scores(0.9 - 0.001 + noise - noise.mean())),
    )
    assert rows["A"]["AUC"].startswith("**90.00**")
    assert rows["B"]["AUC"].startswith("89.90≈")


def test_pairing_finds_a_small_difference_that_every_user_shows():
    """The two intervals overlap widely; the paired difference is the same for everyone."""
    hard = np.random.default_rng(0).uniform(0.6, 0.95, 40)
    rows = rows_of(quality("A", scores=scores(hard + 0.01)), quality("B", scores=scores(hard)))
    assert "≈" not in rows["B"]["AUC"]


def test_a_difference_that_a_few_users_make_is_a_tie_as_well():
    """A few users far ahead move the mean and its interval, the others fall back a little."""
    pull = np.array([0.15] * 4 + [-0.003] * 20)
    rows = rows_of(quality("A", scores=scores(0.7 + pull)), quality("B", scores=scores(0.7 + 0 * pull)))
    assert rows["B"]["AUC"].startswith("70.00≈")


def test_equal_methods_are_all_bold():
    rows = rows_of(*(quality(name, scores=scores([0.9, 0.8, 0.7])) for name in "AB"))
    assert rows["A"]["AUC"].startswith("**80.00** ")
    assert rows["A"]["AUC"] == rows["B"]["AUC"]


def test_a_single_method_is_not_called_the_best():
    assert "*" not in rows_of(quality("FND"))["FND"]["AUC"]


def test_with_one_user_there_is_no_interval_and_no_tie():
    records = [quality("A", scores=scores([0.9])), quality("B", scores=scores([0.8]))]
    rows = rows_of(*records)
    assert rows["A"]["AUC"] == "**90.00**"
    assert rows["B"]["AUC"] == "80.00"
    assert "with one user there is no interval and no test" in quality_table(comparison_tables(records)[0])


def test_several_seeds_show_their_spread():
    records = [
        quality("FND", seed=seed, scores=scores([value, value])) for seed, value in ((0, 0.8), (1, 0.9))
    ]
    row = rows_of(*records)["FND"]
    assert row["Seeds"] == "0, 1"
    assert row["AUC"] == "85.00 ± 7.07 [80.00, 90.00]"
    assert "standard deviation of the seeds" in quality_legend(comparison_tables(records))
    assert "standard deviation" not in quality_legend(comparison_tables(records[:1]))


def test_users_left_out_are_counted():
    (ranking,) = comparison_tables([quality("FND", scores=user_scores(0.9, left_out=1))])
    assert "24 users, 1 user without a test positive left out" in quality_table(ranking)
    (ranking,) = comparison_tables([quality("FND")])
    assert "24 users, none left out" in quality_table(ranking)


def test_means_that_differ_by_rounding_only_are_both_the_best():
    rows = rows_of(
        quality("One", scores=scores([0.1 + 0.2, 0.3])), quality("Other", scores=scores([0.3, 0.3]))
    )
    assert all(rows[name]["AUC"].startswith("**") for name in ("One", "Other"))
