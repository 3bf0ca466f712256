"""Where and with what a measurement was taken."""

from __future__ import annotations

import functools
import os
import platform
import sys
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from .hashes import content_hash, file_hash

__all__ = [
    "Machine",
    "accelerator_name",
    "cgroup_cores",
    "clock",
    "code_hash",
    "describe_machine",
    "package_versions",
    "usable_cores",
    "visible_device",
]

_PACKAGES = (
    "outfitbench",
    "torch",
    "torchvision",
    "torchao",
    "onnx",
    "onnxscript",
    "openvino",
    "numpy",
    "pillow",
)
_ROOMS = ("bench", "core", "datasets", "evaluation", "models", "training")
"""What of the package decides a cost."""

_DISTRIBUTIONS = {"onnxruntime": ("onnxruntime", "onnxruntime-gpu"), "faiss": ("faiss-cpu", "faiss-gpu")}
"""By package, the distributions that it comes in."""

_GENERATION = ("cpu family", "model", "stepping"), ("CPU implementer", "CPU part", "CPU revision")
"""What tells generations of processors apart in /proc/cpuinfo, on x86 and on ARM."""

_INFERENCE_FLAGS = ("avx2", "avx_vnni", "avx512f", "avx512_vnni", "avx512_bf16", "avx512_fp16")


class Machine(BaseModel):
    """Where and with what it ran.

    Attributes:
        processor: The CPU's model name.
        generation: Its family, model and stepping ("25.17.1"), where the system tells: one model name covers
            several generations.
        cores: Cores this process may use (scheduler affinity).
        memory_bytes: Physical memory.
        accelerator: The GPU's name, or None.
        system: Operating system and release.
        versions: Version by package name (python, outfitbench, torch, onnxruntime, …).
        cpu_flags: Of the instruction sets that matter to inference, those this CPU has.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    processor: str
    generation: str = ""
    cores: Annotated[int, Field(ge=1, lt=2**63)]
    memory_bytes: Annotated[int, Field(ge=1, lt=2**63)]
    accelerator: str | None
    system: str
    versions: dict[str, str]
    cpu_flags: list[str]


def describe_machine() -> Machine:
    """This machine; imports neither torch nor ONNX Runtime.

    Example:
        >>> describe_machine().cores >= 1
        True
    """
    import psutil

    fields = _processor()
    flags = fields.get("flags", fields.get("Features", "")).split()
    return Machine(
        processor=fields.get("model name") or platform.processor() or platform.machine(),
        generation=_generation(fields),
        cores=usable_cores(),
        memory_bytes=psutil.virtual_memory().total,
        accelerator=accelerator_name(),
        # A release without the build's own suffix.
        system=f"{platform.system()} {platform.release().partition('-')[0]}",
        versions=package_versions(),
        cpu_flags=[flag for flag in flags if flag in _INFERENCE_FLAGS or flag.startswith("amx_")],
    )


def clock(root: Path = Path("/")) -> float | None:
    """The processor's clock in Hz: its base or highest where the system tells, else what it runs at now.

    None where none can be read, as on ARM in many containers.

    Args:
        root: Root of the file system.
    """
    folder = root / "sys/devices/system/cpu/cpu0/cpufreq"
    for name in ("base_frequency", "cpuinfo_max_freq"):
        try:
            return float((folder / name).read_text()) * 1e3
        except (OSError, ValueError):
            continue
    try:
        return float(_processor(root)["cpu MHz"]) * 1e6
    except (KeyError, ValueError):
        return None


@functools.cache
def code_hash() -> str:
    """Hash of this package's own code, 16 hex digits: two trees of one version may differ."""
    root = Path(__file__).resolve().parents[1]
    files = sorted(path for room in _ROOMS for path in (root / room).rglob("*.py"))
    return content_hash({path.relative_to(root).as_posix(): file_hash(path) for path in files})


def package_versions() -> dict[str, str]:
    """Version by package name, of Python and of the installed packages that a cost depends on."""
    versions = {"python": platform.python_version()}
    for package in _PACKAGES:
        if found := _installed_version(package):
            versions[package] = found
    for package, distributions in _DISTRIBUTIONS.items():
        for distribution in distributions:
            if found := _installed_version(distribution):
                versions[package] = found
    return versions


def usable_cores() -> int:
    """Cores this process may use: by its affinity, and by its cgroup's quota (a container's `--cpus`).

    Example:
        >>> usable_cores() >= 1
        True
    """
    allowed = len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count() or 1
    quota = cgroup_cores()
    return allowed if quota is None else min(allowed, quota)


def cgroup_cores(root: Path = Path("/")) -> int | None:
    """Whole cores that the quota of this process's cgroup, or of one above it, allows; None without a quota.

    A quota of 1.5 cores counts as one: the second thread would be throttled half of the time, and whoever
    waits for it with it.

    Args:
        root: Root of the file system.
    """
    quotas = list(_quotas(root))
    return max(1, int(min(quotas))) if quotas else None


def _quotas(root: Path) -> Iterator[float]:
    """Processors' worth of time that each cgroup on the way up allows."""
    try:
        lines = (root / "proc/self/cgroup").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return
    mount = root / "sys/fs/cgroup"
    for _, controllers, path in (line.split(":", 2) for line in lines if line.count(":") >= 2):
        if controllers and "cpu" not in controllers.split(","):
            continue
        # Version 2 has one tree and names no controllers; version 1 mounts one for each set of them.
        for tree in [mount, mount / "unified"] if not controllers else [mount / controllers, mount / "cpu"]:
            # Inside a container the path may be the host's, of which only the root is mounted.
            inside = [part for part in path.split("/") if part not in ("", "..")]
            for depth in range(len(inside), -1, -1):
                quota = _quota(tree.joinpath(*inside[:depth]), second=not controllers)
                if quota is not None:
                    yield quota


def _quota(group: Path, *, second: bool) -> float | None:
    names = ["cpu.max"] if second else ["cpu.cfs_quota_us", "cpu.cfs_period_us"]
    try:
        quota, period = " ".join((group / name).read_text() for name in names).split()
        return int(quota) / int(period) if quota != "max" and int(quota) > 0 else None
    except (OSError, ValueError, ZeroDivisionError):
        return None


def accelerator_name() -> str | None:
    """Name of the CUDA device that is meant, or None where there is none; see `visible_device`."""
    import pynvml

    try:
        pynvml.nvmlInit()
        try:
            device = visible_device()
            return None if device is None else str(pynvml.nvmlDeviceGetName(device))
        finally:
            pynvml.nvmlShutdown()
    except pynvml.NVMLError:
        return None


def visible_device() -> Any | None:  # noqa: ANN401 - a handle of NVML's
    """NVML's handle of the device that CUDA calls 0, or None where CUDA sees none.

    CUDA_VISIBLE_DEVICES renumbers devices for CUDA and not for NVML, so the device is opened by what stands
    there: a number, a UUID or the beginning of one. Empty, −1 or a number too high hides all. Numbers are the
    same for both under CUDA_DEVICE_ORDER=PCI_BUS_ID, which the command line sets; by itself CUDA begins with
    the device that it takes for the fastest.

    Raises:
        NVMLError: If NVML is not initialised, or knows no such device.
    """
    import pynvml

    count = pynvml.nvmlDeviceGetCount()
    first = os.environ.get("CUDA_VISIBLE_DEVICES", "0").split(",")[0].strip()
    if first.startswith("MIG-"):
        return pynvml.nvmlDeviceGetHandleByUUID(first)
    if first.removeprefix("-").isdigit() and not 0 <= int(first) < count:
        return None
    if first.isdigit():
        return pynvml.nvmlDeviceGetHandleByIndex(int(first))
    handles = [pynvml.nvmlDeviceGetHandleByIndex(index) for index in range(count)]
    matching = (h for h in handles if str(pynvml.nvmlDeviceGetUUID(h)).startswith(first))
    return next(matching, None) if first else None


def _installed_version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def _processor(root: Path = Path("/")) -> dict[str, str]:
    """What /proc/cpuinfo says of the first core; nothing where there is no such file."""
    information = root / "proc/cpuinfo"
    if not information.exists():
        return {}
    first_core = information.read_text(encoding="utf-8", errors="replace").split("\n\n")[0]
    pairs = (line.partition(":") for line in first_core.splitlines())
    return {name.strip(): value.strip() for name, _, value in pairs}


def _generation(fields: dict[str, str]) -> str:
    """Family, model and stepping ("25.17.1"); empty where the system does not tell."""
    for names in _GENERATION:
        if all(name in fields for name in names):
            return ".".join(fields[name] for name in names)
    return ""
