"""The `outfitbench` command: parse, run one subcommand, print its answer, give an exit status."""

from __future__ import annotations

import contextlib
import errno
import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from importlib.metadata import version
from typing import Annotated

import tyro
from tyro.conf import arg, subcommand

from ..bench.errors import EngineError, ParityError
from ..core.allocator import keep_freed_memory
from ..core.cache import cached_in
from ..core.errors import Fault, InputError
from ..models.errors import ModelError
from ..training.errors import TrainingError
from .answer import BAD_INPUT, FAILED, Answer
from .data import Data
from .encode import Encode
from .export import Export
from .list import List
from .profile import Profile
from .recommend import Recommend
from .report import Report
from .run import Run
from .session import Session
from .terminal import complain, print_out, show_what_can_be_shown, stdout_failed
from .tune import Tune
from .usage import readable_width, usage_errors_in_one_line

__all__ = ["Outfitbench", "main", "parse"]

INTERRUPTED = 130

_FULL = (errno.ENOSPC, errno.EDQUOT)

_UNWRITABLE = (errno.EACCES, errno.EPERM, errno.EROFS, *_FULL)
"""Of a file or folder that may not be written or has no room, which a run may also meet half-way."""

_NO_SUBCOMMAND = {"--version", "--json", "--quiet"}
"""With nothing but these, the version needs no subcommand."""

Command = (
    Annotated[List, subcommand("list")]
    | Annotated[Data, subcommand("data")]
    | Annotated[Run, subcommand("run")]
    | Annotated[Profile, subcommand("profile")]
    | Annotated[Export, subcommand("export")]
    | Annotated[Encode, subcommand("encode")]
    | Annotated[Recommend, subcommand("recommend")]
    | Annotated[Report, subcommand("report")]
    | Annotated[Tune, subcommand("tune")]
)


@dataclass(frozen=True)
class Outfitbench:
    """How small and fast can a personalized outfit recommender get before its recommendations get worse?"""

    command: Annotated[Command, arg(name="")]
    session: Annotated[Session, arg(name="")] = field(default_factory=Session)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line.

    Args:
        arguments: What follows `outfitbench`; `sys.argv` by default. Where nothing follows, as `--help`.

    Returns:
        The exit status: 0, 1 when a run failed or its answer could not be written, 2 for bad input, 130 when
        interrupted.

    Raises:
        SystemExit: With status 2 for a usage error, with 0 after `--help`.
    """
    # Read when torch is loaded: threads that wait then sleep. Those that spin keep the cores from other work
    # and from one another: on two cores with other work, a training step took 0.9 to 3.3 s instead of 0.36.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    # Read when CUDA starts: it numbers its devices as NVML, which names them and counts their memory.
    os.environ.setdefault("CUDA_DEVICE_ORDER", "PCI_BUS_ID")
    keep_freed_memory()
    show_what_can_be_shown()
    arguments = (sys.argv[1:] if arguments is None else arguments) or ["--help"]
    json_wanted = "--json" in arguments
    if "--version" in arguments and set(arguments) <= _NO_SUBCOMMAND:
        return _say_version(json_wanted=json_wanted)
    try:
        with usage_errors_in_one_line(arguments, json_wanted=json_wanted):
            parsed = parse(arguments)
    except OSError as error:  # `outfitbench --help | head`: nothing else is written or read here
        return stdout_failed(error, 0)
    except SystemExit as leaving:
        if not leaving.code and (status := print_out("", 0)):  # the help is still to be written out
            return status
        raise
    json_wanted = parsed.session.json
    if parsed.session.version:
        return _say_version(json_wanted=json_wanted)
    try:
        answer = _run(parsed)
    except (InputError, ModelError) as error:
        return complain(error, BAD_INPUT, "input", json_wanted=json_wanted)
    except (EngineError, ParityError, TrainingError) as error:
        return complain(error, FAILED, "failed", json_wanted=json_wanted)
    except KeyboardInterrupt:
        return complain("interrupted", INTERRUPTED, "interrupted", json_wanted=json_wanted)
    except OSError as error:
        if error.errno not in _UNWRITABLE or (error.filename is None and error.errno not in _FULL):
            raise
        where = os.fsdecode(error.filename or "the disk")
        fault = Fault(where, (error.strerror or "").lower(), "room and the right to write")
        return complain(InputError(fault), BAD_INPUT, "input", json_wanted=json_wanted)
    return print_out(answer.rendered(json_wanted=json_wanted, encoding=sys.stdout.encoding), answer.status)


def _say_version(*, json_wanted: bool) -> int:
    found = version("outfitbench")
    answer = Answer(f"outfitbench {found}", {"version": found})
    return print_out(answer.rendered(json_wanted=json_wanted), answer.status)


def parse(arguments: Sequence[str]) -> Outfitbench:
    """Read the command line.

    Raises:
        SystemExit: With status 2 for a usage error, with 0 after `--help`.

    Example:
        >>> parse(["list", "models", "--json"]).session.json
        True
    """
    with readable_width():
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
    """Run the subcommand; stdout is kept for its answer, and all that is derived goes to one cache."""
    with contextlib.redirect_stdout(sys.stderr), cached_in(parsed.session.cache):
        parsed.session.open()
        return parsed.command.run(parsed.session)
