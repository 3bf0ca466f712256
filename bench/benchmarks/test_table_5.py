"""The costs of Table 5 as its suite measures them: teacher, XS, S and M in a quarter of an hour."""

from __future__ import annotations

import pytest
import torch
from outfitbench.bench import FailedProfile, Subject
from outfitbench.bench.latency import seconds_of
from outfitbench.bench.profiling import Place, profile_places
from outfitbench.bench.variants import make_variant, runs_in
from outfitbench.datasets import load_dataset
from outfitbench.models import create_model
from outfitbench.models.weights import save_tensors
from outfitbench.suites.suite_file import load_suite

METHODS = ("teacher", "recd-xs", "recd-s", "recd-m")
MOST_SECONDS = 15 * 60


@pytest.fixture(scope="module")
def measured(tmp_path_factory):
    """The suite, its dataset, and networks with random weights, which cost what trained ones do."""
    folder, suite = tmp_path_factory.mktemp("networks"), load_suite("table5")
    dataset = load_dataset(suite.datasets[0])
    subjects = []
    for key in METHODS:
        method = suite.methods[key]
        torch.manual_seed(0)
        weights = folder / f"{key}.safetensors"
        save_tensors(create_model(method.model, num_users=dataset.num_users).state_dict(), weights)
        fit = Subject(
            model=method.model,
            num_users=dataset.num_users,
            label=method.name,
            weights=weights,
            input_size=method.image_size,
        )
        subjects.append(fit)
        subjects += [
            make_variant(name, fit, folder / f"{key}-{name}", dataset=dataset)
            for name, compressed in suite.variants.items()
            if key in compressed
        ]
    return suite, dataset, subjects


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_all_costs_are_measured_in_a_quarter_of_an_hour(benchmark, measured):
    """On two cores; all of it but training, and making the variants."""
    suite, dataset, subjects = measured
    places = [
        Place(number, engine, "cpu")
        for number, subject in enumerate(subjects)
        for engine in suite.cost.engines
        if not subject.variant or runs_in(subject.variant, engine)
    ]

    def measure():
        asked = {"workloads": suite.cost.workloads, "dataset": dataset, "effort": suite.cost.effort}
        outcomes.extend(profile_places(subjects, places, **asked))

    if benchmark.disabled:
        pytest.skip("nothing else is asked here")
    outcomes = []
    seconds = seconds_of(lambda: benchmark.pedantic(measure, rounds=1))
    benchmark.extra_info |= {"rows": len(outcomes), "seconds": seconds, "most_seconds": MOST_SECONDS}
    print(f"\n{len(outcomes)} rows in {seconds:.0f} s")
    assert not [outcome.reason for outcome in outcomes if isinstance(outcome, FailedProfile)]
    assert seconds <= MOST_SECONDS
