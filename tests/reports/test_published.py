"""The published reports are what their records give, word for word."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from outfitbench.reports import write_report
from outfitbench.reports.budget import parse_budget
from outfitbench.suites.record_files import load_records, record_places
from outfitbench.suites.records import QualityRecord

PUBLISHED = Path(__file__).parents[2] / "reports" / "published"
BUDGETS = ("latency=10ms", "cached-latency=10ms")
"""What a page of costs answers."""
REPORTS = sorted(path.parent.name for path in PUBLISHED.glob("*/records"))


@pytest.mark.parametrize("name", REPORTS)
def test_the_records_give_the_published_page(name: str, tmp_path: Path) -> None:
    folder = PUBLISHED / name
    places = record_places([folder / "records"])
    as_there = {trial: tmp_path / place.relative_to(folder) for trial, place in places.items()}
    benchmarks = sorted((folder / "records").glob("*.json"))
    budgets = [parse_budget(text) for text in BUDGETS] if name.startswith(("cost-", "engines-")) else []
    records = load_records([folder / "records"])
    write_report(records, tmp_path, files=as_there, budgets=budgets, benchmarks=benchmarks)
    for page in folder.glob("*.md"):
        assert (tmp_path / page.name).read_text() == page.read_text()
    written = {path.name for path in tmp_path.iterdir()}
    assert written == {path.name for path in folder.iterdir()} - {"records"}


def test_no_page_is_published_without_its_records() -> None:
    assert sorted(path.parent.name for path in PUBLISHED.glob("*/README.md")) == REPORTS


@pytest.mark.skipif(not REPORTS, reason="nothing is published")
def test_the_reports_are_listed() -> None:
    listed = (PUBLISHED / "README.md").read_text()
    assert all(f"({name}/README.md)" in listed for name in REPORTS)


_NUMBER = r"[+−]?\d+\.\d+"
_WITH_INTERVAL = re.compile(
    rf"({_NUMBER}) \[({_NUMBER}), ({_NUMBER})\]|({_NUMBER}) +\| +({_NUMBER}) to ({_NUMBER})"
)


def figures(text: str) -> set[tuple[float, ...]]:
    """Every number of a text that has an interval, with it, wherever lines are broken."""
    found = _WITH_INTERVAL.findall(re.sub(r"\s+", " ", text))
    return {tuple(float(part.replace("−", "-")) for part in parts if part) for parts in found}


@pytest.mark.skipif(not REPORTS, reason="nothing is published")
def test_every_figure_that_prose_tells_stands_on_a_published_page() -> None:
    """What a row is above another, the other is below it."""
    prose = PUBLISHED / "README.md", PUBLISHED.parents[1] / "README.md"
    told = set().union(*(figures(readme.read_text()) for readme in prose))
    assert len(told) > 20
    pages = set().union(*(figures(page.read_text()) for page in PUBLISHED.glob("*/*.md")))
    pages |= {(-middle, -high, -low) for middle, low, high in pages}
    assert told <= pages


@pytest.mark.parametrize("name", sorted({"closet-24", "closet-24-from-features"} & set(REPORTS)))
def test_the_teacher_and_its_student_learned(name: str) -> None:
    """The bar of the demo: AUC 0.80 under random negatives."""
    records = load_records([PUBLISHED / name / "records"])
    auc = {
        record.fit.method: sum(record.test.auc) / len(record.test.auc)
        for record in records
        if isinstance(record, QualityRecord) and record.setting == "random" and record.fit.seed == 0
    }
    assert min(auc["Teacher"], auc["FND XS"]) >= 0.80


def test_a_ray_cluster_makes_the_report_of_one_machine() -> None:
    """Byte for byte, but for when it was and how long it took."""
    local, on_ray = (PUBLISHED / name for name in ("closet-12", "closet-12-on-ray"))
    pages = {path.name for path in local.iterdir() if path.is_file()}
    assert pages == {path.name for path in on_ray.iterdir() if path.is_file()}
    for page in pages - {"README.md"}:
        assert (local / page).read_bytes() == (on_ray / page).read_bytes()
    when = re.compile(r"\d{4}-\d\d-\d\dT[\d:+]+| *\b[a-z]+ [\d,]+ s\b,?")
    told = [when.sub("", (folder / "README.md").read_text()) for folder in (local, on_ray)]
    assert told[0] == told[1]
