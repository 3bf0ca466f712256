"""`outfitbench encode`: the items of a catalogue through the encoder of a trained method."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

from tyro.conf import Positional, arg

from .answer import Answer
from .session import Session, writable_folder
from .trained import choose_fit, load_fit

__all__ = ["Encode"]

_SHOWN = 5


@dataclass(frozen=True)
class Encode:
    """Encode a catalogue into shards of Parquet; what was encoded before is not encoded again.

    Attributes:
        source: The folder of a run.
        images: A folder that holds a folder of images for each class (top/x.jpg), at any depth; or a Parquet
            file with the columns item, category and image (the bytes of a file). For a method that was
            trained on feature vectors: a Parquet file with features (lists of float32) in place of image.
        out: Folder for the shards and their manifest.
        method: Whose encoder: a method of the run by its name (FND XS) or ID (fnd-xs); can be left out where
            there is but one.
        fit: Of several fits of that method, the one to take, by the name that the message gives it.
        device: Where to encode.
        on: local; ray, for the Ray cluster that this machine is in or one of its own; or a cluster's address.
            Each shard is a task there, and all machines must see DIR or PARQUET.
    """

    source: Annotated[Positional[Path], arg(metavar="RUN")]
    images: Annotated[Path, arg(metavar="DIR|PARQUET")]
    out: Path
    method: str | None = None
    fit: str | None = None
    device: Literal["cpu", "cuda"] = "cpu"
    on: Annotated[str, arg(metavar="local|ray|ray://HOST:PORT")] = "local"

    def run(self, session: Session) -> Answer:
        """Encode, and count what could not be."""
        from ..core.parquet import need_pyarrow
        from ..core.ray_cluster import cluster_for
        from ..datasets.catalogue import open_catalogue
        from ..evaluation.encode_catalogue import encode_catalogue

        need_pyarrow("argument --out")
        chosen = choose_fit(self.source, session, self.method, self.fit)
        out = writable_folder("argument --out", self.out)
        with cluster_for(self.on, self.device) as cluster:
            model, encoder = load_fit(chosen, self.device if cluster is None else "cpu")
            catalogue = open_catalogue(self.images, chosen.categories, encoder.vector_size)
            manifest = encode_catalogue(model, catalogue, encoder, out, cluster=cluster)
        lines = [f"{out}: {manifest.items:,} items by {encoder.feature_size} features of {encoder.method}"]
        lines += [f"note: {note}" for note in catalogue.notes]
        if broken := manifest.broken:
            lines.append(
                f"items that could not be read: {len(broken):,}; all of them stand in {out}/manifest.json:"
            )
            lines += [f"  {item.item}: {item.found}" for item in broken[:_SHOWN]]
        return Answer(
            "\n".join(lines),
            {
                "out": out,
                "items": manifest.items,
                "shards": len(manifest.shards),
                "broken": [item.model_dump() for item in broken],
                "notes": list(catalogue.notes),
                "encoder": encoder.model_dump(),
            },
        )
