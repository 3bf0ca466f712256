"""PyTorch as it is: eager mode, fp32, no gradients."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.overrides import TorchFunctionMode

from ...core.plugins import load_plugin
from ...evaluation.item_inputs import as_float
from ...evaluation.side_by_side import SCORE_BATCH, side_by_side
from ...models import create_model, list_models
from ...models.outfit_model import OutfitModel
from ...models.weights import load_weights
from ..errors import EngineError
from ..request import Items, Request
from ..subject import Subject

__all__ = ["TorchEngine", "load_model", "one_thread"]

_SLICES_A_THREAD = 8
"""So that the last ones to end keep few threads waiting."""

list_models()  # imports the zoo here, where the engine is imported, and not while a model is loaded


class TorchEngine:
    """Runs a model of the zoo with PyTorch."""

    provider: str | None = None
    precision = "fp32"
    compiles = False
    needs_export = False
    slices = True
    """Whether many outfits are scored slice by slice, rather than by operators that have several threads."""

    def __init__(self, subject: Subject, device: str, threads: int) -> None:
        self._subject = subject
        self._device = torch.device(device)
        self._threads = threads
        self._model: OutfitModel

    @classmethod
    def serving(cls, model: OutfitModel) -> TorchEngine:
        """An engine around a model that is in memory already, where it is and in this process's threads."""
        parameter = next(model.parameters())
        engine = cls(Subject(model=type(model).__name__, num_users=model.num_users), parameter.device.type, 0)
        engine._model = model
        return engine

    @property
    def has_item_bank(self) -> bool:
        """Whether the model that is loaded has one."""
        return self._model.has_item_bank

    @property
    def outfits_at_once(self) -> int:
        """Some slices a thread, or on a device what fills it."""
        return _SLICES_A_THREAD * SCORE_BATCH * max(self._threads, 1)

    def load(self) -> None:
        """Build the model and read its weights.

        Raises:
            EngineError: If CUDA is asked for and PyTorch sees no such device.
        """
        if self._device.type == "cuda" and not torch.cuda.is_available():
            raise EngineError("engine torch: found no CUDA device, expected one; use device cpu")
        torch.set_num_threads(self._threads)
        if self._device.type == "cuda":
            torch.backends.cudnn.allow_tf32 = torch.backends.cuda.matmul.allow_tf32 = False  # fp32 means fp32
            torch.cuda.reset_peak_memory_stats(self._device)
        self._model = load_model(self._subject, measured=True).to(self._device)

    def compile(self, request: Request) -> None:
        """Eager mode compiles nothing."""

    @torch.inference_mode()
    def encode_items(self, items: Items, categories: NDArray[np.int64]) -> Tensor:
        """Encode items; the features stay on the device."""
        return self._model.encode_items(self._input(items), self._to_device(categories))

    @torch.inference_mode()
    def score(
        self,
        users: NDArray[np.int64],
        features: Tensor | NDArray[np.float32],
        categories: NDArray[np.int64],
        bank: Tensor | NDArray[np.float32] | None = None,
    ) -> NDArray[np.float32]:
        """Score outfits; many of them in slices, several at once on a thread each."""
        outfits = self._rows(features).reshape(*categories.shape, -1)
        asked = self._to_device(users), outfits, self._to_device(categories)
        among = () if bank is None else (self._rows(bank),)
        size = SCORE_BATCH if self.slices else max(len(users), 1)
        scores = side_by_side(
            lambda part: self._scores(*(given[part] for given in asked), *among),
            len(users),
            size,
            self._device,
            "scoring outfits",
        )
        return torch.cat(scores).float().cpu().numpy()

    def _scores(
        self, users: Tensor, outfits: Tensor, categories: Tensor, bank: Tensor | None = None
    ) -> Tensor:
        """Scores (B,) of some of a call's outfits (B, K, D)."""
        if bank is None:
            return self._model.score(users, outfits, categories)
        return self._model.score_among(users, outfits, categories, bank)

    def to_host(self, features: Tensor) -> NDArray[np.float32]:
        """Features as an array; on the CPU without a copy."""
        return features.cpu().numpy()

    def synchronize(self) -> None:
        """Wait for the CUDA stream."""
        if self._device.type == "cuda":
            torch.cuda.synchronize(self._device)

    @torch.inference_mode()
    def device_seconds(self, request: Request, samples: int) -> list[float]:
        """A pair of CUDA events a call, one synchronize at the end."""
        if self._device.type != "cuda":
            return []
        users, categories = self._to_device(request.users), self._to_device(request.categories)
        items, flat_categories = self._input(request.items), categories.reshape(-1)

        def run() -> None:
            features = self._model.encode_items(items, flat_categories)
            self._model.score_among(users, features.reshape(*categories.shape, -1), categories, features)

        return _event_seconds(run, samples)

    def device_memory(self) -> dict[str, int] | None:
        """Peaks of the caching allocator."""
        if self._device.type != "cuda":
            return None
        self.synchronize()
        return {
            "peak_memory": torch.cuda.max_memory_allocated(self._device),
            "peak_memory_reserved": torch.cuda.max_memory_reserved(self._device),
        }

    def _input(self, items: Items) -> Tensor:
        """Bytes travel to the device as bytes and become floats in [0, 1] there."""
        values = self._to_device(items)
        return as_float(values.permute(0, 3, 1, 2).contiguous() if values.ndim == 4 else values)

    def _rows(self, features: Tensor | NDArray[np.float32]) -> Tensor:
        return self._to_device(features) if isinstance(features, np.ndarray) else features

    def _to_device(self, array: NDArray[Any]) -> Tensor:
        return torch.from_numpy(array).to(self._device)


def load_model(subject: Subject, *, measured: bool = False) -> OutfitModel:
    """The subject's model in evaluation mode, on the CPU.

    With weights given, the parameters are not drawn first: the drawing would count as loading.

    Args:
        subject: The model and its weights.
        measured: As for `load_weights`.

    Raises:
        InputError: If the weights cannot be read, do not fit, or are not finite.
        ModelError: For an unknown model.
    """
    if subject.weights is None:
        return _create(subject)
    with _NoInitialisation():
        model = _create(subject)
    load_weights(model, subject.weights, measured=measured)
    return model


def _create(subject: Subject) -> OutfitModel:
    for plugin in subject.plugins:
        load_plugin(plugin)
    create = partial(
        create_model,
        subject.model,
        num_users=subject.num_users,
        num_categories=subject.num_categories,
        backbone=subject.backbone,
        options=subject.options,
        input_kind=subject.input_kind,
    )
    if subject.input_kind == "features" and subject.input_size is not None:
        return create(feature_size=subject.input_size).eval()
    return create().eval()


_DRAWS = {"normal_", "uniform_", "kaiming_uniform_", "trunc_normal_"}
"""Methods of tensors, and functions of `torch.nn.init` that PyTorch lets be overridden whole."""


class _NoInitialisation(TorchFunctionMode):
    """Draws no random numbers into tensors inside, which is what takes time in building a model."""

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: object,
        args: tuple[Any, ...] = (),
        kwargs: dict[str, Any] | None = None,
    ) -> Any:  # noqa: ANN401
        if getattr(func, "__name__", "") in _DRAWS:
            return args[0] if args else (kwargs or {})["tensor"]
        return func(*args, **(kwargs or {}))


@contextmanager
def one_thread() -> Iterator[None]:
    """PyTorch on one thread inside.

    For work beside which others want the cores: PyTorch's threads spin while they wait for one another, and
    two of them that share one core take fifty times as long.
    """
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def _event_seconds(run: Callable[[], None], samples: int) -> list[float]:
    pairs = [[torch.cuda.Event(enable_timing=True) for _ in range(2)] for _ in range(samples)]
    for start, stop in pairs:
        start.record()
        run()
        stop.record()
    torch.cuda.synchronize()
    return [start.elapsed_time(stop) / 1e3 for start, stop in pairs]
