"""Trackers of a run: each is told of each finished trial once, and one that fails is left out."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from ...core.errors import InputError
from ...core.files import atomic_file
from ...core.names import why
from ...core.progress import say
from ..record_files import RECORD_FILE, load_record
from .tracker import TRACKERS, Tracker, tracked_trial

__all__ = ["Tracking"]

_ANYTHING = Exception, SystemExit
"""What a stranger's package may end in."""


class Tracking:
    """The trackers of a run.

    Whatever a tracker does, the run goes on: one that raises is told of nothing more, and a line says why.

    Args:
        names: Of `TRACKERS`.
        out: Folder of the run; each tracker writes into `tracking/NAME` of it. Which trials it was told of
            stands there too (`told/`), so that a run that goes on tells it only of what is new.

    Raises:
        InputError: If there is no tracker of such a name, or its package is not installed.
    """

    def __init__(self, names: Sequence[str], out: Path) -> None:
        self._home = out / "tracking"
        self._trackers: dict[str, Tracker] = {}
        for name in dict.fromkeys(names):
            opened = TRACKERS.get(name, "argument --tracker")
            folder = self._home / name
            try:
                folder.mkdir(parents=True, exist_ok=True)
                self._trackers[name] = opened(folder)
            except InputError:
                raise
            except _ANYTHING as error:
                self._leave_out(name, error)

    def take(self, folder: Path, label: str) -> None:
        """Tell the trackers of a trial, if it has a record that they have not been told of.

        Args:
            folder: The trial's.
            label: What it is, for people.
        """
        file = folder / RECORD_FILE
        for name, tracker in list(self._trackers.items()):
            told = self._home / name / "told" / folder.name
            if told.exists() or not file.is_file():
                continue
            try:
                tracker.take(tracked_trial(load_record(file), label, file))
                with atomic_file(told) as part:
                    part.touch()
            except _ANYTHING as error:
                self._leave_out(name, error)

    def close(self) -> None:
        """There are no more trials."""
        for name, tracker in list(self._trackers.items()):
            try:
                tracker.close()
            except _ANYTHING as error:
                self._leave_out(name, error)

    def _leave_out(self, name: str, error: BaseException) -> None:
        self._trackers.pop(name, None)
        say(f"tracker {name}: {why(error)}; the run goes on without it", style="yellow")
