"""Open names: one kind of registry for models, objectives, backbones, engines, datasets and the rest.

Whoever defines something enters it by name; a plugin file or an installed package may add to every registry.
"""

from __future__ import annotations

import importlib
import inspect
import pkgutil
import re
import sys
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any, Generic, TypeVar

from pydantic import BaseModel, ConfigDict

from .errors import Fault, InputError
from .names import shown, unknown_name, why

__all__ = ["Entry", "NoOptions", "Registry", "all_registries", "registering"]

T = TypeVar("T")
Given = TypeVar("Given")

_NAME = re.compile(r"[a-z0-9]+([-_.][a-z0-9]+)*")
_OURS = __name__.partition(".")[0]
_REGISTRIES: list[Registry[Any]] = []
_COLLECTING: list[list[tuple[Registry[Any], str]] | None] = []
"""What runs from outside, innermost last, with what it has entered; None while a registry loads."""


class NoOptions(BaseModel):
    """The options of what has none: every key is refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)


@dataclass(frozen=True)
class Entry(Generic[T]):
    """One name of a registry.

    Attributes:
        name: The name.
        value: What it stands for.
        options: The type of its own options.
        source: The file that defines it, where it is not one of ours: what it does may change while its name
            stays, so the file is part of a trial's identity.
        place: File and line of its definition, for messages.
    """

    name: str
    value: T
    options: type[BaseModel]
    source: Path | None
    place: str

    @property
    def summary(self) -> str:
        """The first sentence of its docstring, in one line."""
        text = " ".join((inspect.getdoc(self.value) or "").partition("\n\n")[0].split())
        return re.split(r"(?<=\.)\s(?=[A-Z])(?<!Eq\.\s)(?<!Sec\.\s)(?<!al\.\s)", text, maxsplit=1)[0]


class Registry(Generic[T]):
    """Things of one kind by name.

    Args:
        kind: What is named, in lower case: "model". `outfitbench.KINDs` is the group of entry points of
            installed packages that add to it.
        home: Modules, or packages whose modules, enter our own names when imported; imported on first use.
        later: Likewise, but imported only where a name is none of those, or all names are asked for: modules
            that take long.

    Example:
        >>> greetings = Registry("greeting")
        >>> @greetings.register("hello")
        ... def hello() -> str:
        ...     \"\"\"Greet everybody. Politely.\"\"\"
        >>> greetings.names(), greetings.entry("hello").summary
        (['hello'], 'Greet everybody.')
        >>> greetings.get("helo")
        Traceback (most recent call last):
        ...
        outfitbench.core.errors.InputError: argument greeting: found 'helo', expected a greeting; nearest: ...
    """

    def __init__(self, kind: str, *home: str, later: Sequence[str] = ()) -> None:
        self.kind = kind
        self._waiting: list[Sequence[str]] = [home, later]
        self._entries: dict[str, Entry[T]] = {}
        _REGISTRIES.append(self)

    @property
    def group(self) -> str:
        """The group of entry points that adds to this registry."""
        return f"{_OURS}.{self.kind}s"

    def register(self, name: str, *, options: type[BaseModel] = NoOptions) -> Callable[[Given], Given]:
        """A decorator that enters what it decorates and leaves it as it is.

        Args:
            name: Lower-case words and digits, joined by single hyphens, underscores or dots.
            options: The pydantic type of the options that a TOML file may give it.

        Raises:
            InputError: If the name is malformed, or taken by another definition.
        """
        if not _NAME.fullmatch(name):
            expected = "lower-case words joined by hyphens"
            raise InputError(Fault(f"{self.kind} name", shown(name), expected))
        caller = sys._getframe(1).f_globals

        def enter(value: Given) -> Given:
            entry: Entry[Any] = _entry(name, value, options, caller)
            if entry.source is not None:
                self.load()  # a stranger who takes a name of ours is told so, whoever came first
            first = self._entries.setdefault(name, entry)
            if first is not entry and first.value is not value:
                found = f"a second definition in {entry.place}"
                raise InputError(Fault(f"{self.kind} {name!r}", found, f"one; the first is in {first.place}"))
            if first is entry and entry.source is not None and _COLLECTING and _COLLECTING[-1] is not None:
                _COLLECTING[-1].append((self, name))
            return value

        return enter

    def entry(self, name: str, where: str | Path | None = None) -> Entry[T]:
        """What is known of a name.

        Args:
            name: One of `names()`.
            where: The file and key, or the argument, for the message.

        Raises:
            InputError: For an unknown name; the nearest are told.
        """
        if name not in self:
            place = f"argument {self.kind}" if where is None else where
            article = "an" if self.kind[0] in "aeiou" else "a"
            fix = "--plugin loads one of yours"
            raise InputError(unknown_name(f"{article} {self.kind}", name, self._entries, place, fix))
        return self._entries[name]

    def get(self, name: str, where: str | Path | None = None) -> T:
        """What a name stands for; as `entry`."""
        return self.entry(name, where).value

    def names(self) -> list[str]:
        """All names, sorted: ours, those of installed packages and those of loaded plugins."""
        self.load()
        return sorted(self._entries)

    def __contains__(self, name: object) -> bool:
        while name not in self._entries and self._waiting:
            self._load_next()
        return name in self._entries

    def load(self) -> None:
        """Import what enters our own names and those of installed packages, once."""
        while self._waiting:
            self._load_next()

    def _load_next(self) -> None:
        homes = self._waiting.pop(0)
        _COLLECTING.append(None)  # what is entered now belongs to nobody who happens to be loading
        try:
            for home in homes:
                module = importlib.import_module(home)
                for found in pkgutil.iter_modules(getattr(module, "__path__", ())):
                    importlib.import_module(f"{home}.{found.name}")
            _load_entry_points(self.group)
        except BaseException:
            self._waiting.insert(0, homes)  # or the next who asks would find half of the names
            raise
        finally:
            _COLLECTING.pop()


def all_registries() -> list[Registry[Any]]:
    """Every registry of the rooms that have been imported."""
    return list(_REGISTRIES)


@contextmanager
def registering() -> Iterator[list[str]]:
    """Collect the names that what runs inside enters into any registry, sorted.

    What it loads by the way (our own names, an installed package, another plugin) is not its own. If it ends
    in an error, none of its names stays.
    """
    entered: list[tuple[Registry[Any], str]] = []
    names: list[str] = []
    _COLLECTING.append(entered)
    try:
        yield names
    except BaseException:
        for registry, name in entered:
            registry._entries.pop(name, None)
        raise
    finally:
        _COLLECTING.pop()
    names.extend(sorted(name for _, name in entered))


@cache
def _load_entry_points(group: str) -> None:
    """Import every installed entry point of a group, once; one that fails is warned of and left out."""
    for entry in entry_points(group=group):
        try:
            with registering():
                entry.load()
        except (Exception, SystemExit) as error:  # a stranger's package may fail in any way, each by itself
            package = entry.dist.name if entry.dist else "an unnamed package"
            warnings.warn(
                f"entry point {entry.name!r} of {package} ({entry.value}): found {why(error)}, "
                "expected a module that registers; its names are left out",
                RuntimeWarning,
                stacklevel=2,
            )


def _entry(name: str, value: T, options: type[BaseModel], caller: dict[str, Any]) -> Entry[T]:
    """What is known of a value, and of the module that enters it."""
    try:
        source, module = inspect.getsourcefile(value), value.__module__  # type: ignore[arg-type]
        line = f":{inspect.getsourcelines(value)[1]}"  # type: ignore[arg-type]
    except (OSError, TypeError, AttributeError, IndexError):  # an instance or a partial has no such place
        source, module, line = None, "", ""
    entered_by = caller.get("__name__", "")
    if source is None or (_is_ours(module) and not _is_ours(entered_by)):
        source, module, line = caller.get("__file__"), entered_by, ""
    place = f"{source}{line}" if source else module or "an unknown place"
    return Entry(name, value, options, None if _is_ours(module) or source is None else Path(source), place)


def _is_ours(module: str) -> bool:
    return module == _OURS or module.startswith(f"{_OURS}.")
