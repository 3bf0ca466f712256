"""The answer to made-up records, and the records that its tests start from."""

from __future__ import annotations

from outfitbench.reports.answer import answer_section
from outfitbench.reports.costs import cost_groups
from outfitbench.reports.grouping import comparison_tables

from .made_records import quality


def answer(qualities, costs=()):
    return answer_section(comparison_tables(qualities), cost_groups(costs))


def pair(student_auc: float = 0.8, **student):
    teacher = quality("Teacher", "teacher", 0.93)
    return [
        teacher,
        quality("FND XS", auc=student_auc, objective="fnd", teacher=teacher.fit.trial, **student),
    ]


def seeds(student: list[float], baseline: list[float]):
    teachers = [quality("Teacher", "teacher", 0.93, seed=seed) for seed in (0, 1)]
    return [
        *teachers,
        *(
            quality("FND XS", auc=auc, objective="fnd", seed=seed, teacher=teachers[seed].fit.trial)
            for seed, auc in enumerate(student)
        ),
        *(quality("N-pair XS", auc=auc, seed=seed) for seed, auc in enumerate(baseline)),
    ]
