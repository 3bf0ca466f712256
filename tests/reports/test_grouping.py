from __future__ import annotations

import numpy as np
import pytest
from outfitbench.core.errors import InputError
from outfitbench.reports.grouping import comparison_tables, names_of_fits
from outfitbench.training.history import Environment

from .made_records import fit, machine, quality, suite, user_scores


def names(ranking):
    return [row.name for row in ranking.rows]


def test_settings_and_datasets_have_tables_of_their_own():
    records = [
        quality("FND", setting="hard"),
        quality("FND"),
        quality("FND", dataset="closet-12", trial="other"),
    ]
    found = [(ranking.dataset, ranking.setting) for ranking in comparison_tables(records)]
    assert found == [("closet-12", "random"), ("closet-24", "random"), ("closet-24", "hard")]


@pytest.mark.parametrize(
    "change",
    [
        {"evaluator_version": 3},
        {"candidate_fingerprint": "beef" * 4},
        {"data_fingerprint": "d00d" * 4},
        {"split_scheme": "released"},
    ],
)
def test_what_cannot_be_compared_never_shares_a_table(change):
    found = comparison_tables([quality("A"), quality("B", **change)])
    assert [names(ranking) for ranking in found] in ([["A"], ["B"]], [["B"], ["A"]])


def test_seeds_of_one_recipe_are_one_row():
    records = [quality("N-pair", seed=seed) for seed in (2, 0, 1)]
    (ranking,) = comparison_tables(records)
    (row,) = ranking.rows
    assert row.seeds == (0, 1, 2)
    by_hand = np.mean([record.test.auc for record in records], axis=0)
    np.testing.assert_allclose(row.per_user("auc"), by_hand)
    assert row.mean("auc") == pytest.approx(by_hand.mean())
    assert row.seed_spread("auc") == pytest.approx(np.std([np.mean(r.test.auc) for r in records], ddof=1))


def test_students_of_teachers_that_differ_in_the_seed_are_one_row():
    teachers = [quality("Teacher", "teacher", seed=seed) for seed in (0, 1)]
    students = [
        quality("FND", objective="fnd", seed=seed, teacher=teachers[seed].fit.trial) for seed in (0, 1)
    ]
    (ranking,) = comparison_tables([*teachers, *students])
    assert [(row.name, row.seeds) for row in ranking.rows] == [("Teacher", (0, 1)), ("FND", (0, 1))]


def test_namesakes_of_other_recipes_are_not_averaged():
    short = quality("FND", trial="aaaaaaaaaa")
    long = quality("FND", trial="bbbbbbbbbb", seed=1, description={"recipe": {"epochs": 50}, "seed": 1})
    (ranking,) = comparison_tables([short, long])
    assert names(ranking) == ["FND (trial aaaaaaaa)", "FND (trial bbbbbbbb)"]


def test_a_trial_given_twice_counts_once():
    record = quality("FND")
    again = record.model_copy(update={"seconds": {"evaluate": 1.0}})
    (ranking,) = comparison_tables([record, again])
    assert len(ranking.rows[0].records) == 1


def environment(**changes):
    return Environment(**({"device": "cpu", "precision": "fp32", "threads": 2} | changes))


@pytest.mark.parametrize("other", [{"device": "cuda"}, {"precision": "bf16"}, {"threads": 4}])
def test_of_one_trial_from_two_environments_one_is_shown_by_rule(other):
    shown = quality("FND", auc=0.8, environment=environment())
    passed = quality("FND", auc=0.9, environment=environment(**other))
    for records in ([shown, passed], [passed, shown]):
        (ranking,) = comparison_tables(records)
        (row,) = ranking.rows
        assert row.records == (shown,)
        (outcome,) = ranking.passed_over
        assert outcome.other == passed
        expected = np.mean(passed.test.auc) - np.mean(shown.test.auc)
        assert outcome.auc_difference == pytest.approx(expected)


def test_another_environment_of_the_same_outcome_is_not_worth_a_word():
    records = [quality("FND", environment=environment(threads=n), machine=machine(cores=n)) for n in (1, 2)]
    (ranking,) = comparison_tables(records)
    assert len(ranking.rows[0].records) == 1
    assert not ranking.passed_over


def test_rows_go_by_the_name_of_the_latest_suite():
    record = quality("Old name")
    suites = [
        suite(names={record.fit.trial: "Newest"}, date="2026-12-02T00:00:00"),
        suite(names={record.fit.trial: "New"}, date="2026-12-01T00:00:00"),
    ]
    assert names(comparison_tables([record], names_of_fits(suites))[0]) == ["Newest"]
    assert names(comparison_tables([record], names_of_fits([]))[0]) == ["Old name"]


def test_seeds_of_one_recipe_are_one_row_whatever_they_were_called():
    first = quality("FND")
    second = quality("FND old", seed=1, description=first.fit.description | {"seed": 1})
    (ranking,) = comparison_tables([first, second], {first.fit.trial: "FND new"})
    assert [(row.name, row.seeds) for row in ranking.rows] == [("FND new", (0, 1))]


def test_students_of_teachers_without_records_never_share_a_seed():
    students = [
        quality("FND", objective="fnd", teacher=teacher, trial=f"5tudent{i}")
        for i, teacher in enumerate(("one", "another"))
    ]
    (ranking,) = comparison_tables(students)
    assert [row.seeds for row in ranking.rows] == [(0,), (0,)]


def test_a_teacher_that_was_not_evaluated_still_tells_recipes_apart():
    teachers = [fit("Teacher", "teacher", seed=seed) for seed in (0, 1)]
    longer = fit("Long", "teacher", seed=1, description={"recipe": {"epochs": 99}})
    students = [
        quality("FND", objective="fnd", seed=seed, teacher=trial)
        for seed, trial in ((0, teachers[0].trial), (1, longer.trial))
    ]
    assert len(comparison_tables(students, others=[*teachers, longer])[0].rows) == 2
    same = [students[0], quality("FND", objective="fnd", seed=1, teacher=teachers[1].trial)]
    assert len(comparison_tables(same, others=teachers)[0].rows) == 1


def test_fits_that_name_each_other_as_teachers_end():
    a = quality("A", objective="fnd", teacher="b", trial="a")
    b = quality("B", objective="fnd", teacher="a", trial="b")
    assert len(comparison_tables([a, b])[0].rows) == 2


@pytest.mark.parametrize(
    "description",
    [
        {"objectives": None},
        {"objectives": [None, {"name": 3}]},
        {"model": [], "recipe": []},
        {"objectives": {}},
    ],
)
def test_descriptions_of_another_form_are_left_blank(description):
    (ranking,) = comparison_tables([quality("A", description=description), quality("B")])
    assert next(row for row in ranking.rows if row.name == "A").objectives == ""


def test_training_negatives_have_tables_of_their_own():
    records = [quality("A", setting="hard"), quality("A", setting="hard", negatives="hard")]
    assert [ranking.label for ranking in comparison_tables(records)] == [
        "closet-24, hard negatives",
        "closet-24, hard negatives (trained on random ones)",
    ]


def test_two_datasets_of_one_name_have_headings_of_their_own():
    records = [quality("A"), quality("A", data_fingerprint="d00d" * 4, trial="other")]
    assert [ranking.label for ranking in comparison_tables(records)] == [
        "closet-24, random negatives, data d00dd00dd00d",
        "closet-24, random negatives, data da7ada7ada7a",
    ]


def test_rows_of_other_users_are_refused():
    with pytest.raises(InputError, match=r"test\.users"):
        comparison_tables([quality("A"), quality("B", scores=user_scores(0.8, users=20))])


def test_a_trial_that_ranked_nobody_is_refused():
    with pytest.raises(InputError, match="no user"):
        comparison_tables([quality("A", scores=user_scores(0.8, users=0, left_out=24))])


def test_who_taught_is_read_from_the_records():
    big = quality("Big XS", "student-xs", trial="big")
    other = quality("Teacher", "teacher")
    student = quality("FND", objective="fnd", teacher="big")
    (ranking,) = comparison_tables([big, other, student])
    assert ranking.teacher is not None
    assert ranking.teacher.name == "Big XS"


def test_without_distillation_no_row_is_a_teacher_whatever_its_name():
    assert comparison_tables([quality("N-pair"), quality("Teacher", "teacher")])[0].teacher is None


def test_baselines_are_one_step_away_in_what_they_minimise():
    contrastive = {"name": "contrastive", "options": {"weight": 0.2}}

    def student(name: str, *objectives: str | dict, model: str = "student-s", **changes):
        parts = [{"name": part} if isinstance(part, str) else part for part in objectives]
        return quality(name, model, description={"kind": "fit", "objectives": parts}, **changes)

    teacher = quality("Teacher", "teacher")
    taught = {"teacher": teacher.fit.trial}
    records = [
        teacher,
        student("BPR", "bpr"),
        student("N-pair", "n-pair"),
        student("N-pair XS", "n-pair", model="student-xs"),
        student("CL", "n-pair", contrastive),
        student("FND", "fnd", **taught),
        student("FND 2", {"name": "fnd", "options": {"alpha": 2.0}}, **taught),
        student("FND-CL", "fnd", contrastive, **taught),
    ]
    (ranking,) = comparison_tables(records)
    found = {
        row.name: {other.name: step for other, step in ranking.baselines_of(row).items()}
        for row in ranking.rows
    }
    in_place = {name: f"with {name} in place of fnd" for name in ("bpr", "n-pair")}
    assert found == {
        "Teacher": {},
        "BPR": {},
        "N-pair": {},
        "N-pair XS": {},
        "CL": {"N-pair": "without contrastive"},
        "FND": {"BPR": in_place["bpr"], "N-pair": in_place["n-pair"]},
        "FND 2": {"BPR": in_place["bpr"], "N-pair": in_place["n-pair"]},
        "FND-CL": {"FND": "without contrastive", "CL": in_place["n-pair"]},
    }


def test_objectives_are_shown_with_their_weights():
    parts = [{"name": "n-pair"}, {"name": "contrastive", "options": {"weight": 0.2}}]
    (ranking,) = comparison_tables([quality("CL", description={"objectives": parts})])
    assert ranking.rows[0].objectives == "n-pair + 0.2 contrastive"
