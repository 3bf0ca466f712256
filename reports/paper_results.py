"""What the paper published for the Polyvore datasets, shown apart from what was measured here."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .markdown import table
from .quantities import counted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .comparison_table import ComparisonTable

__all__ = ["published_section"]

# Tables 2 (random negatives) and 4 (hard negatives): AUC and NDCG × 100, by dataset and setting.
_PUBLISHED: dict[tuple[str, str], dict[str, tuple[float, float]]] = {
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
}
_SOURCE = {"random": "Table 2", "hard": "Table 4"}


_USERS = {"polyvore-630": 630, "polyvore-519": 519}
"""Users of the paper's datasets."""


def published_section(tables: Sequence[ComparisonTable]) -> str:
    """The paper's numbers for the datasets and settings of `tables`; empty where it has none."""
    parts = []
    for dataset, setting in dict.fromkeys((ranked.dataset, ranked.setting) for ranked in tables):
        published = _PUBLISHED.get((dataset, setting))
        if published:
            rows = [
                {"Published": name, "AUC": f"{a:.2f}", "NDCG": f"{n:.2f}"}
                for name, (a, n) in published.items()
            ]
            here = {r.users + r.left_out for r in tables if (r.dataset, r.setting) == (dataset, setting)}
            other = _other_size(_USERS[dataset], here)
            parts.append(
                f"{dataset}, {setting} negatives, {_USERS[dataset]} users ({_SOURCE[setting]}):{other}"
                f"\n\n{table(rows)}"
            )
    if not parts:
        return ""
    note = (
        "Copied from Kim et al., *False Negative Distillation and Contrastive Learning for Personalized "
        "Outfit Recommendation*. Not measured here: the paper's candidates, pretraining and hyper-parameters "
        "differ, so these rows must not be ranked among those above. Values × 100; NDCG over all cut-offs."
    )
    return "\n\n".join([note, *parts])


def _other_size(published: int, here: set[int]) -> str:
    """What to know where the data here is not the paper's; empty where its number of users is the same."""
    others = sorted(here - {published})
    if not others:
        return ""
    users = " and ".join(counted(number, "user") for number in others)
    return f" what goes by that name here has {users}, so it is another dataset."
