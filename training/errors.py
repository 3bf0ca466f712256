"""Failures of a run that are no fault of its input."""

__all__ = ["TrainingError"]


class TrainingError(RuntimeError):
    """A trial that cannot be finished (it diverged, its teacher learned nothing); exit status 1."""
