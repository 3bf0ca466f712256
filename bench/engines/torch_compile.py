"""PyTorch with `torch.compile` (Inductor): both parts of the model become generated code."""

from __future__ import annotations

import os
import shutil

import torch
import torch._dynamo  # what `torch.compile` would import while the model is loaded
import torch._inductor.config

from ..errors import EngineError
from ..request import Request
from .engine import answer
from .torch_engine import TorchEngine

__all__ = ["TorchCompileEngine"]


class TorchCompileEngine(TorchEngine):
    """Runs a model of the zoo compiled; every new shape compiles anew until PyTorch makes it dynamic."""

    compiles = True
    slices = False  # what is generated for a shape has its threads

    def load(self) -> None:
        """Build the model and read its weights; nothing is compiled yet.

        Raises:
            EngineError: If there is no C++ compiler for Inductor to call.
        """
        if self._device.type == "cpu":
            # Inductor itself looks for g++ alone where CXX is not set.
            torch._inductor.config.cpp.cxx = (None, _compiler())
        super().load()
        self._model.encode_items = torch.compile(self._model.encode_items)  # pyright: ignore[reportAttributeAccessIssue]
        self._model.score = torch.compile(self._model.score)  # pyright: ignore[reportAttributeAccessIssue]
        self._model.score_among = torch.compile(self._model.score_among)  # pyright: ignore[reportAttributeAccessIssue]

    def compile(self, request: Request) -> None:
        """Compile by answering the request once."""
        answer(self, request)


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
