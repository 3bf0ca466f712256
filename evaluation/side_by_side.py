"""Rows in slices, computed by several threads at once where that is faster."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TypeVar

import torch
from threadpoolctl import threadpool_limits
from torch import Tensor

from ..core.parallel import map_on_all_cores
from ..core.progress import tracked

__all__ = ["SCORE_BATCH", "each_on_a_thread", "side_by_side", "threads_for"]

Result = TypeVar("Result")

SCORE_BATCH = 512
"""Outfits of a slice: what a set transformer makes of them on its way stays in a core's caches."""

_ENOUGH = 3
"""Slices a thread: with fewer, the last ones leave threads idle."""


@torch.inference_mode()
def side_by_side(
    function: Callable[[slice], Tensor], length: int, size: int, device: torch.device, label: str
) -> list[Tensor]:
    """What a function gives for each of the slices that some rows are cut into.

    Where there are enough slices, as many as torch has threads are computed at once, each on one thread: few
    of an outfit's operators are large enough for a second thread (4,367 outfits by student XS: 119 ms on one
    thread, 127 ms on two, 78 ms by two slices at once), and their bits do not depend on how many there are.

    Args:
        function: From a slice of the rows to what is made of them.
        length: How many rows there are.
        size: How many a slice has; the last one may have fewer.
        device: Where it computes: not on the CPU, one slice follows the other.
        label: What the progress bar says; rows of one slice need none.

    Returns:
        A result a slice, in order; none where there are no rows.
    """
    if 0 < length <= size:
        return [function(slice(0, length))]
    slices = [slice(start, start + size) for start in range(0, length, size)]
    threads = threads_for(len(slices), device)
    return list(each_on_a_thread(lambda number: function(slices[number]), len(slices), label, threads))


def threads_for(parts: int, device: torch.device) -> int:
    """How many of some parts are best computed at once: one where the device does, or they are few."""
    threads = torch.get_num_threads() if device.type == "cpu" else 1
    return threads if parts >= _ENOUGH * threads else 1


def each_on_a_thread(
    function: Callable[[int], Result], count: int, label: str, threads: int
) -> Iterator[Result]:
    """Results of a function for 0 … count − 1, in order, so many at once, each computed on one thread.

    With one thread they follow one another, and each has all of torch's. The reader has its turn between two
    results, while others are computed.

    Args:
        function: What to compute, without gradients.
        count: How often.
        label: What the progress bar says.
        threads: As `threads_for` says.
    """
    if threads == 1:
        yield from map(torch.inference_mode()(function), tracked(range(count), label))
        return
    all_threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        with threadpool_limits(1, user_api="blas"):  # NumPy's
            # The mode is a thread's own.
            yield from map_on_all_cores(torch.inference_mode()(function), count, label, threads=threads)
    finally:
        torch.set_num_threads(all_threads)
