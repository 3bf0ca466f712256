"""Trials on a Ray cluster of two nodes on loopback: the records of a quiet run, whoever is killed."""

from __future__ import annotations

import os
import random
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from outfitbench.core.errors import InputError
from outfitbench.core.plugins import load_plugin
from outfitbench.core.ray_cluster import Needs
from outfitbench.datasets import load_dataset
from outfitbench.suites import run_suite
from outfitbench.suites.errand import Errand
from outfitbench.suites.executors import create_executor
from outfitbench.suites.executors.on_ray import machine_needs
from outfitbench.suites.plan import plan_trials
from outfitbench.suites.record_files import load_records
from outfitbench.suites.suite_file import Suite, load_suite

from ...ray_cluster import cluster_of, of_a_node, wait_for
from .dying import DIES, HELD_UP

NO_PACKAGE = """
import importlib.metadata as metadata
found = metadata.version

def version(name):
    if name == "outfitbench":
        raise metadata.PackageNotFoundError(name)
    return found(name)

metadata.version = version
"""

FULL_DISK = """
import errno, os

def fsync(file):
    raise OSError(errno.ENOSPC, "No space left on device")

os.fsync = fsync
"""

on_a_cluster = [pytest.mark.ray, pytest.mark.filterwarnings("ignore")]  # Ray's warnings are not ours


def outcomes(out: Path) -> dict[str, dict]:
    """The records of fits and evaluations, without times and machine; none is there twice."""
    found = {}
    for record in load_records([out]):
        if record.kind in ("fit", "quality", "scorer"):
            told = record.model_dump(mode="json")
            for part in (told, told.get("fit", {})):
                part.pop("seconds", None), part.pop("machine", None)
            assert record.trial not in found
            found[record.trial] = told
    return found


@pytest.mark.ray
@pytest.mark.filterwarnings("ignore")
def test_a_node_dies_and_the_records_are_those_of_a_quiet_run(
    cluster: Any,
    smoke: Suite,
    finished: Path,
    fits_alone: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Both nodes are at a trial when one dies; the other one runs both."""
    out, started, plugin = fits_alone, tmp_path / "started", tmp_path / "held_up.py"
    plugin.write_text(HELD_UP.format(started=str(started)))
    started.mkdir()
    load_plugin(plugin)
    node = next(iter(cluster.worker_nodes))

    def kill() -> None:
        (raylet,) = node.all_processes["raylet"]
        try:
            wait_for((started / str(raylet.process.pid)).exists, 600)
            cluster.remove_node(node, allow_graceful=False)
        finally:
            (started / "go").touch()

    killer = threading.Thread(target=kill)
    killer.start()
    suite = smoke.model_copy(update={"scorers": ["held-up", "held-up-too"]})
    outcome = run_suite(suite, out, device="cpu", on="ray", plugins=[plugin])
    killer.join()
    assert not outcome.failed
    assert node not in cluster.worker_nodes
    found = outcomes(out)
    assert len(found) == len(outcomes(finished)) + 2
    assert {**found, **outcomes(finished)} == found
    assert f"[{socket.gethostname()} " in capsys.readouterr().out, "every line says where"
    assert not list(out.rglob("*claim*")), "nothing is left behind"


@pytest.mark.ray
@pytest.mark.filterwarnings("ignore")
def test_a_trial_that_kills_its_process_is_given_up_and_the_others_stand(
    cluster: Any,
    smoke: Suite,
    finished: Path,
    fits_alone: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    out, died, plugin = fits_alone, tmp_path / "died", tmp_path / "dies.py"
    plugin.write_text(DIES.format(died=str(died)))
    load_plugin(plugin)
    outcome = run_suite(
        smoke.model_copy(update={"scorers": ["dies"]}), out, device="cpu", on="ray", plugins=[plugin]
    )
    ((label, message),) = outcome.failed.items()
    assert label.startswith("dies")
    assert message.endswith("(it was lost 4 times)")
    assert died.read_text().count("died") == 4
    assert outcomes(out) == outcomes(finished)
    assert "lost, begun again: dies" in capsys.readouterr().out


@pytest.mark.ray
@pytest.mark.filterwarnings("ignore")
def test_the_device_is_what_the_machines_have_whatever_the_caller_has(smoke: Suite, tmp_path: Path) -> None:
    """Ray hands out what it is told that there is: one of two nodes has a GPU."""
    with cluster_of(1) as cluster:
        cluster.add_node(**of_a_node(1), num_gpus=1)
        executor = create_executor("ray", Errand(smoke, tmp_path, "auto"))
        try:
            trials = plan_trials(smoke, [load_dataset("closet-12")])
            fit, ranking = (
                next(each for each in trials if each.kind == kind) for kind in ("fit", "evaluation")
            )
            assert [executor._needs(each).gpus for each in (fit, ranking)] == [1.0, 0.25]
            assert executor.share(fit) == 1.0, "there is no other GPU"
            assert executor.share(ranking) == 0.5, "a quarter of it, and one of two cores"
        finally:
            executor.close()


def test_a_fit_sets_aside_what_its_recipe_and_its_network_take(
    in_the_small_world: None, tmp_path: Path
) -> None:
    """Memory and GPUs for each of its devices; an evaluation takes a quarter of a GPU."""
    path = tmp_path / "suite.toml"
    path.write_text(
        'title = "Two devices"\ndatasets = ["closet-12"]\nmethods = ["teacher", "n-pair-xs"]\n'
        "[every_method]\nfreeze = true\n[method.teacher.recipe]\ndevices = 2\n"
    )
    trials = plan_trials(load_suite(path), [load_dataset("closet-12")])
    fits = {trial.method.name: trial for trial in trials if trial.kind == "fit"}
    teacher, small = (machine_needs(fits[name], "cuda") for name in ("Teacher", "N-pair XS"))
    assert (teacher.gpus, small.gpus) == (2, 0.25)
    assert teacher.memory > 2 * (small.memory + 16 * 50_000_000)
    (evaluation, *_) = (trial for trial in trials if trial.kind == "evaluation")
    assert machine_needs(evaluation, "cuda").gpus == 0.25
    assert machine_needs(evaluation, "cpu", share=3) == Needs(3, 0.0, 1 << 30)
    assert machine_needs(fits["Teacher"], "cpu", share=1).cores == 2


class TestOnACluster:
    pytestmark = on_a_cluster

    def test_it_leaves_the_records_of_a_local_run(
        self,
        cluster: object,
        smoke: Suite,
        finished: Path,
        tmp_path: Path,
        capsys: pytest.CaptureFixture[str],
    ) -> None:
        assert not run_suite(smoke, tmp_path, device="cpu", on="ray").failed
        assert outcomes(tmp_path) == outcomes(finished)
        told = capsys.readouterr().out
        assert f"[{socket.gethostname()} " in told
        assert "epoch 1/1: loss" in told
        assert not list(tmp_path.rglob("*claim*"))

    def test_without_a_common_folder_files_travel(
        self, cluster: object, smoke: Suite, finished: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The machines look for another folder than the caller's."""
        monkeypatch.setattr("outfitbench.suites.executors.on_ray.identify", lambda out: "another")
        assert not run_suite(smoke, tmp_path, device="cpu", on="ray").failed
        assert outcomes(tmp_path) == outcomes(finished)

    def test_by_the_address_of_its_head(
        self, cluster: Any, smoke: Suite, finished: Path, tmp_path: Path
    ) -> None:
        assert not run_suite(smoke, tmp_path, device="cpu", on=cluster.client).failed
        assert outcomes(tmp_path) == outcomes(finished)

    def test_what_is_no_cluster_is_refused_in_time(
        self, cluster: object, smoke: Suite, tmp_path: Path
    ) -> None:
        with socket.create_server(("127.0.0.1", 0)) as silent:
            address = f"ray://127.0.0.1:{silent.getsockname()[1]}"
            started = time.monotonic()  # the packages are imported by now
            with pytest.raises(InputError, match=f"found {address}, where something else answers, expected"):
                create_executor(address, Errand(smoke, tmp_path, "cpu"))
            assert time.monotonic() - started < 10

    def test_another_port_of_a_head_is_refused_in_time(self, smoke: Suite, tmp_path: Path) -> None:
        """Its store of addresses answers there (6379), which Ray itself asks again and again for 30 s."""
        grpc = pytest.importorskip("grpc")
        store = grpc.server(ThreadPoolExecutor(1))
        address = f"ray://127.0.0.1:{store.add_insecure_port('127.0.0.1:0')}"
        store.start()
        try:
            started = time.monotonic()
            with pytest.raises(InputError, match=f"found {address}, where something else .* port is 10001"):
                create_executor(address, Errand(smoke, tmp_path, "cpu"))
            assert time.monotonic() - started < 10
        finally:
            store.stop(None)

    def test_a_head_of_another_version_is_refused_in_one_line(self) -> None:
        from outfitbench.core.ray_address import _unusable
        from ray._private.utils import check_version_info

        head = {"ray_version": "1.0.0", "python_version": "3.6.1"}
        with pytest.raises(RuntimeError) as caught:
            check_version_info(head, "Ray Client")
        told = str(_unusable("argument --on", "ray://head:10001", caught.value))
        found = "found ray://head:10001, a cluster of Ray: 1.0.0 and Python: 3.6.1, expected one of Ray: "
        assert told.startswith(f"argument --on: {found}")
        assert told.endswith("install the same versions on both")
        assert "\n" not in told

    @pytest.mark.parametrize(
        ("hindered", "message"),
        [
            (NO_PACKAGE, "outfitbench: found none, expected version .*, the caller's; install the same"),
            (FULL_DISK, "found a full disk, expected room to write it"),
            ("", "dataset closet-12: found data .*, expected .*, the caller's; give every machine the same"),
        ],
        ids=["no-package", "full-disk", "other-data"],
    )
    def test_a_machine_that_is_not_as_the_callers_is_named(
        self, smoke: Suite, fits_alone: Path, tmp_path: Path, hindered: str, message: str
    ) -> None:
        site = tmp_path / "site"
        site.mkdir()
        (site / "sitecustomize.py").write_text(hindered)
        there = {"PYTHONPATH": str(site)} if hindered else {"OUTFITBENCH_CACHE": str(tmp_path / "cache")}
        with cluster_of(0) as alone:
            alone.add_node(**of_a_node(1), env_vars=there)
            failed = run_suite(smoke, fits_alone, device="cpu", on="ray").failed
        assert len(failed) == 2
        for told in failed.values():
            assert re.search(message, told)
            assert told.endswith(f" (on {socket.gethostname()})")
            assert "\n" not in told


DRIVER = """
import sys
from pathlib import Path
from outfitbench.suites import load_suite, run_suite
from outfitbench.suites.executors import on_ray

if sys.argv[3] == "apart":  # the machines look for another folder than the caller's
    identify = on_ray.identify
    on_ray.identify = lambda out: f"not {identify(out)}"
suite = load_suite(sys.argv[1], epochs=1).model_copy(update={"cost": None})
sys.exit(bool(run_suite(suite, Path(sys.argv[2]), device="cpu", on="ray").failed))
"""


NO_TRIAL = "Agent", "IDLE"
"""How names of processes end that the node would end with, or that have nothing to do."""


def kill_driver(cluster: Any, driver: subprocess.Popen[bytes], draw: random.Random) -> None:
    driver.send_signal(signal.SIGKILL)


def kill_node(cluster: Any, driver: object, draw: random.Random) -> None:
    cluster.remove_node(draw.choice(sorted(cluster.worker_nodes, key=id)), allow_graceful=False)
    cluster.add_node(**of_a_node(1))


def kill_worker(cluster: Any, driver: object, draw: random.Random) -> None:
    """A process at a trial of one of our nodes; the next one, if there is none just now."""
    import psutil

    workers: list[psutil.Process] = []

    def found() -> bool:
        workers[:] = [
            process
            for node in cluster.worker_nodes
            for raylet in node.all_processes["raylet"]
            for process in psutil.Process(raylet.process.pid).children(recursive=True)
            if process.name().startswith("ray::") and not process.name().endswith(NO_TRIAL)
        ]
        return bool(workers)

    wait_for(found, 60)
    draw.choice(workers).kill()


@pytest.mark.ray
@pytest.mark.filterwarnings("ignore")
@pytest.mark.timeout(900)
@pytest.mark.parametrize("seed", range(20))
def test_whoever_is_killed_the_records_are_those_of_a_quiet_run(
    seed: int, cluster: Any, smoke_file: Path, finished: Path, tmp_path: Path
) -> None:
    draw = random.Random(seed)
    kill: Callable[..., None] = (kill_node, kill_worker, kill_driver)[seed % 3]
    out = tmp_path / "out"

    def start() -> subprocess.Popen[bytes]:
        given = str(smoke_file), str(out), "apart" if seed % 2 else "together"
        return subprocess.Popen([sys.executable, "-c", DRIVER, *given], env=os.environ)

    driver = start()
    try:
        wait_for((out / ".identity").exists, 300)
        time.sleep(draw.uniform(0, 20))
        assert driver.poll() is None, "it is killed amidst its work"
        kill(cluster, driver, draw)
        if kill is kill_driver:
            driver.wait()
            driver = start()
        assert driver.wait(600) == 0
    finally:
        driver.kill()
        driver.wait()
    assert outcomes(out) == outcomes(finished)
    assert not list(out.rglob("*claim*"))


def test_without_ray_one_is_told_what_to_install(
    smoke: Suite, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(InputError, match=r"found ray without ray, .*; run pip install 'outfitbench\[ray\]'"):
        create_executor("ray", Errand(smoke, tmp_path, "cpu"))


def test_an_address_at_which_nobody_answers(smoke: Suite, tmp_path: Path) -> None:
    errand = Errand(smoke, tmp_path, "cpu")
    for wrong in ("ray://127.0.0.1", "ray://head:http", "ray://head:70000"):
        with pytest.raises(
            InputError, match=f"--on: found {wrong}, expected ray://HOST:PORT; the port is 10001"
        ):
            create_executor(wrong, errand)
    with socket.create_server(("127.0.0.1", 0)) as closed:
        address = f"ray://127.0.0.1:{closed.getsockname()[1]}"
    with pytest.raises(
        InputError, match=f"found {address} .Connection refused., expected the address of a Ray"
    ):
        create_executor(address, errand)
