"""What a fit's description says about how it was made: its objectives, its recipe, and which fits share one.

A description is any JSON object here: what is not in it is at its default, and what has another form than
expected is left blank rather than believed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..core.hashes import canonical_json

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ..suites.records import FitRecord, NeighboursRecord

__all__ = ["Recipes", "apart_from_teaching", "mapping", "objectives_label"]

_TEACHING_ROLES = ("teacher", "neighbours")
"""Inputs that objectives ask for; what starts from other weights ("start") is another recipe."""


def mapping(value: object) -> dict[str, Any]:
    """A JSON object, or an empty one in place of anything else."""
    return value if isinstance(value, dict) else {}


def objectives_label(description: Mapping[str, Any]) -> str:
    """What was minimised, with the weights that are not 1; empty if the description does not say.

    Example:
        >>> objectives_label({"objectives": [{"name": "n-pair"},
        ...                                  {"name": "contrastive", "options": {"weight": 0.2}}]})
        'n-pair + 0.2 contrastive'
    """
    listed = description.get("objectives")
    parts = []
    for objective in listed if isinstance(listed, list) else ():
        name = mapping(objective).get("name")
        if not isinstance(name, str):
            continue
        weight = objective.get("weight", mapping(objective.get("options")).get("weight", 1))
        shown = isinstance(weight, int | float) and weight != 1
        parts.append(f"{weight:g} {name}" if shown else name)
    return " + ".join(parts)


def apart_from_teaching(fit: FitRecord) -> str:
    """A canonical spelling of all that made a fit, but its seed, its objectives and what those ask for."""
    kept = {
        key: value for key, value in fit.description.items() if key not in ("seed", "objectives", "inputs")
    }
    inputs = {role: trial for role, trial in fit.inputs.items() if role not in _TEACHING_ROLES}
    return canonical_json([fit.model, fit.backbone, fit.negatives, kept, inputs])


class Recipes:
    """Spells what of a fit's description says how it was made, leaving out its seed.

    A fit's inputs are hashes that depend on the seed, too; each is replaced by the recipe of the trial it
    names, so that students of several seeds are seen to be of one recipe.
    """

    def __init__(self, trials: Sequence[FitRecord | NeighboursRecord]) -> None:
        self._by_trial = {record.trial: record for record in trials}

    def of(self, fit: FitRecord) -> str:
        """A canonical spelling of the recipe; inputs without a record count as equal."""
        return canonical_json(self._recipe(fit, frozenset()))

    def exact(self, fit: FitRecord) -> str:
        """The same with the inputs' own hashes: for fits whose inputs must not count as equal."""
        return canonical_json([self.of(fit), fit.inputs])

    def _recipe(self, record: FitRecord | NeighboursRecord, above: frozenset[str]) -> list[Any]:
        kept = {key: value for key, value in record.description.items() if key not in ("seed", "inputs")}
        # A record may name itself among what it was made from; hashes rule it out, a forger does not.
        above |= {record.trial}
        inputs = {
            role: self._recipe(known, above)
            if (known := self._by_trial.get(trial)) is not None and trial not in above
            else "a trial without a record"
            for role, trial in sorted(record.inputs.items())
        }
        network = [record.model, record.backbone] if record.kind == "fit" else []
        return [*network, kept, inputs]
