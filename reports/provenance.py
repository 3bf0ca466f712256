"""How to repeat it: commands, hashes, versions, machines and the time it took."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .costs import CostGroup, configuration, effort_label, machine_label, versions_label
from .markdown import code, escape, fenced, table
from .quantities import BLANK, signed
from .recipes import mapping, objectives_label
from .record_choice import CHOICE_RULE, environment_label, spelling

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ..suites.records import (
        CostRecord,
        FitRecord,
        Machine,
        NeighboursRecord,
        Prepared,
        StemRecord,
        SuiteRecord,
    )
    from .comparison_table import ComparisonTable

__all__ = ["other_outcomes", "provenance_section"]


def provenance_section(
    suites: Sequence[SuiteRecord],
    tables: Sequence[ComparisonTable],
    groups: Sequence[CostGroup],
    others: Sequence[FitRecord | Prepared] = (),
    names: Mapping[str, str] | None = None,
) -> str:
    """Everything that identifies the records a page was made from, as markdown.

    Args:
        suites: Who asked for the trials.
        tables: What was evaluated.
        groups: What was measured.
        others: Fits that were not evaluated, stems and neighbours.
        names: Of fits, by hash.
    """
    costs = [record for group in groups for record in group.taken]
    fits = _named_fits(tables, others, names or {})
    stems = [record for record in others if record.kind == "stem"]
    neighbours = [record for record in others if record.kind == "neighbours"]
    evaluations = [record for ranked in tables for row in ranked.all_rows for record in row.records]
    ran = [*(fit for _, fit in fits), *stems, *neighbours, *evaluations, *costs]
    machines = sorted({spelling(record.machine): record.machine for record in ran}.items())
    number = {spelling: index for index, (spelling, _) in enumerate(machines, start=1)}
    parts = [
        _suites(suites),
        _candidates(tables),
        _recipes(fits),
        _fits(fits, number),
        _stems(stems, number),
        _neighbours(neighbours, number),
        _evaluations(tables, number),
        _costs(costs, number),
        _machines([machine for _, machine in machines]),
    ]
    return "\n\n".join(part for part in parts if part)


def _named_fits(
    tables: Sequence[ComparisonTable],
    others: Sequence[FitRecord | Prepared],
    names: Mapping[str, str],
) -> list[tuple[str, FitRecord]]:
    """Every fit once: by the name of its row, or where only a variant of it was evaluated, by its own."""
    found = {fit.trial: (name, fit) for ranked in tables for name, fit in ranked.fits}
    rest = [fit for ranked in tables for fit in ranked.evaluated] + [f for f in others if f.kind == "fit"]
    for fit in rest:
        found.setdefault(fit.trial, (names.get(fit.trial, fit.method), fit))
    return list(found.values())


def other_outcomes(ranked: ComparisonTable) -> str:
    """What was passed over of a table's trials, and by how much it differs; empty if nothing was."""
    lines = []
    for passed in ranked.passed_over:
        shown, other = environment_label(passed.shown.fit), environment_label(passed.other.fit)
        row = next(row for row in ranked.rows if passed.shown in row.records)
        lines.append(
            f"- {escape(row.name)}, seed {passed.shown.fit.seed}, trial {code(passed.shown.trial)}: shown is "
            f"the one trained in {shown}; another, trained in {other}, has an AUC × 100 that differs by "
            f"{signed(passed.auc_difference)}."
        )
    return "\n".join([f"One trial, two outcomes. {CHOICE_RULE}", "", *lines]) if lines else ""


def _suites(suites: Sequence[SuiteRecord]) -> str:
    if not suites:
        return "No record names the suite; the trials below are identified by their hashes."
    return "\n\n".join(
        f"Suite {code(suite.suite)} ({code(suite.fingerprint)}), {escape(suite.date)}:\n\n"
        f"{fenced(suite.command)}"
        for suite in sorted(suites, key=lambda suite: (suite.date, suite.suite, spelling(suite)))
    )


def _candidates(tables: Sequence[ComparisonTable]) -> str:
    return _listed(
        [
            {
                "Dataset": escape(ranked.dataset),
                "Ranked": escape(ranked.setting),
                "Trained on": escape(ranked.negatives) or BLANK,
                "Split": escape(ranked.split_scheme),
                "Data": _codes(ranked.data_fingerprint, ranked.cold and ranked.cold.data_fingerprint),
                "Candidates": _codes(ranked.candidate_fingerprint, ranked.histories),
                "Evaluator": str(ranked.evaluator_version),
            }
            for ranked in tables
        ],
        text_columns=6,
    )


def _codes(*hashes: str | None) -> str:
    """The hashes that there are: of users on whom nothing was trained, their dataset and histories, too."""
    return ", ".join(code(hashed) for hashed in hashes if hashed)


_LONGEST = 1e9
"""Seconds, thirty years."""

_ONE_RECIPE = ("epochs", "batch_size", "learning_rate", "schedule")
"""Options that always have a column; others have one where some fit departs from their default."""


def _recipes(fits: Sequence[tuple[str, FitRecord]]) -> str:
    """How each method was trained, as the fits' descriptions say; a default is not part of a description.

    Fits that differ in where they were trained alone share a line.
    """
    recipes = [fit.recipe or mapping(fit.description.get("recipe")) for _, fit in fits]
    options = list(dict.fromkeys([*_ONE_RECIPE, *sorted({key for recipe in recipes for key in recipe})]))
    options = [key for key in options if any(key in recipe for recipe in recipes)]
    rows: list[dict[str, str]] = []
    trained_in: list[list[str]] = []
    for (name, fit), recipe in zip(fits, recipes, strict=True):
        model = mapping(fit.description.get("model"))
        row = {
            "Recipe": escape(name),
            "Objectives": escape(_objectives(fit)) or BLANK,
            "Trained on": escape(f"{fit.dataset}, {fit.negatives}"),
            "Items": _items(fit),
            "Backbone": escape(fit.backbone)
            + "".join(f", {word}" for key, value, word in _STARTS if model.get(key) == value),
            "Trained in": "",
            **{_heading(key): _value(recipe[key]) if key in recipe else "default" for key in options},
        }
        if row not in rows:
            rows.append(row)
            trained_in.append([])
        trained_in[rows.index(row)].append(escape(environment_label(fit)))
    for row, environments in zip(rows, trained_in, strict=True):
        row["Trained in"] = "; ".join(sorted(set(environments)))
    return _listed(rows, text_columns=6)


def _objectives(fit: FitRecord) -> str:
    """Each objective with all its options, where the record tells them."""
    told = [
        name
        + (f" ({', '.join(f'{key} {_plain(value)}' for key, value in options.items())})" if options else "")
        for name, options in fit.objectives.items()
    ]
    return "; ".join(told) or objectives_label(fit.description)


def _plain(value: object) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


_STARTS = (
    ("pretrained", True, "pretrained"),
    ("stem", True, "from a stem"),
    ("freeze", True, "frozen"),
    ("freeze", "convolutions", "its convolutions frozen"),
)
"""Keys of a model's description, a value, and what that says of the backbone."""


def _items(fit: FitRecord) -> str:
    """What the model saw of an item."""
    return f"{fit.input_size} px" if fit.input_kind == "image" else f"{fit.input_size} features"


def _heading(option: str) -> str:
    """An option as a heading: "learning_rate" is "Learning rate"."""
    return escape(option.replace("_", " ").capitalize())


def _value(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return BLANK if value is None else escape(str(value))


def _fits(fits: Sequence[tuple[str, FitRecord]], number: dict[str, int]) -> str:
    trained = _listed(
        [
            {
                "Fit": code(fit.trial),
                "Method": escape(name),
                "Dataset": escape(f"{fit.dataset}, {fit.negatives}"),
                "Inputs": ", ".join(
                    f"{escape(role)} {code(trial)}" for role, trial in sorted(fit.inputs.items())
                )
                or BLANK,
                "Seed": str(fit.seed),
                "Best epoch": f"{fit.best_epoch} of {len(fit.history)}",
                "Validation AUC": f"{100 * fit.valid_auc:.2f}",
                "Weights": code(fit.weights[:16]),
                "Machine": str(number[spelling(fit.machine)]),
                "Wall time": _seconds(fit.seconds),
            }
            for name, fit in fits
        ],
        text_columns=4,
    )
    return f"{trained}\n\nWall time: beside whatever else the machine did, so not a cost." if trained else ""


def _stems(records: Sequence[StemRecord], number: dict[str, int]) -> str:
    made = _listed(
        [
            {
                "Stem": code(record.trial),
                "Dataset": escape(record.dataset),
                "Convolutions": escape(record.convolutions),
                "Regresses": escape(record.target),
                "Weights": code(record.weights[:16]),
                "Images": f"{record.image_size} px",
                "Epochs": str(len(record.losses)),
                "Error kept": f"{record.losses[-1]:.3f}" if record.losses else BLANK,
                "Machine": str(number[spelling(record.machine)]),
                "Wall time": _seconds(record.seconds),
            }
            for record in records
        ],
        text_columns=5,
    )
    shared = (
        "A stem is trained once and serves every method and seed of its dataset and image size, as "
        "ImageNet's weights would: what the seeds differ by is not its luck."
    )
    return f"{made}\n\n{shared}" if made else ""


def _neighbours(records: Sequence[NeighboursRecord], number: dict[str, int]) -> str:
    return _listed(
        [
            {
                "Neighbours": code(record.trial),
                "Dataset": escape(record.dataset),
                "Table": code(record.table[:16]),
                "Of each item": str(record.count),
                "Epochs": str(len(record.losses)) if record.losses else BLANK,
                "Machine": str(number[spelling(record.machine)]),
                "Wall time": _seconds(record.seconds),
            }
            for record in records
        ],
        text_columns=3,
    )


def _evaluations(tables: Sequence[ComparisonTable], number: dict[str, int]) -> str:
    trained = [
        (ranked, row.name, record, code(record.fit.trial), str(record.fit.seed))
        for ranked in tables
        for row in ranked.rows
        for record in row.records
    ]
    untrained = [
        (ranked, row.name, record, BLANK, BLANK)
        for ranked in tables
        for row in ranked.scorers
        for record in row.records
    ]
    return _listed(
        [
            {
                "Evaluation": code(record.trial),
                "Fit": fit,
                "Method": escape(name),
                "Ranked": escape(ranked.label),
                "Seed": seed,
                "Machine": str(number[spelling(record.machine)]),
                "Wall time": _seconds(record.seconds),
            }
            for ranked, name, record, fit, seed in [*trained, *untrained]
        ],
        text_columns=4,
    )


def _costs(costs: Sequence[CostRecord], number: dict[str, int]) -> str:
    compressed = any(record.variant for record in costs)
    return _listed(
        [
            {
                "Cost": code(record.trial),
                "Model": escape(record.method),
                **({"Variant": escape(record.variant) or "as trained"} if compressed else {}),
                "Run by": escape(str(configuration(record))),
                "Workload": escape(record.workload),
                "Session": code(record.session),
                "Date": escape(record.date),
                "Effort": escape(effort_label([record])),
                "Machine": str(number[spelling(record.machine)]),
            }
            for record in costs
        ],
        text_columns=7 + compressed,
    )


def _machines(machines: Sequence[Machine]) -> str:
    lines = []
    for index, machine in enumerate(machines, start=1):
        flags = ", ".join(sorted(machine.cpu_flags)) or "none that matter"
        lines.append(
            f"{index}. {escape(machine_label(machine))}. Instruction sets: {escape(flags)}. "
            f"Versions: {escape(versions_label(machine)) or BLANK}."
        )
    return "Machines:\n\n" + "\n".join(lines) if lines else ""


def _seconds(seconds: dict[str, float]) -> str:
    told = {phase: f"{value:,.0f} s" if value < _LONGEST else BLANK for phase, value in seconds.items()}
    return ", ".join(f"{escape(phase)} {time}" for phase, time in sorted(told.items())) or BLANK


def _listed(rows: Sequence[dict[str, str]], text_columns: int) -> str:
    return table(rows, text_columns=text_columns) if rows else ""
