"""Gains over plain training, by the rate of truly liked negatives."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from outfitbench.reports.gain_section import gain_section
from outfitbench.reports.gains import gains_by_rate
from outfitbench.reports.grouping import comparison_tables
from outfitbench.suites.records import QualityRecord

from .made_records import made_hash, quality
from .tables import read_tables


def world(dataset: str, rate: float | None, gain: float) -> list[QualityRecord]:
    """A teacher, plain students of two sizes, and a taught one that ranks better than the smaller one."""

    def ranked(name: str, model: str, auc: float, **changes: Any) -> QualityRecord:
        own = {
            "dataset": dataset,
            "data_fingerprint": made_hash(dataset),
            "trial": made_hash(f"{dataset} {name}"),
        }
        return quality(name, model, auc, **own, **changes)

    teacher = ranked("Teacher", "teacher", 0.95)
    taught = ranked("FND XS", "student-xs", 0.9 + gain, objective="fnd", teacher=teacher.fit.trial)
    assert taught.fit.distillation is not None
    told = taught.fit.distillation.model_copy(update={"true_base_rate": rate})
    fit = taught.fit.model_copy(update={"distillation": told})
    plain = [ranked("N-pair S", "student-s", 0.93), ranked("N-pair XS", "student-xs", 0.9)]
    return [teacher, *plain, taught.model_copy(update={"fit": fit})]


def test_each_is_held_against_the_smallest_plain_network_of_its_dataset() -> None:
    tables = comparison_tables([*world("sparse", 0.002, 0.01), *world("dense", 0.15, 0.03)])
    (gains,) = gains_by_rate(tables).values()
    assert {gain.base for gain in gains} == {"N-pair XS"}
    assert {(gain.dataset, gain.rate) for gain in gains} == {("sparse", 0.002), ("dense", 0.15)}
    assert {gain.method for gain in gains} == {"Teacher", "N-pair S", "FND XS"}
    rows = {(table.dataset, row.name): row for table in tables for row in table.rows}
    for gain in gains:
        own, base = (np.mean(rows[gain.dataset, name].per_user("auc")) for name in (gain.method, gain.base))
        assert gain.paired.difference == pytest.approx(own - base)
        assert gain.paired.low <= gain.paired.difference <= gain.paired.high


def test_one_rate_makes_no_figure() -> None:
    assert not gains_by_rate(comparison_tables(world("sparse", 0.002, 0.01)))
    figures: dict[str, bytes] = {}
    unknown = [*world("one", None, 0.01), *world("two", None, 0.02)]
    assert not gain_section(comparison_tables(unknown), figures)
    assert not figures


def test_the_figure_and_its_numbers() -> None:
    tables = comparison_tables([*world("dense", 0.15, 0.03), *world("sparse", 0.002, 0.01)])
    figures: dict[str, bytes] = {}
    text = gain_section(tables, figures)
    assert set(figures) == {"gain-by-rate-random.svg", "gain-by-rate-random.png"}
    assert b"truly liked training negatives" in figures["gain-by-rate-random.svg"]
    (rows,) = read_tables(text)
    assert list(rows[0]) == ["Method", "sparse, 0.20 % liked", "dense, 15.00 % liked"]
    assert {row["Method"] for row in rows} == {"Teacher", "N-pair S", "FND XS"}
    again: dict[str, bytes] = {}
    assert gain_section(tables, again) == text
    assert again == figures
