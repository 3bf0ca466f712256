"""What a fit computes on, chosen once when it begins, and how it is made repeatable."""

from __future__ import annotations

import ctypes
import os
import platform
import time
from functools import cache
from typing import Literal

import torch
from torch import nn

from ..core.errors import Fault, InputError
from ..core.parallel import usable_cores
from .history import Environment

__all__ = ["Device", "choose_device", "choose_environment", "enter_environment", "faster_precision"]

Device = Literal["cpu", "cuda"]
Precision = Literal["fp32", "bf16"]

_WORTH_IT = 0.85
"""bf16 is taken where it needs less than this share of fp32's time: it has to be worth the lost digits."""


def choose_device(wanted: str = "auto") -> Device:
    """The device to train on.

    Args:
        wanted: "cpu", "cuda" or "auto": CUDA when there is one.

    Raises:
        InputError: For CUDA where there is none, or another name.
    """
    if wanted not in ("auto", "cpu", "cuda"):
        raise InputError(Fault("argument device", repr(wanted), "auto, cpu or cuda"))
    present = torch.cuda.is_available()
    if wanted == "cuda" and not present:
        raise InputError(Fault("argument device", "cuda without a CUDA device", "a device this machine has"))
    return "cuda" if present and wanted != "cpu" else "cpu"


def choose_environment(device: Device, precision: str, *, images: bool) -> Environment:
    """The numeric environment of a fit that begins here and now.

    Threads follow from the work and the cores: work on feature vectors is too small for two (32 s a fit with
    two against 26 s with one, four times both beside other work); images get all the cores that the process
    may use, or as many as OMP_NUM_THREADS says.

    Args:
        device: "cpu" or "cuda".
        precision: "fp32", "bf16" or "auto".
        images: Whether training encodes images, rather than fixed vectors.
    """
    asked = os.environ.get("OMP_NUM_THREADS", "").partition(",")[0]
    threads = int(asked) if asked.isdigit() and int(asked) else usable_cores()
    if not images:
        threads = 1
    chosen: Precision = "bf16" if precision == "bf16" else "fp32"
    if precision == "auto" and images:
        torch.set_num_threads(threads)
        chosen = faster_precision(device)
    return Environment(device=device, precision=chosen, threads=threads)


def enter_environment(environment: Environment) -> None:
    """Make this process compute in an environment, and torch repeat itself bit for bit.

    On CUDA some gradients (adaptive pooling) have no deterministic kernel; torch then warns.
    """
    cuda = environment.device == "cuda"
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
    torch.use_deterministic_algorithms(True, warn_only=cuda)
    # Off: it finds reads of unset memory, at a price. (The type stubs lack it.)
    torch.utils.deterministic.fill_uninitialized_memory = False  # pyright: ignore[reportAttributeAccessIssue]
    if cuda:
        torch.backends.cudnn.allow_tf32 = torch.backends.cuda.matmul.allow_tf32 = False  # fp32 means fp32
    torch.set_num_threads(environment.threads)
    _keep_freed_memory()


@cache
def faster_precision(device: str) -> Precision:
    """Whether a small convolution and matrix product run faster in bf16 autocast or in fp32 here, measured.

    About a third of a second, once a process. Flags of the processor do not tell: some have the instructions
    and gain nothing.
    """
    if device == "cuda":
        return "bf16" if torch.cuda.is_bf16_supported() else "fp32"
    network = nn.Sequential(nn.Conv2d(64, 128, 3, padding=1), nn.Flatten(), nn.Linear(128 * 8 * 8, 256))
    with torch.random.fork_rng(devices=[]):
        images = torch.rand(32, 64, 8, 8).contiguous(memory_format=torch.channels_last)
    network = network.to(memory_format=torch.channels_last)
    seconds: dict[bool, list[float]] = {True: [], False: []}
    for _ in range(5):
        for half, found in seconds.items():
            started = time.perf_counter()
            with torch.autocast("cpu", torch.bfloat16, enabled=half):
                loss = network(images).square().mean()
            loss.backward()
            found.append(time.perf_counter() - started)
    return "bf16" if min(seconds[True]) < _WORTH_IT * min(seconds[False]) else "fp32"


def _keep_freed_memory() -> None:
    """Tell glibc to keep freed blocks instead of handing them back to the system.

    A step frees and takes hundreds of megabytes of gradients; having the system zero those pages anew each
    time took a third of the teacher's step on two cores.
    """
    if platform.libc_ver()[0] != "glibc":
        return
    m_trim_threshold, m_mmap_max = -1, -4  # from malloc.h
    libc = ctypes.CDLL(None)
    libc.mallopt(m_mmap_max, 0)
    libc.mallopt(m_trim_threshold, 2**31 - 1)
