"""The page: what the records say, in the order a reader asks for it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TypeVar

from ..datasets.cache import atomic_file
from ..datasets.errors import Fault, InputError
from ..suites.records import CostRecord, DatasetRecord, QualityRecord, Record, SuiteRecord
from .answer import answer_section
from .comparison import comparison_table
from .cost_table import cost_section
from .costs import CostGroup, canonical, cost_groups, costs_of_rows
from .curves_figure import curves_figure
from .dataset_section import dataset_section
from .distillation_section import distillation_section
from .markdown import escape
from .paper_results import published_section
from .provenance import provenance_section
from .quality_table import quality_table
from .ranking import Ranking, rankings
from .tradeoff_figure import tradeoff_figure

__all__ = ["PAGE", "write_report"]

_R = TypeVar("_R", DatasetRecord, SuiteRecord)

PAGE = "README.md"
"""The page's file; a host that shows folders shows it first."""


def write_report(records: Iterable[Record], out: Path, *, title: str | None = None) -> Path:
    """Write a markdown page and its figures (SVG and PNG) into a folder.

    The same records, in any order, give the same bytes. Each file is written whole or not at all, the page last.

    Args:
        records: Of any number of trials, cost measurements, datasets and suites.
        out: The folder; made if need be.
        title: Heading of the page; the suite's own by default.

    Returns:
        The page.

    Raises:
        InputError: If there is no trial and no cost among the records, if two records of one trial differ, or if
            `out` is a file.
    """
    if out.exists() and not out.is_dir():
        raise InputError(Fault(out, "a file", "a folder for the page and its figures"))
    page, figures = _compose(list(records), title)
    for name, content in figures.items():
        _write(out / name, content)
    return _write(out / PAGE, page.encode())


def _write(path: Path, content: bytes) -> Path:
    with atomic_file(path) as temporary:
        temporary.write_bytes(content)
    return path


def _compose(records: Sequence[Record], title: str | None) -> tuple[str, dict[str, bytes]]:
    """The page's text and its figures by file name."""
    tables = rankings([record for record in records if isinstance(record, QualityRecord)])
    groups = cost_groups(record for record in records if isinstance(record, CostRecord))
    datasets = _distinct([record for record in records if isinstance(record, DatasetRecord)])
    suites = _distinct([record for record in records if isinstance(record, SuiteRecord)])
    if not tables and not groups:
        raise InputError(
            Fault("argument records", "no trial and no cost", "at least one", "run a suite first")
        )
    figures: dict[str, bytes] = {}
    teachers = frozenset({t.teacher.model for t in tables if t.teacher}) or frozenset({"teacher"})
    sections = [
        ("Answer", answer_section(tables, groups)),
        ("Quality", "\n\n".join(_quality(ranking, tables) for ranking in tables)),
        ("Trade-off", "\n\n".join(_tradeoff(ranking, groups, figures) for ranking in tables)),
        ("Cost", cost_section(groups, teachers)),
        ("Distillation", distillation_section(tables)),
        ("Training", "\n\n".join(filter(None, (_curves(ranking, figures) for ranking in tables)))),
        ("Dataset", dataset_section(datasets)),
        ("Published by the paper", published_section(tables)),
        ("How to repeat it", provenance_section(suites, tables, groups)),
    ]
    heading = title or next((suite.title for suite in suites), "How small and fast, before it gets worse?")
    intro = "Made by `outfitbench report` from records alone; a number without a record does not exist here."
    body = [f"## {name}\n\n{text}" for name, text in sections if text]
    return "\n\n".join([f"# {escape(heading)}", intro, *body]) + "\n", figures


def _distinct(records: Sequence[_R]) -> list[_R]:
    return [record for _, record in sorted({canonical(record): record for record in records}.items())]


def _heading(ranking: Ranking) -> str:
    return f"### {escape(ranking.dataset)}, {escape(ranking.setting)} negatives"


def _quality(ranking: Ranking, tables: Sequence[Ranking]) -> str:
    parts = [_heading(ranking)]
    rivals = [t for t in tables if (t.dataset, t.setting) == (ranking.dataset, ranking.setting)]
    if len(rivals) > 1:
        parts.append(
            f"Split {escape(ranking.split_scheme)}, candidates `{ranking.candidate_fingerprint[:12]}`, evaluator version "
            f"{ranking.evaluator_version}. The {len(rivals)} tables of this dataset and setting differ in one of these, "
            "so their rows must not be compared with each other."
        )
    parts += [quality_table(ranking), comparison_table(ranking), _warnings(ranking)]
    return "\n\n".join(part for part in parts if part)


def _warnings(ranking: Ranking) -> str:
    lines = [
        f"- {escape(row.name)}, seed {record.seed}: {escape(warning)}"
        for row in ranking.rows
        for record in row.records
        for warning in record.warnings
    ]
    return "\n".join(["Warnings:", "", *lines]) if lines else ""


def _tradeoff(ranking: Ranking, groups: Sequence[CostGroup], figures: dict[str, bytes]) -> str:
    name = f"tradeoff-{ranking.slug}"
    found = costs_of_rows(ranking, groups)
    figures |= tradeoff_figure(ranking, found[2] if found else {}, str(found[1]) if found else "", name)
    against = "latency and parameters" if found else "parameters (no latency was measured)"
    alt = f"AUC against {against} on {ranking.dataset}, {ranking.setting} negatives"
    caption = (
        f"{escape(alt)}. Vertical lines: bootstrap 95 % intervals over users; dashed: the teacher's AUC. "
        "Methods that share a model share its cost and are set slightly apart. "
        f"[SVG]({name}.svg), [PNG]({name}.png)."
    )
    return f"![{escape(alt)}]({name}.svg)\n\n{caption}"


def _curves(ranking: Ranking, figures: dict[str, bytes]) -> str:
    name = f"curves-{ranking.slug}"
    drawn = curves_figure(ranking, name)
    figures |= drawn
    if not drawn:
        return ""
    alt = f"Validation AUC by epoch on {ranking.dataset}, {ranking.setting} negatives"
    caption = (
        f"{escape(alt)}; a marker shows the epoch whose weights were kept. Teacher and students are validated on "
        f"different halves of the validation set. [SVG]({name}.svg), [PNG]({name}.png)."
    )
    return f"![{escape(alt)}]({name}.svg)\n\n{caption}"
