"""What a run computes on, and how it is made repeatable."""

from __future__ import annotations

import ctypes
import os
import platform
from dataclasses import dataclass

import torch

from ..bench.machine import describe_machine, usable_cores
from ..datasets.errors import Fault, InputError

__all__ = ["Device", "prepare_device"]


@dataclass(frozen=True)
class Device:
    """Where training runs.

    Attributes:
        name: "cpu" or "cuda".
        bf16: Whether it computes in bfloat16, rather than converting to and fro.
    """

    name: str
    bf16: bool


def prepare_device(wanted: str = "auto") -> Device:
    """Choose the device and make torch repeat itself bit for bit on it.

    On CUDA some gradients (adaptive pooling) have no deterministic kernel; torch then warns.

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
    name = "cuda" if present and wanted != "cpu" else "cpu"
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
    torch.use_deterministic_algorithms(True, warn_only=name == "cuda")
    # Off: it finds reads of unset memory, at a price. (The type stubs lack it.)
    torch.utils.deterministic.fill_uninitialized_memory = False  # pyright: ignore[reportAttributeAccessIssue]
    torch.set_num_threads(usable_cores())
    _keep_freed_memory()
    if name == "cuda":
        torch.backends.cudnn.allow_tf32 = torch.backends.cuda.matmul.allow_tf32 = False  # fp32 means fp32
        return Device(name, torch.cuda.is_bf16_supported())
    flags = describe_machine()["cpu_flags"]
    return Device(name, "avx512_bf16" in flags or "amx_bf16" in flags)


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
