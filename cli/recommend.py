"""`outfitbench recommend`: the best outfits of a catalogue for each user."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from tyro.conf import Positional, arg

from .answer import Answer
from .named_datasets import named_datasets
from .session import Session, writable_folder
from .subjects import Chosen
from .trained import choose_fit, load_fit

if TYPE_CHECKING:
    from ..datasets.user_names import UserNames

__all__ = ["Recommend"]


@dataclass(frozen=True)
class Recommend:
    """Rank the outfits of a catalogue for every user, and write each user's best as Parquet.

    Attributes:
        source: The folder of a run.
        features: What `outfitbench encode` wrote with the same method.
        outfits: A Parquet file with the columns outfit (its name) and items (a list of items' names).
        out: The Parquet file to write: user, rank, outfit and score; with --root also the users' names.
        users: all, numbers as 0,5 (with --root, names), or a Parquet file with the column user, of numbers or
            of names; for new users also with the column items: an outfit that is known of them, a row.
        root: Folder of the dataset that the run was trained on, where its users have names (POG, IQON3000).
        k: How many outfits for each user.
        method: A method of the run by its name (FND XS) or ID (fnd-xs); can be left out where
            there is but one.
        fit: Of several fits of that method, the one to take, by the name that the message gives it.
        strategy: How new users are scored: avg, w-avg, or the model's own way; w-avg where it has that.
        exact: Score every outfit, as --index exact does, and as is done where neither is said.
        index: exact scores every outfit; faiss (extra faiss) searches some cells of an index, and says
            which share of the exact best that finds.
        memory: MiB for what grows with users, outfits and items; their files lie beside OUT meanwhile.
        device: Where to rank.
        on: local; ray, for the Ray cluster that this machine is in or one of its own; or a cluster's address.
            Each part of the outfits is a task there, and keeps to --memory by itself.
    """

    source: Annotated[Positional[Path], arg(metavar="RUN")]
    features: Path
    outfits: Path
    out: Path
    users: str = "all"
    root: Path | None = None
    k: Annotated[int, arg(aliases=["-k"])] = 10
    method: str | None = None
    fit: str | None = None
    strategy: str | None = None
    exact: bool = False
    index: Literal["exact", "faiss"] = "exact"
    memory: Annotated[int, arg(metavar="MIB")] = 256
    device: Literal["cpu", "cuda"] = "cpu"
    on: Annotated[str, arg(metavar="local|ray|ray://HOST:PORT")] = "local"

    def run(self, session: Session) -> Answer:
        """Rank, and say what was left out."""
        from ..core.parquet import need_pyarrow
        from ..core.ray_cluster import cluster_for
        from ..core.scratch import scratch_folder
        from ..evaluation.catalogue_features import MANIFEST, CatalogueFeatures, Manifest
        from ..evaluation.catalogue_outfits import CatalogueOutfits
        from ..evaluation.catalogue_ranking import (
            CatalogueRanking,
            check_ranks_catalogues,
            check_searches_by_index,
        )
        from ..evaluation.catalogue_users import read_users
        from ..evaluation.outfit_index import need_faiss

        need_pyarrow("argument --out")
        self._check_options()
        if self.index == "faiss":
            need_faiss("argument --index")
        chosen = choose_fit(self.source, session, self.method, self.fit)
        names = self._user_names(chosen, session)
        folder = writable_folder("argument --out", self.out.absolute().parent)
        with (
            cluster_for(self.on, self.device) as cluster,
            scratch_folder(folder) as scratch,
        ):
            model, encoder = load_fit(chosen, self.device if cluster is None else "cpu")
            check_ranks_catalogues(model, encoder.method)
            if self.index == "faiss":
                check_searches_by_index(model, encoder.method)
            whose = Manifest.read(self.features / MANIFEST).encoder
            self._check_encoder(whose.key, encoder.key, whose.method)
            features = CatalogueFeatures(self.features, scratch)
            strategy = self._strategy(model.cold_strategies, encoder.method)
            users = read_users(self.users, model.num_users, features, names)
            outfits = CatalogueOutfits(self.outfits, features, scratch)
            ranking = CatalogueRanking(
                model,
                features,
                outfits,
                memory=self.memory << 20,
                strategy=strategy,
                index=self.index,
                cluster=cluster,
            )
            ranked = ranking.write(users, self.k, self.out, names)
            count, left_out = len(outfits), outfits.left_out
        whom = f"each of {len(users.names):,} users"
        lines = [f"{self.out}: {ranked.rows:,} rows, the best of {count:,} outfits for {whom}"]
        if ranked.recall is not None:
            whom = f"{ranked.compared:,} of the users"
            lines.append(f"by an index: it found {ranked.recall:.1%} of the exact best of {whom}")
        if left_out:
            lines.append(f"{left_out:,} outfits left out: without items, or of items without features")
        return Answer(
            "\n".join(lines),
            {
                "out": self.out,
                "rows": ranked.rows,
                "recall": ranked.recall,
                "compared": ranked.compared,
                "users": len(users.names),
                "outfits": count,
                "left_out": left_out,
                "method": encoder.method,
            },
        )

    def _check_options(self) -> None:
        from ..core.errors import Fault, InputError

        if self.out.is_dir():
            raise InputError(Fault("argument --out", f"{self.out}, a folder", "a Parquet file to write"))
        for option, given in (("-k", self.k), ("--memory", self.memory)):
            if given < 1:
                raise InputError(Fault(f"argument {option}", str(given), "1 or more"))
        if self.exact and self.index == "faiss":
            fix = "leave out one of the two"
            raise InputError(Fault("argument --exact", "it beside --index faiss", "one way to rank", fix))
        if self.index == "faiss" and self.on != "local":
            found = f"faiss with --on {self.on}, where each part would have an index of its own"
            fix = "or --on local, where one index holds all outfits"
            raise InputError(Fault("argument --index", found, "exact", fix))

    def _user_names(self, chosen: Chosen, session: Session) -> UserNames | None:
        """What the users of the run's dataset are called; None where nobody asks for that."""
        from ..core.errors import Fault, InputError

        if self.root is None:
            return None
        (dataset,) = named_datasets([chosen], self.root, session)[0].values()
        if dataset.user_names is None:
            found = f"{dataset.name}, whose users have no names but their numbers"
            raise InputError(Fault("argument --root", found, "a dataset whose users have", "leave it out"))
        return dataset.user_names

    def _check_encoder(self, found: str, wanted: str, method: str) -> None:
        from ..core.errors import Fault, InputError

        if found != wanted:
            what = f"features by {method} with other weights or inputs"
            fix = "encode the catalogue with it"
            raise InputError(Fault(self.features, what, "those of the method that ranks", fix))

    def _strategy(self, known: tuple[str, ...], method: str) -> str:
        from ..core.errors import InputError
        from ..core.names import unknown_name

        if self.strategy is None:
            return known[-1]  # w-avg of those that all have
        if self.strategy not in known:
            kind = f"a way of {method} to new users"
            raise InputError(unknown_name(kind, self.strategy, known, "argument --strategy"))
        return self.strategy
