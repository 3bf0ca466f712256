"""What is asked of a Ray cluster that is gone. Needs neither the extra `ray` nor a cluster."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from outfitbench.core.errors import InputError
from outfitbench.core.ray_cluster import Needs, RayCluster


def gone(*given: object, **named: object) -> Any:
    raise ConnectionError("Ray Client is not connected")


@pytest.fixture
def cluster() -> RayCluster:
    """Connected once, and no longer."""
    found = RayCluster.__new__(RayCluster)
    exceptions = SimpleNamespace(RayError=RuntimeError)
    found.ray = SimpleNamespace(nodes=gone, put=gone, wait=gone, get=gone, exceptions=exceptions)
    found._seen, found._machines, found._version = None, [], "0"
    found._enter = SimpleNamespace(options=lambda **_: SimpleNamespace(remote=gone))
    return found


@pytest.mark.parametrize(
    "ask",
    [
        lambda cluster: cluster.cores,
        lambda cluster: cluster.share(Needs(1)),
        lambda cluster: cluster.put(b"", "nothing"),
        lambda cluster: cluster.begin(gone, name="nothing", needs=Needs(1)),
        lambda cluster: cluster.ended([1], 0.0),
        lambda cluster: cluster.result(1),
    ],
)
def test_whatever_is_asked_it_is_one_line(cluster: RayCluster, ask: Any) -> None:
    with pytest.raises(InputError, match=r"the Ray cluster: found .*not connected.*, expected an answer"):
        ask(cluster)
