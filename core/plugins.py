"""Definitions from a user's own Python file."""

from __future__ import annotations

import hashlib
import sys
from functools import cache
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

from .errors import Fault, InputError
from .names import shown, why
from .registry import all_registries, registering

__all__ = ["load_plugin", "loaded_plugins"]

_LOADING: set[Path] = set()

_LOADED: dict[Path, tuple[str, ...]] = {}
"""What each file that was run here has entered."""


def load_plugin(path: str | Path) -> list[str]:
    """Run a Python file that registers models, objectives, backbones or anything else that is registered.

    A second time it is not run again. The file's own folder is not put on the import path: a file named
    `statistics.py` there stays out of everybody's way.

    Args:
        path: The file.

    Returns:
        The names it entered.

    Raises:
        InputError: If the file is missing, cannot be run, or registers nothing. Then nothing of it stays.
    """
    try:
        whole = Path(path).resolve()
    except (OSError, RuntimeError, ValueError) as error:  # a link to itself, a NUL
        found = f"a path that leads nowhere ({why(error)})"
        raise InputError(Fault(_place(path), found, "a Python file")) from error
    if whole in _LOADING:
        raise InputError(
            Fault(_place(whole), "a plugin that loads itself", "a file that registers and is done")
        )
    _LOADING.add(whole)
    try:
        return list(_load_file(whole))
    finally:
        _LOADING.discard(whole)


def loaded_plugins() -> list[Path]:
    """Files that were run here and whose names are known, for a process that is to know them, too."""
    known = {name for registry in all_registries() for name in registry._entries}
    return [path for path, names in _LOADED.items() if known.intersection(names)]


@cache
def _load_file(path: Path) -> tuple[str, ...]:
    if not path.is_file():
        raise InputError(Fault(_place(path), "no file", "a Python file that registers something"))
    digest = hashlib.blake2b(str(path).encode(errors="surrogateescape"), digest_size=4).hexdigest()
    spec = spec_from_file_location(f"outfitbench_plugin_{digest}", path)
    if spec is None or spec.loader is None:
        raise InputError(Fault(_place(path), "a file that is not Python", "a name that ends in .py"))
    module = module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses and inspect look their module up by name
    try:
        with registering() as names:
            spec.loader.exec_module(module)
    except BaseException as error:  # a stranger's file may fail in any way
        sys.modules.pop(spec.name, None)
        if isinstance(error, KeyboardInterrupt):  # the person's own wish
            raise
        raise InputError(
            Fault(f"{_place(path)}{_line(error, path)}", why(error), "a file that runs")
        ) from error
    if not names:
        del sys.modules[spec.name]
        raise InputError(Fault(_place(path), "nothing registered", "at least one @register_…"))
    _LOADED[path] = tuple(names)
    return _LOADED[path]


def _place(path: str | Path) -> str:
    """A path as it can be printed, whatever it is made of."""
    return shown(str(path), longest=1000)[1:-1]


def _line(error: BaseException, path: Path) -> str:
    """`:12` for the last line of the file that the error went through; empty where it went through none."""
    if isinstance(error, SyntaxError) and error.filename == str(path):
        return f":{error.lineno}"
    found, trace = "", error.__traceback__
    while trace:
        if trace.tb_frame.f_code.co_filename == str(path):
            found = f":{trace.tb_lineno}"
        trace = trace.tb_next
    return found
