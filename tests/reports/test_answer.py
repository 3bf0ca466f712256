from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pytest
from outfitbench.reports.difference_sentences import ndcg_sentence
from outfitbench.reports.differences import differences
from outfitbench.reports.grouping import comparison_tables

from .answers import answer, pair, seeds
from .made_records import quality, user_scores
from .tables import by_first_column, read_tables


def test_the_last_epoch_is_no_evidence():
    """Under a rate that ends at zero the last epoch is nearly always the best."""
    text = answer([quality("N-pair XS", seed=seed, best_epoch=6) for seed in range(4)])
    assert "epoch" not in text
    assert "converged" not in text


@pytest.mark.parametrize(
    ("auc", "sentence"),
    [
        (0.9, "The weights of FND XS have an AUC above those of N-pair XS, the same model and recipe"),
        (0.7, "The weights of FND XS have an AUC below those of N-pair XS, the same model and recipe"),
        (
            0.8,
            "Between FND XS and N-pair XS, the same model and recipe with n-pair in place of fnd, no differ",
        ),
    ],
)
def test_what_distillation_did(auc, sentence):
    same = user_scores(0.8, seed=3)
    scores = same if auc == 0.8 else user_scores(auc, seed=3)
    text = answer([*pair(scores=scores), quality("N-pair XS", scores=same)])
    assert sentence in text
    assert "one seed: luck of training is not covered)" in text


def test_a_method_is_spoken_of_where_users_and_seeds_carry_it():
    text = answer(seeds([0.85, 0.9], [0.7, 0.75]))
    assert re.search(r"The AUC of FND XS is above that of N-pair XS, .* over 2 seeds .*, p < 0.001", text)


def test_seeds_that_differ_carry_no_claim():
    text = answer(seeds([0.7, 0.95], [0.75, 0.76]))
    assert (
        "Between FND XS and N-pair XS, the same model and recipe with n-pair in place of fnd, no diff" in text
    )


def two_seeds(*, field: str, shifts: tuple[float, float]) -> str:
    """What is said of a student that differs from N-pair by so much in each seed, and from user to user."""
    same = user_scores(0.8, seed=3)
    wave = 0.028 * np.sin(np.arange(24))
    teachers = [quality("Teacher", "teacher", 0.93, seed=seed) for seed in (0, 1)]
    students = [
        quality(
            "FND XS",
            scores=same.model_copy(update={field: (np.array(getattr(same, field)) + by + wave).tolist()}),
            objective="fnd",
            seed=seed,
            teacher=teachers[seed].fit.trial,
        )
        for seed, by in enumerate(shifts)
    ]
    return answer([*teachers, *students, *(quality("N-pair XS", scores=same, seed=s) for s in (0, 1))])


def test_two_seeds_that_differ_a_little_carry_none_either():
    """p is small over users and seeds, and the t-interval over two seeds holds zero."""
    assert "The AUC of FND XS is above that of N-pair XS" in two_seeds(field="auc", shifts=(0.02, 0.02))
    text = two_seeds(field="auc", shifts=(0.024, 0.016))
    assert "On average the AUC of FND XS is above that of N-pair XS" in text
    assert "no claim is made" in text
    assert "The AUC of FND XS is above" not in text


def test_one_seed_is_said_to_leave_out_the_luck_of_training():
    assert "There is one seed: " in answer(pair())
    assert "There is one seed: " not in answer(seeds([0.8, 0.8], [0.8, 0.8]))


def test_ndcg_makes_no_claim_where_the_seeds_differ():
    claimed = two_seeds(field="ndcg", shifts=(-0.02, -0.02))
    assert "- In NDCG (all cut-offs) FND XS is below N-pair XS (" in claimed
    torn = two_seeds(field="ndcg", shifts=(-0.024, -0.016))
    assert "In NDCG" not in torn
    assert "On average FND XS is below N-pair XS in NDCG (all cut-offs), but no claim is made (−1.89" in torn


@pytest.mark.parametrize(("holm_p", "claimed"), [(0.04, True), (0.105, False)])
def test_ndcg_makes_no_claim_of_what_shows_only_as_one_of_many(holm_p, claimed):
    records = seeds([0.9, 0.9], [0.8, 0.8])
    (ranking,) = comparison_tables(records)
    found = next(d for d in differences(ranking, "ndcg") if d.why == "baseline")
    said = ndcg_sentence(replace(found, holm_p=holm_p, among=21), "no")
    assert said.startswith("In NDCG (all cut-offs) FND XS is above N-pair XS (") == claimed
    assert ("no claim is made" in said) != claimed
    assert f"Holm p {holm_p:.3f} as one of 21" in said


def test_many_comparisons_are_tables_that_say_what_the_sentences_say():
    """Seven students that each lost one thing: a row each, and the sentences of none."""
    base = user_scores(0.8, seed=3)
    pull = np.array([0.15] * 4 + [-0.003] * 20)
    doubtful = base.model_copy(update={"auc": (np.array(base.auc) + pull).tolist()})
    teachers = [quality("Teacher", "teacher", 0.93, seed=seed) for seed in (0, 1)]
    scores = {
        "same": [base, base],
        "higher": [user_scores(0.9, seed=3)] * 2,
        "lower": [user_scores(0.7, seed=3)] * 2,
        "torn": [user_scores(0.95, seed=3), user_scores(0.78, seed=3)],
        "doubtful": [doubtful, doubtful],
        "sixth": [base, base],
        "seventh": [base, base],
    }
    records = [*teachers, *(quality("N-pair XS", scores=base, seed=seed) for seed in (0, 1))]
    records += [
        quality(name, scores=of, objective="fnd", seed=seed, teacher=teachers[seed].fit.trial)
        for name, of_seeds in scores.items()
        for seed, of in enumerate(of_seeds)
    ]
    text = answer(records)
    kept, gains = read_tables(text)
    assert "keeps" not in text
    assert text.count(", the same model and recipe") == 1  # the largest, which comes first
    assert "- Distillation raises the AUC: higher has 9" in text
    seeds_of = {name: row["Over seeds"] for name, row in by_first_column(kept).items()}
    assert seeds_of["torn"].endswith(" (2)")
    shown = {name: row["What shows"] for name, row in by_first_column(gains).items()}
    assert shown["doubtful"].startswith("unclear, p 0.")
    assert {name: shown[name] for name in ("same", "higher", "lower", "torn", "sixth")} == {
        "same": "no difference",
        "higher": "above",
        "lower": "below",
        "torn": "no difference",
        "sixth": "no difference",
    }
    assert {row["Against"] for row in gains} == {"N-pair XS"}


def test_nothing_is_concluded_from_rows_at_chance():
    """Random features, one seed: the first design said that distillation raised the AUC."""
    teacher = quality("Teacher", "teacher", 0.495)
    text = answer(
        [
            teacher,
            quality("FND XS", auc=0.5, objective="fnd", teacher=teacher.fit.trial),
            quality("N-pair XS", auc=0.49),
        ]
    )
    sentences = [line for line in text.splitlines() if line.startswith("- ")]
    assert len(sentences) == 3
    assert all("random order" in sentence for sentence in sentences)
    assert [row["AUC kept"] for row in read_tables(text)[0]] == ["–", "–"]


def test_a_row_below_chance_is_called_that():
    assert "N-pair XS ranks worse than a random order" in answer([*pair(), quality("N-pair XS", auc=0.3)])


def test_a_difference_that_only_ndcg_shows_is_stated():
    same = user_scores(0.8, seed=3)
    worse = same.model_copy(update={"ndcg": [value - 0.05 for value in same.ndcg]})
    text = answer([*pair(scores=worse), quality("N-pair XS", scores=same)])
    assert "In NDCG (all cut-offs) the weights of FND XS are below those of N-pair XS (−5.00 [" in text
    assert "In NDCG" not in answer([*pair(scores=same), quality("N-pair XS", scores=same)])


def test_a_row_of_another_recipe_is_no_baseline():
    """What is then between the two is not the teacher's doing alone."""
    records = pair()
    plain = quality("N-pair XS")
    longer = quality("N-pair XS", description={**plain.fit.description, "recipe": {"epochs": 99}})
    assert "the same model and recipe" in answer([*records, plain])
    assert "the same model and recipe" not in answer([*records, longer])


def test_doubt_is_said():
    """A few users far ahead move the mean, the others fall back a little: interval and test disagree."""
    base = user_scores(0.8)
    pull = np.array([0.15] * 4 + [-0.003] * 20)
    moved = base.model_copy(update={"auc": (np.array(base.auc) + pull).tolist()})
    text = answer([*pair(scores=moved), quality("N-pair XS", scores=base)])
    assert re.search(r"is unclear \(\+2\.25 .* p 0\.0", text)


def test_a_row_at_chance_is_called_out():
    text = answer([*pair(), quality("N-pair XS", auc=0.5)])
    assert "N-pair XS is not distinguishable from a random order (AUC 5" in text
    assert "Teacher is not distinguishable" not in text


def test_without_a_teacher_nothing_is_claimed_relative_to_one():
    text = answer([quality("N-pair XS", auc=0.9), quality("BPR XS", auc=0.8)])
    assert "None of these rows taught another" in text
    assert "(N-pair XS)" in text
    assert not read_tables(text)


def test_a_user_alone_is_nothing_to_compare():
    alone = user_scores(0.9, users=1)
    teacher = quality("Teacher", "teacher", scores=alone)
    records = [teacher, quality("FND", scores=alone, objective="fnd", teacher=teacher.fit.trial)]
    assert "nothing to compare" in answer(records)


def test_every_setting_has_its_answer():
    text = answer([*pair(), *pair(setting="hard")[1:], *pair(setting="cold-5")[1:]])
    assert "**closet-24, random negatives, 24 users.**" in text
    assert "**closet-24, hard negatives (trained on random ones), 24 users.**" in text
    assert "**closet-24, cold-5 of closet-16 (trained on random negatives), 24 users.**" in text


def test_no_name_makes_a_teacher():
    """A report knows no method by its name."""
    text = answer([quality("Teacher", "teacher"), quality("N-pair XS")])
    assert "None of these rows taught another" in text
