"""Which precision is the faster on this machine: measured once, and kept, so that all its fits agree."""

from __future__ import annotations

import contextlib
import time
from pathlib import Path
from typing import Literal, get_args

import torch
from torch import nn

from ..core.cache import cache_folder
from ..core.errors import InputError
from ..core.files import atomic_file, made_once
from ..core.hashes import content_hash
from ..core.machine import accelerator_name, describe_machine

__all__ = ["Precision", "faster_precision", "machine_key"]

Precision = Literal["fp32", "bf16"]

_WORTH_IT = 0.85
"""bf16 is taken where it needs less than this share of fp32's time: it has to be worth the lost digits."""

_ROUNDS = 20


def faster_precision(device: str) -> Precision:
    """Whether training is faster in bf16 autocast or in fp32 here.

    Flags of the processor do not tell: some have the instructions and gain nothing. So it is measured, in
    less than a second, and kept in the cache for the next fit on such a machine. Where the cache cannot be
    read or written, it is measured each time.

    Args:
        device: "cpu", or "cuda", where it is known without measuring.
    """
    if device == "cuda":
        return "bf16" if torch.cuda.is_bf16_supported() else "fp32"
    with contextlib.suppress(InputError, OSError):
        path = cache_folder() / "precision" / f"{machine_key(device)}.txt"
        return made_once(path, lambda: _read(path), lambda: _write(path, _measure()))
    return _measure()


def machine_key(device: str) -> str:
    """What speed and the last digits depend on: the processor, the instructions it is let use, and torch."""
    machine = describe_machine()
    return content_hash(
        {
            "processor": machine.processor,
            "generation": machine.generation,
            "flags": machine.cpu_flags,
            "capability": torch.backends.cpu.get_cpu_capability(),
            "torch": torch.__version__,
            "device": accelerator_name() if device == "cuda" else device,
        }
    )


def _read(path: Path) -> Precision | None:
    """The answer kept in a file, or None where there is none."""
    try:
        kept = path.read_text(encoding="ascii")
    except (OSError, ValueError):
        return None
    return next((known for known in get_args(Precision) if known == kept), None)


def _write(path: Path, found: Precision) -> Precision:
    """Keep an answer; it holds even where it cannot be kept."""
    with contextlib.suppress(InputError, OSError), atomic_file(path) as part:
        part.write_text(found, encoding="ascii")
    return found


def _measure() -> Precision:
    """Steps of a small convolution and matrix product in both precisions by turns, the best of each.

    In one thread, and by that thread's own processor time: what else runs on the machine then hardly counts.
    Beside other work the ratio stayed within 0.63 … 0.72, while that of two threads went from 0.6 to 1.4 by
    the clock and from 0.7 to 4 by the process's time.
    """
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        with torch.random.fork_rng(devices=[]):
            network = nn.Sequential(nn.Conv2d(64, 128, 3, padding=1), nn.Flatten(), nn.Linear(128 * 64, 256))
            images = torch.rand(32, 64, 8, 8).contiguous(memory_format=torch.channels_last)
        network = network.to(memory_format=torch.channels_last)
        least = {False: float("inf"), True: float("inf")}
        for _ in range(_ROUNDS):
            for half, seconds in least.items():
                started = time.thread_time()
                with torch.autocast("cpu", torch.bfloat16, enabled=half):
                    loss = network(images).square().mean()
                loss.backward()
                least[half] = min(seconds, time.thread_time() - started)
    finally:
        torch.set_num_threads(threads)
    return "bf16" if least[True] < _WORTH_IT * least[False] else "fp32"
