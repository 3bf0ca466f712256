"""What is equal but for rounding is equal wherever a page compares: 0.1 + 0.7 is less than 0.8."""

from __future__ import annotations

import pytest
from outfitbench.reports.answer import answer_section
from outfitbench.reports.differences import differences
from outfitbench.reports.grouping import comparison_tables
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

    teacher = quality("Teacher", "teacher", scores=scores(0.6, 0.6))
    taught = {"objective": "fnd", "teacher": teacher.fit.trial}
    students = [quality("A", scores=first, **taught), quality("B", scores=second, **taught)]
    beside = answer_section(comparison_tables([teacher, *students]), [])
    assert "Beside the teacher the highest AUC is 80.00 (A and B)." in beside


@pytest.mark.parametrize("spellings", [(MORE, LESS), (LESS, MORE)])
def test_seeds_agree_on_no_side_where_two_are_equal(spellings):
    own, others = spellings
    teachers = [quality("Teacher", "teacher", seed=seed, scores=scores(others, others)) for seed in (0, 1)]
    students = [
        quality("A", seed=seed, scores=scores(own, own), objective="fnd", teacher=teacher.fit.trial)
        for seed, teacher in enumerate(teachers)
    ]
    (difference,) = differences(comparison_tables([*teachers, *students])[0])
    assert not difference.seeds_agree


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
