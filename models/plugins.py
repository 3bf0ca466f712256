"""Models from outside: a user's own file, and installed packages by entry point."""

from __future__ import annotations

import hashlib
import sys
import warnings
from functools import cache
from importlib.metadata import entry_points
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

from .builtin import import_zoo
from .errors import ModelError
from .registry import registering

__all__ = ["ENTRY_POINT_GROUP", "load_installed", "load_plugin"]

ENTRY_POINT_GROUP = "outfitbench.models"
"""Packages name here the modules that register their models when imported."""


def load_plugin(path: str | Path) -> list[str]:
    """Run a Python file that registers models; a second time it is not run again.

    Args:
        path: The file. It imports what it needs from `outfitbench.models` and uses `register_model`.

    Returns:
        Names of its models.

    Raises:
        ModelError: If the file is missing, cannot be run, or registers nothing. Then nothing of it stays.
    """
    return list(_load_file(Path(path).resolve()))


@cache
def _load_file(path: Path) -> tuple[str, ...]:
    import_zoo()  # first, so that a name taken twice is told of the file that took it last
    if not path.is_file():
        raise ModelError(f"{path}: found no file, expected a Python file that registers models")
    digest = hashlib.blake2b(str(path).encode(), digest_size=4).hexdigest()
    spec = spec_from_file_location(f"outfitbench_plugin_{digest}", path)
    if spec is None or spec.loader is None:
        raise ModelError(f"{path}: found a file that is not Python, expected a name that ends in .py")
    module = module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses and inspect look their module up by name
    try:
        with registering() as names:
            spec.loader.exec_module(module)
    except ModelError as error:
        del sys.modules[spec.name]
        raise ModelError(f"{path}{_line(error, path)}: {error}") from error
    except (Exception, SystemExit) as error:  # a stranger's file may fail in any way
        del sys.modules[spec.name]
        raise ModelError(
            f"{path}{_line(error, path)}: found {_reason(error)}, expected a file that runs"
        ) from error
    if not names:
        del sys.modules[spec.name]
        raise ModelError(f"{path}: found no model, expected at least one @register_model")
    return tuple(names)


@cache
def load_installed() -> None:
    """Import every installed entry point, once; one that fails is warned of and left out."""
    for entry in entry_points(group=ENTRY_POINT_GROUP):
        try:
            with registering():
                entry.load()
        except Exception as error:  # a stranger's package may fail in any way, each by itself
            package = entry.dist.name if entry.dist else "an unnamed package"
            warnings.warn(
                f"entry point {entry.name!r} of {package} ({entry.value}): found {_reason(error)}, "
                "expected a module that registers models; its models are left out",
                RuntimeWarning,
                stacklevel=2,
            )


def _reason(error: BaseException) -> str:
    """An error as one line."""
    text = error.msg if isinstance(error, SyntaxError) else str(error)
    return f"{type(error).__name__} ({' '.join(text.split())})"


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
