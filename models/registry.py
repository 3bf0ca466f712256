"""The zoo's names and who defines them."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from .errors import ModelError
from .options import ModelOptions
from .outfit_model import OutfitModel

__all__ = ["BUILDERS", "Builder", "definer", "register_model", "registering"]

Builder = Callable[[ModelOptions], OutfitModel]
"""Builds a model for the options: a function, or a class whose constructor takes them."""

BUILDERS: dict[str, Builder] = {}
"""Every registered model so far; `list_models` first imports those that are not."""

_BuilderT = TypeVar("_BuilderT", bound=Builder)
_NAME = re.compile(r"[a-z0-9]+([-_.][a-z0-9]+)*")


def register_model(name: str) -> Callable[[_BuilderT], _BuilderT]:
    """Enter a model into the zoo.

    Args:
        name: Lower-case words and digits, joined by single hyphens, underscores or dots.

    Returns:
        A decorator for a `Builder`, which it leaves as it is.

    Raises:
        ModelError: If the name is malformed, or taken by another definition.

    Example:
        >>> @register_model("student-wide")
        ... def student_wide(options: ModelOptions) -> OutfitModel: ...
        >>> BUILDERS.pop("student-wide")
        <function student_wide at ...>
    """
    if not _NAME.fullmatch(name):
        raise ModelError(f"model name: found {name!r}, expected lower-case words joined by hyphens")

    def enter(builder: _BuilderT) -> _BuilderT:
        first = BUILDERS.setdefault(name, builder)
        if first is not builder:
            raise ModelError(
                f"model {name!r}: found a second definition in {definer(builder)}, "
                f"expected one; the first is in {definer(first)}"
            )
        return builder

    return enter


@contextmanager
def registering() -> Iterator[list[str]]:
    """Collect the names that are registered inside; if it ends in an error, none of them stays."""
    before = set(BUILDERS)
    names: list[str] = []
    try:
        yield names
    except BaseException:
        for name in BUILDERS.keys() - before:
            del BUILDERS[name]
        raise
    names.extend(name for name in BUILDERS if name not in before)


def definer(builder: Builder) -> str:
    """File and line that define a builder, for messages."""
    return f"{inspect.getsourcefile(builder)}:{inspect.getsourcelines(builder)[1]}"
