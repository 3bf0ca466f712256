from __future__ import annotations

from outfitbench.bench.ceiling import Bound
from outfitbench.bench.measurement import Measurement
from outfitbench.reports.costs import cost_groups
from outfitbench.reports.speed_table import speed_table

from .made_records import cost
from .tables import read_tables


def encoding(*rates: float, **changes):
    measured = Measurement(unit="item/s", samples=[*rates], turns=[1] * len(rates))
    fields = {"workload": "encode", "batch": 64, "measurements": {"encode_throughput": measured}} | changes
    session = fields.get("session", "5e5510")
    fields["measurements"] = {
        name: one.model_copy(update={"session": session}) for name, one in fields["measurements"].items()
    }
    return cost("XS", trial=f"{len(repr(changes)):x}", **fields)


RUNTIME = {"engine": "onnxruntime", "provider": "CPUExecutionProvider"}
PLAIN = encoding(100, 200, 100, bounds={"encode_throughput": Bound(by="products", best=250, share=0.4)})


def shown(*records):
    (group,) = cost_groups([PLAIN, *records])
    text = speed_table(group)
    return read_tables(text)[0] if text else []


def test_what_is_gained_is_told_turn_by_turn_the_fastest_first_with_what_fp32_could_gain():
    rows = shown(
        encoding(150, 300, 150, **RUNTIME),
        # By the medians, 200 to 100, it would be 2 times: what drifts hits both of a turn alike.
        encoding(400, 900, 500, **RUNTIME, variant="int8-static", precision="int8"),
    )
    assert [(row["Variant"], row["Times as fast"]) for row in rows] == [
        ("int8-static", "4.50"),
        ("as trained", "1.50"),
    ]
    best = rows[0]
    assert best["95 % interval"] == "4.00 to 5.00"
    assert (best["PyTorch's share of the ceiling"], best["Most in fp32"]) == ("40.0 %", "2.50")
    assert best["Of"] == "Encoding of 64, 64 px"
    assert best["Run by"].startswith("ONNX Runtime on cpu, int8")


def test_nothing_is_compared_across_sessions_batches_and_weights():
    assert shown(encoding(400, 400, 400, **RUNTIME, session="07e5")) == []
    assert shown(encoding(400, 400, 400, **RUNTIME, batch=32)) == []
    (row,) = shown(encoding(200, 400, 200, variant="bf16"))  # itself in eager PyTorch, and no base
    assert (row["Variant"], row["Times as fast"]) == ("bf16", "2.00")
