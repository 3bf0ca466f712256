"""The rows of a suite: told apart by their names, compared as declared, and trained for twice as long."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from ..core.errors import Fault, InputError
from ..training.method import MOST_EPOCHS, Method

__all__ = ["refuse_namesakes", "refuse_rows_not_run", "twice_as_long"]


def refuse_rows_not_run(
    methods: Sequence[str], resolved: Mapping[str, Method], asked: Mapping[str, Sequence[str]], path: Path
) -> None:
    """What is asked of rows has to be of one: of a method that the suite names, or of a teacher.

    Args:
        methods: Ids that the suite names.
        resolved: All its methods, with those that others need.
        asked: Ids by the key of the suite that asks for them.
        path: The suite's file.

    Raises:
        InputError: If one of them is no row.
    """
    rows = [*methods, *(method.teacher for method in resolved.values() if method.teacher)]
    for where, keys in asked.items():
        if missing := [key for key in keys if key not in rows]:
            found = f"{missing[0]!r}, of which the suite makes no row"
            expected = f"one of {', '.join(dict.fromkeys(rows))}"
            raise InputError(Fault(f"{path}, {where}", found, expected))


def twice_as_long(method: Method, where: str) -> Method:
    """The same method under another name, with twice the epochs.

    Raises:
        InputError: If those are more than a method may have.
    """
    epochs = 2 * method.recipe.epochs
    if epochs > MOST_EPOCHS:
        found, expected = f"{method.name} with {epochs:,} epochs", f"{MOST_EPOCHS:,} at most"
        raise InputError(Fault(where, found, expected))
    recipe = method.recipe.model_copy(update={"epochs": epochs})
    return method.model_copy(update={"name": f"{method.name}, {epochs} epochs", "recipe": recipe})


def refuse_namesakes(methods: Mapping[str, Method], scorers: Sequence[str], path: Path) -> None:
    """Rows of a table are told apart by their names.

    Raises:
        InputError: If two methods, or a method and a scorer, share one.
    """
    first: dict[str, str] = dict.fromkeys(scorers, "a scorer")
    for key, method in methods.items():
        if (other := first.setdefault(method.name, key)) != key:
            raise InputError(
                Fault(
                    f"{path}, method {key}, name",
                    f"{method.name!r}, the name of {other}",
                    "a name of its own",
                )
            )
