"""The front door: exit statuses, one-line messages, and where things are printed."""

from __future__ import annotations

import errno
import importlib.util
import json
import os
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest
from outfitbench.bench.errors import EngineError
from outfitbench.cli.list import List
from outfitbench.cli.main import main, parse
from outfitbench.core.errors import Fault, InputError
from outfitbench.models.errors import ModelError
from outfitbench.training.errors import TrainingError


@pytest.fixture
def failing(monkeypatch):
    """Makes `outfitbench list` raise what it is given."""

    def install(error: BaseException) -> None:
        def fail(self, session):
            raise error

        monkeypatch.setattr(List, "run", fail)

    return install


@pytest.mark.parametrize(
    "arguments",
    [
        ["--json", "--quiet", "--cache", "c", "--plugin", "a.py", "--plugin", "b.py", "list", "suites"],
        ["list", "suites", "--json", "--quiet", "--cache", "c", "--plugin", "a.py", "--plugin", "b.py"],
        ["--plugin=a.py", "--plugin", "b.py", "--json", "list", "--quiet", "suites", "--cache=c"],
    ],
)
def test_shared_options_stand_before_or_after_the_subcommand(arguments):
    session = parse(arguments).session
    assert [str(path) for path in session.plugin] == ["a.py", "b.py"]
    assert str(session.cache) == "c"
    assert session.json
    assert session.quiet


@pytest.mark.parametrize(
    ("error", "status", "message"),
    [
        (InputError(Fault("list.csv:3", "5 fields", "4")), 2, "list.csv:3: found 5 fields, expected 4"),
        (ModelError("argument name: found 'techer'"), 2, "argument name: found 'techer'"),
        (ModelError("two\nlines"), 2, "two lines"),
        (EngineError("no CUDA device"), 1, "no CUDA device"),
        (TrainingError("loss is not finite"), 1, "loss is not finite"),
        (KeyboardInterrupt(), 130, "interrupted"),
    ],
)
def test_a_known_failure_is_one_line_on_stderr(failing, capsys, error, status, message):
    failing(error)
    assert main(["list", "suites"]) == status
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err == f"outfitbench: {message}\n"


def test_a_bug_keeps_its_traceback(failing):
    failing(ZeroDivisionError("ours"))
    with pytest.raises(ZeroDivisionError):
        main(["list", "suites"])


def test_stdout_is_the_answer_alone(monkeypatch, capsys):
    """What a library prints meanwhile goes to stderr, so that `--json` can be piped."""
    original = List.run

    def chatty(self, session):
        print("a library says hello")
        return original(self, session)

    monkeypatch.setattr(List, "run", chatty)
    assert main(["list", "suites", "--json"]) == 0
    printed = capsys.readouterr()
    assert "demo" in [suite["name"] for suite in json.loads(printed.out)["suites"]]
    assert "a library says hello" in printed.err


@pytest.mark.parametrize(
    ("arguments", "hint"),
    [
        (["--json"], "Expected one of {list, data, run, profile, export, encode, recommend, report, tune}"),
        (
            ["lst", "models"],
            "list, data, run, profile, export, encode, recommend, report, tune; nearest: list",
        ),
        (["--cache", "c", "rnu", "demo"], "nearest: run"),
        (["list", "model"], "invalid choice 'model' for argument 'what'. Expected one of ('models', "),
        (["data", "make", "closet-12", "--rot", "x"], "--rot, x; nearest: --root; see outfitbench --help"),
        (["data", "make", "closet-12", "--engin", "x"], "--engin, x; see outfitbench --help"),
        (["list", "models", "--device", "cpu"], "(applied to outfitbench list); see outfitbench --help"),
        (["report", "runs"], "Missing from outfitbench report: --out PATH; see outfitbench report --help"),
        (["run"], "Missing from outfitbench run: SUITE"),
        (["run", "demo", "--epochs", "few"], "argument --epochs: found 'few', expected a whole number; see "),
        (["run", "demo", "--seeds", "x"], "argument --seeds: found 'x', expected a whole number; see "),
        (["run", "demo", "--seeds", "0", "1"], "several values is repeated: --seeds 0 --seeds 1; see "),
        (["run", "demo", "--out"], "Missing value for argument '--out'"),
    ],
)
def test_a_usage_error_is_status_2_and_one_line_that_names_what_there_is(capsys, arguments, hint):
    with pytest.raises(SystemExit) as stop:
        main(arguments)
    assert stop.value.code == 2
    printed = capsys.readouterr()
    assert printed.out == "" or "--json" in arguments
    assert hint in printed.err
    assert printed.err.startswith("outfitbench: ")
    assert printed.err.count("\n") == 1


@pytest.mark.parametrize(
    "arguments", [["--version"], ["--quiet", "--version"], ["list", "models", "--version"]]
)
def test_version(capsys, arguments):
    assert main(arguments) == 0
    assert capsys.readouterr().out.startswith("outfitbench ")
    assert main([*arguments, "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {"version": version("outfitbench")}


@pytest.mark.parametrize("arguments", [["nonsense", "--version"], ["list", "--modles", "--version"]])
def test_the_version_does_not_excuse_what_is_not_understood(capsys, arguments):
    with pytest.raises(SystemExit) as stop:
        main(arguments)
    assert stop.value.code == 2
    assert capsys.readouterr().out == ""


def test_the_command_answers_a_reader_that_has_gone():
    """`outfitbench … | head -0`: no traceback, no complaint."""
    command = [sys.executable, "-m", "outfitbench.cli", "list", "suites"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.close()
        assert process.stderr is not None
        assert process.stderr.read() == b""
    assert process.returncode == 0


def test_the_bare_command_shows_the_help(capsys):
    with pytest.raises(SystemExit) as stop:
        main([])
    assert not stop.value.code
    bare = capsys.readouterr()
    with pytest.raises(SystemExit):
        main(["--help"])
    assert bare.out == capsys.readouterr().out
    assert "export" in bare.out
    assert bare.err == ""


@pytest.mark.parametrize(
    ("error", "status", "document"),
    [
        (
            InputError(Fault("list.csv:3", "5 \x1b fields", "4", "see there")),
            2,
            {
                "kind": "input",
                "where": "list.csv:3",
                "found": "5 \x1b fields",
                "expected": "4",
                "fix": "see there",
                "message": "list.csv:3: found 5 \\x1b fields, expected 4; see there",
            },
        ),
        (ModelError("no weights"), 2, {"kind": "input", "message": "no weights"}),
        (EngineError("no CUDA"), 1, {"kind": "failed", "message": "no CUDA"}),
        (KeyboardInterrupt(), 130, {"kind": "interrupted", "message": "interrupted"}),
    ],
)
def test_an_error_is_json_for_a_program(failing, capsys, error, status, document):
    failing(error)
    assert main(["list", "suites", "--json"]) == status
    printed = capsys.readouterr()
    assert json.loads(printed.out) == {"error": {"status": status, **document}}
    assert printed.err.count("\n") == 1


def test_a_usage_error_is_json_for_a_program(capsys):
    with pytest.raises(SystemExit) as stop:
        main(["list", "modles", "--json"])
    assert stop.value.code == 2
    error = json.loads(capsys.readouterr().out)["error"]
    assert (error["kind"], error["status"]) == ("usage", 2)
    assert "modles" in error["message"]


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EROFS, errno.EACCES])
def test_a_folder_that_fills_up_half_way_is_one_line(failing, capsys, code):
    failing(OSError(code, os.strerror(code), "runs/x\x1b"))
    assert main(["list", "suites"]) == 2
    assert capsys.readouterr().err.startswith("outfitbench: runs/x\\x1b: found ")


def test_a_full_disk_is_one_line_also_where_the_system_names_no_file(failing, capsys):
    failing(OSError(errno.ENOSPC, "No space left on device"))
    assert main(["list", "suites"]) == 2
    assert capsys.readouterr().err.startswith("outfitbench: the disk: found no space left on device")


def test_other_errors_of_the_system_are_bugs(failing):
    failing(OSError(errno.ENOENT, "gone", "file"))
    with pytest.raises(FileNotFoundError):
        main(["list", "suites"])


def test_completion_is_written_for_the_shell(capsys):
    with pytest.raises(SystemExit) as stop:
        main(["--tyro-print-completion", "bash"])
    assert not stop.value.code
    script = capsys.readouterr().out
    assert "outfitbench" in script
    assert "profile" in script
    assert subprocess.run(["bash", "-n"], input=script, text=True).returncode == 0


def test_the_help_imports_nothing_heavy():
    """What takes a tenth of a second or more to import is imported when it is used."""
    code = "import sys, outfitbench.cli.main; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    heavy = {"torch", "numpy", "pydantic", "tabulate", "matplotlib", "onnxruntime"}
    assert not heavy & set(done.stdout.split())


def load_openmp() -> str:
    """What loads the OpenMP that torch brings, without the seconds that torch takes; else all of torch."""
    (torch,) = importlib.util.find_spec("torch").submodule_search_locations
    found = [*Path(torch).glob("lib/libgomp*"), *Path(torch).parent.glob("torch.libs/libgomp*")]
    return f"import ctypes; ctypes.CDLL({str(found[0])!r})" if found else "import torch"


@pytest.mark.parametrize(("asked", "expected"), [(None, "PASSIVE"), ("ACTIVE", "ACTIVE")])
def test_torchs_threads_sleep_while_they_wait_unless_the_user_says_otherwise(asked, expected):
    """OpenMP's own word for what it goes by, which it gives when torch, or its OpenMP alone, is loaded."""
    environment = {name: value for name, value in os.environ.items() if name != "OMP_WAIT_POLICY"}
    environment |= {"OMP_DISPLAY_ENV": "TRUE"} | ({} if asked is None else {"OMP_WAIT_POLICY": asked})
    code = f"from outfitbench.cli.main import main; main(['--version']); {load_openmp()}"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=environment)
    assert done.returncode == 0, done.stderr
    policies = [line for line in done.stderr.splitlines() if "OMP_WAIT_POLICY" in line]
    if not policies:
        pytest.skip("this torch's OpenMP does not tell")
    assert all(f"'{expected}'" in line for line in policies), policies


@pytest.mark.parametrize(("asked", "expected"), [(None, "PCI_BUS_ID"), ("FASTEST_FIRST", "FASTEST_FIRST")])
def test_cuda_numbers_its_devices_as_nvml_does_unless_the_user_says_otherwise(asked, expected):
    environment = {name: value for name, value in os.environ.items() if name != "CUDA_DEVICE_ORDER"}
    environment |= {} if asked is None else {"CUDA_DEVICE_ORDER": asked}
    code = (
        "import os; from outfitbench.cli.main import main; main(['--version']); "
        "print(os.environ['CUDA_DEVICE_ORDER'])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=environment)
    assert done.stdout.splitlines()[-1] == expected


@pytest.mark.parametrize("columns", ["1", "7"])
def test_help_for_a_terminal_without_room_is_that_for_a_narrow_one(monkeypatch, capsys, columns):
    said = []
    for width in ("40", columns):
        monkeypatch.setenv("COLUMNS", width)
        with pytest.raises(SystemExit) as leaving:
            main(["list", "--help"])
        assert not leaving.value.code
        assert os.environ["COLUMNS"] == width
        said.append(capsys.readouterr().out)
    assert said[0] == said[1]
    assert "--json" in said[0]
