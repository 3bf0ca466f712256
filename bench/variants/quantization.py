"""What the variants that onnxruntime's quantization makes share."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ...core.scratch import scratch_folder

__all__ = ["prepared", "quietly"]


@contextmanager
def prepared(graph: Path) -> Iterator[Path]:
    """A graph with its shapes inferred and its operators fused, as quantization wants it."""
    from onnxruntime.quantization.shape_inference import quant_pre_process

    with scratch_folder() as scratch, quietly():
        source = scratch / graph.name
        quant_pre_process(str(graph), str(source))
        yield source


@contextmanager
def quietly() -> Iterator[None]:
    """Without onnxruntime's advice to prepare a graph, which it gives whether or not that was done."""
    logger = logging.getLogger()
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        yield
    finally:
        logger.setLevel(level)
