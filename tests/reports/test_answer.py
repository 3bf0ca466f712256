from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from outfitbench.reports.claims import ndcg_sentence
from outfitbench.reports.differences import differences
from outfitbench.reports.grouping import comparison_tables

from .answers import answer, pair, seeds
from .made_records import quality, user_scores
from .tables import by_first_column, read_tables


@pytest.mark.parametrize(("late", "said"), [(2, False), (3, True), (4, True)])
def test_that_most_fits_may_not_have_converged_is_part_of_the_answer(late, said):
    """Of four; six epochs each."""
    records = [
        quality("N-pair XS", seed=seed, best_epoch=6 if seed < late else 5, scores=user_scores(0.8))
        for seed in range(4)
    ]
    assert (f"{late} of 4 fits kept their last epoch: they may not have converged" in answer(records)) == said


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


def test_a_method_is_spoken_of_where_its_seeds_agree():
    text = answer(seeds([0.85, 0.9], [0.7, 0.75]))
    assert "The AUC of FND XS is above that of N-pair XS" in text
    assert "2 seeds, which agree" in text


def test_seeds_that_disagree_carry_no_claim():
    text = answer(seeds([0.7, 0.95], [0.75, 0.76]))
    assert "On average the AUC of FND XS is above that of N-pair XS" in text
    assert "no claim is made" in text
    assert "The AUC of FND XS is above" not in text


def test_ndcg_makes_no_claim_where_the_seeds_disagree():
    """The mean over seeds is below for every user, one seed of the two is above."""
    same = user_scores(0.8, seed=3)

    def moved(by: float):
        return same.model_copy(update={"ndcg": [value + by for value in same.ndcg]})

    teachers = [quality("Teacher", "teacher", 0.93, seed=seed) for seed in (0, 1)]

    def said(shifts: list[float]) -> str:
        students = [
            quality("FND XS", scores=moved(by), objective="fnd", seed=seed, teacher=teachers[seed].fit.trial)
            for seed, by in enumerate(shifts)
        ]
        return answer([*teachers, *students, *(quality("N-pair XS", scores=same, seed=s) for s in (0, 1))])

    assert "- In NDCG (all cut-offs) FND XS is below N-pair XS (" in said([-0.05, -0.06])
    torn = said([-0.1, 0.02])
    assert "In NDCG" not in torn
    assert "On average FND XS is below N-pair XS in NDCG (all cut-offs), but no claim is made (−4.00" in torn


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
    pull = np.array([0.15] * 6 + [-0.0005] * 18)
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
    assert ", the same model and recipe" not in text
    seeds_of = {name: row["Seeds"] for name, row in by_first_column(kept).items()}
    assert (seeds_of["lower"], seeds_of["torn"]) == ("2, agree", "2, do not agree")
    shown = {name: row["What shows"] for name, row in by_first_column(gains).items()}
    assert shown["doubtful"].startswith("unclear, Wilcoxon p 0.")
    assert {name: shown[name] for name in ("same", "higher", "lower", "torn", "sixth")} == {
        "same": "no difference",
        "higher": "above",
        "lower": "below",
        "torn": "above on average, no claim",
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
    pull = np.array([0.15] * 6 + [-0.0005] * 18)
    moved = base.model_copy(update={"auc": (np.array(base.auc) + pull).tolist()})
    text = answer([*pair(scores=moved), quality("N-pair XS", scores=base)])
    assert "unclear" in text
    assert "Wilcoxon p 0." in text


def test_a_row_at_chance_is_called_out():
    text = answer([*pair(), quality("N-pair XS", auc=0.5)])
    assert "N-pair XS is not distinguishable from a random order (AUC 5" in text
    assert "Teacher is not distinguishable" not in text


def test_without_a_teacher_nothing_is_claimed_relative_to_one():
    text = answer([quality("N-pair XS", auc=0.9), quality("BPR XS", auc=0.8)])
    assert "No teacher is among these records" in text
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
    assert "No teacher is among these records" in text
