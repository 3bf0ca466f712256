"""What every test shares: a cache of its own, sane thread counts, real photographs where they can be had."""

from __future__ import annotations

import functools
import gc
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import hypothesis
import pytest

from .ray_cluster import cluster_of, free_port, of_a_node

REPOSITORY = Path(__file__).resolve().parents[1]

# Before anything imports torch: the tests' tensors are too small for threads to pay.
os.environ.setdefault("OMP_NUM_THREADS", "1")

hypothesis.settings.register_profile(  # a machine at other work is no fault
    "untimed", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.load_profile("untimed")


@pytest.fixture(scope="session", autouse=True)
def session_cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """One cache for the whole session, so that a closet is drawn once; never the user's own.

    Processes that share out the tests have a cache each, and the closets in common.
    """
    folder = tmp_path_factory.mktemp("session-cache")
    if "PYTEST_XDIST_WORKER" in os.environ:
        common = tmp_path_factory.getbasetemp().parent / "closets"
        common.mkdir(exist_ok=True)
        (folder / "closet").symlink_to(common, target_is_directory=True)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("OUTFITBENCH_CACHE", str(folder))
        yield folder


@pytest.fixture(scope="session")
def small_world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A cache in which closet-12 is made already, with two thirds of its outfits and a third of its items.

    For what is about the line from data to report and not about what is learnt: other processes find it, too.
    """
    from outfitbench.datasets.closet import make_closet

    folder = tmp_path_factory.mktemp("small-world")
    with pytest.MonkeyPatch.context() as patch:
        shrink_closet(patch)
        make_closet("closet-12", folder)
    return folder


def shrink_closet(patch: pytest.MonkeyPatch) -> None:
    from outfitbench.datasets.closet import CLOSETS

    small = replace(CLOSETS["closet-12"], outfits_per_user=20, items_per_category=60)
    patch.setitem(CLOSETS, "closet-12", small)


@pytest.fixture(scope="session")
def small_closet_10v(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A cache in which closet-10v is made already, with two fifths of its outfits and of its items."""
    from outfitbench.datasets.closet import CLOSETS, make_closet

    folder = tmp_path_factory.mktemp("small-closet-10v")
    with pytest.MonkeyPatch.context() as patch:
        small = replace(CLOSETS["closet-10v"], outfits_per_user=20, items_per_category=110)
        patch.setitem(CLOSETS, "closet-10v", small)
        make_closet("closet-10v", folder)
    return folder


@pytest.fixture
def small_closet_12(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where closet-12 is made anew in a test's own cache, it is that of `small_world`, too."""
    shrink_closet(monkeypatch)


@pytest.fixture(scope="module")
def in_the_small_world(small_world: Path) -> Iterator[None]:
    """The tests of a file load the small closet-12."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("OUTFITBENCH_CACHE", str(small_world))
        yield


@pytest.fixture(scope="session", autouse=True)
def one_ceiling() -> Iterator[None]:
    """What the machine can do at most is read once for all sessions of measuring, not before each round."""
    from outfitbench.bench import profiling

    gauge = profiling.CeilingGauge
    read = functools.cache(lambda threads, precisions: gauge(threads, precisions).read())

    def once(threads: int, precisions: Sequence[str] = ()) -> SimpleNamespace:
        return SimpleNamespace(read=lambda: read(threads, tuple(sorted({*precisions}))))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(profiling, "CeilingGauge", once)
        yield


@pytest.fixture(scope="session", autouse=True)
def one_table_of_operators() -> Iterator[None]:
    """The exporter's table of what ONNX has for each of PyTorch's operators is read once, not for each graph.

    It is the same every time, and takes as long to read as a small model's graph to be exported.
    """
    if "torch" not in sys.modules:  # no test of the session exports
        yield
        return
    with pytest.MonkeyPatch.context() as patch:
        with suppress(ImportError):  # another torch may keep it elsewhere, and reads it for each graph
            from torch.onnx._internal.exporter._registration import ONNXRegistry

            once = functools.cache(ONNXRegistry.from_torchlib)
            patch.setattr(ONNXRegistry, "from_torchlib", staticmethod(once))
        yield


@pytest.fixture(scope="session")
def frozen_objects() -> Iterator[None]:
    """They are let go before Python ends, so that libraries can see that they leave nothing behind."""
    yield
    gc.unfreeze()


@pytest.fixture(scope="module", autouse=True)
def few_objects_to_look_through(frozen_objects: None) -> None:
    """What outlasts a file of tests, hundreds of thousands of objects, is none of the garbage collector's.

    It runs before each turn of a measuring, and would take longer than most of them.
    """
    gc.collect()
    gc.freeze()


@pytest.fixture(autouse=True)
def console_as_it_was() -> Iterator[None]:
    """Where progress goes is set for a whole process by the command line; what a test set is taken back."""
    yield
    if rich := sys.modules.get("rich"):
        rich.reconfigure()


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    """A fresh cache folder."""
    folder = tmp_path / "cache"
    folder.mkdir()
    return folder


@pytest.fixture(scope="session")
def clothing_photos() -> Path:
    """Real photographs of garments by class folder under train/, validation/ and test/."""
    named = os.environ.get("OUTFITBENCH_PHOTOS")
    folder = Path(named) if named else REPOSITORY.parent / "shared" / "data" / "clothing-photos"
    if not (folder / "train").is_dir():
        pytest.skip(f"no photographs at {folder}; name their folder in OUTFITBENCH_PHOTOS")
    return folder


@pytest.fixture(scope="module")
def one_cluster(in_the_small_world: None) -> Iterator[Any]:
    """A Ray cluster of a head and two nodes of a core each; by `client` it is had through its head."""
    port = free_port()
    with cluster_of(2, ray_client_server_port=port) as cluster:
        cluster.client = f"ray://127.0.0.1:{port}"
        yield cluster


@pytest.fixture
def cluster(one_cluster: Any) -> Any:
    """With two nodes, whatever the test before did to them."""
    while len(one_cluster.worker_nodes) < 2:
        one_cluster.add_node(**of_a_node(1))
    return one_cluster


@pytest.fixture
def own_registry() -> Iterator[None]:
    """What a test registers, whatever its kind, is taken back."""
    from outfitbench.core.registry import all_registries

    for registry in all_registries():
        registry.load()
    before = [(registry, dict(registry._entries)) for registry in all_registries()]
    yield
    for registry, entries in before:
        registry._entries.clear()
        registry._entries.update(entries)
