from __future__ import annotations

import numpy as np
import pytest
from outfitbench.reports.comparison import comparison_table, differences
from outfitbench.reports.ranking import rankings
from scipy import stats

from .made_records import quality, user_scores, whole_grid
from .tables import read_tables


def grid():
    return rankings([record for record in whole_grid() if record.kind == "quality"])[0]


def test_every_row_meets_the_teacher_and_distilled_ones_their_baseline():
    pairs = [(d.row.name, d.other.name, d.why) for d in differences(grid())]
    assert ("FND XS", "Teacher", "teacher") in pairs
    assert ("FND XS", "N-pair XS", "baseline") in pairs
    assert ("BPR XS", "N-pair XS", "baseline") not in pairs
    assert sum(why == "teacher" for *_, why in pairs) == 5
    assert sum(why == "baseline" for *_, why in pairs) == 2


def test_numbers_are_those_of_scipy():
    ranking = grid()
    (rows,) = read_tables(comparison_table(ranking))
    row = next(row for row in rows if (row["Method"], row["against"]) == ("FND S", "N-pair S"))
    a, b = (next(r for r in ranking.rows if r.name == name).per_user("auc") for name in ("FND S", "N-pair S"))
    assert row["AUC difference"] == f"{100 * np.mean(a - b):+.2f}"
    assert float(row["Wilcoxon p"]) == pytest.approx(stats.wilcoxon(a, b).pvalue, abs=5.1e-4)


def test_the_word_follows_the_interval():
    for difference in differences(grid()):
        holds_zero = difference.paired.low <= 0 <= difference.paired.high
        assert difference.distinguishable is not holds_zero


def test_without_a_teacher_or_with_one_user_nothing_is_compared():
    assert not comparison_table(rankings([quality("A"), quality("B")])[0])
    alone = user_scores(0.9, users=1)
    assert not comparison_table(
        rankings([quality("T", "teacher", scores=alone), quality("B", scores=alone)])[0]
    )
