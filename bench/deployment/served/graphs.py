"""The graphs of this folder in ONNX Runtime, as the card beside them says."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
from numpy.typing import ArrayLike, NDArray

Array = NDArray[Any]


class Graphs:
    """A folder's card and graphs.

    Attributes:
        card: What `model.json` says.
        categories: Names of the categories, by number.
    """

    def __init__(self, folder: Path) -> None:
        self.card = json.loads((folder / "model.json").read_text(encoding="utf-8"))
        self.categories: list[str] = self.card["serving"]["categories"]
        self._sessions = {
            name: onnxruntime.InferenceSession(folder / name, providers=["CPUExecutionProvider"])
            for name in self.card["serving"]["graphs"]
        }

    def run(self, graph: str, **arrays: ArrayLike) -> Array:
        """A graph's output for those of the arrays that it takes, each in its type."""
        takes = self.card["serving"]["graphs"][graph]["inputs"]
        given = {name: np.asarray(arrays[name], takes[name]["dtype"]) for name in takes}
        return np.asarray(self._sessions[graph].run(None, given)[0])
