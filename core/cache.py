"""Where what is derived lies: keyed by content, safe to delete and to share between processes."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import platformdirs

from .errors import Fault, InputError

__all__ = ["cache_folder", "cached_in"]

_VARIABLE = "OUTFITBENCH_CACHE"


def cache_folder() -> Path:
    """The folder for what is derived: `OUTFITBENCH_CACHE` where it is set, else the platform's own place.

    Raises:
        InputError: If neither is to be had, as in a container whose user has no home.
    """
    chosen = os.environ.get(_VARIABLE)
    try:
        return Path(chosen).expanduser() if chosen else platformdirs.user_cache_path("outfitbench")
    except (RuntimeError, KeyError) as error:  # no home: the user is in no password file, HOME is not set
        fix = "name one with --cache or OUTFITBENCH_CACHE"
        raise InputError(Fault("cache", "no home folder for this user", "a folder for it", fix)) from error


@contextmanager
def cached_in(folder: Path | None) -> Iterator[None]:
    """Let `cache_folder` be this folder, here and in the processes that are started meanwhile.

    Args:
        folder: The folder; None leaves it as it is.

    Example:
        >>> with cached_in(Path("/tmp/elsewhere")):
        ...     cache_folder().name
        'elsewhere'
    """
    before = os.environ.get(_VARIABLE)
    if folder is not None:
        os.environ[_VARIABLE] = str(folder.absolute())
    try:
        yield
    finally:
        if before is not None:
            os.environ[_VARIABLE] = before
        elif folder is not None:
            del os.environ[_VARIABLE]
