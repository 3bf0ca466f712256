"""What is counted of a model, not measured: parameters, buffers and floating-point operations."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any, NamedTuple

import torch
from torch import nn
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils._pytree import tree_leaves
from torch.utils.flop_counter import FlopCounterMode

from ..models.outfit_model import OutfitModel
from .measurement import Measurement
from .model_work import MatrixFlops, MatrixWork, ModelWork, PartWork, TrainingWork
from .operator_watch import OperatorWatch
from .padding_work import PaddingFlops
from .request import OUTFIT_SIZE, as_floats, make_request

__all__ = ["Count", "count_parameters", "count_work", "flops_of"]

_LOOK_UPS = {"embedding", "index", "index_select", "gather", "select"}
"""Operators that read some rows of a table."""

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


def count_work(model: OutfitModel, input_size: int, outfit_size: int = OUTFIT_SIZE) -> ModelWork | list[str]:
    """What a request takes in FLOPs and in bytes, by part of the model.

    A multiply-add is two. Only what runs as matrix products and convolutions counts, as everywhere: sums,
    activations and the set transformer's products over an outfit's few items (below 0.01 % of a request) do
    not. PyTorch's fused attention and LSTM have been counted as 0, so their plain formulas are run instead.
    A part's FLOPs leave out a convolution's products with padding, which no engine has to compute; those by
    the usual formula, in which they count, stand beside them. Bytes are those that no engine can spare, too:
    each weight that is used once a call (of a table of users one row a user), inputs and outputs once. The
    way back is counted as PyTorch goes it, from each part's sum; of a part that it cannot go back through,
    the way there alone.

    Args:
        model: Any model of the zoo.
        input_size: H = W of its images in pixels, or F.
        outfit_size: Items of the outfit.

    Returns:
        The counts; or the names of fused operators that cannot be counted.
    """
    request = make_request(
        model.num_users,
        model.input_kind,
        input_size,
        outfit_size=outfit_size,
        num_categories=model.num_categories,
    )
    users, categories = torch.from_numpy(request.users), torch.from_numpy(request.categories)
    items = torch.from_numpy(as_floats(request.items))
    several = torch.arange(2) % model.num_users
    fused = _FusedOperators()
    # With gradients: the counter's module tracker trips over parameters handed to modules without.
    with torch.enable_grad(), _plain_formulas(), fused:
        encoded = _call(model, fused, lambda: model.encode_items(items, categories.reshape(-1)))
        features = encoded.out.detach().requires_grad_()
        outfits, twice = features.reshape(*categories.shape, -1), features.repeat(2, 1)
        scored = _call(model, fused, lambda: model.score_among(users, outfits, categories, features))
        calls = [
            _call(
                model,
                fused,
                lambda asking=asking, bank=bank: model.score_matrix_among(asking, outfits, categories, bank),
                features,
            )
            for asking, bank in ((users, features), (several, features), (users, twice))
        ]
    if fused.found:
        return sorted(fused.found)
    vectors = model.has_user_vectors and model.has_outfit_vectors
    wide, item, user = features[0].nbytes, request.items[0].nbytes, calls[1].weights - calls[0].weights
    flops = _split([each.flops for each in calls], outfit_size)
    trained = _split([each.both_ways for each in calls], outfit_size)
    trains = sum(parameter.nbytes for parameter in model.parameters() if parameter.requires_grad)
    return ModelWork(
        PartWork(encoded.flops / outfit_size, encoded.weights, item + wide),
        PartWork(scored.flops, scored.weights, outfit_size * wide + 4),
        MatrixWork(flops, calls[0].weights - user, user, wide),
        TrainingWork(encoded.both_ways / outfit_size, trained, trains, item),
        outfit_size,
        model.num_users,
        model.user_vectors().shape[1] if vectors else None,
        encoded.counted + scored.counted,
    )


class _Called(NamedTuple):
    """What a call took, and gave.

    Attributes:
        out: What it gave.
        counted: FLOPs of the call by the usual formula.
        flops: Without those with padding.
        both_ways: The same of the call and of the gradients of all that trains in it.
        weights: Bytes of the weights that it read.
    """

    out: torch.Tensor
    counted: int
    flops: int
    both_ways: int
    weights: int


def _call(
    model: nn.Module, fused: _FusedOperators, call: Callable[[], torch.Tensor], *given: torch.Tensor
) -> _Called:
    """Count a call and the way back to the parameters that train, and to what it is given."""
    trained = [*given, *(parameter for parameter in model.parameters() if parameter.requires_grad)]
    with FlopCounterMode(display=False) as flops, PaddingFlops() as padding:
        with _WeightsRead(model) as weights:
            out = call()
        there, spared, found = flops.get_total_flops(), padding.flops, set(fused.found)
        if out.requires_grad:
            with suppress(RuntimeError):  # a stranger's network may know no way back
                torch.autograd.grad(out.sum(), trained, allow_unused=True)
        fused.found = found  # what is called by other names on the way back is no matter to the way there
        both_ways = flops.get_total_flops() - padding.flops
        return _Called(out, there, there - spared, both_ways, weights.bytes)


def _split(counts: list[int], outfit_size: int) -> MatrixFlops:
    """What an outfit takes once, what each user's score of it takes, and what each item of a bank.

    Args:
        counts: FLOPs of one user's score of an outfit among its own items, of two users', and of one user's
            among twice as many items.
        outfit_size: Items of the outfit.
    """
    one, two, banked = counts
    pair, by_item = two - one, (banked - one) / outfit_size
    return MatrixFlops(one - pair - outfit_size * by_item, pair, by_item)


def flops_of(work: ModelWork | list[str]) -> Measurement:
    """FLOPs of one request by the usual formula, of what `count_work` gave."""
    if isinstance(work, ModelWork):
        return Measurement(unit="FLOP", samples=[work.counted])
    return Measurement(unit="FLOP", samples=[], flags=[f"not counted: {', '.join(work)}"])


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


class _FusedOperators(OperatorWatch):
    """Names of the fused operators that are called inside."""

    def __init__(self) -> None:
        super().__init__()
        self.found: set[str] = set()

    def note(self, name: str, arguments: tuple[Any, ...], options: dict[str, Any], out: object) -> None:
        """Keep its name."""
        if any(part in name for part in _FUSED):
            self.found.add(name)


class _WeightsRead(OperatorWatch):
    """Bytes of the parameters and buffers that are read inside, each once.

    Of a table that rows are looked up in, only those count.
    """

    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        self._own = {
            tensor.untyped_storage().data_ptr(): tensor.nbytes
            for tensor in (*model.parameters(), *model.buffers())
        }
        self._looked_up = 0
        self._read: set[int] = set()

    @property
    def bytes(self) -> int:
        """So far."""
        return self._looked_up + sum(self._own[place] for place in self._read)

    def note(self, name: str, arguments: tuple[Any, ...], options: dict[str, Any], out: object) -> None:
        """Keep which of the model's own tensors it takes."""
        taken = tree_leaves((arguments, options))
        given = {place for tensor in taken if (place := self._place(tensor))}
        made = [
            value for value in tree_leaves(out) if isinstance(value, torch.Tensor) and not self._place(value)
        ]
        if made and given:  # else it is a view of one of them
            if name in _LOOK_UPS:
                self._looked_up += sum(value.nbytes for value in made)
            else:
                self._read |= given

    def _place(self, value: object) -> int | None:
        """Where one of the model's own tensors lies, views of it included; None for any other value."""
        if not isinstance(value, torch.Tensor):
            return None
        place = value.untyped_storage().data_ptr()
        return place if place in self._own else None
