"""Rank outfits for a user by the graphs in this folder. Needs onnxruntime, numpy and, for images, Pillow.

`python recommend.py request.json` prints a score (higher is better) and the items of each outfit, best first.
The items are image files beside the request, or .npy files where the model takes features:

    {"user": 3, "items": {"coat.jpg": "top", "jeans.jpg": "bottom", "boots.jpg": "shoe"},
     "outfits": [["coat.jpg", "jeans.jpg", "boots.jpg"]]}

Where `users.csv` lies here, "user" may be the name of one, as text. For somebody who is no user of the model,
"known": outfits that they like, in place of "user".
"""

import sys
from pathlib import Path
from typing import Any

import numpy as np
from graphs import Array, Graphs
from items import read_item
from request import read_request
from users import users_for


def rank(graphs: Graphs, request: dict[str, Any], folder: Path) -> list[tuple[float, list[str]]]:
    """Scores and outfits of a request whose items lie in the folder, the best first."""
    kinds = np.array([graphs.categories.index(kind) for kind in request["items"].values()])
    items = {name: row for row, name in enumerate(request["items"])}
    pictures = [read_item(folder / name, graphs.card) for name in items]
    given = [
        {"images": [picture], "categories": [kind]} for picture, kind in zip(pictures, kinds, strict=True)
    ]
    features = np.concatenate([graphs.run("encoder.onnx", **one) for one in given])

    def score(user: int, outfits: list[list[str]]) -> Array:
        worn = np.full((len(outfits), max(map(len, outfits))), -1)  # −1 is an empty slot
        for slots, outfit in zip(worn, outfits, strict=True):
            slots[: len(outfit)] = [items[name] for name in outfit]
        slots = {"features": features[worn], "categories": np.where(worn < 0, -1, kinds[worn])}
        return graphs.run("scorer.onnx", users=np.full(len(worn), user), **slots, bank=features)

    users = users_for(request, graphs.card, score)
    scores = np.stack([score(user, request["outfits"]) for user in users]).mean(axis=0, dtype=np.float64)
    return sorted(zip(scores.tolist(), request["outfits"], strict=True), key=lambda pair: -pair[0])


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("expected one argument, the request: python recommend.py request.json")
    graphs, asked = Graphs(Path(__file__).parent), Path(sys.argv[1])
    for value, outfit in rank(graphs, read_request(asked, graphs.categories), asked.parent):
        print(f"{value:.6f}", *outfit, sep="\t")
