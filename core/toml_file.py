"""TOML from outside into a checked type, or one line that says what is wrong with it."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any, TypeVar, get_args, get_origin

from pydantic import BaseModel, ValidationError
from typing_extensions import TypeIs

from .errors import Fault, InputError, escaped
from .names import nearest, shown

__all__ = ["parse", "read_toml"]

M = TypeVar("M", bound=BaseModel)

_LONGEST = 80
"""Characters of a foreign key or message that a line may quote."""

_KINDS = {
    "bool_type": "true or false",
    "dict_type": "a table",
    "float_type": "a number",
    "int_type": "a whole number",
    "list_type": "a list in brackets",
    "model_type": "a table",
    "string_type": "text in quotes",
}
"""What should stand where a value is of another kind, as one writes it."""


def read_toml(path: Path) -> dict[str, Any]:
    """The tables of a TOML file.

    Raises:
        InputError: If the file is missing, is not UTF-8, is not TOML, or holds an integer beyond 64 bits,
            which TOML does not have.
    """
    try:
        tables = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise InputError(
            Fault(path, error.strerror or "an unreadable file", "a readable TOML file")
        ) from error
    except UnicodeDecodeError as error:
        raise InputError(Fault(path, f"a byte at {error.start} that is not UTF-8", "UTF-8")) from error
    except (tomllib.TOMLDecodeError, RecursionError, ValueError) as error:  # an integer of 5,000 digits
        raise InputError(Fault(path, f"a TOML error ({_short(str(error))})", "valid TOML")) from error
    _refuse_long_integers(tables, path)
    return tables


def _refuse_long_integers(value: object, path: Path, *keys: int | str) -> None:
    """Hexadecimal ones are read at any length, and can afterwards neither be printed nor be hashed."""
    if isinstance(value, dict):
        for key, inner in value.items():
            _refuse_long_integers(inner, path, *keys, key)
    elif isinstance(value, list):
        for number, inner in enumerate(value):
            _refuse_long_integers(inner, path, *keys, number)
    elif isinstance(value, int) and not -(2**63) <= value < 2**63:
        where = f"{path}, {'.'.join(map(_part, keys))}"
        raise InputError(Fault(where, f"an integer of {value.bit_length():,} bits", "64 bits at most"))


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


def _first_fault(kind: type[BaseModel], error: ValidationError, where: str | Path) -> Fault:
    first = error.errors(include_url=False)[0]
    key = ".".join(map(_part, first["loc"]))
    place = f"{where}, {key}" if key else str(where)
    if first["type"] == "extra_forbidden":
        name = str(first["loc"][-1])
        known = sorted(_fields_at(kind, first["loc"][:-1]))
        close = nearest(name, known)  # without one it lists some of them, which the line does anyway
        fix = close if close.startswith("nearest") else ""
        return Fault(place, "an unknown key", f"one of {', '.join(known)}" if known else "none", fix)
    if first["type"] == "missing":
        return Fault(place, "nothing", "a value for this key")
    if first["type"] in ("too_short", "string_too_short"):
        return Fault(place, shown(first["input"]), "something that is not empty")
    if first["type"] in _KINDS:
        return Fault(place, shown(first["input"]), _KINDS[first["type"]])
    message = first["msg"].removeprefix("Value error, ").removeprefix("Input should be ")
    return Fault(place, shown(first["input"]), _short(message, 5 * _LONGEST))


def _part(key: int | str) -> str:
    """A key as a message names it: as it stands, or quoted where it is long or a terminal would obey it."""
    text = str(key)
    return text if len(text) <= _LONGEST and escaped(text) == text else shown(text)


def _short(text: str, longest: int = 2 * _LONGEST) -> str:
    return text if len(text) <= longest else f"{text[: longest - 20]}…{text[-20:]}"


def _fields_at(kind: type[BaseModel], location: tuple[int | str, ...]) -> set[str]:
    """Names of the keys that may stand at a nested place."""
    parts = iter(location)
    for part in parts:
        field = kind.model_fields.get(str(part))
        if field is None:
            return set()
        if get_origin(field.annotation) is dict:
            next(parts, None)  # a key that its writer chose
        nested = [a for a in (field.annotation, *get_args(field.annotation)) if _is_model(a)]
        if not nested:
            return set()
        kind = nested[0]
    return set(kind.model_fields)


def _is_model(annotation: object) -> TypeIs[type[BaseModel]]:
    return isinstance(annotation, type) and issubclass(annotation, BaseModel)
