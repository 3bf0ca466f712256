"""`outfitbench report`: one comparison out of records."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from tyro.conf import Positional, UseAppendAction, arg

from .answer import FAILED, Answer
from .session import Session, writable_folder

if TYPE_CHECKING:
    from ..reports.budget import Budget, BudgetAnswer
    from ..reports.choices import Choice
    from ..reports.material import Material
    from ..reports.regression import Regression

__all__ = ["Report"]

_AGAINST_PAGE = "against.md"
_BENCHMARKS_PAGE = "benchmarks.md"
_SEARCHES_PAGE = "searches.md"


@dataclass(frozen=True)
class Report:
    """Write the comparison of the records of one or more runs.

    Attributes:
        runs: Folders that `outfitbench run` or `outfitbench profile` wrote, or record files; beside them, or
            alone, what pytest-benchmark saved as JSON, or the folder of it. Or, alone, the folder of
            `outfitbench tune`, or its METHOD.study.json.
        out: Folder of the report.
        claims: TOML file of claims to hold against the records, in place of the paper's.
        budget: What a model may cost (latency=10ms,file=20MB): which is the best within it, and what would a
            little more buy? Can be repeated. Exit status 1 where nothing is within one.
        against: An older run, or its records: what has become slower or worse since, beyond noise?
    """

    runs: Annotated[Positional[tuple[Path, ...]], arg(metavar="[RUN ...]")]
    out: Path
    claims: Path | None = None
    budget: UseAppendAction[tuple[str, ...]] = ()
    against: Path | None = None

    def run(self, session: Session) -> Answer:
        """Read every record, write the report."""
        from ..reports.benchmarks_page import benchmark_files
        from ..reports.budget import parse_budget
        from ..reports.searches_page import study_files
        from ..suites.record_files import RECORD_FILE

        budgets = [parse_budget(text) for text in self.budget]
        searches = {path: study_files(path) for path in self.runs}
        if any(searches.values()):
            return self._show_searches(searches)
        saved = {path: benchmark_files(path, RECORD_FILE) for path in self.runs}
        runs = [path for path, files in saved.items() if not files]
        timed = [file for files in saved.values() for file in files]
        return self._show_benchmarks(timed) if timed and not runs else self._compare(runs, budgets, timed)

    def _compare(self, runs: Sequence[Path], budgets: Sequence[Budget], timed: Sequence[Path]) -> Answer:
        """The report of records, and what else is asked of them."""
        from ..reports import write_report
        from ..reports.claim_file import load_claims
        from ..reports.flat_tables import flat_tables, write_parquet
        from ..reports.material import material_of
        from ..suites.record_files import load_records, record_places

        records = load_records(runs)
        older = None if self.against is None else material_of(load_records([self.against]))
        claims = load_claims(self.claims) if self.claims else None
        out = writable_folder("argument --out", self.out)
        page = write_report(
            records, out, claims=claims, files=record_places(runs), budgets=budgets, benchmarks=timed
        )
        material = material_of(records)
        tables = flat_tables(material)
        lines = [f"{len(records)} records compared in {page}", *write_parquet(tables, out)]
        document: dict[str, Any] = {
            "records": len(records),
            "report": page,
            "quality": _quality(material),
            "costs": tables.get("costs", []),
        }
        status = 0
        if budgets:
            found = [_within(material, budget) for budget in budgets]
            lines += [str(answer) for answers in found for answer in answers]
            document["budget"] = [_answer(answer) for answers in found for answer in answers]
            status = 0 if all(any(answer.best for answer in answers) for answers in found) else FAILED
        if older is not None:
            changes = _against(material, older, out)
            lines += [str(changes), f"what changed: {out / _AGAINST_PAGE}"]
            document["against"] = [vars(change) for change in changes.changes]
        return Answer("\n".join(lines), document, status)

    def _show_benchmarks(self, timed: Sequence[Path]) -> Answer:
        """What pytest-benchmark saved, on a page of its own.

        Raises:
            InputError: If a file cannot be read, or what only records can answer is asked of benchmarks.
        """
        from ..reports.benchmarks_page import benchmarks_page
        from ..reports.quantities import counted

        self._refuse_questions("benchmarks alone")
        page = _write(self.out, _BENCHMARKS_PAGE, benchmarks_page(timed))
        return Answer(f"{counted(len(timed), 'file')} of benchmarks in {page}", {"benchmarks": page})

    def _show_searches(self, searches: Mapping[Path, Sequence[Path]]) -> Answer:
        """What searches found, on a page of its own.

        Raises:
            InputError: If a file cannot be read, something else stands beside them, or what only records can
                answer is asked of them.
        """
        from ..core.errors import Fault, InputError
        from ..reports.quantities import counted
        from ..reports.searches_page import searches_page

        for path, files in searches.items():
            if not files:
                expected, fix = "another one, as the others are", "report what was run by itself"
                raise InputError(Fault(path, "no record of a search", expected, fix))
        self._refuse_questions("searches alone")
        files = list(dict.fromkeys(file for found in searches.values() for file in found))
        page = _write(self.out, _SEARCHES_PAGE, searches_page(files))
        return Answer(f"{counted(len(files), 'record')} of searches in {page}", {"searches": page})

    def _refuse_questions(self, found: str) -> None:
        """What only records can answer."""
        from ..core.errors import Fault, InputError

        for option in ("claims", "budget", "against"):
            if getattr(self, option):
                raise InputError(Fault(f"argument --{option}", found, "the records of a run"))


def _write(out: Path, name: str, text: str) -> Path:
    """Write a page into the folder of the report."""
    from ..core.files import atomic_file

    page = writable_folder("argument --out", out) / name
    with atomic_file(page) as temporary:
        temporary.write_text(text, encoding="utf-8")
    return page


def _within(material: Material, budget: Budget) -> list[BudgetAnswer]:
    """The best within a budget.

    Raises:
        InputError: If costs and quality do not meet anywhere.
    """
    from ..core.errors import Fault, InputError
    from ..reports.budget import budget_answers

    answers = budget_answers(material.tables, material.groups, budget, material.variants)
    if not answers:
        found = "no row of quality that has costs beside it"
        raise InputError(Fault("argument --budget", found, "evaluations and costs of the same models"))
    return answers


def _answer(answer: BudgetAnswer) -> dict[str, Any]:
    def told(choice: Choice) -> dict[str, Any]:
        costs = {limit.cost.name: limit.cost.of(choice.record) for limit in answer.budget.limits}
        return {
            "method": choice.row.name,
            "run_by": str(choice.configuration),
            "auc": choice.row.mean("auc"),
            **costs,
        }

    return {
        "budget": str(answer.budget),
        "place": answer.place,
        "best": None if answer.best is None else told(answer.best),
        "tied": None if answer.tied is None else told(answer.tied),
        "more": [told(choice) for choice in answer.more],
        "nearest": None if answer.nearest is None else told(answer.nearest),
        "unmeasured": answer.unmeasured,
    }


def _against(material: Material, older: Material, out: Path) -> Regression:
    from ..reports.regression import regression, regression_page

    found = regression(material, older)
    _write(out, _AGAINST_PAGE, regression_page(found))
    return found


def _quality(material: Material) -> list[dict[str, Any]]:
    """The rows of the page's tables: means over users and seeds."""
    return [
        {
            "dataset": table.dataset,
            "setting": table.setting,
            "negatives": table.negatives,
            "method": row.name,
            "parameters": row.parameters,
            "seeds": list(row.seeds),
            "auc": float(row.per_user("auc").mean()),
            "ndcg": float(row.per_user("ndcg").mean()),
        }
        for table in material.tables
        for row in table.all_rows
    ]
