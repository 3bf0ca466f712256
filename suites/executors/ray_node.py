"""What a process on a machine of a Ray cluster does: one trial after the other, as they are handed to it.

Where it sees the caller's folder of the runs, it works in it, as any other process does. Where it does not,
the files of a trial's inputs come to it, and those that it makes go back, through Ray's object store.
"""

from __future__ import annotations

import os
import pickle
import shutil
import socket
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import replace
from functools import lru_cache
from importlib import import_module
from pathlib import Path
from typing import Any

import rich

from ...core.children import tell_lines
from ...core.errors import InputError
from ...core.files import atomic_file
from ...core.names import why
from ...core.scratch import scratch_folder
from ...core.shared_folder import sees
from ..attempt import Ended
from ..errand import Workplace
from ..record_files import RECORD_FILE

__all__ = ["attempt_here", "pack", "unpack"]

Files = dict[str, bytes]
"""What lies in a trial's folder, by place in it."""


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
    except InputError:  # of this machine, its data or its disk: the caller is told
        raise
    except Exception as error:
        if isinstance(error, import_module("ray").exceptions.RayError):
            raise  # an input was lost on its way: the caller begins the trial again
        rich.get_console().print_exception(width=100)
        return Ended(failed=why(error)), None


class _Desk:
    """What a process keeps between trials: data are read and trials planned once."""

    def __init__(self, errand: bytes, identity: str) -> None:
        theirs = pickle.loads(errand)  # noqa: S301 - of the caller, whose code this process runs anyway
        self.shared = sees(theirs.out, identity)
        self._own = ExitStack()  # closed with the process, or when it is forgotten
        self.out = theirs.out if self.shared else self._own.enter_context(scratch_folder())
        self.place = Workplace(replace(theirs, out=self.out))


_desk = lru_cache(maxsize=1)(_Desk)
"""For the latest caller."""


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
