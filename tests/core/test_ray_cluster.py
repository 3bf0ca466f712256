"""A cluster whose object store and the disk behind it are full. Needs the extra `ray`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from outfitbench.core.errors import InputError
from outfitbench.core.ray_cluster import Needs, RayCluster, cluster_for

from ..ray_cluster import cluster_of

pytestmark = [pytest.mark.ray, pytest.mark.filterwarnings("ignore")]  # Ray's warnings are not ours

MORE_THAN_IT_HOLDS = 200 << 20


@pytest.fixture
def full() -> Iterator[RayCluster]:
    """Stores of 80 MiB, and no room on the disk for what they cannot hold."""
    with (
        cluster_of(1, _system_config={"local_fs_capacity_threshold": 0.0}),
        cluster_for("ray", "cpu") as cluster,
    ):
        assert cluster is not None
        yield cluster


def much(size: int) -> bytes:
    return bytes(size)


def test_what_finds_no_room_is_named_on_both_sides(full: RayCluster, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(InputError) as raised:
        full.put(much(MORE_THAN_IT_HOLDS), "the weights of Teacher")
    said = str(raised.value)
    assert said.startswith("Ray's object store: found ")
    assert said.endswith("expected room for the weights of Teacher; give Ray more, by --object-store-memory")

    def enter(expected: str, function: str, *given: Any) -> tuple[str, None, Any]:
        return "a node", None, bytes(given[0])

    monkeypatch.setattr(full, "_enter", full.ray.remote(enter))
    task = full.begin(much, MORE_THAN_IT_HOLDS, name="much", needs=Needs(1))
    assert full.ended([task], 60.0) == [task]
    with pytest.raises(InputError) as raised:
        full.result(task)
    said = str(raised.value)
    assert said.startswith("Ray's object store: found Local disk is full (ray::much() (pid=")
    assert said.endswith("expected room for what a task gave there; give Ray more, by --object-store-memory")
