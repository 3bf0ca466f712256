"""Where and with what a measurement was taken."""

from __future__ import annotations

import platform
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from ..datasets.parallel import usable_cores

__all__ = ["accelerator_name", "describe_machine", "package_versions"]

_PACKAGES = ("outfitbench", "torch", "torchvision", "onnx", "onnxscript", "numpy", "pillow")
_RUNTIMES = ("onnxruntime", "onnxruntime-gpu")
"""The two distributions of one package."""
_INFERENCE_FLAGS = ("avx2", "avx_vnni", "avx512f", "avx512_vnni", "avx512_bf16", "avx512_fp16")


def describe_machine() -> dict[str, Any]:
    """The machine in the fields of a record's `Machine`; imports neither torch nor ONNX Runtime.

    Example:
        >>> sorted(describe_machine())
        ['accelerator', 'cores', 'cpu_flags', 'memory_bytes', 'processor', 'system', 'versions']
    """
    import psutil

    model_name, flags = _processor()
    return {
        "processor": model_name,
        "cores": usable_cores(),
        "memory_bytes": psutil.virtual_memory().total,
        "accelerator": accelerator_name(),
        # A release without the build's own suffix.
        "system": f"{platform.system()} {platform.release().partition('-')[0]}",
        "versions": package_versions(),
        "cpu_flags": [flag for flag in flags if flag in _INFERENCE_FLAGS or flag.startswith("amx_")],
    }


def package_versions() -> dict[str, str]:
    """Version by package name, of Python and of the installed packages that a cost depends on."""
    versions = {"python": platform.python_version()}
    for package in _PACKAGES:
        if found := _installed_version(package):
            versions[package] = found
    for package in _RUNTIMES:
        if found := _installed_version(package):
            versions["onnxruntime"] = found
    return versions


def accelerator_name() -> str | None:
    """Name of the first CUDA device, or None where there is none."""
    import pynvml

    try:
        pynvml.nvmlInit()
        try:
            return str(pynvml.nvmlDeviceGetName(pynvml.nvmlDeviceGetHandleByIndex(0)))
        finally:
            pynvml.nvmlShutdown()
    except pynvml.NVMLError:
        return None


def _installed_version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def _processor() -> tuple[str, list[str]]:
    """The CPU's model name and its flags, in the order /proc/cpuinfo gives them."""
    information = Path("/proc/cpuinfo")
    if not information.exists():
        return platform.processor() or platform.machine(), []
    first_core = information.read_text(encoding="utf-8", errors="replace").split("\n\n")[0]
    fields = {
        name.strip(): value.strip()
        for name, _, value in (line.partition(":") for line in first_core.splitlines())
    }
    return fields.get("model name") or platform.machine(), fields.get("flags", "").split()
