"""Why a fit ends early that is no fault of its input."""

__all__ = ["TrainingError", "TrainingStopped"]


class TrainingError(RuntimeError):
    """A trial that cannot be finished (it diverged, its teacher learned nothing); exit status 1."""


class TrainingStopped(Exception):  # noqa: N818 - no error
    """Raised by whoever watches a fit to end it; its checkpoint stays, and it may be gone on with."""
