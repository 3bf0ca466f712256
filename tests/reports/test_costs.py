from __future__ import annotations

import pytest
from outfitbench.reports.costs import (
    Network,
    configuration,
    cost_groups,
    costs_of_rows,
    machine_label,
    with_variants,
)
from outfitbench.reports.grouping import comparison_tables

from .made_records import cost, machine, measurement, quality


def test_machines_versions_datasets_and_rules_have_tables_of_their_own():
    records = [
        cost("A"),
        cost("A", machine=machine(processor="Other CPU")),
        cost("A", machine=machine(versions={"torch": "2.12.0"})),
        cost("A", dataset=None),
        cost("A", evaluator_version=3),
    ]
    assert [len(group.records) for group in cost_groups(records)] == [1] * 5
    assert len(cost_groups([cost("A"), cost("A", engine="onnxruntime")])) == 1


def test_a_record_given_twice_counts_once():
    (group,) = cost_groups([cost("A"), cost("A")])
    assert len(group.records) == 1


def test_the_teacher_leads_and_students_follow_by_size():
    models = ("student-s", "teacher", "student-xs")
    taught = [Network("teacher", "alexnet-large", "image", 64)]
    (group,) = cost_groups([cost(model, model) for model in models], teachers=taught)
    assert [record.model for record in group.records] == ["teacher", "student-xs", "student-s"]


def test_a_provider_is_named_where_it_is_not_the_usual_one():
    usual = cost("A", engine="onnxruntime", provider="CPUExecutionProvider")
    other = cost("A", engine="onnxruntime", provider="OpenVINOExecutionProvider", threads=1)
    assert str(configuration(usual)) == "ONNX Runtime on cpu, fp32, 2 threads"
    assert str(configuration(other)) == "ONNX Runtime on cpu, OpenVINOExecutionProvider, fp32, 1 thread"


def test_machine_label_names_the_accelerator():
    assert "GPU X" in machine_label(machine(accelerator="GPU X"))


def chosen(qualities, costs):
    return costs_of_rows(comparison_tables(qualities)[0], cost_groups(costs))


def test_methods_that_share_a_model_share_its_cost():
    found = chosen([quality("N-pair XS"), quality("FND XS")], [cost("FND XS")])
    assert found is not None
    assert set(found.by_row) == {"N-pair XS", "FND XS"}


def test_a_row_takes_its_own_record_before_one_of_its_model():
    found = chosen([quality("N-pair XS")], [cost("FND XS", latency=0.5), cost("N-pair XS", latency=0.1)])
    assert found is not None
    assert found.by_row["N-pair XS"].method == "N-pair XS"


def test_of_two_measurements_the_slower_one_is_claimed():
    found = chosen([quality("A")], [cost("A", latency=0.1, trial="1"), cost("A", latency=0.2, trial="2")])
    assert found is not None
    assert found.by_row["A"].trial == "2"


def test_the_configuration_that_covers_most_rows_is_chosen():
    qualities = [quality("A"), quality("B", "student-s")]
    both = [cost("A"), cost("B", "student-s")]
    one = [cost("A", engine="onnxruntime")]
    found = chosen(qualities, [*one, *both])
    assert found is not None
    assert found.configuration.engine == "torch"


def test_other_datasets_and_reduced_precision_do_not_stand_beside_quality():
    assert chosen([quality("A")], [cost("A", dataset="closet-60")]) is None
    assert chosen([quality("A")], [cost("A", precision="int8")]) is None
    assert chosen([quality("A")], [cost("A", dataset=None)]) is not None


def test_variants_stand_beside_in_the_engine_that_ran_the_others_whatever_they_compute_in():
    fit = quality("A")
    made = fit.model_copy(update={"variant": "int8", "inputs": {"weights": "8a17"}, "trial": "e7a1"})
    small = {"variant": "int8", "precision": "int8", "trial": "0c"}
    costs = [cost("A"), cost("A", latency=0.001, **small), cost("A", engine="onnxruntime", **small)]
    (table,) = comparison_tables([fit, made])
    alone = costs_of_rows(table, cost_groups(costs[:1]))
    found = costs_of_rows(table, cost_groups(costs))
    assert alone is not None
    assert found is not None
    both = with_variants(found, table)
    assert [both.by_row[row.name].precision for row in table.rows] == ["fp32", "int8"]
    assert both.by_row["A · int8"].measurements["latency"] == costs[1].measurements["latency"]
    assert (with_variants(alone, table).label, both.label) == (
        "PyTorch on cpu, fp32, 2 threads",
        "PyTorch on cpu, 2 threads",
    )


def test_a_cost_goes_by_the_name_of_its_fit():
    record = cost("FND XS", inputs={"weights": "f1t"})
    (group,) = cost_groups([record], {"f1t": "Renamed"})
    assert [r.method for r in group.records] == ["Renamed"]


def test_a_row_takes_the_cost_of_its_own_weights():
    row = quality("N-pair XS")
    own = cost("other name", latency=0.1, inputs={"weights": row.fit.trial})
    found = chosen([row], [cost("N-pair XS", latency=0.5), own])
    assert found is not None
    assert found.by_row["N-pair XS"].trial == own.trial


def test_other_data_of_the_same_name_does_not_stand_beside_quality():
    assert chosen([quality("A")], [cost("A", data_fingerprint="0ther")]) is None
    assert chosen([quality("A")], [cost("A", data_fingerprint="da7a" * 4)]) is not None


def test_latencies_of_one_figure_are_of_one_session():
    records = [cost("A"), cost("B", "student-s", session="later", date="2026-12-01"), cost("C", "student-m")]
    found = chosen([quality("A"), quality("B", "student-s"), quality("C", "student-m")], records)
    assert found is not None
    assert set(found.by_row) == {"A", "C"}


@pytest.mark.parametrize("latency", [0.0, 1e10])
def test_no_time_is_no_latency(latency):
    with pytest.raises(ValueError, match="a time of"):
        measurement(latency, "s")
