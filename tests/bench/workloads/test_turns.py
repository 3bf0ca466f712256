"""One turn of each workload, on a real model in an engine of this process."""

from __future__ import annotations

import math
import threading
from dataclasses import asdict

import numpy as np
import pytest
import torch
from outfitbench.bench import EngineError, Subject
from outfitbench.bench.effort import Effort
from outfitbench.bench.engines.torch_engine import TorchEngine
from outfitbench.bench.workloads import WORKLOADS, batch_curve, top_k
from outfitbench.bench.workloads.served import ModelTraits, ServedModel
from outfitbench.datasets import load_dataset
from outfitbench.evaluation import cold_start
from outfitbench.models import create_model

LEAST = Effort(
    rounds=1,
    samples=4,
    batch=3,
    batches=2,
    outfits=5,
    warm_seconds=0.01,
    turn_seconds=5.0,
    catalogue_items=70,
    vectors=3000,
    best=4,
    history=2,
)
USERS = 7


class Noting(TorchEngine):
    """Notes the shape of whatever it is asked."""

    def __init__(self, *arguments):
        super().__init__(*arguments)
        self.encoded, self.scored = [], []

    def encode_items(self, items, categories):
        self.encoded.append(items.shape)
        return super().encode_items(items, categories)

    def score(self, users, features, categories, *bank):
        self.scored.append((users.copy(), categories.shape))
        return super().score(users, features, categories, *bank)


@pytest.fixture
def served():
    """Student XS with random weights, on 16 pixels."""
    torch.manual_seed(0)
    engine = Noting.serving(create_model("student-xs", num_users=USERS).eval())
    subject = Subject(model="student-xs", num_users=USERS, input_size=64)
    traits = ModelTraits(vector_size=16)
    return ServedModel(engine, subject, 1, 3, LEAST.warm_seconds, LEAST.turn_seconds, traits=traits)


def turn(served, name, folder=None, effort=LEAST):
    workload = WORKLOADS.get(name)()
    found = workload.turn(served, effort, folder)
    assert set(found.samples) <= set(workload.units)
    assert all(0 < sample < math.inf for samples in found.samples.values() for sample in samples)
    return found.samples


def test_cached_features_are_scored_and_not_encoded_again(served):
    samples = turn(served, "request-features")
    assert [len(samples[name]) for name in ("score_latency", "score_outfits_latency")] == [4, 4]
    assert served.engine.encoded == [(3, 64, 64, 3), (15, 64, 64, 3)]
    assert {shape for _, shape in served.engine.scored} == {(1, 3), (5, 3)}
    assert all(len(set(users)) == 1 for users, _ in served.engine.scored)


def test_several_outfits_of_one_user_are_asked_for_from_images(served):
    assert len(turn(served, "request-outfits")["outfits_latency"]) == 4
    assert set(served.engine.encoded) == {(15, 64, 64, 3)}
    assert all(len(set(users)) == 1 for users, _ in served.engine.scored)


def test_the_curve_has_a_rate_for_each_size_but_those_that_outlast_a_turn(served, monkeypatch):
    monkeypatch.setattr(batch_curve, "BATCH_SIZES", (1, 2, 4))
    samples = turn(served, "batch-curve")
    assert {name: len(rates) for name, rates in samples.items()} == {
        "throughput_1": 2,
        "throughput_2": 2,
        "throughput_4": 2,
    }
    short = LEAST.model_copy(update={"turn_seconds": 1e-9})
    found = WORKLOADS.get("batch-curve")().turn(served, short, None)
    assert set(found.samples) == {"throughput_1"}
    assert found.flags["throughput_4"] == ["left out: a request takes longer than 1e-09 s"]


def test_clients_wait_for_one_another_and_all_are_answered(served):
    samples = turn(served, "concurrent")
    assert [len(samples[f"latency_of_{clients}"]) for clients in (1, 2, 4, 8)] == [4, 4, 4, 8]
    for clients in (1, 2, 4, 8):
        (rate,), waits = samples[f"rate_of_{clients}"], samples[f"latency_of_{clients}"]
        assert rate * sum(waits) / len(waits) <= clients  # Little: nobody asks twice at a time


def test_a_clients_first_answer_does_not_count(served, monkeypatch):
    """A thread that is new to a library takes longer for it."""
    score, of_clients = served.engine.score, []

    def noted(*asked):
        if threading.current_thread() is not threading.main_thread():
            of_clients.append(asked)
        return score(*asked)

    monkeypatch.setattr(served.engine, "score", noted)
    samples = turn(served, "concurrent")
    assert sum(len(samples[f"latency_of_{clients}"]) for clients in (1, 2, 4, 8)) == 4 + 4 + 4 + 8
    assert len(of_clients) == (4 + 1) + 2 * (2 + 1) + 4 * (1 + 1) + 8 * (1 + 1)


def test_clients_say_that_their_request_never_settled(served, monkeypatch):
    monkeypatch.setattr("outfitbench.bench.workloads.served.warm_up", lambda *_, **__: False)
    found = WORKLOADS.get("concurrent")().turn(served, LEAST, None)
    assert found.flags == {f"latency_of_{clients}": ["not settled"] for clients in (1, 2, 4, 8)}


def test_what_a_client_meets_is_raised(served, monkeypatch):
    served.first_time("request")

    def refuse(*arguments):
        raise EngineError("out of luck")

    calls = iter([served.engine.score] * 2)
    monkeypatch.setattr(served.engine, "score", lambda *asked: next(calls, refuse)(*asked))
    with pytest.raises(EngineError, match="out of luck"):
        turn(served, "concurrent")


@pytest.fixture(scope="module")
def closet():
    return load_dataset("closet-12")


def test_a_catalogue_is_decoded_and_encoded_once_a_pass(served, closet, tmp_path):
    workload = WORKLOADS.get("catalogue")()
    assert workload.lay_out(closet, "image", tmp_path, LEAST) == [f"70 of {closet.num_items} items"]
    samples = turn(served, "catalogue", tmp_path)
    whole, decode, encode = (samples[f"catalogue{part}"][0] for part in ("", "_decode", "_encode"))
    assert 1 / whole == pytest.approx(1 / decode + 1 / encode)
    one_pass = [(64, 64, 64, 3), (6, 64, 64, 3)]
    assert served.engine.encoded == 2 * one_pass  # the first does not count


def test_the_best_of_ready_vectors_are_found_beside_the_bare_products(served):
    samples = turn(served, "top-k")
    assert samples.keys() == {"top_k", "top_k_products"}
    made = top_k.made_vectors(served, LEAST)
    assert (made.users.shape, made.outfits.shape) == ((USERS, 16), (3000, 16))
    np.testing.assert_allclose(np.linalg.norm(made.outfits, axis=1), 1, rtol=1e-5)
    assert served.engine.encoded == []


def test_an_approximate_index_says_what_it_misses(served):
    pytest.importorskip("faiss")
    everywhere = LEAST.model_copy(update={"vectors": 200})  # 14 cells, all of which are searched
    assert turn(served, "top-k-approximate", effort=everywhere)["recall"] == [1.0]
    (recall,) = turn(served, "top-k-approximate")["recall"]
    assert 0.2 < recall <= 1


def test_what_a_model_lacks_for_a_workload_is_said_before_it_is_asked():
    vectors, users = ModelTraits(vector_size=16), ModelTraits(scores_new_users=False)
    lacking = {name: WORKLOADS.get(name).lacks(users) for name in WORKLOADS.names()}
    assert {name for name, what in lacking.items() if what} == {"top-k", "top-k-approximate", "cold-start"}
    assert not any(WORKLOADS.get(name).lacks(vectors) for name in WORKLOADS.names())


def test_a_new_user_is_scored_as_the_evaluation_scores_them(served, monkeypatch):
    """The weighted mean of the known users' scores, computed here by PyTorch in one piece."""
    scored = []
    monkeypatch.setattr(
        served, "warm_seconds_of", lambda shape, call, samples: (scored.append(call()), ([1.0], []))[1]
    )
    WORKLOADS.get("cold-start")().turn(served, LEAST, None)
    model, everyone = served.engine._model, torch.arange(USERS)

    def scores_of_all(request):
        pictures = torch.from_numpy(request.items).permute(0, 3, 1, 2) / 255
        categories = torch.from_numpy(request.categories)
        with torch.inference_mode():
            features = model.encode_items(pictures, categories.reshape(-1)).unflatten(0, categories.shape)
            return model.score_matrix(everyone, features, categories).double().numpy()

    similarity = scores_of_all(served.request(LEAST.history)).mean(1)
    near = similarity > 0
    near[similarity.argmax()] = True
    weights = np.where(near, np.exp(similarity / cold_start.TEMPERATURE), 0)
    expected = (weights / weights.sum()) @ scores_of_all(served.request(LEAST.outfits))
    np.testing.assert_allclose(scored[0], expected, atol=1e-5)


def test_a_training_step_moves_weights_of_its_own(served):
    before = {name: value.clone() for name, value in served.engine._model.state_dict().items()}
    assert len(turn(served, "training-step")["training_step"]) == 2
    after = served.engine._model.state_dict()
    assert all(torch.equal(before[name], after[name]) for name in before)
    assert WORKLOADS.get("training-step").engines == ("torch",)


def test_traits_travel_to_the_models_process_as_json(plugin, tmp_path):
    from outfitbench.bench.preparation import prepare

    prepared = prepare(Subject(model="student-xs", num_users=5, input_size=64), 3, tmp_path / "xs")
    assert asdict(prepared.traits) == {"vector_size": 128, "scores_new_users": True}
    tiny = prepare(Subject(model="tiny", num_users=5, plugins=(plugin,)), 3, tmp_path / "tiny")
    assert tiny.traits.vector_size is None


def test_a_model_that_is_no_number_at_one_size_alone_is_found_there(served, monkeypatch):
    """One outfit has a score, and of three some have none."""
    score = served.engine.score

    def of_large_batches(users, *given):
        scores = score(users, *given)
        return np.where(np.arange(len(scores)) > 0, np.float32("nan"), scores)

    monkeypatch.setattr(served.engine, "score", of_large_batches)
    assert WORKLOADS.get("request")().turn(served, LEAST, None).samples["latency"]
    with pytest.raises(EngineError, match="model student-xs: found NaN or an infinite score"):
        WORKLOADS.get("batch")().turn(served, LEAST, None)
