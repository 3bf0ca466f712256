"""Export to ONNX: items to features, and features of outfits to scores, as two graphs."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple, cast

import torch
from torch import Tensor, nn
from torch.export import Dim

from ..core.files import replacing_folder
from ..core.hashes import file_hash
from ..core.machine import package_versions
from ..models.options import InputKind
from ..models.outfit_model import OutfitModel
from .counts import count_parameters
from .engines.onnxruntime_engine import OnnxRuntimeEngine
from .engines.torch_engine import TorchEngine, one_thread
from .errors import EngineError
from .exported import CARD, ENCODER, SCORER, ExportedModel
from .exported_graph import tidy_graph
from .parity import check_parity, compare_answers, parity_answers
from .subject import Subject

__all__ = ["OPSET", "export_onnx"]

OPSET = 20
"""ONNX operator set of the graphs."""

_EXAMPLES = 4
"""Rows of the example inputs; with 0 or 1 the exporter would make the batch a constant."""


def export_onnx(
    model: OutfitModel,
    out: Path,
    *,
    name: str = "",
    backbone: str | None = None,
    input_size: int | None = None,
) -> ExportedModel:
    """Write a model as two ONNX graphs with a card, and check that they answer as the model does.

    Number of items, number of outfits, outfit size and the size of an item bank stay open; the size of an
    image is fixed. The folder appears as a whole, once the check is passed, or not at all; an earlier export
    is replaced.

    Args:
        model: Any model of the zoo; its mode (training or evaluation) is left as it was.
        out: The folder to write: encoder.onnx, scorer.onnx and model.json, the weights beside the graphs.
        name: The zoo's name of the model, for the card.
        backbone: The backbone it was created with, for the card.
        input_size: H = W of the images in pixels; None for the model's own. Feature input has one size.

    Raises:
        EngineError: If the exporter cannot follow the model.
        ParityError: If scores differ by more than 1e-4 from PyTorch's or rank candidates otherwise.
        InputError: If `out` is a file, or a folder that holds something else.
    """
    size = input_size if input_size is not None and model.input_kind == "image" else model.input_size
    with replacing_folder(out, CARD) as folder, _evaluating(model), one_thread():
        _export(_Encoder(model), _encoder_inputs(model, size), folder / ENCODER, "features")
        scorer = _BankScorer(model) if model.has_item_bank else _Scorer(model)
        _export(scorer, _scorer_inputs(model), folder / SCORER, "scores")
        parity = _compare_with_torch(model, folder, size)
        check_parity(parity, f"export of {name or type(model).__name__}")
        exported = ExportedModel(
            folder=out,
            model=name or type(model).__name__,
            num_users=model.num_users,
            backbone=backbone,
            input_kind=cast("InputKind", model.input_kind),
            input_size=size,
            feature_size=model.feature_size,
            parameters=count_parameters(model).parameters,
            opset=OPSET,
            files={path.name: file_hash(path) for path in sorted(folder.iterdir())},
            parity=parity,
            versions=package_versions(),
            cold_strategies=model.cold_strategies,
        )
        card = exported.model_dump_json(indent=2)
        (folder / CARD).write_text(card + "\n", encoding="utf-8")
    return exported


class _Input(NamedTuple):
    """An example of an input, and the names of its axes that stay open."""

    values: Tensor
    open_axes: dict[int, Dim]


class _Encoder(nn.Module):
    def __init__(self, model: OutfitModel) -> None:
        super().__init__()
        self.model = model

    def forward(self, images: Tensor, categories: Tensor) -> Tensor:
        return self.model.encode_items(images, categories)


class _Scorer(nn.Module):
    def __init__(self, model: OutfitModel) -> None:
        super().__init__()
        self.model = model

    def forward(self, users: Tensor, features: Tensor, categories: Tensor) -> Tensor:
        return self.model.score(users, features, categories)


class _BankScorer(nn.Module):
    def __init__(self, model: OutfitModel) -> None:
        super().__init__()
        self.model = model

    def forward(self, users: Tensor, features: Tensor, categories: Tensor, bank: Tensor) -> Tensor:
        return self.model.score_among(users, features, categories, bank)


def _encoder_inputs(model: OutfitModel, size: int) -> dict[str, _Input]:
    items = Dim("items")
    shape = (3, size, size) if model.input_kind == "image" else (size,)
    return {
        "images": _Input(torch.rand(_EXAMPLES, *shape), {0: items}),
        "categories": _Input(torch.arange(_EXAMPLES) % model.num_categories, {0: items}),
    }


def _scorer_inputs(model: OutfitModel) -> dict[str, _Input]:
    outfits, slots = Dim("outfits"), Dim("slots")
    categories = torch.arange(3) % model.num_categories
    inputs = {
        "users": _Input(torch.arange(_EXAMPLES) % model.num_users, {0: outfits}),
        "features": _Input(torch.rand(_EXAMPLES, 3, model.feature_size), {0: outfits, 1: slots}),
        "categories": _Input(categories.repeat(_EXAMPLES, 1), {0: outfits, 1: slots}),
    }
    if model.has_item_bank:
        inputs["bank"] = _Input(torch.rand(_EXAMPLES + 1, model.feature_size), {0: Dim("bank")})
    return inputs


def _export(module: nn.Module, inputs: dict[str, _Input], graph: Path, output: str) -> None:
    with _quiet_exporter():
        try:
            program = torch.onnx.export(
                module.eval(),
                tuple(example.values for example in inputs.values()),
                input_names=list(inputs),
                output_names=[output],
                dynamic_shapes={name: example.open_axes for name, example in inputs.items()},
                opset_version=OPSET,
                dynamo=True,
                verbose=False,
            )
        except torch.onnx.OnnxExporterError as error:
            reason = str(error.__cause__ or error).strip().splitlines()[0]
            raise EngineError(
                f"export to {graph.name}: found a model that torch.export cannot follow ({reason}), "
                "expected no Python branches on tensors' values"
            ) from error
        assert program is not None, "dynamo gives a program"
        program.save(graph, external_data=True)
    tidy_graph(graph)


def _compare_with_torch(model: OutfitModel, folder: Path, size: int) -> dict[str, float]:
    exported = Subject(
        model=type(model).__name__,
        num_users=model.num_users,
        num_categories=model.num_categories,
        input_kind=cast("InputKind", model.input_kind),
        input_size=size,
        export=folder,
    )
    runtime = OnnxRuntimeEngine(exported, "cpu", 1)
    runtime.load()
    right, found = (parity_answers(engine, exported) for engine in (TorchEngine.serving(model), runtime))
    return compare_answers(right, found)


@contextmanager
def _quiet_exporter() -> Iterator[None]:
    """Without the exporter's remarks on axis names and missing optional operators."""
    loggers = [logging.getLogger(name) for name in ("torch.onnx", "torch.export", "onnxscript", "onnx_ir")]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings(action="ignore"):
            yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)


@contextmanager
def _evaluating(model: nn.Module) -> Iterator[None]:
    """The model in evaluation mode, and every part back in its own mode afterwards."""
    training = [part for part in model.modules() if part.training]
    model.eval()
    try:
        yield
    finally:
        for part in training:
            part.training = True
