"""The one error of this room."""

__all__ = ["ModelError"]


class ModelError(ValueError):
    """A model that cannot be had: an unknown name, a wrong argument, weights that do not fit.

    The message is one line that names the argument or file, what was found and what was expected.
    """
