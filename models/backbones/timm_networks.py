"""Any network of timm as a backbone. timm is an extra, imported only when one of its names is used."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

from ...core.errors import Fault, InputError
from ...core.names import shown, unknown_name
from ...core.registry import Entry, NoOptions
from ..errors import ModelError
from ..options import Pretrained
from .backbone import IMAGENET_MEAN, IMAGENET_STD, ImageNetwork
from .registry import NetworkBuilder

__all__ = ["is_timm_name", "timm_entry"]

_PREFIXES = ("timm-", "timm:")
_SMALLEST = 32
"""Least height and width of a network that timm says nothing about; most halve five times."""


def is_timm_name(name: str) -> bool:
    """Whether a name asks for a network of timm: `timm-NAME` or `timm:NAME`."""
    return name.startswith(_PREFIXES)


def timm_entry(name: str, where: str | Path) -> Entry[NetworkBuilder]:
    """What a name of timm stands for.

    Args:
        name: As `is_timm_name` knows it; NAME is one of `timm.list_models()`, a tag of weights may follow.
        where: The file and key, or the argument, for the message.

    Raises:
        InputError: If timm is not installed, or has no such network (the nearest are told).
    """
    timm = _timm(name, where)
    own = name[len(_PREFIXES[0]) :]
    if not timm.is_model(own):
        raise InputError(unknown_name("a network of timm", own, timm.list_models(), where))

    def build(pretrained: Pretrained) -> ImageNetwork:
        """A network of timm, without its classifier."""
        return _network(timm, own, pretrained=pretrained is True)

    return Entry(f"{_PREFIXES[0]}{own}", build, NoOptions, None, "timm")


def _timm(name: str, where: str | Path) -> ModuleType:
    try:
        return import_module("timm")
    except ImportError as error:
        raise InputError(
            Fault(
                where,
                f"{shown(name)} and no package timm",
                "timm to be installed",
                "pip install 'outfitbench[timm]'",
            )
        ) from error


def _network(timm: ModuleType, name: str, *, pretrained: bool) -> ImageNetwork:
    try:
        module: Any = timm.create_model(name, pretrained=pretrained, num_classes=0)
    except Exception as error:  # timm and the hub behind it raise what they like
        if not pretrained:
            raise
        reason = str(error).partition("\n")[0]
        raise ModelError(
            f"argument pretrained: found no usable weights of timm's {name} ({reason}), "
            "expected a network that reaches their hub; or set pretrained = false"
        ) from error
    known = module.pretrained_cfg
    size = max(known["input_size"][1:])
    least = size if known.get("fixed_input_size") else max(known.get("min_input_size", (0, _SMALLEST))[1:])
    return ImageNetwork(
        module,
        width=getattr(module, "head_hidden_size", None) or module.num_features,
        input_size=size,
        smallest=least,
        mean=tuple(known.get("mean", IMAGENET_MEAN)),
        deviation=tuple(known.get("std", IMAGENET_STD)),
    )
