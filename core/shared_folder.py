"""Whether a folder at the same place on another machine is the same folder."""

from __future__ import annotations

import uuid
from contextlib import suppress
from pathlib import Path

from .files import atomic_file, locked

__all__ = ["identify", "sees"]

_IDENTITY = ".identity"


def identify(folder: Path) -> str:
    """What tells a folder from all others; written into it once.

    Raises:
        InputError: If it cannot be written.

    Example:
        >>> import tempfile
        >>> here, there = Path(tempfile.mkdtemp()), Path(tempfile.mkdtemp())
        >>> sees(here, identify(here)), sees(there, identify(here))
        (True, False)
    """
    with locked(folder / _IDENTITY):  # of two who come at once, the second finds the first one's
        if not _identity_in(folder):
            with atomic_file(folder / _IDENTITY) as part:
                part.write_text(uuid.uuid4().hex, encoding="ascii")
    return _identity_in(folder)


def sees(folder: Path, identity: str) -> bool:
    """Whether what lies here at this place is the folder that was identified elsewhere."""
    return _identity_in(folder) == identity


def _identity_in(folder: Path) -> str:
    with suppress(OSError):
        return (folder / _IDENTITY).read_text(encoding="ascii")
    return ""
