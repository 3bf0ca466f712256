from __future__ import annotations

from outfitbench.bench.ceiling import Bound, Ceiling
from outfitbench.bench.measurement import Measurement
from outfitbench.reports.ceiling_table import ceiling_table
from outfitbench.reports.costs import cost_groups

from .made_records import cost, measurement
from .tables import read_tables


def test_each_row_says_which_bound_holds_it_and_how_far_it_is():
    machine = Ceiling(
        products=Measurement(unit="FLOP/s", samples=[120e9]),
        bandwidth=Measurement(unit="byte/s", samples=[21e9]),
    )
    bounds = {
        "latency": Bound(by="products", best=0.002, share=0.4),
        "throughput": Bound(by="bandwidth", best=400.0, share=0.5),
        "not_measured": Bound(by="products", best=1.0, share=1.0),
    }
    measured = {"latency": measurement(0.005, "s", 1), "throughput": measurement(200.0, "outfit/s", 1)}
    (group,) = cost_groups(
        [cost("A", bounds=bounds, ceiling=machine, measured=measured), cost("B", "student-s")]
    )
    text = ceiling_table(group)
    latency, throughput = read_tables(text)[0]
    assert (latency["Held by"], throughput["Held by"]) == ("matrix products", "memory bandwidth")
    assert (latency["Measured"], latency["At best"], latency["Reached"]) == ("5.00 ms", "2.00 ms", "40.0 %")
    assert (throughput["Measured"], throughput["At best"]) == ("200 outfit/s", "400 outfit/s")
    rates = "matrix products 120 GFLOP/s in fp32; 21.0 GB/s of memory"
    assert f"Ceiling of session `5e5510`: {rates}; read when it began." in text


def test_a_ceiling_that_moved_is_told_from_its_lowest_reading_to_its_highest():
    def ceiling(*products):
        return Ceiling(
            products=Measurement(unit="FLOP/s", samples=products, turns=[1] * len(products)),
            bandwidth=Measurement(unit="byte/s", samples=[2e10] * len(products), turns=[1] * len(products)),
        )

    bounds = {"latency": Bound(by="products", best=0.002, share=0.4)}
    measured = {"latency": measurement(0.005, "s", 1)}
    rows = [
        cost(name, bounds=bounds, ceiling=read, measured=measured)
        for name, read in (("A", ceiling(1e11, 2e11)), ("B", ceiling(1e11, 2e11)), ("C", ceiling(1.5e11)))
    ]
    (group,) = cost_groups(rows)
    products = "matrix products 150 GFLOP/s (100 GFLOP/s to 200 GFLOP/s) in fp32"
    moved = "20.0 GB/s (20.0 GB/s to 20.0 GB/s) of memory"
    assert f"{products}; {moved}; read 3 times, before and after each round." in ceiling_table(group)


def test_what_computes_in_fewer_bits_is_held_against_their_products():
    machine = Ceiling(
        products=Measurement(unit="FLOP/s", samples=[1e11]),
        bandwidth=Measurement(unit="byte/s", samples=[2e10]),
        in_fewer_bits={"int8": Measurement(unit="FLOP/s", samples=[4e11])},
    )
    given = {"ceiling": machine, "measured": {"latency": measurement(0.005, "s", 1)}}
    bounds = {"latency": Bound(by="products", best=0.002, share=0.4)}
    (group,) = cost_groups(
        [cost("A", bounds=bounds, precision=precision, **given) for precision in ("int8", "fp16")]
    )
    text = ceiling_table(group)
    assert {row["Held by"] for row in read_tables(text)[0]} == {"matrix products", "matrix products in int8"}
    assert "matrix products 100 GFLOP/s in fp32, 400 GFLOP/s in int8; 20.0 GB/s of memory;" in text


def test_graphs_of_pruned_networks_from_before_they_were_counted_are_told_of():
    machine = Ceiling(
        products=Measurement(unit="FLOP/s", samples=[1e11]),
        bandwidth=Measurement(unit="byte/s", samples=[2e10]),
    )
    given = {"ceiling": machine, "measured": {"latency": measurement(0.005, "s", 1)}}
    bounds = {"latency": Bound(by="products", best=0.002, share=0.4)}
    trained = cost("A", bounds=bounds, **given)
    told = [
        "Graphs made of a pruned network have no row" in ceiling_table(group)
        for own in ({}, bounds)
        for group in cost_groups([trained, cost("A", variant="pruned-50+int8-static", bounds=own, **given)])
    ]
    assert told == [True, False]


def test_records_without_a_ceiling_have_no_table_of_it():
    (group,) = cost_groups([cost("A")])
    assert ceiling_table(group) == ""
