"""Connecting to a Ray cluster; what is wrong with an address or a head is said in one line, and in time."""

from __future__ import annotations

import os
import re
import socket
from importlib import import_module
from typing import Any

from .errors import Fault, InputError

__all__ = ["connect", "first_line"]

_COLOUR = re.compile(r"\x1b\[[0-9;]*m")
"""Of a terminal, in what Ray says."""

_ANSWER_SECONDS = 4.0
"""So long may each of the two questions whether there is a cluster at an address take."""

_EXPECTED = "the address of a Ray cluster", "start one there: ray start --head"

_CLIENT_PORT = "the port is 10001 by default"

_PING = "/ray.rpc.RayletDriver/ClusterInfo", b"\x08\x06"
"""What is asked to find out who answers, and how: a `ClusterInfoRequest` of type PING."""

_PING_SECONDS = 2.0
"""So long may that take; a head that is slower is left to Ray, which waits for longer."""


def connect(address: str) -> Any:  # noqa: ANN401 - the package ray
    """Be a driver of a cluster.

    Args:
        address: `ray://HOST:PORT` of a head; empty for the cluster that this machine is in (`RAY_ADDRESS`, or
            as Ray finds it), or for one made here.

    Returns:
        The package ray, connected.

    Raises:
        InputError: If ray is not installed, nobody answers there, or the cluster cannot be used.
    """
    where = "argument --on" if address else "RAY_ADDRESS"
    given = address or os.environ.get("RAY_ADDRESS", "")
    target = _refuse_silent(where, given) if ":" in given else ""  # else it is empty, auto or local
    try:
        ray: Any = import_module("ray")
        grpc: Any = import_module("grpc")
    except ImportError as error:
        fix = "run pip install 'outfitbench[ray]'"
        raise InputError(Fault("argument --on", f"{address or 'ray'} without ray", "ray", fix)) from error
    if target and not os.environ.get("RAY_USE_TLS"):
        _refuse_stranger(where, given, target, grpc)
    own = {} if given else {"include_dashboard": False}
    os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")  # or it warns of what is of no concern
    try:
        # Quiet: what trials say comes through a channel of ours, with their machine's name.
        ray.init(address or None, log_to_driver=False, logging_level="ERROR", configure_logging=False, **own)
    except Exception as error:  # what it may raise is nowhere said, a bare Exception among others
        raise InputError(_unusable(where, given or "ray", error)) from error
    return ray


def first_line(error: BaseException) -> str:
    """What a long error of Ray begins with."""
    return _lines_of(error)[0]


def _refuse_silent(where: str, address: str) -> str:
    """Refuse an address at which nobody answers, in less time than Ray takes to give up.

    Returns:
        Host and port.

    Raises:
        InputError: If nobody does, or it is no address.
    """
    target = address.removeprefix("ray://")
    host, _, port = target.rpartition(":")
    if not host or not port.isdecimal() or int(port) >= 1 << 16:
        raise InputError(Fault(where, address, "ray://HOST:PORT", _CLIENT_PORT))
    try:
        socket.create_connection((host.strip("[]"), int(port)), timeout=_ANSWER_SECONDS).close()
    except OSError as error:
        raise InputError(Fault(where, f"{address} ({error.strerror or error})", *_EXPECTED)) from error
    return target


def _refuse_stranger(where: str, address: str, target: str, grpc: Any) -> None:  # noqa: ANN401 - a package
    """Refuse an address at which something else than a cluster answers, likewise.

    Another port of the cluster's own head is such a place, too: 6379, say, which `ray start` tells of.

    Raises:
        InputError: If it is so.
    """
    found = f"{address}, where something else answers"
    with grpc.insecure_channel(target) as channel:
        try:
            grpc.channel_ready_future(channel).result(timeout=_ANSWER_SECONDS)
            if address.startswith("ray://"):
                method, request = _PING
                channel.unary_unary(method)(request, timeout=_PING_SECONDS)
        except grpc.FutureTimeoutError as error:
            raise InputError(Fault(where, found, *_EXPECTED)) from error
        except grpc.RpcError as error:
            if error.code() is grpc.StatusCode.UNIMPLEMENTED:  # what else there is Ray itself tells
                raise InputError(Fault(where, found, "a Ray cluster's head", _CLIENT_PORT)) from error


def _unusable(where: str, address: str, error: Exception) -> Fault:
    """A cluster that there is and that cannot be used."""
    lines = _lines_of(error)
    if "ersion mismatch" in lines[0] and len(lines) > 5:
        theirs, ours = (" and ".join(lines[place : place + 2]) for place in (1, 4))
        found, expected = f"{address}, a cluster of {theirs}", f"one of {ours}, as here"
        return Fault(where, found, expected, "install the same versions on both")
    return Fault(where, f"{address} ({lines[0]})", "a Ray cluster that can be used")


def _lines_of(error: BaseException) -> list[str]:
    plain = _COLOUR.sub("", str(error))
    return [line.strip() for line in plain.splitlines()] or [type(error).__name__]
