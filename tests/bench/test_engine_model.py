"""An engine behind the face of a model."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from outfitbench.bench import Subject
from outfitbench.bench.engine_model import engine_model
from outfitbench.bench.engines.torch_engine import TorchEngine
from outfitbench.bench.request import make_request
from outfitbench.models import create_model


@pytest.mark.parametrize("model", ["tiny-headed", "tiny-banked"])
def test_an_engine_ranks_as_the_model_that_it_runs(plugin: Path, model: str):
    torch.manual_seed(0)
    own = create_model(model, num_users=5).eval()
    subject = Subject(model=model, num_users=5, input_size=16)
    behind = engine_model(TorchEngine.serving(own), subject, own.feature_size)
    request = make_request(5, "image", 16, batch=4)
    images = torch.from_numpy(request.items).permute(0, 3, 1, 2).float() / 255
    categories, users = torch.from_numpy(request.categories), torch.tensor([3, 0, 4, 4])
    with torch.inference_mode():
        found, right = (one.encode_items(images, categories.flatten()) for one in (behind, own))
        torch.testing.assert_close(found, right)
        given = right.unflatten(0, (4, 3)), categories
        assert behind.has_item_bank is own.has_item_bank
        for ask in (
            lambda one: one.score_among(users, *given, right[:1]),
            lambda one: one.score_among(users, *given, right),
            lambda one: one.score_users(torch.stack([users, users]), *given, right),
        ):
            torch.testing.assert_close(ask(behind), ask(own))
        of_each = torch.stack([own.score_among(user.expand(4), *given, right) for user in users])
        torch.testing.assert_close(behind.score_matrix_among(users, *given, right), of_each)
