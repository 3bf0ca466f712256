"""PyTorch with `torch.compile` (Inductor): both parts of the model become generated code."""

from __future__ import annotations

import os
import shutil
from typing import ClassVar

import numpy as np
import torch
import torch._dynamo  # what `torch.compile` would import while the model is loaded
import torch._inductor.config
from numpy.typing import NDArray
from torch import Tensor

from ..errors import EngineError
from ..request import Items, Request
from .engine import answer
from .torch_engine import TorchEngine

__all__ = ["TorchCompileEngine", "TorchCudaGraphsEngine"]


class TorchCompileEngine(TorchEngine):
    """Runs a model of the zoo compiled; every new shape compiles anew until PyTorch makes it dynamic."""

    compiles = True
    slices = False  # what is generated for a shape has its threads
    mode: ClassVar[str | None] = None  # of `torch.compile`

    def load(self) -> None:
        """Build the model and read its weights; nothing is compiled yet.

        Raises:
            EngineError: If there is no C++ compiler for Inductor to call.
        """
        if self._device.type == "cpu":
            # Inductor itself looks for g++ alone where CXX is not set.
            torch._inductor.config.cpp.cxx = (None, _compiler())
        super().load()
        for part in ("encode_items", "score", "score_among"):
            setattr(self._model, part, torch.compile(getattr(self._model, part), mode=self.mode))

    def compile(self, request: Request) -> None:
        """Compile by answering the request once."""
        answer(self, request)


class TorchCudaGraphsEngine(TorchCompileEngine):
    """Runs a model of the zoo compiled, each shape as a CUDA graph: launched whole, not kernel by kernel."""

    mode = "reduce-overhead"

    def load(self) -> None:
        """Build the model and read its weights; nothing is recorded yet.

        Raises:
            EngineError: On another device than CUDA, where there are no such graphs.
        """
        if self._device.type != "cuda":
            found = f"found device {self._device.type}, expected cuda"
            raise EngineError(f"engine torch-cuda-graphs: {found}")
        super().load()

    def encode_items(self, items: Items, categories: NDArray[np.int64]) -> Tensor:
        """Encode items; a copy, as the next run of the graph writes into the same memory."""
        torch.compiler.cudagraph_mark_step_begin()
        return super().encode_items(items, categories).clone()


def _compiler() -> str:
    """The C++ compiler: the one CXX names, else the first of the usual ones on the PATH.

    Raises:
        EngineError: If there is none.
    """
    chosen = os.environ.get("CXX", "").strip()
    for name in [chosen] if chosen else ["g++", "clang++", "c++"]:
        if shutil.which(name):
            return name
    found = f"no program {chosen}, which CXX names" if chosen else "no C++ compiler"
    raise EngineError(
        f"engine torch-compile: found {found}, expected g++ or clang++ on the PATH, or a compiler in CXX"
    )
