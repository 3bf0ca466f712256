"""TOML from outside into a checked type, or one line that says what is wrong with it."""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Any, TypeVar, get_args

from pydantic import BaseModel, ValidationError
from typing_extensions import TypeIs

from ..datasets.errors import Fault, InputError

__all__ = ["not_one_of", "parse", "read_toml"]

M = TypeVar("M", bound=BaseModel)


def read_toml(path: Path) -> dict[str, Any]:
    """The tables of a TOML file.

    Raises:
        InputError: If the file is missing, is not UTF-8, or is not TOML.
    """
    try:
        return tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise InputError(
            Fault(path, error.strerror or "an unreadable file", "a readable TOML file")
        ) from error
    except UnicodeDecodeError as error:
        raise InputError(Fault(path, f"a byte at {error.start} that is not UTF-8", "UTF-8")) from error
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise InputError(Fault(path, f"a TOML error ({error})", "valid TOML")) from error


def parse(kind: type[M], tables: dict[str, Any], where: str | Path) -> M:
    """Check tables against a type.

    Args:
        kind: The pydantic model.
        tables: As `read_toml` gives them.
        where: What to name in a message.

    Raises:
        InputError: At the first key that does not fit.
    """
    try:
        return kind.model_validate(tables)
    except ValidationError as error:
        raise InputError(_first_fault(kind, error, where)) from error


def not_one_of(
    known: Sequence[str], name: str, where: str | Path, *, found: str | None = None, otherwise: str = ""
) -> Fault:
    """The fault of a name that there is not, with the nearest one that there is.

    Args:
        known: The names that there are.
        name: What stands there.
        where: The place, for the message.
        found: How to call what stands there; the name itself by default.
        otherwise: What to do where no known name is near.
    """
    near = get_close_matches(name, known, n=1)
    fix = f"did you mean {near[0]!r}?" if near else otherwise
    return Fault(where, repr(name) if found is None else found, f"one of {', '.join(known)}", fix)


def _first_fault(kind: type[BaseModel], error: ValidationError, where: str | Path) -> Fault:
    first = error.errors(include_url=False)[0]
    key = ".".join(str(part) for part in first["loc"])
    place = f"{where}, {key}" if key else str(where)
    if first["type"] == "extra_forbidden":
        name = str(first["loc"][-1])
        known = sorted(_fields_at(kind, first["loc"][:-1]))
        return not_one_of(known, name, place, found="an unknown key")
    if first["type"] == "missing":
        return Fault(place, "nothing", "a value for this key")
    if first["type"] in ("too_short", "string_too_short"):
        return Fault(place, repr(first["input"]), "something that is not empty")
    message = first["msg"].removeprefix("Value error, ").removeprefix("Input should be ")
    return Fault(place, repr(first["input"]), message)


def _fields_at(kind: type[BaseModel], location: tuple[int | str, ...]) -> set[str]:
    """Names of the keys that may stand at a nested place."""
    for part in location:
        field = kind.model_fields.get(str(part))
        if field is None:
            return set()
        nested = [a for a in (field.annotation, *get_args(field.annotation)) if _is_model(a)]
        if not nested:
            return set()
        kind = nested[0]
    return set(kind.model_fields)


def _is_model(annotation: object) -> TypeIs[type[BaseModel]]:
    return isinstance(annotation, type) and issubclass(annotation, BaseModel)
