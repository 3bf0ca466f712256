"""PyTorch's threads in the process that measures nothing itself."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch

__all__ = ["one_thread"]


@contextmanager
def one_thread() -> Iterator[None]:
    """PyTorch on one thread inside.

    For work beside which others want the cores: PyTorch's threads spin while they wait for one another, and
    two of them that share one core take fifty times as long.
    """
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)
