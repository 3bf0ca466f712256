from __future__ import annotations

import errno
from dataclasses import replace

import psutil
import pytest
from outfitbench.bench import (
    EngineError,
    FailedProfile,
    ParityError,
    Subject,
    profile,
    profile_subjects,
    profiling,
)
from outfitbench.bench.effort import Effort
from outfitbench.bench.engine_profile import joined
from outfitbench.bench.engines import ENGINES, engine_factory
from outfitbench.bench.worker_process import WorkerProcess
from outfitbench.bench.workloads.recommend import Recommend
from outfitbench.core.affinity import chosen_cores
from outfitbench.core.plugins import load_plugin
from outfitbench.datasets import InputError, load_dataset
from outfitbench.suites.records import CostRecord

from .instrument import SLEEP

pytestmark = pytest.mark.usefixtures("in_the_small_world")

LEAST = Effort(
    rounds=2,
    samples=3,
    batch=2,
    batches=1,
    warm_seconds=0.01,
    turn_seconds=1.0,
    recommend_runs=2,
    recommend_candidates=40,
)
TIMED = {
    *("load", "first_call", "latency", "score_latency", "score_outfits_latency", "throughput"),
    *("encode_throughput", "peak_memory"),
}
RECOMMENDED = {"recommend", "recommend_decode", "recommend_encode", "recommend_score"}
COUNTED = {"parameters", "buffers", "flops", "file_size"}


@pytest.fixture(scope="module")
def profiles(plugin, small_closet):
    """The same model in both engines, a profile a workload."""
    dataset = small_closet
    subject = Subject(
        model="tiny", num_users=dataset.num_users, label="Tiny!", input_size=16, plugins=(plugin,)
    )
    return list(profile_subjects([subject], dataset=dataset, effort=LEAST))


WORKLOADS = ["start", "request", "request-features", "batch", "encode", "recommend"]


def test_a_workload_is_finished_before_the_next_is_begun(profiles):
    assert [(one.workload, one.engine) for one in profiles] == [
        (workload, engine) for workload in WORKLOADS for engine in ("torch", "onnxruntime")
    ]
    of_request = next(one for one in profiles if one.workload == "request")
    assert of_request.measurements.keys() == {"latency"}
    assert of_request.effort == {"rounds": 2, "samples": 3, "warm_seconds": 0.01, "turn_seconds": 1.0}


@pytest.fixture(scope="module")
def rows(profiles):
    """Both engines, all workloads side by side."""
    return joined(profiles)


def test_both_engines_measure_the_same_quantities(rows):
    assert [(row.method, row.model, row.engine, row.provider) for row in rows] == [
        ("Tiny!", "tiny", "torch", None),
        ("Tiny!", "tiny", "onnxruntime", "CPUExecutionProvider"),
    ]
    for row in rows:
        assert row.measurements.keys() == TIMED | RECOMMENDED | COUNTED
        assert all(measured.n for measured in row.measurements.values())
        assert row.outfit_size == load_dataset("closet-12").outfit_size
        of_the_session = {name for name, measured in row.measurements.items() if measured.session}
        assert of_the_session == TIMED | RECOMMENDED
        assert row.measurements["latency"].session == row.session
        assert row.measurements["latency"].n == LEAST.rounds * LEAST.samples
    torch_row, runtime_row = rows
    assert torch_row.threads == runtime_row.threads
    assert torch_row.cores == runtime_row.cores == chosen_cores(torch_row.threads)
    assert torch_row.measurements["parameters"] == runtime_row.measurements["parameters"]
    assert torch_row.parity == {}
    assert runtime_row.parity["max_abs_difference"] <= 1e-4


def test_the_ceiling_is_read_before_each_round_and_after_the_last(profiles):
    turns = {one.workload: len(one.ceiling.products.turns) for one in profiles}
    assert turns["request"] == turns["recommend"] == LEAST.rounds + 1
    assert all(one.ceiling.products.session == one.session for one in profiles)


def test_what_was_laid_out_bounds_the_parts_of_recommending_that_compute(profiles):
    for row in profiles[-2:]:
        assert row.bounds.keys() == {"recommend_encode", "recommend_score"}
        assert all(bound.share > 0 and bound.best > 0 for bound in row.bounds.values())


@pytest.fixture
def any_answer(instruments, monkeypatch):
    """What the instruments' engines answer, which is 0, is no matter."""
    monkeypatch.setattr("outfitbench.bench.seat.check_parity", lambda *_: None)


def test_what_cannot_be_laid_out_is_a_row_that_failed_and_the_others_stand(
    plugin, small_closet, any_answer, monkeypatch
):
    def full(*given):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Recommend, "lay_out", full)
    subject = Subject(model="tiny", num_users=small_closet.num_users, input_size=16, plugins=(plugin,))
    asked = {"engines": ["instrument:Instrument"], "workloads": ["recommend", "request"], "effort": LEAST}
    failed, row = profile_subjects([subject], dataset=small_closet, **asked)
    assert isinstance(failed, FailedProfile)
    assert "No space left on device" in failed.reason
    assert row.measurements["latency"].n == LEAST.rounds * LEAST.samples


def test_few_samples_and_few_candidates_are_flagged(rows):
    for row in rows:
        assert "too few samples (6 of 100 for p99)" in row.measurements["latency"].flags
        (sample, few) = row.measurements["recommend"].flags[:2]
        assert sample.startswith("40 of ")
        assert few == "too few samples (2 of 6 for an interval)"


def test_the_parts_of_recommending_add_up(rows):
    for row in rows:
        whole, *parts = (row.measurements[name].samples for name in sorted(RECOMMENDED))
        assert [sum(run) for run in zip(*parts, strict=True)] == pytest.approx(whole)


def test_a_profile_fills_a_cost_record(profiles):
    for row in profiles:
        record = CostRecord(
            trial="0" * 16,
            description={},
            dataset="closet-12",
            evaluator_version=1,
            **dict(row),
        )
        assert record.measurements == row.measurements


def test_turns_alternate_with_rounds_outermost(instruments, tmp_path, monkeypatch, plugin):
    log = tmp_path / "log"
    monkeypatch.setenv("INSTRUMENT_LOG", str(log))
    subjects = [
        Subject(model="tiny", num_users=5, label=label, plugins=(plugin,)) for label in ("one", "two")
    ]
    # It answers 0 to everything, which is not what the model answers.
    asked = {"engines": ["instrument:Instrument"], "workloads": ["request"], "effort": LEAST}
    (failed,) = profile_subjects(subjects[:1], **asked)
    assert isinstance(failed.error, ParityError)
    assert failed.reason.startswith("engine instrument:Instrument on cpu, model tiny: found Kendall's τ nan")
    monkeypatch.setattr("outfitbench.bench.seat.check_parity", lambda *_: None)
    rows = list(profile_subjects(subjects, **asked))
    answered = log.read_text().split()
    changes = sum(now != before for now, before in zip(answered[1:], answered, strict=False))
    loads_and_turns = 2 * (1 + LEAST.rounds)
    assert changes >= loads_and_turns - 1
    for row in rows:
        assert SLEEP <= row.measurements["latency"].median < 1.5 * SLEEP


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"engines": ["tensorflow"]}, "argument engine: found 'tensorflow'"),
        ({"devices": ["tpu"]}, "argument device: found 'tpu'"),
        ({"workloads": ["requests"]}, "argument workload: found 'requests', .*nearest: request"),
        ({"workloads": ["recommend"]}, "workload recommend: found no dataset"),
    ],
)
def test_what_is_unknown_is_refused_before_anything_is_done(arguments, words):
    with pytest.raises(InputError, match=words):
        profile("student-xs", **arguments)


def test_an_engine_of_ones_own_must_exist():
    with pytest.raises(InputError, match="argument engine"):
        engine_factory("onnx")


def test_weights_that_cannot_be_read_are_named(tmp_path):
    path = tmp_path / "weights.safetensors"
    path.write_bytes(b"not weights")
    subject = Subject(model="student-xs", num_users=5, input_size=64, weights=path)
    (failed,) = profile_subjects([subject], engines=["instrument:Instrument"], workloads=["start"])
    assert isinstance(failed.error, InputError)
    assert "weights.safetensors: found unreadable weights" in failed.reason


def test_a_model_that_cannot_be_exported_costs_the_engines_alone_that_need_it(plugin, any_answer):
    subject = Subject(model="tiny-branching", num_users=5, plugins=(plugin,))
    engines = ["onnxruntime", "instrument:Instrument"]
    failed, row = profile_subjects([subject], engines=engines, workloads=["request"], effort=LEAST)
    assert isinstance(failed, FailedProfile)
    assert failed.reason.startswith("export to scorer.onnx: found a model that torch.export cannot follow")
    assert row.measurements["latency"].n


def test_what_fails_is_raised_when_all_is_measured(plugin, instruments, monkeypatch):
    outcomes = []

    def watched(*arguments, **options):
        for outcome in profile_subjects(*arguments, **options):
            outcomes.append(outcome.workload)
            yield outcome

    monkeypatch.setattr(profiling, "profile_subjects", watched)
    with pytest.raises(EngineError, match="status 7"):
        profile("tiny", engines=["instrument:Fragile"], workloads=["start", "request"], effort=LEAST)
    assert outcomes == ["start", "request"]


def test_a_workload_of_one_engine_costs_no_other_engine(plugin, instruments, monkeypatch):
    monkeypatch.setattr("outfitbench.bench.seat.check_parity", lambda *_: None)
    subject = Subject(model="tiny", num_users=5, plugins=(plugin,))
    asked = {"workloads": ["training-step", "start"], "effort": LEAST}
    failed, start = profile_subjects([subject], engines=["instrument:Instrument"], **asked)
    expected = "workload training-step: found engine instrument:Instrument, expected torch"
    assert failed.reason == expected
    assert start.measurements["load"].n


def test_of_more_than_may_be_alive_some_take_turns_after_the_others(plugin, instruments, monkeypatch):
    monkeypatch.setattr("outfitbench.bench.seat.check_parity", lambda *_: None)
    monkeypatch.setattr(profiling, "_MOST_ALIVE", 2)
    alive: list[int] = []

    class Counted(WorkerProcess):
        def ask(self, operation, **arguments):
            alive.append(len(psutil.Process().children()) - 1)  # a shell waits to clean up
            return super().ask(operation, **arguments)

    monkeypatch.setattr("outfitbench.bench.seat.WorkerProcess", Counted)
    subjects = [
        Subject(model="tiny", num_users=5, label=label, plugins=(plugin,)) for label in ("a", "b", "c")
    ]
    asked = {"engines": ["instrument:Instrument"], "workloads": ["start", "request"], "effort": LEAST}
    rows = list(profile_subjects(subjects, **asked))
    assert [(row.workload, row.method) for row in rows] == [
        (workload, label) for workload in ("start", "request") for label in ("a", "b", "c")
    ]
    of_rows = {row.method: {other.session for other in rows if other.method == row.method} for row in rows}
    assert of_rows["a"] == of_rows["b"] != of_rows["c"], "they did not take turns with the third"
    assert all(row.measurements and len(of_rows[row.method]) == 1 for row in rows)
    assert max(alive) == 2


def test_an_engine_that_dies_leaves_the_others_and_its_whole_output(plugin, any_answer):
    subject = Subject(model="tiny", num_users=5, plugins=(plugin,))
    engines = ["instrument:Instrument", "instrument:Fragile"]
    row, failed = profile_subjects([subject], engines=engines, workloads=["request"], effort=LEAST)
    assert row.measurements["latency"].n
    assert failed.reason.endswith("status 7 (out of luck)")
    assert failed.output == "a word before\nout of luck\n"


@pytest.mark.slow
def test_a_process_that_hangs_is_a_row_that_failed_and_the_others_stand(plugin, instruments):
    subject = Subject(model="tiny", num_users=5, plugins=(plugin,))
    effort = LEAST.model_copy(update={"limit_seconds": 30.0})
    engines = ["torch", "instrument:Hanging"]
    row, failed = profile_subjects([subject], engines=engines, workloads=["request"], effort=effort)
    assert row.measurements["latency"].n
    expected = "engine instrument:Hanging: found no answer after 30 s, expected one; its process was ended"
    assert failed.reason == expected


PLUGIN = """
from outfitbench.bench import LazyEngine, register_engine


@register_engine("exported-twin")
class Twin(LazyEngine):
    "ONNX Runtime under another name."

    target = "outfitbench.bench.engines.onnxruntime_engine:OnnxRuntimeEngine"
    needs_export = True
"""


def test_an_engine_of_a_plugin_says_that_it_wants_an_export(plugin, tmp_path):
    path = tmp_path / "engines.py"
    path.write_text(PLUGIN)
    load_plugin(path)
    try:
        assert {"exported-twin", "torch"} <= set(ENGINES.names())
        assert ENGINES.entry("exported-twin").summary == "ONNX Runtime under another name."
        subject = Subject(model="tiny", num_users=5, plugins=(plugin, path))
        (row,) = profile_subjects([subject], engines=["exported-twin"], workloads=["start"], effort=LEAST)
        assert row.provider == "CPUExecutionProvider"
        assert row.measurements["file_size"].median > 0
    finally:
        ENGINES._entries.pop("exported-twin")


def test_the_memory_of_a_batch_is_that_of_a_process_of_its_own(plugin, instruments, monkeypatch):
    monkeypatch.setattr("outfitbench.bench.seat.check_parity", lambda *_: None)
    loads: list[object] = []

    class Noted(WorkerProcess):
        def ask(self, operation, **arguments):
            loads.extend([arguments["first_batch"]] if operation == "load" else [])
            return super().ask(operation, **arguments)

    monkeypatch.setattr("outfitbench.bench.seat.WorkerProcess", Noted)
    subject = Subject(model="tiny", num_users=5, plugins=(plugin,))
    asked = {"workloads": ["request", "batch-memory", "start"], "effort": LEAST}
    _, row, start = profile_subjects([subject], engines=["instrument:Instrument"], **asked)
    assert loads == [None, LEAST.batch]
    assert row.effort == {"batch": LEAST.batch}
    assert row.measurements["batch_memory"].median >= start.measurements["peak_memory"].median > 0


def test_the_size_of_an_outfit_decides_the_work(plugin, instruments, monkeypatch):
    """What there is to compute is counted beside the engine, whose answers are no matter here."""
    monkeypatch.setattr("outfitbench.bench.seat.check_parity", lambda *_: None)
    subject = Subject(model="tiny", num_users=5, plugins=(plugin,))
    asked = {"engines": ["instrument:Instrument"], "workloads": ["start"], "effort": LEAST}
    (two,), (four,) = (profile_subjects([subject], outfit_size=size, **asked) for size in (2, 4))
    assert (two.outfit_size, four.outfit_size) == (2, 4)
    assert four.measurements["flops"].median > 1.9 * two.measurements["flops"].median


@pytest.mark.parametrize(
    ("kind", "lacking", "words"),
    [
        ("image", "pictures", "dataset closet-12, model tiny: found items without images"),
        ("features", "vectors", "dataset closet-12, model tiny: found items without features"),
    ],
)
def test_a_dataset_without_what_the_model_takes_is_refused_before_anything_is_measured(
    kind, lacking, words, monkeypatch
):
    def refuse(*arguments, **options):
        raise AssertionError("a worker was started")

    monkeypatch.setattr("outfitbench.bench.seat.WorkerProcess", refuse)
    dataset = replace(load_dataset("closet-12"), **{lacking: None})
    subject = Subject(model="tiny", num_users=5, input_kind=kind)
    with pytest.raises(InputError, match=words):
        profile_subjects([subject], dataset=dataset)
