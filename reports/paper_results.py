"""What the paper published for the Polyvore datasets, shown apart from what was measured here."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .comparison_table import setting_label
from .markdown import escape, table
from .quantities import counted, p_value

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from .comparison_table import ComparisonTable

__all__ = ["order_section", "published_section"]

# Tables 2 (random negatives), 3 (new users, AUC alone) and 4 (hard negatives): AUC and NDCG × 100.
_PUBLISHED: dict[tuple[str, str], dict[str, tuple[float, float] | tuple[float]]] = {
    ("polyvore-630", "random"): {
        "Type-Aware": (75.87, 57.06),
        "SCE-Net": (77.76, 59.83),
        "Bi-LSTM": (78.30, 62.30),
        "OutfitNet": (85.03, 72.87),
        "FHN": (87.15, 76.33),
        "LPAE-u": (87.82, 77.49),
        "LPAE-g": (87.05, 76.33),
        "FND": (89.91, 82.18),
        "FND-CL": (90.28, 82.47),
    },
    ("polyvore-519", "random"): {
        "Type-Aware": (78.03, 60.33),
        "SCE-Net": (78.86, 61.37),
        "Bi-LSTM": (80.25, 65.54),
        "OutfitNet": (85.04, 71.96),
        "FHN": (87.89, 77.07),
        "LPAE-u": (89.19, 79.23),
        "LPAE-g": (89.59, 81.05),
        "FND": (91.86, 84.74),
        "FND-CL": (92.30, 85.51),
    },
    ("polyvore-630", "hard"): {
        "OutfitNet": (79.19, 60.40),
        "FHN": (79.67, 60.61),
        "LPAE-u": (81.69, 65.26),
        "LPAE-g": (80.88, 63.99),
        "FND": (83.55, 68.74),
        "FND-CL": (84.24, 69.99),
    },
    ("polyvore-519", "hard"): {
        "OutfitNet": (79.83, 60.77),
        "FHN": (80.15, 60.20),
        "LPAE-u": (82.17, 65.79),
        "LPAE-g": (80.53, 62.35),
        "FND": (83.90, 69.11),
        "FND-CL": (84.76, 70.50),
    },
    ("polyvore-630", "cold-1"): {
        "Type-Aware": (72.79,),
        "SCE-Net": (76.55,),
        "Bi-LSTM": (78.61,),
        "LPAE-u": (77.58,),
        "LPAE-g": (77.65,),
        "FND": (78.68,),
        "FND (w)": (79.72,),
        "FND-CL": (79.59,),
        "FND-CL (w)": (80.33,),
    },
    ("polyvore-630", "cold-5"): {
        "Type-Aware": (72.79,),
        "SCE-Net": (76.55,),
        "Bi-LSTM": (78.61,),
        "LPAE-u": (77.92,),
        "LPAE-g": (77.35,),
        "FND": (79.42,),
        "FND (w)": (80.98,),
        "FND-CL": (80.09,),
        "FND-CL (w)": (81.56,),
    },
    ("polyvore-519", "cold-1"): {
        "Type-Aware": (77.44,),
        "SCE-Net": (78.97,),
        "Bi-LSTM": (81.69,),
        "LPAE-u": (80.72,),
        "LPAE-g": (82.62,),
        "FND": (83.84,),
        "FND (w)": (84.53,),
        "FND-CL": (85.26,),
        "FND-CL (w)": (85.51,),
    },
    ("polyvore-519", "cold-5"): {
        "Type-Aware": (77.44,),
        "SCE-Net": (78.97,),
        "Bi-LSTM": (81.69,),
        "LPAE-u": (80.97,),
        "LPAE-g": (82.53,),
        "FND": (84.10,),
        "FND (w)": (85.31,),
        "FND-CL": (85.43,),
        "FND-CL (w)": (86.41,),
    },
}
_SOURCE = {"random": "Table 2", "hard": "Table 4", "cold-1": "Table 3", "cold-5": "Table 3"}


_ITS_SIZE = " XS"
"""The paper's own rows are of the smallest student, whose size the names of rows here end with."""

_WEIGHTED = " (w)"
"""Ends the name of a row whose scores for new users are averages weighted by similarity."""

_FEWEST = 4
"""Rows in common; the order of fewer says nothing, whatever it is (p is 0.33 at best for three)."""

_USERS = {"polyvore-630": 630, "polyvore-519": 519}
"""Users of the paper's datasets."""

_COLD_USERS = {"polyvore-630": 53, "polyvore-519": 32}
"""Those of their datasets of new users."""


def published_section(tables: Sequence[ComparisonTable]) -> str:
    """The paper's numbers for the datasets and settings of `tables`; empty where it has none."""
    parts = []
    for dataset, setting in dict.fromkeys((ranked.dataset, ranked.setting) for ranked in tables):
        published = _PUBLISHED.get((dataset, setting))
        if published:
            rows = [
                {"Published": name, **{m: f"{v:.2f}" for m, v in zip(("AUC", "NDCG"), values, strict=False)}}
                for name, values in published.items()
            ]
            here = {r.users + r.left_out for r in tables if (r.dataset, r.setting) == (dataset, setting)}
            users = (_COLD_USERS if setting.startswith("cold-") else _USERS)[dataset]
            parts.append(
                f"{dataset}, {setting_label(setting)}, {users} users ({_SOURCE[setting]}):"
                f"{_other_size(users, here)}\n\n{table(rows)}"
            )
    if not parts:
        return ""
    note = (
        "Copied from Kim et al., *False Negative Distillation and Contrastive Learning for Personalized "
        "Outfit Recommendation*. Not measured here: the paper's candidates, pretraining and hyper-parameters "
        "differ, so these rows must not be ranked among those above. Values × 100; NDCG over all cut-offs."
    )
    return "\n\n".join([note, *parts])


def order_section(tables: Sequence[ComparisonTable]) -> str:
    """How far the rows of `tables` stand in the order of the paper's; empty where too few are in common."""
    lines = [
        {
            "Ranked": escape(ranked.label),
            "Beside": f"{dataset} ({_SOURCE[setting]})",
            "Rows in common": str(len(ours)),
            "Kendall's τ": f"{tau:.2f}".replace("-", "−"),
            "p": p_value(p),
        }
        for ranked in tables
        for (dataset, setting), published in _PUBLISHED.items()
        if setting == ranked.setting and len(ours := _in_common(ranked, published)) >= _FEWEST
        for tau, p in [_kendall([(row, published[name][0]) for name, row in ours.items()])]
    ]
    if not lines:
        return ""
    note = (
        "Kendall's τ between the order of the rows' AUC and the order that the paper gives the same "
        "methods: 1 where every pair stands in the same order, −1 where none does, with the exact p of so "
        "much agreement between two orders that have nothing to do with each other. Rows are matched by "
        "name; the paper's FND is FND XS here."
    )
    return f"{table(lines, text_columns=2)}\n\n{note}"


def _in_common(ranked: ComparisonTable, published: Iterable[str]) -> dict[str, float]:
    """The AUC here of the paper's rows, by the paper's names."""
    here = {row.name: row.mean("auc") for row in ranked.rows if not row.variant}
    names = {name: next((n for n in (name, _sized(name)) if n in here), None) for name in published}
    return {name: here[own] for name, own in names.items() if own is not None}


def _sized(name: str) -> str:
    """A row of the paper's by its name here: "FND (w)" is "FND XS (w)"."""
    method, way = name.removesuffix(_WEIGHTED), _WEIGHTED * name.endswith(_WEIGHTED)
    return f"{method}{_ITS_SIZE}{way}"


def _kendall(pairs: Sequence[tuple[float, float]]) -> tuple[float, float]:
    from scipy.stats import kendalltau

    found: Any = kendalltau(*zip(*pairs, strict=True))  # scipy does not say what it returns
    return float(found.statistic), float(found.pvalue)


def _other_size(published: int, here: set[int]) -> str:
    """What to know where the data here is not the paper's; empty where its number of users is the same."""
    others = sorted(here - {published})
    if not others:
        return ""
    users = " and ".join(counted(number, "user") for number in others)
    return f" what goes by that name here has {users}, so it is another dataset."
