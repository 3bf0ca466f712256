"""What a process on a machine of a Ray cluster does: one trial after the other, as they are handed to it.

Where it sees the caller's folder of the runs, it works in it, as any other process does. Where it does not,
the files of a trial's inputs come to it, and those that it makes go back, through Ray's object store.
"""

from __future__ import annotations

import os
import pickle
import shutil
import socket
import uuid
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import lru_cache
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import rich

from ...core.children import tell_lines
from ...core.errors import InputError
from ...core.files import atomic_file
from ...core.names import why
from ..attempt import Ended
from ..errand import Workplace
from ..record_files import RECORD_FILE

__all__ = ["attempt_here", "entrance", "identify", "pack", "unpack"]

Files = dict[str, bytes]
"""What lies in a trial's folder, by place in it."""

_IDENTITY = ".identity"
"""In a folder of runs, the file by which a machine sees whether it has the caller's."""


def entrance() -> Callable[..., tuple[str, tuple[str, str], Files | None]]:
    """What a process calls first: it says where that is, how the trial ended, and what files that left.

    It travels as it is, and what it gives is plain, so that it runs where our package is another, or is not.
    """

    def enter(expected: str, *given: Any) -> tuple[str, tuple[str, str], Files | None]:  # noqa: ANN401
        node = socket.gethostname()
        try:
            found = f"version {version('outfitbench')}"
        except PackageNotFoundError:
            found = "none"
        if found != f"version {expected}":
            fix = "install the same everywhere"
            reason = f"outfitbench: found {found}, expected version {expected}, the caller's; {fix}"
            return node, (reason, ""), None
        ended, files = import_module("outfitbench.suites.executors.ray_node").attempt_here(*given)
        return node, tuple(ended), files

    return enter


def attempt_here(
    errand: bytes,
    identity: str,
    heard: Any,  # noqa: ANN401 - Ray's handle
    named: str,
    folder: str,
    inputs: Sequence[tuple[str, Any]],
    number: str,
) -> tuple[Ended, Files | None]:
    """Run one trial.

    Args:
        errand: The caller's, pickled, so that nobody reads it whose package is another.
        identity: Of its folder of the runs.
        heard: Who is told what happens.
        named: The trial's hash.
        folder: The trial's, in that folder.
        inputs: Of each trial that it depends on the folder, and Ray's reference to its files, None where they
            were not sent.
        number: What to say before the trial's label.

    Returns:
        How it ended; and its files, None where they lie in the caller's folder.
    """
    node = f"{socket.gethostname()} {os.getpid()}"
    tell_lines(lambda line: heard.hear.remote(f"[{node}] {line}"), quiet=False)
    try:
        desk = _desk(errand, identity)
        if desk.shared:
            return desk.place.attempt(named, number), None
        if any(files is None for _, files in inputs):
            return Ended(taken_by="its inputs, which are not there yet"), {}
        try:
            for needed, files in inputs:
                unpack(import_module("ray").get(files), desk.out / needed)
            return desk.place.attempt(named, number), pack(desk.out / folder)
        finally:
            shutil.rmtree(desk.out, ignore_errors=True)
    except InputError as error:  # of this machine: its data, its disk
        return Ended(failed=str(error)), None
    except Exception as error:
        rich.get_console().print_exception(width=100)
        return Ended(failed=why(error)), None


class _Desk:
    """What a process keeps between trials: data are read and trials planned once."""

    def __init__(self, errand: bytes, identity: str) -> None:
        theirs = pickle.loads(errand)  # noqa: S301 - of the caller, whose code this process runs anyway
        self.shared = _identity_in(theirs.out) == identity
        self._scratch = None if self.shared else TemporaryDirectory(prefix="outfitbench-")
        self.out = theirs.out if self._scratch is None else Path(self._scratch.name)
        self.place = Workplace(replace(theirs, out=self.out))


_desk = lru_cache(maxsize=1)(_Desk)
"""For the latest caller."""


def identify(out: Path) -> str:
    """What tells a folder of runs from all others; written into it once."""
    if not _identity_in(out):
        with atomic_file(out / _IDENTITY) as part:
            part.write_text(uuid.uuid4().hex, encoding="ascii")
    return _identity_in(out)


def _identity_in(out: Path) -> str:
    with suppress(OSError):
        return (out / _IDENTITY).read_text(encoding="ascii")
    return ""


def pack(folder: Path) -> Files:
    """What lies in a trial's folder at any depth, by place in it.

    Example:
        >>> import tempfile
        >>> folder = Path(tempfile.mkdtemp())
        >>> unpack({"record.json": b"{}", "graphs/encoder.onnx": b"..."}, folder)
        >>> sorted(pack(folder).items())
        [('graphs/encoder.onnx', b'...'), ('record.json', b'{}')]
    """
    files = (path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


def unpack(files: Files, folder: Path) -> None:
    """Write them, each whole or not at all; the record last, as it says that the trial is finished.

    Args:
        files: Of `pack`.
        folder: The trial's, here.

    Raises:
        InputError: If the disk is full or the folder cannot be written.
    """
    for name in sorted(files, key=lambda name: name == RECORD_FILE):
        with atomic_file(folder / name) as part:
            part.write_bytes(files[name])
