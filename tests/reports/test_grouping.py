from __future__ import annotations

import numpy as np
import pytest
from outfitbench.datasets.errors import InputError
from outfitbench.reports.grouping import rankings

from .made_records import quality, user_scores


def names(ranking):
    return [row.name for row in ranking.rows]


def test_settings_and_datasets_have_tables_of_their_own():
    records = [
        quality("FND", setting="hard"),
        quality("FND"),
        quality("FND", dataset="closet-12", trial="other"),
    ]
    found = [(ranking.dataset, ranking.setting) for ranking in rankings(records)]
    assert found == [("closet-12", "random"), ("closet-24", "random"), ("closet-24", "hard")]


@pytest.mark.parametrize(
    "change",
    [
        {"evaluator_version": 2},
        {"candidate_fingerprint": "beef" * 4},
        {"data_fingerprint": "d00d" * 4},
        {"split_scheme": "released"},
    ],
)
def test_what_cannot_be_compared_never_shares_a_table(change):
    found = rankings([quality("A"), quality("B", **change)])
    assert [names(ranking) for ranking in found] in ([["A"], ["B"]], [["B"], ["A"]])


def test_seeds_of_one_recipe_are_one_row():
    records = [quality("N-pair", seed=seed) for seed in (2, 0, 1)]
    (ranking,) = rankings(records)
    (row,) = ranking.rows
    assert row.seeds == (0, 1, 2)
    by_hand = np.mean([record.test.auc for record in records], axis=0)
    np.testing.assert_allclose(row.per_user("auc"), by_hand)
    assert row.mean("auc") == pytest.approx(by_hand.mean())
    assert row.seed_spread("auc") == pytest.approx(np.std([np.mean(r.test.auc) for r in records], ddof=1))


def test_students_of_teachers_that_differ_in_the_seed_are_one_row():
    teachers = [quality("Teacher", "teacher", seed=seed) for seed in (0, 1)]
    students = [quality("FND", objective="fnd", seed=seed, teacher=teachers[seed].trial) for seed in (0, 1)]
    (ranking,) = rankings([*teachers, *students])
    assert [(row.name, row.seeds) for row in ranking.rows] == [("Teacher", (0, 1)), ("FND", (0, 1))]


def test_namesakes_of_other_recipes_are_not_averaged():
    short = quality("FND", trial="aaaaaaaaaa")
    long = quality("FND", trial="bbbbbbbbbb", seed=1, description={"method": {"epochs": 50}, "seed": 1})
    (ranking,) = rankings([short, long])
    assert names(ranking) == ["FND (trial aaaaaaaa)", "FND (trial bbbbbbbb)"]


def test_a_trial_given_twice_counts_once():
    record = quality("FND")
    again = record.model_copy(update={"seconds": {"train": 1.0}})
    (ranking,) = rankings([record, again])
    assert len(ranking.rows[0].records) == 1


def test_one_trial_with_two_outcomes_is_refused():
    with pytest.raises(InputError, match="trial fnd-random-0: found two records with different outcomes"):
        rankings([quality("FND"), quality("FND", auc=0.8)])


def test_rows_of_other_users_are_refused():
    with pytest.raises(InputError, match=r"test\.users"):
        rankings([quality("A"), quality("B", scores=user_scores(0.8, users=20))])


def test_a_trial_that_ranked_nobody_is_refused():
    with pytest.raises(InputError, match="no user"):
        rankings([quality("A", scores=user_scores(0.8, users=0, left_out=24))])


def test_who_taught_is_read_from_the_records():
    big = quality("Big XS", "student-xs", trial="big")
    other = quality("Teacher", "teacher")
    student = quality("FND", objective="fnd", teacher="big")
    (ranking,) = rankings([big, other, student])
    assert ranking.teacher is not None
    assert ranking.teacher.name == "Big XS"


def test_without_distillation_the_teacher_is_the_model_of_that_name():
    (ranking,) = rankings([quality("N-pair"), quality("Large", "teacher")])
    assert ranking.teacher is not None
    assert ranking.teacher.name == "Large"
    assert rankings([quality("N-pair")])[0].teacher is None


def test_the_baseline_is_the_same_model_trained_with_n_pair():
    teacher = quality("Teacher", "teacher")
    student = quality("FND S", "student-s", objective="fnd", teacher=teacher.trial)
    rows = [teacher, student, quality("N-pair XS"), quality("BPR S", "student-s", objective="bpr")]
    (ranking,) = rankings(rows)
    fnd = next(row for row in ranking.rows if row.name == "FND S")
    assert ranking.baseline_of(fnd) is None
    (ranking,) = rankings([*rows, quality("N-pair S", "student-s")])
    fnd = next(row for row in ranking.rows if row.name == "FND S")
    baseline = ranking.baseline_of(fnd)
    assert baseline is not None
    assert baseline.name == "N-pair S"
