from __future__ import annotations

import os
import platform
import resource
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest
import torch
from outfitbench.bench import EngineError, Subject
from outfitbench.bench.engines.torch_engine import TorchEngine
from outfitbench.bench.memory import peak_resident
from outfitbench.bench.worker import _line_of
from outfitbench.bench.worker_process import WorkerProcess, _environment

from .instrument import ALLOCATION, AN_ITEM, SLEEP

HERE = Path(__file__).parent

FOR_ALL = {"device": "cpu", "threads": 1, "outfit_size": 3, "warm_seconds": 0.1, "turn_seconds": 60.0}
SUBJECT = Subject(model="none", num_users=3, input_size=16).to_json()


def turn(worker: WorkerProcess, workload: str, **effort: object) -> dict:
    return worker.ask("turn", workload=workload, effort=effort, folder=None)


@pytest.fixture
def instrument(instruments):
    with WorkerProcess("instrument:Instrument") as worker:
        yield worker


def test_a_known_sleep_and_a_known_allocation_are_found(instrument):
    instrument.ask("load", subject=SUBJECT, **FOR_ALL)
    start = turn(instrument, "start")["samples"]
    assert start["first_call"][0] >= SLEEP
    assert "compile" not in start
    assert start["peak_memory"] == [pytest.approx(ALLOCATION, rel=0.05)]
    latency = turn(instrument, "request", samples=20)["samples"]["latency"]
    assert len(latency) == 20
    assert min(latency) >= SLEEP
    assert sorted(latency)[5] < 1.2 * SLEEP


def test_a_batch_that_a_process_starts_with_is_found_beside_its_first_answer(instruments):
    with WorkerProcess("instrument:Growing") as worker:
        worker.ask("load", subject=SUBJECT, first_batch=32, **FOR_ALL)
        start = turn(worker, "start")["samples"]
        of_a_batch = turn(worker, "batch-memory", batch=32)["samples"]
    assert start["peak_memory"] == [pytest.approx(ALLOCATION + 3 * AN_ITEM, rel=0.05)]
    assert "batch_memory" not in start
    assert of_a_batch == {"batch_memory": [pytest.approx(ALLOCATION + 3 * 32 * AN_ITEM, rel=0.05)]}


def test_a_big_parent_does_not_show_in_a_workers_peak(instruments):
    ballast = torch.ones(400 << 20, dtype=torch.uint8)
    with WorkerProcess("instrument:Instrument") as worker:
        worker.ask("load", subject=SUBJECT, **FOR_ALL)
        assert turn(worker, "start")["samples"]["peak_memory"] == [pytest.approx(ALLOCATION, rel=0.05)]
    assert peak_resident() > len(ballast)


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="it is glibc that gives memory back")
def test_what_an_engine_frees_it_keeps_for_its_next_answer(instruments, monkeypatch):
    """Each answer would fault 256 MiB in, page by page; the system counts such faults."""
    monkeypatch.setenv("MALLOC_TRIM_THRESHOLD_", f"{2**20}")  # the caller's own, which changes no measurement
    with WorkerProcess("instrument:Freeing") as worker:
        worker.ask("load", subject=SUBJECT, **FOR_ALL)
        before = faults_of(worker)
        turn(worker, "request", samples=5)
        assert faults_of(worker) - before < ALLOCATION / resource.getpagesize()


def faults_of(worker: WorkerProcess) -> int:
    fields = Path(f"/proc/{worker._process.pid}/stat").read_text().rpartition(")")[2].split()
    return int(fields[7])


@pytest.mark.skipif(sys.platform != "linux", reason="Linux keeps processes to cores")
def test_every_thread_of_a_worker_is_kept_to_the_cores_it_is_given(instruments):
    last = max(os.sched_getaffinity(0))
    with WorkerProcess("instrument:Instrument", cores=[last]) as worker:
        worker.ask("load", subject=SUBJECT, **FOR_ALL)
        (process,) = (
            child for child in psutil.Process().children() if "outfitbench.bench.worker" in child.cmdline()
        )
        kept = [os.sched_getaffinity(thread.id) for thread in process.threads()]
    assert len(kept) > 1
    assert all(cores == {last} for cores in kept)


def test_a_shape_is_warmed_once_and_says_whether_it_settled(instrument):
    instrument.ask("load", subject=SUBJECT, **FOR_ALL)
    first = turn(instrument, "request", samples=1)
    assert first["flags"]["latency"] in ([], ["not settled"])
    again = turn(instrument, "request", samples=3)
    assert again["flags"] == first["flags"]
    assert len(again["samples"]["latency"]) == 3


@pytest.mark.parametrize("engine", ["nonsense", "torchh"])
def test_an_unknown_engine_is_refused(engine):
    with (
        WorkerProcess(engine) as worker,
        pytest.raises(EngineError, match=f"argument engine: found '{engine}'"),
    ):
        worker.wait_until_imported()


def test_a_worker_that_dies_leaves_its_last_words(instruments, capfd):
    with (
        WorkerProcess("instrument:Fragile") as worker,
        pytest.raises(EngineError, match=r"instrument:Fragile: .* status 7 \(out of luck\)"),
    ):
        worker.ask("load", subject=SUBJECT, **FOR_ALL)
    assert capfd.readouterr() == ("", "")


def test_an_engine_that_cannot_be_imported_says_why(capfd):
    with (
        WorkerProcess("no_such_module:Engine") as worker,
        pytest.raises(
            EngineError, match=r"status 1 \(ModuleNotFoundError: No module named 'no_such_module'\)"
        ),
    ):
        worker.wait_until_imported()
    assert capfd.readouterr() == ("", "")


@pytest.mark.skipif(torch.cuda.is_available(), reason="CUDA is here")
def test_a_missing_provider_is_refused_in_one_line_and_in_silence(tiny_export, capfd):
    subject = Subject(model="tiny", num_users=5, input_size=16, export=tiny_export.folder)
    line = (
        "^engine onnxruntime: found a session on CPUExecutionProvider, expected CUDAExecutionProvider[^\n]*$"
    )
    with WorkerProcess("onnxruntime") as worker, pytest.raises(EngineError, match=line):
        worker.ask("load", subject=subject.to_json(), **FOR_ALL | {"device": "cuda"})
    assert capfd.readouterr() == ("", "")


@pytest.mark.skipif(torch.cuda.is_available(), reason="CUDA is here")
def test_torch_refuses_a_missing_device(plugin):
    subject = Subject(model="tiny", num_users=5, input_size=16, plugins=(plugin,))
    with pytest.raises(EngineError, match=r"^engine torch: found no CUDA device"):
        TorchEngine(subject, "cuda", 1).load()


def test_a_worker_imports_nothing_from_the_current_folder(instruments, tmp_path, monkeypatch):
    for name in ("statistics.py", "outfitbench/__init__.py", "outfitbench/bench/__init__.py"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("raise SystemExit('a stranger was imported')\n")
    monkeypatch.chdir(tmp_path)
    # An empty entry means the current folder, too.
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(["", str(HERE), ""]))
    with WorkerProcess("instrument:Instrument") as worker:
        assert worker.wait_until_imported() == {"needs_export": False}


PARENT = """
import sys
from outfitbench.core.scratch import scratch_folder
from outfitbench.bench.worker_process import WorkerProcess, _environment
with scratch_folder() as folder, WorkerProcess("instrument:Instrument") as worker:
    worker.ask("load", **{request})
    print(worker._process.pid, folder, flush=True)
    worker.ask("turn", workload="request", effort={"samples": 10_000}, folder=None)
"""


def test_a_worker_ends_at_once_with_a_parent_that_is_killed_and_its_scratch_is_swept(
    instruments, tmp_path, monkeypatch
):
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    program = PARENT.replace("{request}", repr({"subject": SUBJECT, **FOR_ALL}))
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True) as parent:
        pid, _ = parent.stdout.readline().split()
        worker = psutil.Process(int(pid))
        time.sleep(0.5)  # it is at work on its ten thousand samples
        assert worker.is_running()
        parent.send_signal(signal.SIGKILL)
    psutil.wait_procs([worker], timeout=5)
    assert not worker.is_running() or worker.status() == psutil.STATUS_ZOMBIE
    deadline = time.monotonic() + 10
    while list(tmp_path.iterdir()) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert list(tmp_path.iterdir()) == []


def test_a_worker_that_does_not_answer_is_ended_and_says_so(instruments):
    with WorkerProcess("instrument:Hanging", limit_seconds=30) as worker:
        worker.wait_until_imported()
        worker._limit_seconds = 0.5
        with pytest.raises(EngineError, match=r"^engine instrument:Hanging: found no answer after 0.5 s"):
            worker.ask("load", subject=SUBJECT, **FOR_ALL)
        assert worker._process.wait(timeout=10) == -signal.SIGKILL


@pytest.mark.parametrize("label", ["lives", "dies", "hangs"])
def test_what_an_engine_forks_keeps_nobody_waiting_and_ends_with_the_worker(
    instruments, tmp_path, monkeypatch, label
):
    """Neither the reader of the worker's replies, nor who forks while another thread reads its requests."""
    log = tmp_path / "log"
    monkeypatch.setenv("INSTRUMENT_LOG", str(log))
    with WorkerProcess("instrument:Forking", limit_seconds=60) as worker:
        subject = {**SUBJECT, "label": label}
        if label == "dies":
            with pytest.raises(EngineError, match=r"found its worker ended with status 7"):
                worker.ask("load", subject=subject, **FOR_ALL)
        elif label == "hangs":
            worker.wait_until_imported()
            worker._send("load", subject=subject, **FOR_ALL)
            while not log.exists() or not log.read_text():
                time.sleep(0.01)
            worker._limit_seconds = 0.1
            with pytest.raises(EngineError, match=r"found no answer after 0.1 s"):
                worker._receive()
        else:
            worker.ask("load", subject=subject, **FOR_ALL)
        fork = psutil.Process(int(log.read_text().splitlines()[0]))
    psutil.wait_procs([fork], timeout=5)
    assert not fork.is_running() or fork.status() == psutil.STATUS_ZOMBIE


def test_what_a_worker_compiles_is_kept_apart_from_what_others_did(tmp_path):
    """So that it always compiles anew, and nothing is left where PyTorch keeps it for all."""
    one, other = (Path(_environment(tmp_path)["TORCHINDUCTOR_CACHE_DIR"]) for _ in range(2))
    assert one != other
    assert one.parent == other.parent == tmp_path


DEAF_PARENT = """
from outfitbench.bench.worker_process import WorkerProcess, _environment
with WorkerProcess("instrument:Deaf") as worker:
    print(worker._process.pid, flush=True)
    worker.ask("load", **{request})
"""


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel of Linux alone does that")
def test_a_worker_ends_at_once_also_where_python_cannot_look_at_its_input(instruments, tmp_path, monkeypatch):
    """The engine holds Python's lock, as a library's call may for minutes."""
    log = tmp_path / "log"
    monkeypatch.setenv("INSTRUMENT_LOG", str(log))
    program = DEAF_PARENT.replace("{request}", repr({"subject": SUBJECT, **FOR_ALL}))
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True) as parent:
        worker = psutil.Process(int(parent.stdout.readline()))
        while not log.exists():
            time.sleep(0.05)
        parent.send_signal(signal.SIGKILL)
        psutil.wait_procs([worker], timeout=5)
        assert not worker.is_running() or worker.status() == psutil.STATUS_ZOMBIE


COMPLAINT = "a.cpp:1:10: fatal error: Python.h: gone"


class WrappedError(RuntimeError):
    """As torch.compile wraps what its backend raises."""

    def __init__(self, inner):
        super().__init__(f"backend='inductor' raised:\n{inner}\n\nSet TORCHDYNAMO_VERBOSE=1 for more")
        self.inner_exception = inner


@pytest.mark.parametrize(
    ("error", "line"),
    [
        (ValueError("one\ntwo"), "ValueError: one"),
        (ValueError(""), "ValueError: "),
        (
            subprocess.CalledProcessError(1, "g++", stderr=COMPLAINT.encode()),
            f"CalledProcessError: {COMPLAINT}",
        ),
        (
            WrappedError(OSError(f"C++ compile error\n\nCommand:\ng++ a.cpp\n\nOutput:\n{COMPLAINT}")),
            f"OSError: {COMPLAINT}",
        ),
        (
            WrappedError(OSError("No working C++ compiler found in cpp.cxx: (None, 'c++')")),
            "OSError: No working C++ compiler found in cpp.cxx: (None, 'c++')",
        ),
    ],
)
def test_the_line_of_the_error_itself_is_told(error, line):
    assert _line_of(error) == line


@pytest.mark.slow  # inductor takes ten seconds to get there; the line itself is told above
def test_a_broken_compiler_is_told_by_its_own_line(plugin, tmp_path, monkeypatch):
    compiler = tmp_path / "my-c++"
    compiler.write_text(
        "#!/bin/sh\n"
        "case \"$*\" in *--version*) echo 'g++ 12.2.0'; exit 0;; esac\n"
        "echo 'x.cpp:1:10: fatal error: Python.h: No such file or directory' >&2; exit 1\n"
    )
    compiler.chmod(0o755)
    monkeypatch.setenv("CXX", str(compiler))
    monkeypatch.setenv("TORCHINDUCTOR_CACHE_DIR", str(tmp_path / "inductor"))
    subject = Subject(model="tiny", num_users=5, input_size=16, plugins=(plugin,))
    with WorkerProcess("torch-compile") as worker, pytest.raises(EngineError) as raised:
        worker.ask("load", subject=subject.to_json(), **FOR_ALL)
    assert "fatal error: Python.h: No such file or directory" in str(raised.value)
    assert "\n" not in str(raised.value)
    assert "Traceback (most recent call last)" in raised.value.output


@pytest.mark.parametrize(
    ("programs", "chosen", "found"),
    [
        (["my-c++"], "my-c++", "my-c++"),
        (["clang++"], None, "clang++"),
        (["g++", "clang++"], None, "g++"),
        (["g++"], "my-c++", None),
        ([], None, None),
    ],
)
def test_the_compiler_is_the_one_of_cxx_or_the_first_on_the_path(
    tmp_path, monkeypatch, programs, chosen, found
):
    from outfitbench.bench.engines.torch_compile import _compiler

    for name in programs:
        (tmp_path / name).write_text("#!/bin/sh\n")
        (tmp_path / name).chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("CXX", raising=False)
    if chosen is not None:
        monkeypatch.setenv("CXX", chosen)
    if found is None:
        with pytest.raises(EngineError, match=chosen or "no C\\+\\+ compiler"):
            _compiler()
    else:
        assert _compiler() == found
