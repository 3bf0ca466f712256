"""The page of searches, and that methods are shipped with what those on closet-60 found."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from outfitbench.cli.main import main
from outfitbench.core.errors import InputError
from outfitbench.reports.searches_page import load_study, searches_page, study_files
from outfitbench.suites.method_tables import load_methods, method_file
from outfitbench.suites.search_space import present_values
from outfitbench.suites.study_record import StudyRecord, TriedPoint

from ..conftest import REPOSITORY
from .tables import read_tables

PUBLISHED = REPOSITORY / "reports" / "published" / "studies"


def point(
    number: int, rate: float, alpha: float | None = None, *aucs: float, kept: bool = True
) -> TriedPoint:
    values = {"recipe.learning_rate": rate}
    if alpha is not None:
        values["objective.fnd.alpha"] = alpha
    state = "complete" if kept else "pruned"
    best = max(aucs) if kept else None
    return TriedPoint(
        number=number, values=values, state=state, fit="ab" * 8, valid_auc=list(aucs), kept=best
    )


def study(name: str, points: list[TriedPoint], best: int | None, **over: object) -> StudyRecord:
    space = {key: sorted({one.values[key] for one in points}) for key in points[0].values}
    known = {"method": "m", "name": name, "suite": None, "dataset": "closet-12", "data_fingerprint": "cd" * 8}
    known |= {
        "split_scheme": "released",
        "negatives": "random",
        "validation": "student",
        "seed": 0,
        "epochs": 3,
    }
    known |= {"space": space, "budget": len(points), "pruning": None, "points": points, "best": best}
    known |= {"versions": {}}
    return StudyRecord.model_validate(known | over)


def saved(folder: Path, *studies: StudyRecord) -> list[Path]:
    for number, one in enumerate(studies):
        (folder / f"m{number}.study.json").write_text(one.model_dump_json())
    return study_files(folder)


def test_a_row_has_the_rates_and_the_best_is_bold(tmp_path: Path) -> None:
    plain = study("B", [point(1, 0.1, None, 0.8, 0.7), point(2, 0.2, None, 0.9)], best=2)
    fnd = study(
        "A", [point(1, 0.1, 1.0, 0.95), point(2, 0.2, 1.5, 0.5, 0.6, kept=False)], best=1, notes=["of old"]
    )
    (rows,) = read_tables(searches_page(saved(tmp_path, plain, fnd)))
    assert [list(row.values()) for row in rows] == [
        ["A", "α = 1.0", "**95.00**", "–", "1 fit"],
        ["", "α = 1.5", "–", "(60.00)", ""],
        ["B", "–", "80.00", "**90.00**", "2 fits"],
    ]
    assert "A: of old." in searches_page(study_files(tmp_path))


def test_what_is_not_alike_stands_apart(tmp_path: Path) -> None:
    one = study("A", [point(1, 0.1, None, 0.8)], best=1)
    adam = study("B", [point(1, 0.01, None, 0.7)], best=1)
    hard = study("C", [point(1, 0.1, None, 0.6)], best=1, negatives="hard")
    tables = read_tables(searches_page(saved(tmp_path, one, adam, hard)))
    assert sorted(row["Method"] for table in tables for row in table) == ["A", "B", "C"]
    assert len(tables) == 3


def test_a_record_that_is_cut_short_or_of_another_kind_is_one_line(tmp_path: Path) -> None:
    (whole,) = saved(tmp_path, study("A", [point(1, 0.1, None, 0.8)], best=1))
    whole.write_text(whole.read_text()[:-40])
    with pytest.raises(InputError, match=r"m0\.study\.json: found .*, expected the record of a search"):
        load_study(whole)
    whole.write_text(json.dumps({"kind": "fit"}))
    with pytest.raises(InputError, match=r"m0\.study\.json, kind: found"):
        load_study(whole)


def test_the_command_writes_the_page_and_refuses_what_it_cannot_answer(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    saved(tmp_path, study("A", [point(1, 0.1, None, 0.8)], best=1))
    out = tmp_path / "out"
    assert main(["report", str(tmp_path), "--out", str(out)]) == 0
    assert "| A " in (out / "searches.md").read_text()
    assert main(["report", str(tmp_path), str(out), "--out", str(out)]) == 2
    assert "found no record of a search" in capsys.readouterr().err
    assert main(["report", str(tmp_path), "--out", str(out), "--budget", "latency=10ms"]) == 2


def test_the_published_page_is_what_its_records_give() -> None:
    assert (PUBLISHED / "searches.md").read_text() == searches_page(study_files(PUBLISHED))


@pytest.mark.parametrize("path", study_files(PUBLISHED), ids=lambda path: path.name.partition(".")[0])
def test_methods_are_shipped_with_what_was_found_on_closet_60(path: Path) -> None:
    found = load_study(path)
    assert (found.dataset, path.name) == ("closet-60", f"{found.method}.study.json")
    assert found.winner is not None
    assert len(found.points) == found.budget
    method = load_methods()[found.method]
    assert present_values(method, found.space) == found.winner.values
    assert path.name in method_file(found.method).read_text()
