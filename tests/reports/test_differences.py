from __future__ import annotations

import numpy as np
import pytest
from outfitbench.evaluation.metrics import PairedComparison
from outfitbench.reports.differences import Difference, differences
from outfitbench.reports.differences_table import differences_table
from outfitbench.reports.grouping import comparison_tables
from scipy import stats

from .made_records import quality, user_scores, whole_grid
from .tables import read_tables


def grid():
    return comparison_tables([record for record in whole_grid() if record.kind == "quality"])[0]


def test_every_row_meets_the_teacher_and_distilled_ones_their_baseline():
    pairs = [(d.row.name, d.other.name, d.why) for d in differences(grid())]
    assert ("FND XS", "Teacher", "teacher") in pairs
    assert ("FND XS", "N-pair XS", "baseline") in pairs
    assert ("BPR XS", "N-pair XS", "baseline") not in pairs
    assert ("FND XS", "BPR XS", "baseline") in pairs
    assert sum(why == "teacher" for *_, why in pairs) == 5
    assert sum(why == "baseline" for *_, why in pairs) == 3


@pytest.mark.parametrize(("metric", "heading"), [("auc", "AUC"), ("ndcg", "NDCG (all cut-offs)")])
def test_numbers_are_those_of_scipy(metric, heading):
    ranking = grid()
    (rows,) = read_tables(differences_table(ranking))
    row = next(
        row
        for row in rows
        if [row["Method"], row["against"], row["Metric"]] == ["FND S", "N-pair S", heading]
    )
    assert row["which is"] == "with n-pair in place of fnd"
    a, b = (
        next(r for r in ranking.rows if r.name == name).per_user(metric) for name in ("FND S", "N-pair S")
    )
    assert row["Difference"] == f"{100 * np.mean(a - b):+.2f}"
    assert float(row["Wilcoxon p"]) == pytest.approx(stats.wilcoxon(a, b).pvalue, abs=5.1e-4)


@pytest.mark.parametrize(
    ("low", "high", "p_value", "word"),
    [
        (0.01, 0.02, 0.01, "yes"),
        (-0.02, -0.01, 0.01, "yes"),
        (-0.01, 0.02, 0.3, "no"),
        (0.0, 0.0, 1.0, "no"),
        (0.01, 0.02, 0.3, "unclear"),
        (-0.01, 0.02, 0.01, "unclear"),
    ],
)
def test_interval_and_test_must_agree(low, high, p_value, word):
    (row,) = comparison_tables([quality("A")])[0].rows
    assert Difference(row, row, "teacher", PairedComparison(0.01, low, high, p_value)).shows == word


def test_holm_is_over_the_comparisons_of_one_kind_and_metric():
    """By hand: of m p-values of a kind, the k-th smallest times m − k, held up by those before it."""
    ranking = grid()
    for metric in ("auc", "ndcg"):
        found = differences(ranking, metric)
        for why, many in (("teacher", 5), ("baseline", 3)):
            kind = sorted((d for d in found if d.why == why), key=lambda d: d.paired.p_value)
            assert {d.among for d in kind} == {many}
            held = 0.0
            for place, difference in enumerate(kind):
                held = max(held, min(1.0, difference.paired.p_value * (many - place)))
                assert difference.holm_p == pytest.approx(held)
    (rows,) = read_tables(differences_table(ranking))
    assert all("Holm p" in row for row in rows)


def of_seeds(method: str, aucs: dict[int, float]):
    """One made-up method; the users of each seed differ alike."""
    flat = user_scores(0.5, seed=3)
    records = [
        quality(
            method,
            scores=flat.model_copy(update={"auc": [value + auc - 0.5 for value in flat.auc]}),
            seed=seed,
        )
        for seed, auc in aucs.items()
    ]
    (row,) = comparison_tables(records)[0].rows
    return row


@pytest.mark.parametrize(
    ("own", "others", "agree"),
    [
        ({0: 0.62, 1: 0.72}, {0: 0.61, 1: 0.71}, True),  # each above its own seed, not above every seed
        ({0: 0.61, 1: 0.71}, {0: 0.62, 1: 0.72}, True),
        ({0: 0.62, 1: 0.70}, {0: 0.61, 1: 0.71}, False),
        ({0: 0.62, 1: 0.71}, {0: 0.61, 1: 0.71}, False),  # nothing is no sign
        ({2: 0.62, 3: 0.72}, {0: 0.61, 1: 0.71}, False),
        ({2: 0.73, 3: 0.72}, {0: 0.61, 1: 0.71}, True),
        ({0: 0.62}, {0: 0.61, 1: 0.71}, False),
    ],
)
def test_seeds_agree_pair_by_pair_where_both_sides_have_the_same(own, others, agree):
    a, b = of_seeds("A", own), of_seeds("B", others)
    assert Difference(a, b, "baseline", PairedComparison(0.01, 0.0, 0.02, 0.01)).seeds_agree == agree


def test_a_teacher_of_the_students_own_kind_is_compared_once():
    teacher = quality("Teacher XS")
    student = quality("FND XS", auc=0.8, objective="fnd", teacher=teacher.fit.trial)
    (ranking,) = comparison_tables([teacher, student])
    assert [(d.row.name, d.why) for d in differences(ranking)] == [("FND XS", "teacher")]


def test_without_a_teacher_or_with_one_user_nothing_is_compared():
    assert not differences_table(comparison_tables([quality("A"), quality("B")])[0])
    alone = user_scores(0.9, users=1)
    assert not differences_table(
        comparison_tables([quality("T", "teacher", scores=alone), quality("B", scores=alone)])[0]
    )
