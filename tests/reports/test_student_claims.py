"""What the answer says of students beside their teacher, and of the best of them."""

from __future__ import annotations

import numpy as np
import pytest
from outfitbench.reports.answer import answer_section
from outfitbench.reports.grouping import comparison_tables

from .answers import answer, pair, seeds
from .made_records import cost, description_of, quality, user_scores


def test_more_than_the_teacher_has_is_not_kept():
    def said(records) -> str:
        return next(line for line in answer(records).splitlines() if "its parameters" in line)

    better = said(seeds([0.97, 0.97], []))
    assert better.startswith("- FND XS ranks better than Teacher (")
    assert "keeps" not in better
    assert said(seeds([0.972, 0.968], [])).startswith(
        "- On average FND XS ranks better than Teacher, but no claim"
    )
    assert said(pair(0.97)).startswith("- The weights of FND XS rank better than Teacher (")
    assert said(pair(0.8)).startswith("- FND XS keeps ")


def test_a_teacher_below_what_it_teaches_is_warned_of():
    weak = "Teacher is weaker than what it teaches: without a teacher N-pair XS ranks better (+"
    assert weak in answer([*pair(0.9), quality("N-pair XS", auc=0.97)])
    assert "weaker" not in answer([*pair(0.97), quality("N-pair XS", auc=0.9)])
    # What it does not teach says nothing of it.
    assert "weaker" not in answer([*pair(0.9), quality("N-pair S", "student-s", auc=0.97)])


def smallest(*students) -> str:
    teacher = quality("Teacher", "teacher", scores=user_scores(0.8, seed=3))
    taught = {"objective": "fnd", "teacher": teacher.fit.trial}
    records = [
        quality(name, model, scores=user_scores(auc, seed=3), **(taught if name.startswith("FND") else {}))
        for name, model, auc in students
    ]
    found = [line for line in answer([teacher, *records]).splitlines() if "smallest network" in line]
    return found[0] if found else ""


def test_the_smallest_network_that_is_not_told_from_its_teacher():
    """Equal to the teacher or above it; XS is told from it, S is not, and M needs more."""
    text = smallest(
        ("N-pair XS", "student-xs", 0.7), ("FND S", "student-s", 0.8), ("N-pair M", "student-m", 0.85)
    )
    assert "is FND S (+0.00 [0.00, 0.00], one seed" in text
    assert "no teacher" not in text
    text = smallest(("N-pair XS", "student-xs", 0.85), ("FND S", "student-s", 0.8))
    assert "is N-pair XS, which needs no teacher (+5.00 [" in text
    assert "2.85M parameters, 4.3 %" in text
    text = smallest(("N-pair XS", "student-xs", 0.8), ("FND XS", "student-xs", 0.85))
    assert "is FND XS (+5.00 [" in text
    assert "of the same size, N-pair XS needs no teacher (+0.00 [" in text
    assert not smallest(("N-pair XS", "student-xs", 0.7), ("FND S", "student-s", 0.7))


def test_the_leader_is_above_the_teacher_only_where_its_seeds_carry_it():
    def led(student: list[float]) -> str:
        records = seeds(student, [0.7, 0.7])
        return next(line for line in answer(records).splitlines() if "the highest AUC is" in line)

    assert "distinguishably above the teacher's" in led([0.97, 0.97])
    torn = led([0.972, 0.968])
    assert "distinguishably" not in torn
    assert "above the teacher's on average, but no claim is made (+" in torn


def test_the_leader_of_many_needs_more_than_a_small_p():
    """Every user but a few gains a little: enough for one comparison, not for the best of thirty."""
    gains = np.array([0.01 * step for step in range(1, 18)] + [-0.012 * step for step in range(1, 8)])
    base = user_scores(0.6, seed=3)
    better = base.model_copy(update={"auc": (np.array(base.auc) + gains).tolist()})
    teachers = [quality("Teacher", "teacher", scores=base, seed=seed) for seed in (0, 1)]

    def led(others: int) -> str:
        records = [*teachers]
        for seed in (0, 1):
            teacher = {"objective": "fnd", "seed": seed, "teacher": teachers[seed].fit.trial}
            records.append(quality("best", scores=better, **teacher))
            records += [quality(f"other {n}", scores=base, **teacher) for n in range(others)]
        return next(line for line in answer(records).splitlines() if "the highest AUC is" in line)

    assert "distinguishably above the teacher's (+" in led(1)
    many = led(29)
    assert "distinguishably" not in many
    assert ", above the teacher's on average, but no claim is made (+" in many
    assert " as one of 30)" in many


def test_a_difference_whose_interval_holds_zero_is_hedged():
    assert "not distinguishable from zero" not in answer(pair(0.8))
    assert "not distinguishable from zero" in answer(pair(0.93))


def test_latencies_whose_intervals_overlap_are_hedged():
    def costs(student: float):
        return [cost("Teacher", "teacher", 0.02), cost("FND XS", latency=student)]

    assert "latencies overlap" in answer(pair(), costs(0.0199))
    assert "latencies overlap" not in answer(pair(), costs(0.01))


def test_one_record_for_both_has_no_overlap_to_speak_of():
    teacher = quality("Teacher XS")
    records = [teacher, quality("FND XS", auc=0.8, objective="fnd", teacher=teacher.fit.trial)]
    text = answer(records, [cost("FND XS")])
    assert "100 % of its latency." in text
    assert "latencies overlap" not in text


def test_only_distilled_students_get_a_sentence_where_there_are_any():
    text = answer([*pair(), quality("BPR XS", auc=0.7, objective="bpr")])
    assert "BPR XS keeps" not in text


@pytest.mark.parametrize(
    ("student", "baseline", "said"),
    [
        ([0.9, 0.9], [0.8, 0.8], "Distillation raises the AUC: FND XS has "),
        ([0.7, 0.7], [0.8, 0.8], "Distillation lowers the AUC: FND XS has "),
        ([0.8, 0.8], [0.8, 0.8], "No effect of distillation on the AUC shows: FND XS has "),
        ([0.9], [0.8], "With these weights the AUC is higher after distillation: FND XS has "),
    ],
)
def test_the_first_sentence_says_what_distillation_did(student, baseline, said):
    text = answer(seeds(student, baseline))
    first = next(line for line in text.splitlines() if line.startswith("- "))
    assert first.startswith(f"- {said}")
    assert "with n-pair in place of fnd" in first


def test_without_a_counterpart_nothing_is_said_of_distillation():
    assert "istillation" not in answer(pair())


def test_a_student_is_held_against_the_best_that_could_stand_in_its_place():
    weak = [quality("BPR XS", auc=0.6, objective="bpr", seed=seed) for seed in (0, 1)]
    text = answer([*seeds([0.9, 0.9], [0.8, 0.8]), *weak])
    first = next(line for line in text.splitlines() if line.startswith("- "))
    assert "and N-pair XS, the same model and recipe with n-pair in place of fnd" in first


def test_what_a_suite_declares_is_an_effect_of_teaching_only_where_nothing_else_differs():
    """A student of two objectives is more than one step from the network that nobody taught."""
    teachers = [quality("Teacher", "teacher", 0.93, seed=seed) for seed in (0, 1)]
    both = {"objectives": [{"name": "fnd"}, {"name": "recd"}]}
    students = [
        quality(
            "RecD XS",
            auc=0.9,
            seed=seed,
            teacher=teachers[seed].fit.trial,
            description=description_of("RecD XS", "recd", seed, **both),
        )
        for seed in (0, 1)
    ]
    plain = {
        key: [quality(f"N-pair {key}", f"student-{key.lower()}", 0.8, seed=seed) for seed in (0, 1)]
        for key in ("XS", "S")
    }

    def said(key: str) -> str:
        records = [*teachers, *students, *plain[key]]
        declared = [(a.fit.trial, b.fit.trial) for a, b in zip(students, plain[key], strict=True)]
        return answer_section(comparison_tables(records, declared=declared), [])

    assert "- Distillation raises the AUC: RecD XS has 9" in said("XS")
    assert ", the same model and recipe with n-pair alone, 8" in said("XS")
    assert "Distillation" not in said("S")
