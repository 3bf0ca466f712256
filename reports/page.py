"""The page: what the records say, in the order a reader asks for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..core.errors import Fault, InputError
from ..core.files import atomic_file
from ..suites.records import FitRecord, Prepared, Record
from .answer import answer_section
from .benchmarks_page import benchmarks_section
from .budget import Budget, budget_answers
from .claim_file import ClaimFile, paper_claims
from .claims_page import claims_page
from .cold_section import cold_section
from .compression_section import compression_section
from .convergence import convergence_section
from .cost_table import cost_section
from .costs import CostGroup, costs_of_rows, machine_label, with_variants
from .curves_figure import curves_figure
from .dataset_section import dataset_section
from .differences import differences
from .differences_table import DIFFERENCES_LEGEND, differences_table
from .distillation_section import distillation_section
from .flat_tables import csv_file, flat_tables
from .front import front_section
from .gain_section import gain_section
from .markdown import escape, table
from .material import Material, material_of
from .paper_results import order_section, published_section
from .provenance import other_outcomes, provenance_section
from .quality_table import quality_legend, quality_table
from .quantities import counted
from .record_links import links_between
from .space_section import space_section
from .sweep_section import sweep_section
from .sweeps import sweeps_of, without_swept
from .tradeoff_figure import tradeoff_figure
from .users_section import users_section

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from .comparison_table import ComparisonTable
    from .sweeps import Sweep

__all__ = ["CLAIMS_PAGE", "PAGE", "TABLES", "write_report"]

PAGE = "README.md"
"""The page's file; a host that shows folders shows it first."""

_MADE_BY = b"\n\nMade by `outfitbench report` "
"""Every page of ours says so; what does not is left alone."""


_BUDGETS = (
    "The best within a budget is the row of the highest mean AUC that keeps to it, of equals the one with "
    "most to spare; which AUCs can be told apart, the table of quality says. Latency: median of a request "
    "for one outfit, from its items themselves (decoded images); cached-latency: from their cached features."
)

CLAIMS_PAGE = "claims.md"
"""Beside the page, where the records decide a claim: what they say of each."""

TABLES = ("quality", "costs")
"""Beside the page, as CSV: what `flat_tables` gives, where there is any."""


def write_report(
    records: Iterable[Record],
    out: Path,
    *,
    title: str | None = None,
    claims: ClaimFile | None = None,
    files: Mapping[str, Path] | None = None,
    budgets: Sequence[Budget] = (),
    benchmarks: Sequence[Path] = (),
) -> Path:
    """Write a markdown page, its figures (SVG and PNG), its tables (CSV), and what it says of claims.

    The same records, in any order, give the same bytes, if they lie in the same place from `out`. Each file
    is written whole or not at all, the page last, so that a page never points at what is not there.

    Args:
        records: Of any number of trials, datasets and suites.
        out: The folder; made if need be.
        title: Heading of the page; the suite's own by default.
        claims: What is claimed; by default what the paper claims.
        files: Where the record of each trial lies, by hash, for the links from a claim to its records.
        budgets: What a model may cost, each to be answered with the best that there is.
        benchmarks: What pytest-benchmark saved, to be shown beside the costs: the instrument's own tests.

    Returns:
        The page.

    Raises:
        InputError: If there is no trial and no dataset among the records, if a trial ranked nobody or other
            users than the rest of its table, if a file of benchmarks is none, or if `out` is a file or its
            page is not one of ours.
    """
    if out.exists() and not out.is_dir():
        raise InputError(Fault(out, "a file", "a folder for the page and its figures"))
    for there in (out / PAGE, out / CLAIMS_PAGE):
        if there.is_file() and _MADE_BY not in there.read_bytes():
            raise InputError(Fault(there, "a file of another hand", "a page that may be replaced, or none"))
    asked = claims or paper_claims()
    material = material_of(records)
    tables = flat_tables(material)
    links = links_between(out, files or {})
    pages, figures = _compose(material, title, asked, links, budgets, benchmarks, list(tables))
    for name, content in figures.items():
        _write(out / name, content)
    for name in TABLES:
        (out / f"{name}.parquet").unlink(missing_ok=True)  # of another page; this one's may be written later
        if name in tables:
            _write(out / f"{name}.csv", csv_file(tables[name]))
        else:
            (out / f"{name}.csv").unlink(missing_ok=True)
    if CLAIMS_PAGE not in pages:
        (out / CLAIMS_PAGE).unlink(missing_ok=True)
    for name, text in sorted(pages.items(), key=lambda page: page[0] == PAGE):
        _write(out / name, text.encode())
    return out / PAGE


def _write(path: Path, content: bytes) -> None:
    with atomic_file(path) as temporary:
        temporary.write_bytes(content)


def _compose(
    material: Material,
    title: str | None,
    claims: ClaimFile,
    links: Mapping[str, str],
    budgets: Sequence[Budget],
    benchmarks: Sequence[Path],
    kept: Sequence[str],
) -> tuple[dict[str, str], dict[str, bytes]]:
    """The pages' texts and their figures by file name."""
    whole, longer_tables, groups = material.tables, material.longer, material.groups
    suites, names, others = material.suites, material.names, material.others
    every = [*whole, *longer_tables]
    figures: dict[str, bytes] = {}
    sweeps = [sweeps_of(ranked) for ranked in whole]
    tables = [without_swept(ranked, found) for ranked, found in zip(whole, sweeps, strict=True)]
    slugs = list(zip(tables, _slugs(tables), strict=True))
    answer = answer_section(tables, groups) or _unranked(others)
    claimed = claims_page(claims, whole, links)
    pointer = (
        [f"Claim by claim: [{escape(claims.title)}, and what was found]({CLAIMS_PAGE})."] if claimed else []
    )
    within = [
        escape(str(told))
        for budget in budgets
        for told in budget_answers(whole, groups, budget, material.variants)
    ]
    if within:
        within.append(_BUDGETS)
    sections = [
        ("Answer", "\n\n".join(part for part in (answer, *pointer) if part)),
        (
            "Quality",
            "\n\n".join(
                [*(_quality(t, links) for t in tables), *_legends(tables), *_left_out(every, others, names)]
            ),
        ),
        ("Users", users_section(tables)),
        ("Cold start", cold_section(tables)),
        ("Trade-off", "\n\n".join(_tradeoff(*n, groups, figures) for n in slugs if _has_tradeoff(n[0]))),
        (
            "Which model to ship",
            "\n\n".join(filter(None, [*within, front_section(tables, groups, material.variants)])),
        ),
        ("Compression", compression_section(tables, groups, material.variants)),
        ("One option at a time", _sweeps(slugs, sweeps, links, figures)),
        ("The user–outfit space", space_section(material.spaces, names, figures)),
        ("Cost", cost_section(groups)),
        ("What failed", _failed(material.failed)),
        ("Benchmarks", benchmarks_section(benchmarks)),
        ("Distillation", distillation_section(whole)),
        ("False negatives", gain_section(tables, figures)),
        (
            "Training",
            _training(convergence_section(whole, longer_tables, material.twice, links), slugs, figures),
        ),
        ("Dataset", dataset_section(material.datasets)),
        ("Published by the paper", published_section(tables)),
        ("The order of the rows, beside the paper's", order_section(tables)),
        (
            "How to repeat it",
            f"{provenance_section(suites, every, groups, others, names)}{_numbers(kept)}",
        ),
    ]
    titles = {suite.title for suite in suites}
    heading = title or (titles.pop() if len(titles) == 1 else "How small and fast, before it gets worse?")
    intro = "Made by `outfitbench report` from records alone; a number without a record does not exist here."
    body = [f"## {name}\n\n{text}" for name, text in sections if text]
    pages = {PAGE: "\n\n".join([f"# {escape(heading)}", intro, *body]) + "\n"}
    if claimed:
        heading = f"{claims.title}, and what was found"
        pages[CLAIMS_PAGE] = "\n\n".join([f"# {escape(heading)}", intro, claimed]) + "\n"
    return pages, figures


def _numbers(kept: Sequence[str]) -> str:
    """Where the numbers stand with all their digits: in the tables of these names."""
    files = [f"[{name}.csv]({name}.csv)" for name in sorted(kept)]
    return f"\n\nThese numbers with all their digits: {', '.join(files)}." if files else ""


def _failed(failed: Sequence[tuple[str, str]]) -> str:
    """What has no record, and why."""
    rows = [{"Trial": escape(label), "Reason": escape(reason)} for label, reason in failed]
    return table(rows, text_columns=2) if rows else ""


def _unranked(others: Sequence[FitRecord | Prepared]) -> str:
    """That there is no answer yet, where something was trained and nothing ranked."""
    fits = [record for record in others if record.kind == "fit"]
    if not fits:
        return ""
    return (
        f"None yet: these records hold {counted(len(fits), 'fit')} and no evaluation, so nothing can be said "
        "of how well anything ranks. Run the suite to its end."
    )


def _slugs(tables: Sequence[ComparisonTable]) -> list[str]:
    """For the files of each table a name that no other shares."""
    slugs: list[str] = []
    for ranked in tables:
        trained = "" if ranked.negatives == ranked.setting else f"-trained-{ranked.negatives}"
        name = f"{ranked.dataset}-{ranked.setting}{trained}".lower()
        plain = "".join(c if c.isalnum() else "-" for c in name)
        names = (plain, *(f"{plain}-{number}" for number in range(2, len(tables) + 1)))
        slugs.append(next(name for name in names if name not in slugs))
    return slugs


def _quality(ranked: ComparisonTable, links: Mapping[str, str]) -> str:
    parts = [f"### {escape(ranked.label)}"]
    if ranked.told_apart_by:
        parts.append(
            f"Another table of this dataset and setting differs from this one "
            f"({escape(ranked.told_apart_by)}), so their rows must not be compared with each other."
        )
    parts += [
        quality_table(ranked, links),
        differences_table(ranked),
        other_outcomes(ranked),
        _warnings(ranked),
    ]
    return "\n\n".join(part for part in parts if part)


def _legends(tables: Sequence[ComparisonTable]) -> list[str]:
    return [quality_legend(tables), *([DIFFERENCES_LEGEND] if any(map(differences, tables)) else [])]


def _left_out(
    tables: Sequence[ComparisonTable],
    others: Sequence[FitRecord | Prepared],
    names: Mapping[str, str],
) -> list[str]:
    """Which fits are in no table, though no other starts from them: their evaluations are missing."""
    fits = [record for record in others if record.kind == "fit"]
    ranked = {fit.trial: fit for table in tables for fit in table.evaluated}
    stages = {fit.inputs.get("start") for fit in (*fits, *ranked.values())}
    missing = sorted(
        f"{names.get(fit.trial, fit.method)} ({fit.dataset}, {fit.negatives} negatives, seed {fit.seed})"
        for fit in fits
        if fit.trial not in ranked and fit.trial not in stages
    )
    if not missing or not tables:
        return []
    return [
        f"Trained, and in no table, as no evaluation is among these records: {escape(', '.join(missing))}."
    ]


def _warnings(ranked: ComparisonTable) -> str:
    fits: dict[str, tuple[str, FitRecord]] = {}
    for row in ranked.rows:
        for record in row.records:
            fits.setdefault(record.fit.trial, (row.name, record.fit))
    lines = [
        f"- {escape(name)}, seed {fit.seed}: {escape(warning)}"
        for name, fit in fits.values()
        for warning in fit.warnings
    ]
    return "\n".join(["Warnings:", "", *lines]) if lines else ""


def _has_tradeoff(ranked: ComparisonTable) -> bool:
    """Not where users are new: what it costs to score for them is not measured."""
    return bool(ranked.rows) and ranked.cold is None


def _tradeoff(
    ranked: ComparisonTable, slug: str, groups: Sequence[CostGroup], figures: dict[str, bytes]
) -> str:
    name = f"tradeoff-{slug}"
    found = costs_of_rows(ranked, groups)
    if found is not None:
        found = with_variants(found, ranked)
    figures |= tradeoff_figure(ranked, found, name)
    against = "latency and parameters" if found else "parameters (no latency was measured)"
    where = f" Latency on {escape(machine_label(found.group.machine))}." if found else ""
    alt = escape(f"AUC against {against} on {ranked.label}")
    dashed = "; dashed: the teacher's AUC" if ranked.teacher else ""
    caption = (
        f"{alt}. Every point stands where it was measured; a thin line leads from it to its method's name "
        f"and bootstrap 95 % interval over users and seeds, in the order of AUC{dashed}. Methods that share "
        "a model share its cost. Rows far below all others stand under a break of the AUC axis, on a scale "
        f"of their own. A method has one colour and one marker in every report.{where} [SVG]({name}.svg), "
        f"[PNG]({name}.png)."
    )
    return f"![{alt}]({name}.svg)\n\n{caption}"


def _sweeps(
    slugs: Sequence[tuple[ComparisonTable, str]],
    sweeps: Sequence[Sequence[Sweep]],
    links: Mapping[str, str],
    figures: dict[str, bytes],
) -> str:
    parts = [
        f"### {escape(ranked.label)}\n\n{sweep_section(ranked, found, slug, links, figures)}"
        for (ranked, slug), found in zip(slugs, sweeps, strict=True)
        if found
    ]
    return "\n\n".join(parts)


def _training(converged: str, slugs: Sequence[tuple[ComparisonTable, str]], figures: dict[str, bytes]) -> str:
    """Whether training converged, and the curves of each table that has fits which none before it had."""
    parts: list[str] = [converged] if converged else []
    drawn: set[str] = set()
    for ranked, slug in slugs:
        fits = {trial for row in ranked.rows for trial in row.fits}
        if not fits <= drawn:
            drawn |= fits
            parts.append(_curves(ranked, slug, figures))
    return "\n\n".join(parts)


def _curves(ranked: ComparisonTable, slug: str, figures: dict[str, bytes]) -> str:
    name = f"curves-{slug}"
    figures |= curves_figure(ranked.fits, name)
    alt = escape(f"Validation AUC by epoch on {ranked.dataset}, trained on {ranked.negatives} negatives")
    caption = (
        f"{alt}. A line is the mean of a method's seeds, its band reaches from the lowest to the highest of "
        "them, and a marker shows for each the epoch whose weights were kept. Panels go from methods that "
        "end highest to those that end lowest, each with a scale of its own. Methods may be validated on "
        "different halves of the validation set, so read each line by itself. "
        f"[SVG]({name}.svg), [PNG]({name}.png)."
    )
    return f"![{alt}]({name}.svg)\n\n{caption}"
