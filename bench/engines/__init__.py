"""Engines by name. Importing this package, or naming its engines, imports no engine's library.

Ours are entered as small classes that only say where the engine is. One of your own is entered by a plugin,
the same way or as the engine's class itself, or is named as `module:Class`.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import ClassVar, cast

from ...core.errors import Fault, InputError
from ...core.registry import Registry
from ..errors import EngineError
from ..subject import Subject
from .engine import Engine, answer

__all__ = [
    "DEVICES",
    "ENGINES",
    "Engine",
    "EngineFactory",
    "LazyEngine",
    "answer",
    "check_engine",
    "engine_factory",
    "needs_export",
    "register_engine",
]

DEVICES = ("cpu", "cuda")
"""Where an engine can run."""

EngineFactory = Callable[[Subject, str, int], Engine]
"""Makes an engine for a subject, a device and a number of threads."""


class LazyEngine:
    """Stands for an engine whose library is imported when it is needed.

    Attributes:
        target: Module and class, `module:Class`.
        needs_export: Whether it runs the ONNX graphs instead of the model itself.
        extra: What of `pip install outfitbench[…]` brings its library, where it does not come with us.
    """

    target: ClassVar[str]
    needs_export: ClassVar[bool] = False
    extra: ClassVar[str] = ""


ENGINES: Registry[type] = Registry("engine")
"""Engines by name: a `LazyEngine`, or the engine's class."""

register_engine = ENGINES.register
"""Decorator that enters an engine's class, or a `LazyEngine`, under a name."""


@register_engine("torch")
class _Torch(LazyEngine):
    """PyTorch as it is: eager mode, fp32."""

    target = "outfitbench.bench.engines.torch_engine:TorchEngine"


@register_engine("torch-compile")
class _TorchCompile(LazyEngine):
    """PyTorch with both parts of the model compiled by Inductor."""

    target = "outfitbench.bench.engines.torch_compile:TorchCompileEngine"


@register_engine("torch-cuda-graphs")
class _TorchCudaGraphs(LazyEngine):
    """PyTorch compiled, each shape a CUDA graph; on CUDA devices alone."""

    target = "outfitbench.bench.engines.torch_compile:TorchCudaGraphsEngine"


@register_engine("torch-channels-last")
class _TorchChannelsLast(LazyEngine):
    """PyTorch in eager mode, fp32, with images and convolutions in channels-last order."""

    target = "outfitbench.bench.engines.torch_channels_last:TorchChannelsLastEngine"


@register_engine("torch-bf16")
class _TorchBfloat16(LazyEngine):
    """PyTorch in eager mode, its layers in bfloat16 and in channels-last order."""

    target = "outfitbench.bench.engines.torch_bf16:TorchBfloat16Engine"


@register_engine("torch-int8")
class _TorchInt8(LazyEngine):
    """PyTorch in eager mode, its fully connected layers in 8 bits by torchao."""

    target = "outfitbench.bench.engines.torch_int8:TorchInt8Engine"
    extra = "torchao"


@register_engine("onnxruntime")
class _OnnxRuntime(LazyEngine):
    """ONNX Runtime on the exported graphs."""

    target = "outfitbench.bench.engines.onnxruntime_engine:OnnxRuntimeEngine"
    needs_export = True


@register_engine("onnxruntime-tensorrt")
class _TensorRt(LazyEngine):
    """TensorRT on the exported graphs, by way of ONNX Runtime; on CUDA devices alone."""

    target = "outfitbench.bench.engines.onnxruntime_engine:TensorRtEngine"
    needs_export = True


@register_engine("openvino")
class _OpenVino(LazyEngine):
    """OpenVINO on the exported graphs; on the CPU alone."""

    target = "outfitbench.bench.engines.openvino_engine:OpenVinoEngine"
    needs_export = True
    extra = "openvino"


def engine_factory(name: str) -> EngineFactory:
    """Import an engine's library and give its class.

    Args:
        name: A name in `ENGINES`, or `module:Class`.

    Raises:
        InputError: For a name that is neither.
        EngineError: If it is one of ours whose library is not installed.
    """
    check_engine(name)
    entered = None if _is_target(name) else ENGINES.get(name)
    if entered is not None and not issubclass(entered, LazyEngine):
        return cast("EngineFactory", entered)
    module, _, attribute = (name if entered is None else entered.target).partition(":")
    try:
        return cast("EngineFactory", getattr(importlib.import_module(module), attribute))
    except ModuleNotFoundError as error:
        if entered is None or not entered.extra:
            raise
        raise EngineError(
            f"engine {name}: found no package {error.name}, expected it; "
            f"pip install 'outfitbench[{entered.extra}]'"
        ) from error


def check_engine(name: str, where: str = "argument engine") -> None:
    """Refuse what names no engine; nothing is imported.

    Args:
        name: What should be in `ENGINES`, or `module:Class`.
        where: The file and key, or the argument, for the message.

    Raises:
        InputError: If it is neither; the nearest names are told.
    """
    if not _is_target(name):
        ENGINES.get(name, where)
    elif not all(part.isidentifier() for part in name.replace(":", ".").split(".")):
        raise InputError(Fault(where, repr(name)[:80], "an engine's name, or module:Class of your own"))


def needs_export(name: str) -> bool | None:
    """Whether an engine runs the ONNX graphs; None for `module:Class`, which only its process imports."""
    return None if _is_target(name) else bool(getattr(ENGINES.get(name), "needs_export", False))


def _is_target(name: str) -> bool:
    return name.count(":") == 1
