"""Ray clusters on loopback, for the tests that need one."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as found:
        return found.getsockname()[1]


def of_a_node(cores: int) -> dict[str, Any]:
    """How a node is started."""
    sizes = {"num_cpus": cores, "object_store_memory": 80 << 20, "include_log_monitor": False}
    return {**sizes, "runtime_env_agent_port": free_port()}


def without_waiting(start: Callable[..., None]) -> Callable[..., None]:
    """Start a node whose agent has told already that it has no ports.

    Without Ray's dashboard it tells just that; a node that has not heard it in 15 s ends.
    """

    def start_raylet(node: Any, *given: Any, **named: Any) -> None:
        from ray._raylet import persist_port

        for port in ("metrics_agent_port", "metrics_export_port", "dashboard_agent_listen_port"):
            persist_port(node._session_dir, node._node_id, port, -1)
        start(node, *given, **named)

    return start_raylet


def wait_for(met: Callable[[], bool], seconds: float) -> None:
    until = time.monotonic() + seconds
    while not met():
        assert time.monotonic() < until
        time.sleep(0.2)


@contextmanager
def cluster_of(nodes: int, **head: Any) -> Iterator[Any]:
    """A head, by itself without a core, and so many nodes of one, in this process's environment."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RAY_raylet_start_wait_time_s", "600")  # a busy machine takes long
        patch.setenv("RAY_AUTH_MODE", "disabled")  # or it writes a token into the home of who runs tests
        patch.setenv("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")
        from ray._private.node import Node
        from ray.cluster_utils import Cluster

        patch.setattr(Node, "start_raylet", without_waiting(Node.start_raylet))
        head = {**of_a_node(0), "include_dashboard": False, **head}
        cluster = Cluster(initialize_head=True, head_node_args=head)
        try:
            for _ in range(nodes):
                cluster.add_node(**of_a_node(1))
            patch.setenv("RAY_ADDRESS", cluster.address)
            yield cluster
        finally:
            cluster.shutdown()
