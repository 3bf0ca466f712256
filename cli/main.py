"""The `outfitbench` command: parse, run one subcommand, print its answer, give an exit status."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from importlib.metadata import version
from typing import Annotated

import tyro
from tyro.conf import arg, subcommand

from ..bench.errors import EngineError, ParityError
from ..datasets.errors import InputError
from ..models.errors import ModelError
from ..suites.errors import TrainingError
from .answer import BAD_INPUT, FAILED, Answer
from .data import Data
from .export import Export
from .list import List
from .profile import Profile
from .report import Report
from .run import Run
from .session import Session
from .usage import usage_errors_in_one_line

__all__ = ["Outfitbench", "main", "parse"]

INTERRUPTED = 130

Command = (
    Annotated[List, subcommand("list")]
    | Annotated[Data, subcommand("data")]
    | Annotated[Run, subcommand("run")]
    | Annotated[Profile, subcommand("profile")]
    | Annotated[Export, subcommand("export")]
    | Annotated[Report, subcommand("report")]
)


@dataclass(frozen=True)
class Outfitbench:
    """How small and fast can a personalized outfit recommender get before its recommendations get worse?"""

    command: Annotated[Command, arg(name="")]
    session: Annotated[Session, arg(name="")] = field(default_factory=Session)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line.

    Args:
        arguments: What follows `outfitbench`; `sys.argv` by default.

    Returns:
        The exit status: 0, 1 when a run failed, 2 for bad input, 130 when interrupted.

    Raises:
        SystemExit: With status 2 for a usage error, with 0 after `--help`.
    """
    arguments = sys.argv[1:] if arguments is None else arguments
    if "--version" in arguments:
        return _print(f"outfitbench {version('outfitbench')}", 0)
    try:
        with usage_errors_in_one_line():
            parsed = parse(arguments)
    except BrokenPipeError:  # `outfitbench --help | head`
        return _reader_has_gone(0)
    try:
        answer = _run(parsed)
    except (InputError, ModelError) as error:
        return _complain(error, BAD_INPUT)
    except (EngineError, ParityError, TrainingError) as error:
        return _complain(error, FAILED)
    except KeyboardInterrupt:
        return _complain("interrupted", INTERRUPTED)
    return _print(answer.rendered(json_wanted=parsed.session.json), answer.status)


def parse(arguments: Sequence[str]) -> Outfitbench:
    """Read the command line.

    Raises:
        SystemExit: With status 2 for a usage error, with 0 after `--help`.

    Example:
        >>> parse(["list", "models", "--json"]).session.json
        True
    """
    return tyro.cli(
        Outfitbench,
        prog="outfitbench",
        args=arguments,
        config=(
            tyro.conf.CascadeSubcommandArgs,  # `list models --json` as well as `--json list models`
            tyro.conf.DisallowNone,
            tyro.conf.FlagCreatePairsOff,
            tyro.conf.OmitArgPrefixes,
            tyro.conf.OmitSubcommandPrefixes,
        ),
    )


def _run(parsed: Outfitbench) -> Answer:
    """Run the subcommand; stdout is kept for its answer, whatever a library prints meanwhile."""
    with contextlib.redirect_stdout(sys.stderr):
        parsed.session.open()
        return parsed.command.run(parsed.session)


def _complain(what: object, status: int) -> int:
    """Say on stderr, in one line, what went wrong."""
    line = " ".join(str(what).split())
    print(f"outfitbench: {line}", file=sys.stderr)
    return status


def _print(text: str, status: int) -> int:
    """Print to stdout; a reader that has gone (`| head`) changes nothing."""
    try:
        print(text, flush=True)
    except BrokenPipeError:
        return _reader_has_gone(status)
    return status


def _reader_has_gone(status: int) -> int:
    """Let what Python still flushes to stdout on its way out go nowhere."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return status
