from __future__ import annotations

import subprocess
import sys

import pytest
import torch
from outfitbench.bench import Subject
from outfitbench.bench.engines.torch_engine import load_model
from outfitbench.datasets import InputError
from outfitbench.models import create_model
from outfitbench.models.weights import save_tensors


@pytest.fixture
def weights(tmp_path):
    torch.manual_seed(1)
    path = tmp_path / "weights.safetensors"
    save_tensors(create_model("student-xs", num_users=4).state_dict(), path)
    return path


def test_a_model_has_the_weights_of_its_file_and_its_own_constants(weights):
    torch.manual_seed(1)
    expected = create_model("student-xs", num_users=4)
    loaded = load_model(Subject(model="student-xs", num_users=4, weights=weights))
    assert not loaded.training
    for (name, value), (other, found) in zip(
        (*expected.named_parameters(), *expected.named_buffers()),
        (*loaded.named_parameters(), *loaded.named_buffers()),
        strict=True,
    ):
        assert name == other
        assert torch.equal(value, found)


def test_no_random_number_is_drawn_for_a_model_whose_weights_are_given(weights):
    before = torch.get_rng_state()
    load_model(Subject(model="teacher", num_users=4, weights=None))
    drawn = torch.get_rng_state()
    assert not torch.equal(before, drawn)
    load_model(Subject(model="student-xs", num_users=4, weights=weights))
    after = torch.get_rng_state()
    # What is left to draw are small tensors made in one call, as the set transformer's seed.
    torch.set_rng_state(drawn)
    torch.randn(128)
    assert torch.equal(torch.get_rng_state(), after)


LOADING = """
import sys
from pathlib import Path
from outfitbench.bench.engines.engine import answer
from outfitbench.bench.engines.torch_engine import TorchEngine
from outfitbench.bench.request import make_request
from outfitbench.bench.subject import Subject

subject = Subject(model="student-xs", num_users=4, input_size=64, weights=Path(sys.argv[1]))
request, imported = make_request(4, "image", 64), set(sys.modules)
engine = TorchEngine(subject, "cpu", 1)
engine.load()
answer(engine, request)
print(*sorted({name.partition(".")[0] for name in set(sys.modules) - imported}))
"""


def test_what_a_model_takes_to_load_and_answer_is_no_import_of_libraries(weights):
    """PyTorch puts off importing SymPy, which takes longer, and more memory, than a small model."""
    done = subprocess.run(
        [sys.executable, "-c", LOADING, weights], capture_output=True, text=True, check=True
    )
    assert set(done.stdout.split()) <= {"torch"}


def test_weights_of_another_model_are_refused(weights):
    with pytest.raises(InputError, match=r"weights\.safetensors, users\.weight: found shape \(4, 128\)"):
        load_model(Subject(model="student-xs", num_users=5, weights=weights))


@pytest.mark.parametrize("content", [None, b"", b"\x08\0\0\0\0\0\0\0{}......"])
def test_a_file_that_holds_no_weights_is_refused(tmp_path, content):
    path = tmp_path / "weights.safetensors"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(InputError, match=r"weights\.safetensors: found unreadable weights"):
        load_model(Subject(model="student-xs", num_users=4, weights=path))
