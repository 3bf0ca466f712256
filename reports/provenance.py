"""How to repeat it: commands, hashes, versions, machines and the time it took."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .costs import CostGroup, configuration, machine_label
from .distinct import spelling
from .markdown import code, escape, table
from .quantities import BLANK

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..suites.records import CostRecord, Machine, QualityRecord, SuiteRecord
    from .ranking import Ranking

__all__ = ["provenance_section"]


def provenance_section(
    suites: Sequence[SuiteRecord], rankings: Sequence[Ranking], groups: Sequence[CostGroup]
) -> str:
    """Everything that identifies the records a page was made from, as markdown."""
    trials = [record for ranking in rankings for row in ranking.rows for record in row.records]
    costs = [record for group in groups for record in group.records]
    machines = sorted({spelling(record.machine): record.machine for record in [*trials, *costs]}.items())
    number = {spelling: index for index, (spelling, _) in enumerate(machines, start=1)}
    parts = [_suites(suites)]
    if rankings:
        parts += [_candidates(rankings), _recipes(trials), _trials(trials, number)]
    if costs:
        parts.append(_costs(costs, number))
    if machines:
        parts.append(_machines([machine for _, machine in machines]))
    return "\n\n".join(part for part in parts if part)


def _suites(suites: Sequence[SuiteRecord]) -> str:
    if not suites:
        return "No record names the suite; the trials below are identified by their hashes."
    return "\n\n".join(
        f"Suite {code(suite.suite)} ({code(suite.fingerprint)}):\n\n```sh\n{suite.command}\n```"
        for suite in suites
    )


def _candidates(rankings: Sequence[Ranking]) -> str:
    return table(
        [
            {
                "Dataset": escape(ranking.dataset),
                "Negatives": escape(ranking.setting),
                "Split": escape(ranking.split_scheme),
                "Data": code(ranking.data_fingerprint),
                "Candidates": code(ranking.candidate_fingerprint),
                "Evaluator": str(ranking.evaluator_version),
            }
            for ranking in rankings
        ],
        text_columns=5,
    )


_RECIPE = {
    "epochs": "Epochs",
    "batch_size": "Batch",
    "learning_rate": "Learning rate",
    "momentum": "Momentum",
    "weight_decay": "Weight decay",
    "schedule": "Schedule",
    "clip_norm": "Clip",
    "augment": "Augmented",
}


def _recipes(trials: Sequence[QualityRecord]) -> str:
    """How each method was trained, as the trials' descriptions say."""
    rows = []
    for record in trials:
        method = record.description.get("method", {})
        recipe = method.get("recipe")
        if recipe is None:
            continue
        row = {
            "Recipe": escape(record.method),
            "Objective": escape(str(method.get("objective", BLANK))),
            "τ": str(method.get("temperature", BLANK)),
            "Images": f"{method['image_size']} px" if "image_size" in method else BLANK,
            "Pretrained": "yes" if method.get("pretrained") else "no",
            "Trained in": escape(str(record.description.get("precision", BLANK))),
            **{heading: _value(recipe.get(key)) for key, heading in _RECIPE.items()},
        }
        if row not in rows:
            rows.append(row)
    return table(rows, text_columns=2) if rows else ""


def _value(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return BLANK if value is None else escape(str(value))


def _trials(trials: Sequence[QualityRecord], number: dict[str, int]) -> str:
    trained = table(
        [
            {
                "Trial": code(record.trial),
                "Method": escape(record.method),
                "Dataset": escape(f"{record.dataset}, {record.setting}"),
                "Seed": str(record.seed),
                "Best epoch": f"{record.best_epoch} of {len(record.history)}",
                "Weights": code(record.weights[:16]),
                "Machine": str(number[spelling(record.machine)]),
                "Wall time": _seconds(record.seconds),
            }
            for record in trials
        ],
        text_columns=3,
    )
    return f"{trained}\n\nWall time: beside whatever else the machine did, so not a cost."


def _costs(costs: Sequence[CostRecord], number: dict[str, int]) -> str:
    return table(
        [
            {
                "Cost": code(record.cost),
                "Model": escape(record.method),
                "Run by": escape(str(configuration(record))),
                "Machine": str(number[spelling(record.machine)]),
            }
            for record in costs
        ],
        text_columns=3,
    )


def _machines(machines: Sequence[Machine]) -> str:
    lines = []
    for index, machine in enumerate(machines, start=1):
        versions = ", ".join(f"{name} {version}" for name, version in sorted(machine.versions.items()))
        flags = ", ".join(sorted(machine.cpu_flags)) or "none that matter"
        lines.append(
            f"{index}. {escape(machine_label(machine))}. Instruction sets: {escape(flags)}. "
            f"Versions: {escape(versions) or BLANK}."
        )
    return "Machines:\n\n" + "\n".join(lines)


def _seconds(seconds: dict[str, float]) -> str:
    return ", ".join(f"{escape(phase)} {value:,.0f} s" for phase, value in sorted(seconds.items())) or BLANK
