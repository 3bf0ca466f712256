"""Floating-point operations of one request."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.flop_counter import FlopCounterMode

from ..models.outfit_model import OutfitModel
from .measurement import Measurement
from .request import as_floats, make_request

__all__ = ["count_flops"]

_FUSED = ("attention", "transformer_encoder", "lstm", "gru", "rnn")
"""Parts of the names of fused operators, which PyTorch's counter takes for nothing."""


def count_flops(model: OutfitModel, input_size: int) -> Measurement:
    """FLOPs of one request: encode an outfit's three items and score it.

    A multiply-add is two. Only what runs as matrix products and convolutions counts, as everywhere: sums,
    activations and the set transformer's products over an outfit's few items (below 0.01 % of a request) do
    not. PyTorch's fused attention and LSTM have been counted as 0, so their plain formulas are run instead;
    any other fused operator leaves a blank, flagged.

    Args:
        model: Any model of the zoo.
        input_size: H = W of its images in pixels, or F.
    """
    request = make_request(model.num_users, model.input_kind, input_size)
    users, categories = torch.from_numpy(request.users), torch.from_numpy(request.categories)
    items = torch.from_numpy(as_floats(request.items))
    fused = _FusedOperators()
    counter = FlopCounterMode(display=False)
    # With gradients: the counter's module tracker trips over parameters handed to modules without.
    with torch.enable_grad(), _plain_formulas(), counter, fused:
        features = model.encode_items(items, categories.reshape(-1))
        model.score(users, features.reshape(*categories.shape, -1), categories)
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
