"""What the variants that onnxruntime makes share."""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ...core.scratch import scratch_folder

__all__ = ["prepared", "quietly", "with_transformers"]


@contextmanager
def prepared(graph: Path) -> Iterator[Path]:
    """A graph with its shapes inferred and its operators fused, as quantization wants it."""
    with with_transformers():
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


@contextmanager
def with_transformers() -> Iterator[None]:
    """Where onnxruntime's transformers, or what imports them, can be imported.

    Their modules look for one another in their own folder, which the package enters into the import path when
    it is first imported. It is in there for so long only: there is a `models` in it.
    """
    import onnxruntime

    path = list(sys.path)
    sys.path.append(str(Path(onnxruntime.__file__).parent / "transformers"))
    try:
        yield
    finally:
        sys.path[:] = path
