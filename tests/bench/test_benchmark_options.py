"""pytest-benchmark's own options, under the settings of this project, and the bounds of its ratios."""

from __future__ import annotations

import importlib
import importlib.util
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
from outfitbench.cli.main import main
from outfitbench.reports.quantities import quantity

from ..reports.tables import read_tables

REPOSITORY = Path(__file__).resolve().parents[2]


def run(folder, *options, path="test_it.py"):
    settings = ["-c", str(REPOSITORY / "pyproject.toml"), "--rootdir", str(folder)]
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-p",
        "no:cacheprovider",
        *settings,
        path,
        *options,
    ]
    # Where these tests are shared out among processes, that is no matter of the run inside.
    environment = {key: value for key, value in os.environ.items() if not key.startswith("PYTEST_XDIST")}
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)


@pytest.fixture
def benchmark_file(tmp_path):
    (tmp_path / "test_it.py").write_text(
        "def test_it(benchmark):\n    benchmark.pedantic(lambda: 1, rounds=3)\n"
    )
    return tmp_path


def test_comparing_without_a_saved_run_and_with_one_of_another_machine(benchmark_file):
    first = run(benchmark_file, "--benchmark-autosave", "--benchmark-compare")
    assert first.returncode == 0, first.stdout + first.stderr
    assert "1 passed" in first.stdout
    (saved,) = benchmark_file.rglob("0001_*.json")
    content = json.loads(saved.read_text())
    content["machine_info"]["node"] = content["machine_info"]["machine"] = "another"
    saved.write_text(json.dumps(content))
    second = run(benchmark_file, "--benchmark-compare")
    assert second.returncode == 0, second.stdout + second.stderr
    assert "1 passed" in second.stdout


def test_saving_where_everything_is_skipped(tmp_path):
    (tmp_path / "test_it.py").write_text(
        "import pytest\ndef test_it(benchmark):\n    pytest.skip('no photographs')\n"
    )
    done = run(tmp_path, "--benchmark-save=first")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "1 skipped" in done.stdout


def test_comparing_with_a_saved_run_by_number_that_is_not_there(benchmark_file):
    done = run(benchmark_file, "--benchmark-compare=0042")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "1 passed" in done.stdout


def test_workers_of_xdist_run_the_benchmarks_untimed(benchmark_file):
    pytest.importorskip("xdist")
    done = run(benchmark_file, "-n", "1", "-p", "xdist")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "1 passed" in done.stdout


def test_the_bench_environment_fixes_no_option_of_pytest_benchmarks():
    (line,) = [
        line
        for line in (REPOSITORY / "tox.ini").read_text().splitlines()
        if "pytest bench/benchmarks" in line
    ]
    assert "--benchmark" not in line
    assert "{posargs}" in line


@pytest.fixture(scope="module")
def ratios():
    spec = importlib.util.spec_from_file_location("ratios", REPOSITORY / "bench" / "benchmarks" / "ratios.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_a_ratio_past_its_bound_fails_and_nothing_is_timed_when_disabled(ratios, monkeypatch):
    monkeypatch.setattr(ratios, "time_in_turns", lambda calls, rounds: {"costly": [3.0], "base": [2.0]})
    benchmark = SimpleNamespace(name="a step", disabled=False, extra_info={})
    ratios.report_ratio(benchmark, None, None, rounds=1, most=1.5)
    assert benchmark.extra_info["ratio"] == 1.5
    with pytest.raises(
        AssertionError, match=r"a step takes 1\.500 times the bare work, expected at most 1\.2"
    ):
        ratios.report_ratio(benchmark, None, None, rounds=1, most=1.2)
    benchmark.disabled = True
    ratios.report_ratio(benchmark, None, None, rounds=1, most=1.2)


FILES = sorted(path.stem for path in (REPOSITORY / "bench" / "benchmarks").glob("test_*.py"))


@pytest.mark.parametrize("name", FILES)
def test_a_benchmark_can_be_imported_and_has_what_to_run(monkeypatch, name):
    monkeypatch.syspath_prepend(REPOSITORY / "bench")
    module = importlib.import_module(f"benchmarks.{name}")
    assert any(member.startswith("test_") for member in vars(module))


def test_percentiles_are_those_of_the_nearest_rank_where_samples_are_enough(ratios):
    seconds = [0.001 * number for number in range(100, 0, -1)]
    found = ratios.percentiles_of(seconds)
    assert found == pytest.approx({"p50": 0.050, "p95": 0.095, "p99": 0.099})
    assert ratios.percentiles_of(seconds[:20]).keys() == {"p50", "p95"}
    assert ratios.percentiles_of(seconds[:5]).keys() == {"p50"}


def test_a_saved_file_holds_percentiles_and_becomes_a_table(tmp_path, capsys):
    suite = tmp_path / "timed"
    suite.mkdir()
    for name in ("__init__.py", "conftest.py", "ratios.py"):
        shutil.copy(REPOSITORY / "bench" / "benchmarks" / name, suite)
    (suite / "test_it.py").write_text(
        "import pytest\n"
        "@pytest.mark.parametrize('model', ['a', 'b'])\n"
        "def test_it(benchmark, model):\n"
        "    benchmark.group = 'one request'\n"
        "    benchmark.extra_info['ratio'] = 1.25\n"
        "    benchmark.pedantic(lambda: 1, rounds=100)\n"
    )
    done = run(tmp_path, "--benchmark-json=saved.json", path="timed")
    assert done.returncode == 0, done.stdout + done.stderr
    file, out = tmp_path / "saved.json", tmp_path / "report"
    saved = json.loads(file.read_text())
    first = saved["benchmarks"][0]["extra_info"]
    assert first["p50"] <= first["p95"] <= first["p99"] <= saved["benchmarks"][0]["stats"]["max"]
    assert main(["report", str(file), "--out", str(out)]) == 0
    assert [path.name for path in out.iterdir()] == ["benchmarks.md"]
    page = (out / "benchmarks.md").read_text()
    (table,) = read_tables(page)
    assert [row["model"] for row in table] == ["a", "b"]
    assert {row["n"] for row in table} == {"100"}
    assert {row["Ratio"] for row in table} == {"1.25"}
    assert table[0]["Median"] == quantity(saved["benchmarks"][0]["stats"]["median"], "s")
    assert table[0]["p99"] == quantity(first["p99"], "s")
    assert "### one request" in page
    folder = tmp_path / "several"
    folder.mkdir()
    shutil.copy(file, folder / "0001_first.json")
    assert main(["report", str(folder), "--out", str(out)]) == 0
    assert (out / "benchmarks.md").read_text() == page
    capsys.readouterr()
    assert main(["report", str(folder), "--out", str(out), "--budget", "latency=1ms"]) == 2
    assert (
        "argument --budget: found benchmarks alone, expected the records of a run" in capsys.readouterr().err
    )
    saved["benchmarks"][0]["stats"]["median"] = "soon"
    file.write_text(json.dumps(saved))
    assert main(["report", str(file), "--out", str(out)]) == 2
    assert "saved.json: benchmarks.0.stats.median: found Input should be" in capsys.readouterr().err
