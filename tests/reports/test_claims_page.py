"""What records say of claims: each verdict, on made records whose differences are known."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from outfitbench.core.errors import InputError
from outfitbench.reports import write_report
from outfitbench.reports.claim_file import ClaimFile, load_claims, paper_claims
from outfitbench.reports.claim_findings import findings, verdict
from outfitbench.reports.grouping import comparison_tables
from outfitbench.suites.suite_file import list_suites, load_suite
from scipy import stats

from .made_records import quality, user_scores
from .tables import by_first_column, read_tables

SEEDS = (0, 1, 2)
BASE = np.array(user_scores(0.8, seed=3).auc)
WAVE = 0.002 * np.sin(np.arange(24))


def rows_of(name: str, shift: float, *, seeds=SEEDS, setting: str = "random", negatives: str = "random"):
    """A method that differs from the others by `shift`, a little from user to user and seed to seed."""
    return [
        quality(
            name,
            seed=seed,
            setting=setting,
            negatives=negatives,
            scores=user_scores(0.8).model_copy(
                update={
                    "auc": (
                        BASE + shift + WAVE * (len(name) % 3) + 0.0005 * ((seed * len(name)) % 3)
                    ).tolist()
                }
            ),
        )
        for seed in seeds
    ]


def claims(*comparisons: dict, **keys) -> ClaimFile:
    claim = {"says": "It is so", "comparisons": list(comparisons), **keys}
    return ClaimFile.model_validate({"title": "Claims", "claim": [claim]})


def said(asked: ClaimFile, *records) -> str:
    return verdict(
        asked.claim[0], findings(asked.claim, comparison_tables([r for some in records for r in some]))
    )


@pytest.mark.parametrize(
    ("shift", "expected"), [(0.03, "holds"), (-0.03, "does not hold"), (0.0, "not told apart")]
)
def test_one_row_over_another(shift, expected):
    assert said(claims({"more": "AA", "than": "B"}), rows_of("AA", shift), rows_of("B", 0.0)) == expected


def test_a_claim_of_several_comparisons_holds_where_each_does():
    asked = claims({"more": "AA", "than": "B"}, {"more": "B", "than": "CCC"})
    a, b = rows_of("AA", 0.03), rows_of("B", 0.0)
    assert said(asked, a, b, rows_of("CCC", -0.03)) == "holds"
    assert said(asked, a, b, rows_of("CCC", 0.03)) == "does not hold"
    assert said(asked, a, b, rows_of("CCC", 0.0)) == "not told apart"
    assert said(asked, a, b) == "holds, as far as it was run"
    assert said(asked, rows_of("CCC", 0.0)) == "not run"


def test_one_seed_decides_nothing():
    asked = claims({"more": "AA", "than": "B"})
    assert said(asked, rows_of("AA", 0.03, seeds=[0]), rows_of("B", 0.0, seeds=[0])) == "not told apart"


def test_a_gain_over_another_gain_is_the_difference_of_differences():
    asked = claims({"more": ["AA", "B"], "than": ["DDDD", "CCC"]})
    made = [rows_of("AA", 0.05), rows_of("B", 0.0), rows_of("DDDD", 0.02), rows_of("CCC", 0.0)]
    (found,) = findings(asked.claim, comparison_tables([record for rows in made for record in rows]))
    auc = [np.array([record.test.auc for record in rows]) for rows in made]
    by_hand = auc[0] - auc[1] - auc[2] + auc[3]
    assert found.paired.difference == pytest.approx(by_hand.mean())
    oracle = stats.ttest_1samp(by_hand.mean(1), 0).confidence_interval()
    assert (found.paired.seeds_low, found.paired.seeds_high) == pytest.approx((oracle.low, oracle.high))
    assert found.says == "holds"


@pytest.mark.parametrize(
    ("shift", "expected"),
    [(0.001, "holds"), (-0.03, "does not hold"), (0.03, "does not hold"), (0.008, "not told apart")],
)
def test_two_that_are_claimed_to_be_alike(shift, expected):
    """The last differ, but whether by more than is allowed is not known."""
    asked = claims({"more": "AA", "than": "B"}, alike_within=0.8)
    assert said(asked, rows_of("AA", shift), rows_of("B", 0.0)) == expected


def test_two_settings_are_held_against_each_other():
    """The gain is 0.03 on hard negatives, after training on them, and 0.01 on random ones."""
    asked = claims({"more": ["AA", "B"], "than": ["AA", "B"], "on": ["hard", "random"]})
    random = [rows_of("AA", 0.01), rows_of("B", 0.0)]
    both = {"setting": "hard", "negatives": "hard"}
    hard = [rows_of("AA", 0.03, **both), rows_of("B", 0.0, **both)]
    untaught = [rows_of("AA", 0.5, setting="hard"), rows_of("B", 0.0, setting="hard")]
    tables = comparison_tables([r for rows in [*random, *hard, *untaught] for r in rows])
    (found,) = findings(asked.claim, tables)
    assert found.paired.difference == pytest.approx(0.02)
    assert [table.setting for table in found.tables] == ["hard", "random"]
    assert said(asked, *random) == "not run"


def test_holm_is_over_the_page_and_the_dataset():
    asked = claims({"more": "AA", "than": "B"}, {"more": "AA", "than": "CCC"})
    found = findings(
        asked.claim,
        comparison_tables([*rows_of("AA", 0.004), *rows_of("B", 0.0), *rows_of("CCC", 0.0)]),
    )
    smallest = min(found, key=lambda f: f.paired.p_value)
    assert smallest.holm_p == pytest.approx(2 * smallest.paired.p_value)


def test_a_reader_goes_from_a_cell_to_its_records(tmp_path: Path) -> None:
    records = [*rows_of("AA", 0.03), *rows_of("B", 0.0)]
    files = {record.trial: tmp_path / "runs" / record.trial / "record.json" for record in records}
    asked = claims({"more": "AA", "than": "B"}, {"more": "B", "than": "CCC"})
    page = write_report(records, tmp_path / "my report", claims=asked, files=files)
    assert "[Claims, and what was found](claims.md)" in page.read_text()
    text = (page.parent / "claims.md").read_text()
    overview, (row,) = read_tables(text)
    assert by_first_column(overview)["1. It is so"]["closet-24"] == "holds, as far as it was run"
    assert row["Compared"] == "AA over B"
    assert row["Records"].startswith(f"AA [0](../runs/{records[0].trial}/record.json), [1](")
    assert "Not run: B over CCC." in text
    assert "with p < 0.05 before the correction, so that a claim takes more" in text


def test_where_no_comparison_can_be_made_there_is_no_page(tmp_path: Path) -> None:
    asked = claims({"more": "AA", "than": "B"})
    write_report([*rows_of("AA", 0.03), *rows_of("B", 0.0)], tmp_path, claims=asked)
    assert (tmp_path / "claims.md").exists()
    page = write_report(rows_of("AA", 0.03), tmp_path, claims=asked)
    assert not (tmp_path / "claims.md").exists()
    assert "claims.md" not in page.read_text()


def test_a_claims_file_that_does_not_fit_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text('title = "Mine"\n[[claim]]\nsays = "x"\ncomparisons = [{ more = "A", less = "B" }]\n')
    with pytest.raises(InputError, match=r"mine\.toml, claim\.0\.comparisons\.0\.") as caught:
        load_claims(path)
    assert "\n" not in str(caught.value)


def test_what_the_paper_claims_is_of_rows_that_suites_make() -> None:
    names = {
        method.name
        for suite in list_suites()
        for part in load_suite(suite).parts
        for method in part.methods.values()
    }
    sides = [side for c in paper_claims().claim for of in c.comparisons for side in (of.more, of.than)]
    asked = {name for side in sides for name in ([side] if isinstance(side, str) else side)}
    assert {name.removesuffix(" (w)") for name in asked} <= names
