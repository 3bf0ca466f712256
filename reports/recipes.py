"""What a fit's description says about how it was made: its objectives, its recipe, and which fits share one.

A description is any JSON object here: what is not in it is at its default, and what has another form than
expected is left blank rather than believed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..core.hashes import canonical_json

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ..suites.records import FitRecord, Prepared

__all__ = [
    "Recipes",
    "apart_from_teaching",
    "apart_in_objectives",
    "mapping",
    "objective_names",
    "objectives_label",
    "values_apart",
]

_TEACHING_ROLES = ("teacher", "neighbours")
"""Inputs that objectives ask for; what starts from other weights ("start") is another recipe."""


_RATE = "learning_rate"


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
        weight = mapping(objective.get("options")).get("weight", 1)
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


def apart_in_objectives(fit: FitRecord, other: FitRecord) -> str | None:
    """In words, the one step from what a fit minimised to what another did; None for any other way.

    A step is a part left out, or a part that a teacher speaks in exchanged for one without a teacher.

    Args:
        fit: Where one stands.
        other: A fit of the same model, data and recipe, else it is None.
    """
    if apart_from_teaching(fit) != apart_from_teaching(other):
        return None
    own, others = _objectives_of(fit), _objectives_of(other)
    more = [name for name in own if own[name] != others.get(name)]
    instead = [name for name in others if others[name] != own.get(name)]
    if len(more) == 1 and not instead:
        return f"without {more[0]}"
    exchanged = len(more) == len(instead) == 1 and more != instead
    if exchanged and "teacher" in fit.inputs and "teacher" not in other.inputs:
        return f"with {instead[0]} in place of {more[0]}"
    return None


def objective_names(fit: FitRecord) -> frozenset[str]:
    """Which parts a fit minimised, whatever their options."""
    return frozenset(_objectives_of(fit))


def values_apart(fit: FitRecord, other: FitRecord) -> int | None:
    """How many values tell two fits besides the one part that they are apart in; None where it is not one.

    As `apart_in_objectives`, but for the values that a search finds for each row by itself: the learning rate
    and the options of the parts that both have.

    Args:
        fit: Where one stands.
        other: A fit of the same model, data and, but for the rate, recipe, else it is None.
    """
    if _apart_from_values(fit) != _apart_from_values(other):
        return None
    own, others = _objectives_of(fit), _objectives_of(other)
    more, instead = own.keys() - others.keys(), others.keys() - own.keys()
    taught = "teacher" in fit.inputs and "teacher" not in other.inputs
    if len(more) != 1 or len(instead) > int(taught):
        return None
    rates = [mapping(one.description.get("recipe")).get(_RATE) for one in (fit, other)]
    return sum(own[name] != others[name] for name in own.keys() & others.keys()) + (rates[0] != rates[1])


def _apart_from_values(fit: FitRecord) -> str:
    recipe = {key: value for key, value in mapping(fit.description.get("recipe")).items() if key != _RATE}
    return apart_from_teaching(fit.model_copy(update={"description": {**fit.description, "recipe": recipe}}))


def _objectives_of(fit: FitRecord) -> dict[str, str]:
    """A canonical spelling of each objective's options by its name."""
    listed = fit.description.get("objectives")
    objectives = [mapping(objective) for objective in (listed if isinstance(listed, list) else ())]
    return {str(objective.get("name")): canonical_json(objective) for objective in objectives}


class Recipes:
    """Spells what of a fit's description says how it was made, leaving out its seed.

    A fit's inputs are hashes that depend on the seed, too; each is replaced by the recipe of the trial it
    names, so that students of several seeds are seen to be of one recipe.
    """

    def __init__(self, trials: Sequence[FitRecord | Prepared]) -> None:
        self._by_trial = {record.trial: record for record in trials}

    def of(self, fit: FitRecord) -> str:
        """A canonical spelling of the recipe; inputs without a record count as equal."""
        return canonical_json(self._recipe(fit, frozenset()))

    def exact(self, fit: FitRecord) -> str:
        """The same with the inputs' own hashes: for fits whose inputs must not count as equal."""
        return canonical_json([self.of(fit), fit.inputs])

    def _recipe(self, record: FitRecord | Prepared, above: frozenset[str]) -> list[Any]:
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
