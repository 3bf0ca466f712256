"""Rank outfits for a user by the graphs in this folder. Needs onnxruntime, numpy and, for images, Pillow.

`python recommend.py request.json` prints a score (higher is better) and the items of each outfit, best first.
The items are image files beside the request, or .npy files where the model takes features:

    {"user": 3, "items": {"coat.jpg": "top", "jeans.jpg": "bottom", "boots.jpg": "shoe"},
     "outfits": [["coat.jpg", "jeans.jpg", "boots.jpg"]]}

For somebody who is no user of the model, "known": outfits that they like, in place of "user".
"""

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
from numpy.typing import ArrayLike, NDArray

Score = Callable[[int, list[list[str]]], NDArray[Any]]


class Recommender:
    """The graphs of a folder, served as its model.json says."""

    def __init__(self, folder: Path) -> None:
        self.card = json.loads((folder / "model.json").read_text(encoding="utf-8"))
        self.graphs = {
            name: onnxruntime.InferenceSession(folder / name, providers=["CPUExecutionProvider"])
            for name in self.card["serving"]["graphs"]
        }

    def run(self, graph: str, **arrays: ArrayLike) -> NDArray[Any]:
        """A graph's output for those of the arrays that it takes, each in its type."""
        takes = self.card["serving"]["graphs"][graph]["inputs"]
        given = {name: np.asarray(arrays[name], takes[name]["dtype"]) for name in takes}
        return np.asarray(self.graphs[graph].run(None, given)[0])

    def read(self, path: Path) -> NDArray[Any]:
        """An item as the encoder takes it: a vector, or the whole RGB picture in [0, 1], centred on white."""
        if self.card["input_kind"] == "features":
            return np.load(path)
        from PIL import Image, ImageOps

        size, image = self.card["input_size"], Image.open(path)
        lies = image.getexif().get(0x0112, 1) > 4  # EXIF sets it upright
        sides = image.size[::-1] if lies else image.size
        image.draft(None, (2 * size, 2 * size))  # a JPEG at the smallest scale that has twice the size
        image = ImageOps.exif_transpose(image)
        if image.has_transparency_data:
            image = image.convert("RGBA")
            image = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image)
        width, height = (max(1, round(size / max(sides) * side)) for side in sides)
        square = Image.new("RGB", (size, size), "white")
        small = image.convert("RGB").resize((width, height), Image.Resampling.LANCZOS)
        square.paste(small, ((size - width) // 2, (size - height) // 2))
        return np.asarray(square).transpose(2, 0, 1) / np.float32(255)

    def rank(self, request: dict[str, Any], folder: Path) -> list[tuple[float, list[str]]]:
        """Scores and outfits of a request whose items lie in the folder, the best first."""
        row = {name: number for number, name in enumerate(request["items"])}
        number = {name: number for number, name in enumerate(self.card["serving"]["categories"])}
        kinds = np.array([number[kind] for kind in request["items"].values()])
        features = np.concatenate(
            [self.run("encoder.onnx", images=[self.read(folder / name)], categories=[kind])
             for name, kind in zip(row, kinds, strict=True)]
        )  # fmt: skip

        def score(user: int, outfits: list[list[str]]) -> NDArray[Any]:
            worn = np.full((len(outfits), max(map(len, outfits))), -1)  # −1 is an empty slot
            for slots, outfit in zip(worn, outfits, strict=True):
                slots[: len(outfit)] = [row[name] for name in outfit]
            categories, users = np.where(worn < 0, -1, kinds[worn]), np.full(len(worn), user)
            given = {"users": users, "features": features[worn], "categories": categories}
            return self.run("scorer.onnx", **given, bank=features)

        users = self.users_for(request, score)
        scores = np.stack([score(user, request["outfits"]) for user in users]).mean(axis=0, dtype=np.float64)
        return sorted(zip(scores.tolist(), request["outfits"], strict=True), key=lambda pair: -pair[0])

    def users_for(self, request: dict[str, Any], score: Score) -> list[int]:
        """The user who asks; or those who like what a new user likes, and at least who likes it best."""
        everyone, new = range(self.card["num_users"]), self.card["serving"]["new_users"]
        if request.get("user") in everyone or new["strategy"] == "no-user":
            return [request["user"] if request.get("user") in everyone else 0]
        if new["strategy"] != "avg" or not request.get("known"):
            known = ', or "known": outfits that they like' if new["strategy"] == "avg" else ""
            wanted = f"one of 0 to {len(everyone) - 1}{known}"
            sys.exit(f'"user": found {request.get("user")!r}, expected {wanted}')
        likes = np.array([np.mean(score(user, request["known"]), dtype=np.float64) for user in everyone])
        return sorted({*np.flatnonzero(likes > new["threshold"]).tolist(), int(likes.argmax())})


if __name__ == "__main__":
    asked = Path(sys.argv[1])
    recommender = Recommender(Path(__file__).parent)
    for value, outfit in recommender.rank(json.loads(asked.read_text(encoding="utf-8")), asked.parent):
        print(f"{value:.6f}", *outfit, sep="\t")
