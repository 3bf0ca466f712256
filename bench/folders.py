"""Folders that appear as a whole or not at all."""

from __future__ import annotations

import errno
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ..datasets.errors import Fault, InputError

__all__ = ["replacing_folder"]


@contextmanager
def replacing_folder(out: Path, marker: str) -> Iterator[Path]:
    """Fill a folder beside `out`, which then takes its place; on any error nothing is left of it.

    Args:
        out: The folder to write. What stands there is replaced if it is empty or one of ours.
        marker: A file that every folder of ours holds.

    Raises:
        InputError: If `out` is a file or somebody else's folder, or the disk is full.
    """
    if out.exists() and not _is_ours(out, marker):
        raise InputError(
            Fault(out, "something else", f"no folder, or one that holds {marker}", "choose another")
        )
    out.parent.mkdir(parents=True, exist_ok=True)
    filling = Path(tempfile.mkdtemp(prefix=f".{out.name}-", dir=out.parent))
    try:
        yield filling
        if out.exists():
            out.rename(filling / ".old")
        filling.chmod(0o755)
        filling.rename(out)
        shutil.rmtree(out / ".old", ignore_errors=True)
    except OSError as error:
        if error.errno == errno.ENOSPC:
            raise InputError(Fault(out, "a full disk", "room for the files", "free some space")) from error
        raise
    finally:
        shutil.rmtree(filling, ignore_errors=True)


def _is_ours(out: Path, marker: str) -> bool:
    return out.is_dir() and ((out / marker).is_file() or not any(out.iterdir()))
