"""The page: what the records say, in the order a reader asks for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..datasets.cache import atomic_file
from ..datasets.errors import Fault, InputError
from ..suites.records import CostRecord, DatasetRecord, QualityRecord, Record, SuiteRecord
from .answer import answer_section
from .comparison import COMPARISON_LEGEND, comparison_table, differences
from .cost_table import cost_section
from .costs import CostGroup, cost_groups, costs_of_rows, machine_label
from .curves_figure import curves_figure
from .dataset_section import dataset_section
from .distillation_section import distillation_section
from .distinct import distinct
from .grouping import rankings
from .markdown import code, escape
from .paper_results import published_section
from .provenance import provenance_section
from .quality_table import quality_legend, quality_table
from .quantities import counted
from .tradeoff_figure import tradeoff_figure

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from .ranking import Ranking

__all__ = ["PAGE", "write_report"]

PAGE = "README.md"
"""The page's file; a host that shows folders shows it first."""


def write_report(records: Iterable[Record], out: Path, *, title: str | None = None) -> Path:
    """Write a markdown page and its figures (SVG and PNG) into a folder.

    The same records, in any order, give the same bytes. Each file is written whole or not at all, the page
    last, so that a page never points at a figure that is not there.

    Args:
        records: Of any number of trials, cost measurements, datasets and suites.
        out: The folder; made if need be.
        title: Heading of the page; the suite's own by default.

    Returns:
        The page.

    Raises:
        InputError: If there is no trial and no cost among the records, if two records of one trial differ, or
            if `out` is a file.
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
    datasets = distinct([record for record in records if isinstance(record, DatasetRecord)])
    suites = distinct([record for record in records if isinstance(record, SuiteRecord)])
    if not tables and not groups:
        raise InputError(
            Fault("argument records", "no trial and no cost", "at least one", "run a suite first")
        )
    figures: dict[str, bytes] = {}
    teachers = frozenset({t.teacher.model for t in tables if t.teacher}) or frozenset({"teacher"})
    slugs = list(zip(tables, _slugs(tables), strict=True))
    sections = [
        ("Answer", answer_section(tables, groups)),
        ("Quality", "\n\n".join([*(_quality(ranking, tables) for ranking in tables), *_legends(tables)])),
        ("Trade-off", "\n\n".join(_tradeoff(*named, groups, figures) for named in slugs)),
        ("Cost", cost_section(groups, teachers)),
        ("Distillation", distillation_section(tables)),
        ("Training", "\n\n".join(filter(None, (_curves(*named, figures) for named in slugs)))),
        ("Dataset", dataset_section(datasets)),
        ("Published by the paper", published_section(tables)),
        ("How to repeat it", provenance_section(suites, tables, groups)),
    ]
    titles = {suite.title for suite in suites}
    heading = title or (titles.pop() if len(titles) == 1 else "How small and fast, before it gets worse?")
    intro = "Made by `outfitbench report` from records alone; a number without a record does not exist here."
    body = [f"## {name}\n\n{text}" for name, text in sections if text]
    return "\n\n".join([f"# {escape(heading)}", intro, *body]) + "\n", figures


def _slugs(tables: Sequence[Ranking]) -> list[str]:
    """For the files of each table a name that no other shares."""
    slugs: list[str] = []
    for ranking in tables:
        name = f"{ranking.dataset}-{ranking.setting}".lower()
        plain = "".join(c if c.isalnum() else "-" for c in name)
        names = (plain, *(f"{plain}-{number}" for number in range(2, len(tables) + 1)))
        slugs.append(next(name for name in names if name not in slugs))
    return slugs


def _heading(ranking: Ranking) -> str:
    return f"### {escape(ranking.dataset)}, {escape(ranking.setting)} negatives"


def _quality(ranking: Ranking, tables: Sequence[Ranking]) -> str:
    parts = [_heading(ranking)]
    rivals = [t for t in tables if (t.dataset, t.setting) == (ranking.dataset, ranking.setting)]
    if len(rivals) > 1:
        parts.append(
            f"Split {escape(ranking.split_scheme)}, data {code(ranking.data_fingerprint[:12])}, candidates "
            f"{code(ranking.candidate_fingerprint[:12])}, evaluator version {ranking.evaluator_version}. "
            f"The {len(rivals)} tables of this dataset and setting differ in one of these, so their rows "
            "must not be compared with each other."
        )
    parts += [quality_table(ranking), comparison_table(ranking), _warnings(ranking)]
    return "\n\n".join(part for part in parts if part)


def _legends(tables: Sequence[Ranking]) -> list[str]:
    return [quality_legend(tables), *([COMPARISON_LEGEND] if any(map(differences, tables)) else [])]


def _warnings(ranking: Ranking) -> str:
    lines = [
        f"- {escape(row.name)}, seed {record.seed}: {escape(warning)}"
        for row in ranking.rows
        for record in row.records
        for warning in record.warnings
    ]
    return "\n".join(["Warnings:", "", *lines]) if lines else ""


def _tradeoff(ranking: Ranking, slug: str, groups: Sequence[CostGroup], figures: dict[str, bytes]) -> str:
    name = f"tradeoff-{slug}"
    found = costs_of_rows(ranking, groups)
    figures |= tradeoff_figure(ranking, found, name)
    against = "latency and parameters" if found else "parameters (no latency was measured)"
    where = f" Latency on {escape(machine_label(found.group.machine))}." if found else ""
    alt = f"AUC against {against} on {ranking.dataset}, {ranking.setting} negatives"
    caption = (
        f"{escape(alt)}. Vertical lines: bootstrap 95 % intervals over users; dashed: the teacher's AUC. "
        f"Methods that share a model share its cost and are set slightly apart.{where} "
        f"[SVG]({name}.svg), [PNG]({name}.png)."
    )
    return f"![{escape(alt)}]({name}.svg)\n\n{caption}"


def _still_rising(ranking: Ranking) -> str:
    """How many trials were best in their last epoch, and so might have gone on; empty if none."""
    trials = [record for row in ranking.rows for record in row.records]
    last = sum(record.best_epoch == len(record.history) for record in trials)
    if not last:
        return ""
    return (
        f"{last} of {counted(len(trials), 'trial')} kept their last epoch: longer training may raise them. "
    )


def _curves(ranking: Ranking, slug: str, figures: dict[str, bytes]) -> str:
    name = f"curves-{slug}"
    drawn = curves_figure(ranking, name)
    figures |= drawn
    if not drawn:
        return ""
    alt = f"Validation AUC by epoch on {ranking.dataset}, {ranking.setting} negatives"
    caption = (
        f"{escape(alt)}; a marker shows the epoch whose weights were kept. Methods may be validated on "
        f"different halves of the validation set, so read each line by itself. {_still_rising(ranking)}"
        f"[SVG]({name}.svg), [PNG]({name}.png)."
    )
    return f"![{escape(alt)}]({name}.svg)\n\n{caption}"
