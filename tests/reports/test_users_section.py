"""Whether a method knows its users, as the page says it."""

from __future__ import annotations

import numpy as np
import pytest
from outfitbench.reports import write_report
from outfitbench.reports.grouping import comparison_tables
from outfitbench.reports.users_section import users_section
from outfitbench.suites.records import QualityRecord
from pydantic import ValidationError
from scipy import stats

from .made_records import quality, scorer, shuffled, user_scores
from .tables import by_first_column, read_tables


def rows_of(*records) -> dict[str, dict[str, str]]:
    (rows,) = read_tables(users_section(comparison_tables(records)))
    return by_first_column(rows)


def with_users(name: str, own: float, others: float, seed: int = 0):
    return quality(name, auc=own, seed=seed, shuffled=shuffled(user_scores(others, seed=seed + 7)))


def test_a_method_that_loses_by_shuffling_beats_itself_shuffled():
    record = with_users("FND", 0.9, 0.6)
    row = rows_of(record)["FND"]
    differences = np.array(record.test.auc) - np.array(record.shuffled.test.auc)
    assert row["Difference"] == f"{100 * differences.mean():+.2f}"
    low, high = (float(end) for end in row["95 % interval"].strip("[]").split(", "))
    oracle = stats.bootstrap((differences,), np.mean, method="percentile", rng=1).confidence_interval
    assert (low, high) == pytest.approx((100 * oracle.low, 100 * oracle.high), abs=0.15)
    assert row["AUC as another user"] == f"{100 * np.mean(record.shuffled.test.auc):.2f}"
    assert row["Beats itself shuffled"] == "yes"


def test_a_model_that_ignores_users_differs_by_nothing_and_is_said_so():
    scores = user_scores(0.8)
    row = rows_of(quality("Type-Aware", scores=scores, shuffled=shuffled(scores, same_scores=True)))
    cells = row["Type-Aware"]
    assert (cells["Difference"], cells["95 % interval"], cells["p"]) == (
        "+0.00",
        "[0.00, 0.00]",
        "1.000",
    )
    assert cells["Beats itself shuffled"] == "knows no users"


def test_equal_rankings_of_other_scores_are_no_ignorance():
    scores = user_scores(0.8)
    rows = rows_of(quality("A", scores=scores, shuffled=shuffled(scores)))
    assert rows["A"]["Beats itself shuffled"] == "no"


def test_one_that_ranks_better_for_others_does_not_beat_itself():
    assert rows_of(with_users("A", 0.6, 0.9))["A"]["Beats itself shuffled"] == "no: worse"


def test_seeds_are_averaged_user_by_user_first():
    records = [
        with_users("FND", own, others, seed) for seed, (own, others) in enumerate([(0.9, 0.7), (0.8, 0.5)])
    ]
    by_hand = np.mean([np.array(r.test.auc) - np.array(r.shuffled.test.auc) for r in records], axis=0)
    assert rows_of(*records)["FND"]["Difference"] == f"{100 * by_hand.mean():+.2f}"


def test_a_row_one_of_whose_seeds_was_not_shuffled_has_no_line():
    alone = quality("FND", auc=0.9, seed=1)
    assert not users_section(comparison_tables([with_users("FND", 0.9, 0.6), alone]))


def test_scorers_are_among_the_rows():
    colours = scorer("colours", 0.7, shuffled=shuffled(user_scores(0.5, seed=3)))
    rows = rows_of(with_users("FND", 0.9, 0.6), colours)
    assert rows["colours"]["Beats itself shuffled"] == "yes"


def test_an_evaluation_with_and_without_the_question_is_one(tmp_path):
    """Two trials, of which the one that knows more is shown, whichever is read first."""
    asked = with_users("FND", 0.9, 0.6)
    plain = asked.model_copy(update={"shuffled": None, "trial": "plain"})
    for records in ([asked, plain], [plain, asked]):
        (ranked,) = comparison_tables(records)
        assert [row.records for row in ranked.rows] == [(asked,)]
        assert not ranked.passed_over


def test_nobody_asked_no_section(tmp_path):
    assert not users_section(comparison_tables([quality("A")]))
    assert "## Users" not in write_report([quality("A")], tmp_path / "a").read_text()
    assert "## Users" in write_report([with_users("A", 0.9, 0.6)], tmp_path / "b").read_text()


def test_shuffled_users_are_those_that_are_ranked():
    other = shuffled(user_scores(0.5, users=3)).model_dump()
    with pytest.raises(ValidationError, match="are not those of `test`"):
        QualityRecord(**(quality("A").model_dump() | {"shuffled": other}))
