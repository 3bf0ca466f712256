"""PyTorch with `torch.compile` (Inductor): both parts of the model become generated code."""

from __future__ import annotations

import shutil

import torch
import torch._dynamo  # what `torch.compile` would import while the model is loaded

from ..errors import EngineError
from ..request import Request
from .engine import answer
from .torch_engine import TorchEngine

__all__ = ["TorchCompileEngine"]


class TorchCompileEngine(TorchEngine):
    """Runs a model of the zoo compiled; every new shape compiles anew until PyTorch makes it dynamic."""

    compiles = True

    def load(self) -> None:
        """Build the model and read its weights; nothing is compiled yet.

        Raises:
            EngineError: If there is no C++ compiler for Inductor to call.
        """
        if self._device.type == "cpu" and not any(map(shutil.which, ("c++", "g++", "clang++"))):
            raise EngineError(
                "engine torch-compile: found no C++ compiler, expected g++ or clang++ on the PATH"
            )
        super().load()
        self._model.encode_items = torch.compile(self._model.encode_items)  # pyright: ignore[reportAttributeAccessIssue]
        self._model.score = torch.compile(self._model.score)  # pyright: ignore[reportAttributeAccessIssue]

    def compile(self, request: Request) -> None:
        """Compile by answering the request once."""
        answer(self, request)
