"""What can go wrong while measuring."""

from __future__ import annotations

__all__ = ["EngineError", "ParityError"]


class EngineError(RuntimeError):
    """An engine that cannot run a model: no such provider or device, no compiler, a worker that died.

    The message is one line that says which engine, what was found and what was expected.

    Attributes:
        output: All that the engine's process printed until then; empty where it has none.
    """

    def __init__(self, message: str, output: str = "") -> None:
        super().__init__(message)
        self.output = output


class ParityError(RuntimeError):
    """An exported model that does not answer as the original does. The message holds the figures."""
