"""What is equal but for rounding is equal wherever a page compares: 0.1 + 0.7 is less than 0.8."""

from __future__ import annotations

import pytest
from outfitbench.reports.answer import answer_section
from outfitbench.reports.grouping import comparison_tables
from outfitbench.reports.ties import tie_letters
from outfitbench.reports.tradeoff_lines import method_lines
from outfitbench.suites.records import UserScores

from .made_records import quality, scorer

MORE, LESS = 0.8, 0.1 + 0.7
assert MORE > LESS


def scores(*values: float) -> UserScores:
    return UserScores(
        users=list(range(len(values))),
        auc=list(values),
        ndcg=list(values),
        ndcg_standard=list(values),
        left_out=0,
    )


@pytest.mark.parametrize("spellings", [(MORE, LESS), (LESS, MORE)])
def test_all_that_share_the_highest_auc_are_named(spellings):
    first, second = (scores(value, value) for value in spellings)
    alone = answer_section(comparison_tables([quality("A", scores=first), quality("B", scores=second)]), [])
    assert "The highest AUC is 80.00 (A and B)." in alone

    teacher = quality("Teacher", "teacher", scores=scores(0.6, 0.9))
    taught = {"objective": "fnd", "teacher": teacher.fit.trial}
    students = [quality("A", scores=first, **taught), quality("B", scores=second, **taught)]
    beside = answer_section(comparison_tables([teacher, *students]), [])
    assert "Beside the teacher the highest AUC is 80.00 (A and B)." in beside


def of_users(shift: float, wave: float = 0.0) -> UserScores:
    return scores(*(0.7 + shift + wave * (-1) ** user for user in range(12)))


def test_rows_share_a_letter_where_they_are_not_told_apart():
    """A and C lie a little on either side of B, for which the users differ; D is far below all of them."""
    records = [
        quality("A", scores=of_users(0.02)),
        quality("B", scores=of_users(0.0, wave=0.1)),
        quality("C", scores=of_users(-0.02)),
        quality("D", scores=of_users(-0.3)),
        scorer("random", scores=of_users(-0.2)),
    ]
    (ranked,) = comparison_tables(records)
    letters = dict(zip([row.name for row in ranked.all_rows], tie_letters(ranked, "auc"), strict=True))
    assert letters == {"A": "a", "B": "ab", "C": "b", "D": "c", "random": ""}


def test_alone_and_with_one_user_there_are_no_letters():
    assert tie_letters(comparison_tables([quality("A")])[0], "auc") == [""]
    alone = [quality(name, scores=scores(0.8)) for name in "AB"]
    assert tie_letters(comparison_tables(alone)[0], "auc") == ["", ""]


@pytest.mark.parametrize("thirds", [(0.55, 0.9, 0.05), (0.35, 0.7, 0.45)])
def test_chance_is_not_beaten_by_rounding(thirds):
    records = [quality("A", seed=seed, scores=scores(value, value)) for seed, value in enumerate(thirds)]
    (row,) = comparison_tables(records)[0].rows
    assert row.mean("auc") != 0.5
    assert not row.beats_chance
    assert row.holds_chance


@pytest.mark.parametrize("spellings", [(MORE, LESS), (LESS, MORE)])
def test_equals_stand_by_name(spellings):
    a, b = (scores(value, value) for value in spellings)
    (trained,) = comparison_tables([quality("A", scores=a), quality("B", scores=b)])
    assert [line.name for line in method_lines(trained.rows)] == ["A", "B"]
    (untrained,) = comparison_tables([scorer("A", scores=a), scorer("B", scores=b)])
    assert [row.name for row in untrained.scorers] == ["A", "B"]
