"""Where what is derived lies: keyed by content, safe to delete and to share between processes."""

from __future__ import annotations

import os
from pathlib import Path

import platformdirs

from .errors import Fault, InputError

__all__ = ["cache_folder"]


def cache_folder() -> Path:
    """The folder for what is derived: `OUTFITBENCH_CACHE` where it is set, else the platform's own place.

    Raises:
        InputError: If neither is to be had, as in a container whose user has no home.
    """
    chosen = os.environ.get("OUTFITBENCH_CACHE")
    try:
        return Path(chosen).expanduser() if chosen else platformdirs.user_cache_path("outfitbench")
    except (RuntimeError, KeyError) as error:  # no home: the user is in no password file, HOME is not set
        fix = "name one with --cache or OUTFITBENCH_CACHE"
        raise InputError(Fault("cache", "no home folder for this user", "a folder for it", fix)) from error
