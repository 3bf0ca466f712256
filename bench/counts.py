"""What is counted of a model, not measured: parameters, buffers and floating-point operations."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

import torch
from torch import nn
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.flop_counter import FlopCounterMode

from ..models.outfit_model import OutfitModel
from .measurement import Measurement
from .request import OUTFIT_SIZE, as_floats, make_request

__all__ = ["Count", "count_flops", "count_parameters"]

_FUSED = ("attention", "transformer_encoder", "lstm", "gru", "rnn")
"""Parts of the names of fused operators, which PyTorch's counter takes for nothing."""


class Count(NamedTuple):
    """Numbers that a model holds.

    Attributes:
        parameters: Trainable, shared ones once.
        buffers: Not trained: normalisation constants, running means.
    """

    parameters: int
    buffers: int


def count_parameters(model: nn.Module) -> Count:
    """Parameters and buffers apart.

    Example:
        >>> count_parameters(nn.BatchNorm1d(5))
        Count(parameters=10, buffers=11)
    """
    return Count(
        parameters=sum(parameter.numel() for parameter in model.parameters()),
        buffers=sum(buffer.numel() for buffer in model.buffers()),
    )


def count_flops(model: OutfitModel, input_size: int, outfit_size: int = OUTFIT_SIZE) -> Measurement:
    """FLOPs of one request: encode an outfit's items and score it.

    A multiply-add is two. Only what runs as matrix products and convolutions counts, as everywhere: sums,
    activations and the set transformer's products over an outfit's few items (below 0.01 % of a request) do
    not. PyTorch's fused attention and LSTM have been counted as 0, so their plain formulas are run instead;
    any other fused operator leaves a blank, flagged.

    Args:
        model: Any model of the zoo.
        input_size: H = W of its images in pixels, or F.
        outfit_size: Items of the outfit.
    """
    request = make_request(model.num_users, model.input_kind, input_size, outfit_size=outfit_size)
    users, categories = torch.from_numpy(request.users), torch.from_numpy(request.categories)
    items = torch.from_numpy(as_floats(request.items))
    fused = _FusedOperators()
    counter = FlopCounterMode(display=False)
    # With gradients: the counter's module tracker trips over parameters handed to modules without.
    with torch.enable_grad(), _plain_formulas(), counter, fused:
        features = model.encode_items(items, categories.reshape(-1))
        model.score_among(users, features.reshape(*categories.shape, -1), categories, features)
    if fused.found:
        return Measurement(unit="FLOP", samples=[], flags=[f"not counted: {', '.join(sorted(fused.found))}"])
    return Measurement(unit="FLOP", samples=[counter.get_total_flops()])


@contextmanager
def _plain_formulas() -> Iterator[None]:
    """Attention and recurrent layers as matrix products inside."""
    fastpath = torch.backends.mha.get_fastpath_enabled()
    torch.backends.mha.set_fastpath_enabled(False)
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "TF32 acceleration on top of oneDNN")  # said on any switch
            with sdpa_kernel(SDPBackend.MATH), torch.backends.mkldnn.flags(enabled=False):
                yield
    finally:
        torch.backends.mha.set_fastpath_enabled(fastpath)


class _FusedOperators(TorchDispatchMode):
    """Names of the fused operators that are called inside."""

    def __init__(self) -> None:
        super().__init__()
        self.found: set[str] = set()

    def __torch_dispatch__(
        self,
        func: Callable[..., Any],
        types: object,
        args: tuple[Any, ...] = (),
        kwargs: dict[str, Any] | None = None,
    ) -> object:
        """Note the operator's name and run it."""
        name = func.__name__.partition(".")[0]  # without the overload
        if any(part in name for part in _FUSED):
            self.found.add(name)
        return func(*args, **(kwargs or {}))
