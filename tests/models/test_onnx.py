"""Every method leaves PyTorch: both parts export with dynamic sizes and score alike in ONNX Runtime."""

from __future__ import annotations

import pytest
import torch
from outfitbench.models import OutfitModel, create_model, list_models
from outfitbench.models.backbones import efficientnet_lite
from torch import nn
from torch.export import Dim

ort = pytest.importorskip("onnxruntime")

# The exporter's own: axes that share a name, and what it uses of PyTorch that is on its way out.
pytestmark = [
    pytest.mark.filterwarnings("ignore:# The axis name"),
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::FutureWarning"),
    # PyTorch's own, where it exports an LSTM.
    pytest.mark.filterwarnings("ignore:The .grad attribute of a Tensor"),
    pytest.mark.filterwarnings("ignore:The tensor attributes"),
]

ITEMS, OUTFITS, SLOTS = Dim("items"), Dim("outfits"), Dim("slots")
USERS = 4


class Encoder(nn.Module):
    def __init__(self, model: OutfitModel) -> None:
        super().__init__()
        self.model = model

    def forward(self, images, categories):
        return self.model.encode_items(images, categories)


class Scorer(Encoder):
    def forward(self, users, features, categories):
        return self.model.score(users, features, categories)


class AmongScorer(Encoder):
    def forward(self, users, features, categories, bank):
        return self.model.score_among(users, features, categories, bank)


def exported(module: nn.Module, arguments: tuple, shapes: tuple, path):
    program = torch.onnx.export(module.eval(), arguments, dynamo=True, dynamic_shapes=shapes, verbose=False)
    program.save(path)
    return ort.InferenceSession(path, providers=["CPUExecutionProvider"])


def outputs(session, *arguments: torch.Tensor) -> torch.Tensor:
    names = [given.name for given in session.get_inputs()]
    feeds = {name: a.numpy() for name, a in zip(names, arguments, strict=False)}
    return torch.from_numpy(session.run(None, feeds)[0])


# The paper's four networks differ in their backbone alone: what scores is student-xs's.
SAME_SCORER = ("student-s", "student-m", "teacher")
MODELS = [pytest.param(name, marks=[pytest.mark.slow] * (name in SAME_SCORER)) for name in list_models()]


@pytest.mark.parametrize("name", MODELS)
def test_scores_are_those_of_torch_at_any_batch_outfit_and_bank_size(name, tmp_path):
    model = create_model(name, num_users=USERS, input_kind="features", feature_size=24).eval()
    width, banked = model.feature_size, model.has_item_bank
    scorer = AmongScorer(model) if banked else Scorer(model)
    example = (torch.tensor([0, 1]), torch.randn(2, 3, width), torch.tensor([[0, 1, 2], [0, 1, -1]]))
    bank = (torch.randn(5, width),) * banked
    session = exported(
        scorer,
        (*example, *bank),
        ({0: OUTFITS}, {0: OUTFITS, 1: SLOTS}, {0: OUTFITS, 1: SLOTS}, *({0: Dim("bank")},) * banked),
        tmp_path / "scorer.onnx",
    )
    for rows, slots, size in ((1, 2, 1), (1, 4, 30), (7, 3, 12), (7, 2, 30), (16, 4, 3)):
        users = torch.arange(rows) % USERS
        features, categories = torch.randn(rows, slots, width), torch.randint(-1, 3, (rows, slots))
        given = (users, features, categories, *(torch.randn(size, width),) * banked)
        with torch.inference_mode():
            expected = scorer(*given)
        torch.testing.assert_close(outputs(session, *given), expected, rtol=0, atol=1e-4)


def test_a_graph_encodes_each_item_by_the_encoder_of_its_category(tmp_path):
    """FHN's items alone are encoded by their category; all others' are not asked for it."""
    model = create_model("fhn", num_users=USERS, input_kind="features", feature_size=24).eval()
    example = (torch.rand(2, 24), torch.tensor([0, 1]))
    session = exported(Encoder(model), example, ({0: ITEMS}, {0: ITEMS}), tmp_path / "encoder.onnx")
    for rows in (1, 3, 8):
        items, categories = torch.rand(rows, 24), torch.arange(rows) % 3
        with torch.inference_mode():
            expected = model.encode_items(items, categories)
        torch.testing.assert_close(outputs(session, items, categories), expected, rtol=1e-4, atol=1e-5)


# Of lite0's blocks one of each kind: without widening, with a stride, with a residual, three and five wide.
EACH_KIND = ((1, 3, 1, 1, 16), (2, 3, 2, 6, 24), (1, 5, 2, 6, 40))
WHOLE = efficientnet_lite._STAGES


@pytest.mark.parametrize(
    ("backbone", "stages"),
    [
        (None, WHOLE),
        ("efficientnet-lite0", EACH_KIND),
        pytest.param("efficientnet-lite0", WHOLE, marks=pytest.mark.slow),
    ],
)
def test_item_features_are_those_of_torch_at_any_batch(backbone, stages, tmp_path, monkeypatch):
    monkeypatch.setattr(efficientnet_lite, "_STAGES", stages)
    model = create_model("student-xs", num_users=USERS, backbone=backbone).eval()
    example = (torch.rand(2, 3, 64, 64), torch.tensor([0, 1]))
    session = exported(Encoder(model), example, ({0: ITEMS}, {0: ITEMS}), tmp_path / "encoder.onnx")
    for rows in (1, 5):
        images, categories = torch.rand(rows, 3, 64, 64), torch.zeros(rows, dtype=torch.int64)
        with torch.inference_mode():
            expected = model.encode_items(images, categories)
        torch.testing.assert_close(outputs(session, images, categories), expected, rtol=1e-4, atol=1e-4)


@pytest.mark.slow
def test_torch_compile_gives_the_same_scores_without_breaking_the_graph():
    model = create_model("student-xs", num_users=USERS, input_kind="features", feature_size=24).eval()
    compiled = torch.compile(model.score, fullgraph=True, dynamic=True)
    for rows, slots in ((2, 3), (5, 4)):
        users = torch.arange(rows) % USERS
        features = torch.randn(rows, slots, model.feature_size)
        categories = torch.randint(-1, 3, (rows, slots))
        with torch.inference_mode():
            torch.testing.assert_close(
                compiled(users, features, categories), model.score(users, features, categories)
            )
