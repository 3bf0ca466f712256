"""PyTorch's operators, as they are called."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from torch.utils._python_dispatch import TorchDispatchMode

__all__ = ["OperatorWatch"]


class OperatorWatch(TorchDispatchMode):
    """Is told of every operator that is called inside.

    Example:
        >>> import torch
        >>> class Names(OperatorWatch):
        ...     def note(self, name, arguments, options, out):
        ...         print(name, len(arguments))
        >>> with Names():
        ...     total = torch.zeros(3).sum()
        zeros 1
        sum 1
    """

    def note(self, name: str, arguments: tuple[Any, ...], options: dict[str, Any], out: object) -> None:
        """Take note of an operator.

        Args:
            name: Without its overload: "convolution".
            arguments: That it was called with by position,
            options: and by name.
            out: What it gave.
        """
        raise NotImplementedError

    def __torch_dispatch__(
        self,
        func: Callable[..., Any],
        types: object,
        args: tuple[Any, ...] = (),
        kwargs: dict[str, Any] | None = None,
    ) -> object:
        """Run the operator and tell of it."""
        options = kwargs or {}
        out = func(*args, **options)
        self.note(func.__name__.partition(".")[0], args, options, out)
        return out
