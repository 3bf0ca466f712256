"""The face of an engine: what runs a model."""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from ..request import Items, Request

__all__ = ["Engine", "Features", "answer", "has_item_bank", "outfits_at_once", "score_among"]

_OUTFITS_AT_ONCE = 1024
"""What a set transformer makes of more on its way leaves a core's caches."""

Features = Any
"""Encoded items, n rows of D, wherever the engine keeps them; a numpy array is always accepted."""


class Engine(Protocol):
    """Loads a model once, then answers from the host's memory to the host's memory.

    An engine's module imports its library at the top, so that importing the module is importing the
    engine; its constructor does nothing that takes time or memory.

    A class that runs the ONNX graphs instead of the model has `needs_export = True`.

    Attributes:
        provider: ONNX Runtime's execution provider, or None.
        precision: "fp32", "bf16" or "int8".
        compiles: Whether it compiles the model at run time.
    """

    provider: str | None
    precision: str
    compiles: bool

    @property
    def has_item_bank(self) -> bool:
        """Whether the loaded model scores outfits among a bank, which `score` has to be given then.

        An engine without this attribute runs models without a bank.
        """
        ...

    def load(self) -> None:
        """Read the model's files and get ready for the first request.

        Raises:
            EngineError: If the device or provider asked for is not there.
        """
        ...

    def compile(self, request: Request) -> None:
        """Compile for requests of this shape, if the engine `compiles`."""
        ...

    def encode_items(self, items: Items, categories: NDArray[np.int64]) -> Features:
        """Encode n items, whose categories are int64 (n,)."""
        ...

    def score(
        self,
        users: NDArray[np.int64],
        features: Features,
        categories: NDArray[np.int64],
        bank: Features | None = None,
    ) -> NDArray[np.float32]:
        """Score outfits, float32 (B,).

        Args:
            users: int64 (B,).
            features: B·K rows, outfit after outfit.
            categories: int64 (B, K), −1 in an empty slot.
            bank: Encoded items, all that are ranked among; None where the model has no bank.
        """
        ...

    def to_host(self, features: Features) -> NDArray[np.float32]:
        """Encoded items as an array, float32 (n, D)."""
        ...

    def synchronize(self) -> None:
        """Wait until the device has nothing left to do."""
        ...

    def device_seconds(self, request: Request, samples: int) -> list[float]:
        """Seconds of each of some answers with input and output on the device; empty on the CPU."""
        ...

    def device_memory(self) -> dict[str, int] | None:
        """Peak bytes on the device by name since before `load`; None on the CPU, empty where unknown."""
        ...


def answer(engine: Engine, request: Request) -> NDArray[np.float32]:
    """What is timed as one request: decoded images to floats, to features, to scores (B,).

    The request's own items are the bank of a model that has one.
    """
    features = engine.encode_items(request.items, request.categories.reshape(-1))
    return score_among(engine, request.users, features, request.categories, features)


def score_among(
    engine: Engine,
    users: NDArray[np.int64],
    features: Features,
    categories: NDArray[np.int64],
    bank: Features,
) -> NDArray[np.float32]:
    """Scores (B,) of outfits among the items of a bank, which only a model that has one is given."""
    among = (bank,) if has_item_bank(engine) else ()
    return engine.score(users, features, categories, *among)


def has_item_bank(engine: Engine) -> bool:
    """Whether an engine's model has a bank; one that does not say has none."""
    return getattr(engine, "has_item_bank", False)


def outfits_at_once(engine: Engine) -> int:
    """How many outfits an engine is best given in a call, where there are many.

    It may say so, by an attribute of this name; else it is what a core's caches hold.
    """
    return getattr(engine, "outfits_at_once", _OUTFITS_AT_ONCE)
