"""Profiles as records: complete, named by what decides them, never written over."""

from __future__ import annotations

import json
from typing import Any

import pytest
from outfitbench.bench import FULL, QUICK, EngineProfile, Subject
from outfitbench.cli.cost_records import write_costs
from outfitbench.cli.subjects import Chosen
from outfitbench.suites.record_files import load_records
from outfitbench.suites.records import CostRecord

from ..reports.made_records import cost


def profile(**changes: Any) -> EngineProfile:
    made = dict(cost("student-xs"))
    return EngineProfile(**({key: made[key] for key in EngineProfile.model_fields} | changes))


@pytest.fixture
def chosen(tmp_path) -> Chosen:
    weights = tmp_path / "weights.safetensors"
    weights.write_bytes(b"weights")
    subject = Subject(model="student-xs", num_users=24, weights=weights)
    return Chosen(subject, "student-xs", "closet-24", trained="f17" * 5)


def test_a_record_holds_what_was_measured_and_of_what(chosen, tmp_path):
    measured = profile()
    assert write_costs([(chosen, measured)], None, QUICK, tmp_path / "out") == []
    (record,) = load_records([tmp_path / "out"])
    assert isinstance(record, CostRecord)
    assert record.inputs == {"weights": chosen.trained}
    assert (record.dataset, record.session, record.date) == ("closet-24", measured.session, measured.date)
    assert record.measurements == measured.measurements
    assert (tmp_path / "out" / record.trial / "record.json").is_file()


def test_a_record_that_is_there_is_never_written_over(chosen, tmp_path):
    write_costs([(chosen, profile())], None, QUICK, tmp_path / "out")
    (path,) = (tmp_path / "out").rglob("record.json")
    before = path.read_bytes()
    assert write_costs([(chosen, profile(session="later"))], None, QUICK, tmp_path / "out") == [path]
    assert path.read_bytes() == before
    assert write_costs([(chosen, profile(session="later"))], None, FULL, tmp_path / "out") == []
    assert len({json.loads(p.read_text())["session"] for p in (tmp_path / "out").rglob("record.json")}) == 2


def test_a_model_by_name_is_described_by_itself(tmp_path):
    chosen = Chosen(Subject(model="student-xs", num_users=24), "student-xs")
    write_costs([(chosen, profile())], None, FULL, tmp_path / "out")
    write_costs([(chosen, profile(workload="batch"))], None, FULL, tmp_path / "out")
    more_users = Chosen(Subject(model="student-xs", num_users=25), "student-xs")
    write_costs([(more_users, profile())], None, FULL, tmp_path / "out")
    records = load_records([tmp_path / "out"])
    assert len(records) == 3
    for record in records:
        assert record.inputs == {}
        assert record.description["subject"]["model"] == "student-xs"
