"""What the paper published for the Polyvore datasets, shown apart from what was measured here."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .comparison_table import setting_label
from .markdown import table
from .quantities import counted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .comparison_table import ComparisonTable

__all__ = ["published_section"]

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


def _other_size(published: int, here: set[int]) -> str:
    """What to know where the data here is not the paper's; empty where its number of users is the same."""
    others = sorted(here - {published})
    if not others:
        return ""
    users = " and ".join(counted(number, "user") for number in others)
    return f" what goes by that name here has {users}, so it is another dataset."
