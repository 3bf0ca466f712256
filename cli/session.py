"""The options that every subcommand shares."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from tyro.conf import UseAppendAction, arg

from ..core.errors import Fault, InputError

__all__ = ["Session", "writable_folder"]


@dataclass(frozen=True)
class Session:
    """Options of the whole command, accepted before and after the subcommand.

    Attributes:
        plugin: A Python file that registers models of yours.
        cache: Folder for what is derived and can be made again.
        quiet: Show no progress.
        json: Print one JSON document instead of text.
        version: Print the version and exit.
    """

    plugin: UseAppendAction[tuple[Path, ...]] = ()
    cache: Annotated[Path | None, arg(help_behavior_hint="(default: OUTFITBENCH_CACHE, or the system's)")] = (
        None
    )
    quiet: bool = False
    json: bool = False
    version: bool = False

    def open(self) -> None:
        """Send progress to stderr, or nowhere, and load the plugins.

        Raises:
            InputError: If a plugin cannot be loaded.
        """
        import rich

        rich.reconfigure(stderr=True, quiet=self.quiet)
        if self.plugin:
            from ..core.plugins import load_plugin

            for path in self.plugin:
                load_plugin(path)


def writable_folder(argument: str, folder: Path, *, make: bool = True) -> Path:
    """Make a folder that results will go to, and find out before the work that they can.

    Args:
        argument: The option it was given by, for the message.
        folder: Made with its parents when missing.
        make: Whether it is made; else it is only found out whether it could be.

    Raises:
        InputError: If it cannot be made or written, or has no room.
    """
    try:
        if make:
            folder.mkdir(parents=True, exist_ok=True)
        there = next(place for place in (folder, *folder.absolute().parents) if place.exists())
        with tempfile.TemporaryFile(dir=there) as probe:  # leaves nothing, whatever happens
            probe.write(bytes(4096))
            probe.flush()
    except OSError as error:
        reason = "a file" if folder.is_file() else (error.strerror or str(error)).lower()
        raise InputError(Fault(argument, f"{folder} ({reason})", "a folder that can be written")) from error
    return folder
