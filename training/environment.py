"""What a fit computes on, chosen once when it begins, and how it is made repeatable."""

from __future__ import annotations

import ctypes
import os
import platform
from typing import Literal

import torch

from ..core.errors import Fault, InputError
from ..core.parallel import usable_cores
from .history import Environment
from .precision import Precision, faster_precision

__all__ = ["Device", "choose_device", "choose_environment", "enter_environment"]

Device = Literal["cpu", "cuda"]


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


def choose_environment(device: Device, precision: str, *, heavy: bool, ranks: int = 1) -> Environment:
    """The numeric environment of a fit that begins here and now.

    Threads follow from the work and the cores: work on feature vectors is too small for two (32 s a fit with
    two against 26 s with one, four times both beside other work); images get all the cores that the process
    may use, or as many as OMP_NUM_THREADS says.

    Args:
        device: "cpu" or "cuda".
        precision: "fp32", "bf16" or "auto".
        heavy: Whether a step is work for several cores: it encodes images, rather than take thumbnails or
            vectors into a small network.
        ranks: Processes at one step: a GPU each, or their part of the threads.

    Raises:
        InputError: If there are fewer GPUs.
    """
    if device == "cuda" and ranks > (there := torch.cuda.device_count()):
        raise InputError(
            Fault("recipe.devices", str(ranks), f"at most {there}, the CUDA devices of this machine")
        )
    asked = os.environ.get("OMP_NUM_THREADS", "").partition(",")[0]
    threads = int(asked) if asked.isdigit() and int(asked) else usable_cores()
    threads = max(1, threads // ranks) if heavy else 1
    chosen: Precision = "bf16" if precision == "bf16" else "fp32"
    if precision == "auto" and heavy:
        chosen = faster_precision(device)
    return Environment(device=device, precision=chosen, threads=threads, ranks=ranks)


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
