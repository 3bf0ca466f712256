"""Records made up for the tests: every number in them is artificial."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
from outfitbench.bench.measurement import Measurement
from outfitbench.core.hashes import content_hash
from outfitbench.evaluation.user_scores import ColdStart, ShuffledUsers, UserScores
from outfitbench.suites.records import (
    CostRecord,
    DatasetRecord,
    FitRecord,
    Machine,
    QualityRecord,
    ScorerRecord,
    SuiteRecord,
)
from outfitbench.training.history import Distillation, Environment, Epoch

PARAMETERS = {
    "teacher": 65_986_752,
    "student-xs": 2_849_088,
    "student-s": 13_877_952,
    "student-m": 28_101_824,
}


def made_hash(name: str) -> str:
    """The name itself where a hash could read so."""
    plain = name.lower().replace(" ", "-")
    return plain if re.fullmatch(r"[0-9a-z-]+", plain) else content_hash(name)


def backbone_of(model: str) -> str:
    return "alexnet-large" if model == "teacher" else "alexnet-small"


def machine(**changes: Any) -> Machine:
    fields: dict[str, Any] = {
        "processor": "Made-up CPU",
        "generation": "6.143.8",
        "cores": 2,
        "memory_bytes": 16 * 2**30,
        "accelerator": None,
        "system": "Linux 6.0",
        "versions": {"python": "3.11.9", "torch": "2.11.0"},
        "cpu_flags": ["avx2"],
    }
    return Machine(**(fields | changes))


def user_scores(
    auc: float, users: int = 24, left_out: int = 0, seed: int = 0, spread: float = 0.04
) -> UserScores:
    """Users share their difficulty over methods; `seed` adds a method's own small noise."""
    hard = np.random.default_rng(1).normal(0, spread, users)
    own = np.random.default_rng(100 + seed).normal(0, 0.01, users)
    values = np.clip(auc + hard + own, 0, 1)
    return UserScores(
        users=list(range(users)),
        auc=values.tolist(),
        ndcg=(values - 0.2).clip(0, 1).tolist(),
        ndcg_standard=(values - 0.1).clip(0, 1).tolist(),
        left_out=left_out,
    )


NAMED_AFTER = {"n-pair": "N-pair", "fnd": "FND", "bpr": "BPR"}


def description_of(method: str, objective: str, seed: int, **changes: Any) -> dict[str, Any]:
    """A fit's; a method that is not named after its objective has an option of it that is its own."""
    plain = method.startswith(NAMED_AFTER.get(objective, objective))
    options = {} if plain else {"options": {"made_up": method}}
    return {
        "kind": "fit",
        "seed": seed,
        "model": {"name": "made up", "input_kind": "image", "image_size": 64},
        "objectives": [{"name": objective, **options}],
        **changes,
    }


def fit(
    method: str,
    model: str = "student-xs",
    auc: float = 0.9,
    *,
    objective: str = "n-pair",
    seed: int = 0,
    teacher: str | None = None,
    **changes: Any,
) -> FitRecord:
    distillation = teacher and Distillation(
        alpha=2.4,
        alpha_relative=1.0,
        gap=0.41,
        mean_d=1.02,
        all_ones_loss=4.12,
        chance_loss=3.5,
        false_negative_share=0.07,
        true_false_negative_share=0.31,
        true_base_rate=0.06,
        recall=0.36,
        softmax_mass=0.24,
        positives_called_false=0.56,
        held_out_called_false=0.23,
    )
    negatives = changes.get("negatives", "random")
    history = [
        Epoch(
            number=n,
            loss=3 / n,
            learning_rate=0.01,
            valid_auc=auc if n == 5 else auc - 0.3 * 0.5**n,
        )
        for n in range(1, 7)
    ]
    fields: dict[str, Any] = {
        "trial": made_hash(f"{method}-{negatives}-{seed}"),
        "description": description_of(method, objective, seed),
        "inputs": {"teacher": teacher} if teacher else {},
        "method": method,
        "model": model,
        "backbone": backbone_of(model),
        "input_kind": "image",
        "input_size": 64,
        "dataset": "closet-24",
        "split_scheme": "9:2:2",
        "negatives": negatives,
        "seed": seed,
        "data_fingerprint": "da7a" * 4,
        "parameters": PARAMETERS[model],
        "valid_auc": history[changes.get("best_epoch", 5) - 1].valid_auc,
        "best_epoch": 5,
        "history": history,
        "environment": Environment(device="cpu", precision="fp32", threads=2),
        "distillation": distillation or None,
        "machine": machine(),
        "seconds": {"train": 120.0 + seed},
        "weights": "feed" * 8,
    }
    return FitRecord(**(fields | changes))


def on_disk(record: QualityRecord) -> QualityRecord:
    """The evaluation and its fit under the hashes of their descriptions, as they can be read from disk."""
    own = record.fit.description
    trained = record.fit.model_copy(update={"description": own, "trial": content_hash(own)})
    own = record.description | {"inputs": {"weights": trained.trial}}
    changes = {"description": own, "trial": content_hash(own), "inputs": own["inputs"], "fit": trained}
    return record.model_copy(update=changes)


OF_EVALUATION = ("candidate_fingerprint", "evaluator_version", "test", "shuffled", "cold")


def cold_start(setting: str, strategy: str = "avg", **changes: Any) -> ColdStart:
    """That an evaluation ranked for the users of another dataset."""
    asked = strategy in ("avg", "w-avg")
    fields: dict[str, Any] = {
        "dataset": "closet-16",
        "data_fingerprint": "c01d" * 4,
        "known": int(setting.removeprefix("cold-")),
        "draws": 10,
        "histories": f"5ee4-{setting}",
        "too_few": 0,
        "strategy": strategy,
        "spread": {"auc": 0.004, "ndcg": 0.005, "ndcg_standard": 0.004},
        "neighbours": 17.5 if asked else None,
        "alone": 0 if asked else None,
    }
    return ColdStart(**(fields | changes))


def evaluation(
    trained: FitRecord, scores: UserScores, setting: str = "random", **changes: Any
) -> QualityRecord:
    fields: dict[str, Any] = {
        "trial": f"{trained.trial}-on-{setting}",
        "description": {"kind": "evaluation", "setting": setting},
        "cold": cold_start(setting) if setting.startswith("cold-") else None,
        "inputs": {"weights": trained.trial},
        "fit": trained,
        "setting": setting,
        "candidate_fingerprint": f"cafe-{setting}",
        "evaluator_version": 2,
        "test": scores,
        "machine": machine(),
        "seconds": {"evaluate": 3.0},
    }
    fields |= changes
    if fields["cold"] is not None and fields["cold"].strategy != "avg":
        fields["trial"] += f"-{fields['cold'].strategy}"
    return QualityRecord(**fields)


def quality(
    method: str,
    model: str = "student-xs",
    auc: float = 0.9,
    *,
    seed: int = 0,
    scores: UserScores | None = None,
    setting: str = "random",
    **changes: Any,
) -> QualityRecord:
    """An evaluation and its fit; `changes` are the fit's, except for those that only an evaluation has."""
    own = {key: changes.pop(key) for key in OF_EVALUATION if key in changes}
    trained = fit(method, model, auc, seed=seed, **changes)
    return evaluation(trained, scores or user_scores(auc, seed=seed + len(method)), setting, **own)


def scorer(
    name: str,
    auc: float = 0.5,
    setting: str = "random",
    *,
    scores: UserScores | None = None,
    **changes: Any,
) -> ScorerRecord:
    """An evaluation of what nobody trains."""
    fields: dict[str, Any] = {
        "trial": made_hash(f"{name}-on-{setting}"),
        "description": {"kind": "evaluation", "scorer": name, "setting": setting},
        "scorer": name,
        "summary": f"What {name} goes by.",
        "dataset": "closet-24",
        "split_scheme": "9:2:2",
        "data_fingerprint": "da7a" * 4,
        "setting": setting,
        "candidate_fingerprint": f"cafe-{setting}",
        "evaluator_version": 2,
        "test": scores or user_scores(auc, seed=len(name)),
        "machine": machine(),
        "seconds": {"evaluate": 1.0},
    }
    return ScorerRecord(**(fields | changes))


def shuffled(scores: UserScores, *, same_scores: bool = False) -> ShuffledUsers:
    return ShuffledUsers(seed=0, same_scores=same_scores, test=scores)


def measurement(value: float, unit: str, n: int = 200, flags: list[str] | None = None) -> Measurement:
    """n samples with a median of about `value`."""
    samples = [value * (1 + 0.05 * np.sin(i)) for i in range(n)] if n > 1 else [value] * n
    if unit in ("1", "byte", "FLOP"):
        samples = [float(round(sample)) for sample in samples]
    return Measurement(unit=unit, samples=samples, flags=flags or [])


def cost(method: str, model: str = "student-xs", latency: float = 0.007, **changes: Any) -> CostRecord:
    measurements = {
        "latency": measurement(latency, "s"),
        "throughput": measurement(1 / latency, "item/s", 20),
        "peak_memory": measurement(3e8 + 8 * PARAMETERS[model], "byte", 3),
        "parameters": measurement(PARAMETERS[model], "1", 1),
        "flops": measurement(PARAMETERS[model] * 30, "FLOP", 1),
        "file_size": measurement(PARAMETERS[model] * 4, "byte", 1),
        "recommend": measurement(latency * 900, "s", 10),
    }
    fields: dict[str, Any] = {
        "trial": made_hash(f"{method}-{changes.get('engine', 'torch')}-{changes.get('device', 'cpu')}"),
        "description": {"model": model},
        "effort": {"rounds": 3},
        "workload": "request",
        "method": method,
        "model": model,
        "backbone": backbone_of(model),
        "input_kind": "image",
        "input_size": 64,
        "dataset": "closet-24",
        "engine": "torch",
        "provider": None,
        "device": "cpu",
        "precision": "fp32",
        "threads": 2,
        "outfit_size": 3,
        "batch": 32,
        "evaluator_version": 2,
        "machine": machine(),
        "session": "5e5510",
        "date": "2026-11-25",
    } | changes
    measurements |= fields.pop("measured", {})
    counted = ("parameters", "flops", "file_size")
    taken = {
        "measurements": {
            name: measured if name in counted else measured.model_copy(update={"session": fields["session"]})
            for name, measured in measurements.items()
        }
    }
    return CostRecord(**(taken | fields))


def dataset(**changes: Any) -> DatasetRecord:
    fields: dict[str, Any] = {
        "dataset": "closet-24",
        "data_fingerprint": "da7a" * 4,
        "split_scheme": "9:2:2",
        "origin": "drawn by a test",
        "users": 24,
        "items": 3100,
        "items_by_category": {"top": 1100, "bottom": 1000, "shoe": 1000},
        "outfits": {"train": 1800, "valid": 400, "test": 400},
        "sizes": {"3": 2600},
        "wears_per_item": 2.516,
        "image_size": 64,
    }
    return DatasetRecord(**(fields | changes))


def suite(**changes: Any) -> SuiteRecord:
    fields: dict[str, Any] = {
        "suite": "demo",
        "title": "A made-up demo",
        "command": "outfitbench run demo",
        "fingerprint": "5u17e",
        "date": "2026-11-25T10:00:00",
    }
    return SuiteRecord(**(fields | changes))


def whole_grid() -> list[Any]:
    """A demo's records: a teacher, three students, two settings, costs in two engines."""
    records: list[Any] = [dataset(), suite()]
    for setting, drop in (("random", 0.0), ("hard", 0.08)):
        teacher = quality("Teacher", "teacher", 0.93 - drop, setting=setting)
        records += [
            teacher,
            quality("N-pair XS", auc=0.905 - drop, setting=setting),
            quality("BPR XS", auc=0.86 - drop, objective="bpr", setting=setting),
            quality("FND XS", auc=0.916 - drop, objective="fnd", teacher=teacher.fit.trial, setting=setting),
            quality("N-pair S", "student-s", 0.915 - drop, setting=setting),
            quality(
                "FND S",
                "student-s",
                0.926 - drop,
                objective="fnd",
                teacher=teacher.fit.trial,
                setting=setting,
            ),
        ]
    parity = {"max_abs_difference": 2.4e-6, "kendall_tau": 1.0, "top_k_overlap": 1.0}
    for method, model, latency in (
        ("Teacher", "teacher", 0.0251),
        ("FND XS", "student-xs", 0.0083),
        ("FND S", "student-s", 0.0119),
    ):
        records.append(cost(method, model, latency))
        records.append(
            cost(
                method,
                model,
                latency * 0.7,
                engine="onnxruntime",
                provider="CPUExecutionProvider",
                parity=parity,
            )
        )
    return records
