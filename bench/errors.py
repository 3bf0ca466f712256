"""What can go wrong while measuring."""

__all__ = ["EngineError", "ParityError"]


class EngineError(RuntimeError):
    """An engine that cannot run a model: no such provider or device, no compiler, a worker that died.

    The message is one line that says which engine, what was found and what was expected.
    """


class ParityError(RuntimeError):
    """An exported model that does not answer as the original does. The message holds the figures."""
