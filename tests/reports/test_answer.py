from __future__ import annotations

import numpy as np
import pytest
from outfitbench.reports.answer import answer_section
from outfitbench.reports.costs import cost_groups
from outfitbench.reports.grouping import comparison_tables

from .made_records import PARAMETERS, cost, evaluation, measurement, quality, user_scores
from .tables import by_first_column, read_tables


def answer(qualities, costs=()):
    return answer_section(comparison_tables(qualities), cost_groups(costs))


def pair(student_auc: float = 0.8, **student):
    teacher = quality("Teacher", "teacher", 0.93)
    return [
        teacher,
        quality("FND XS", auc=student_auc, objective="fnd", teacher=teacher.fit.trial, **student),
    ]


def test_shares_are_those_of_the_records():
    records = pair()
    costs = [cost("Teacher", "teacher", 0.02), cost("FND XS", latency=0.005)]
    row = by_first_column(read_tables(answer(records, costs))[0])["FND XS"]
    teacher, student = (np.mean(record.test.auc) for record in records)
    assert row["AUC kept"] == f"{100 * student / teacher:.1f} %"
    assert row["AUC difference"].startswith(f"−{100 * (teacher - student):.2f} [")
    share = PARAMETERS["student-xs"] / PARAMETERS["teacher"]
    assert row["Parameters"] == f"2.85M ({100 * share:.1f} %)"
    assert row["Latency"].endswith("(25 %)")


def test_the_table_says_how_well_before_how_much_is_kept():
    records = pair()
    text = answer(records)
    row = by_first_column(read_tables(text)[0])["FND XS"]
    assert list(row)[:3] == ["Method", "AUC", "AUC kept"]
    assert row["AUC"] == f"{100 * np.mean(records[1].test.auc):.2f}"
    assert "Every row is held against Teacher." in text
    assert "Rows stand by their number of parameters" in text


def test_rows_of_two_teachers_say_which():
    other = quality("Other teacher", "teacher", 0.92, description={"recipe": {"epochs": 9}})
    taught = quality("RKD XS", auc=0.8, objective="rkd", teacher=other.fit.trial)
    text = answer([*pair(), other, taught])
    against = {name: row["Against"] for name, row in by_first_column(read_tables(text)[0]).items()}
    assert (against["FND XS"], against["RKD XS"]) == ("Teacher", "Other teacher")
    assert "Every row is held" not in text


def test_the_time_for_every_user_stands_where_all_rows_have_it_in_one_session():
    costs = [cost("Teacher", "teacher", 0.02), cost("FND XS", latency=0.005)]
    row = by_first_column(read_tables(answer(pair(), costs))[0])["FND XS"]
    seconds = np.median(costs[1].measurements["recommend"].samples)
    assert row["Every user"] == f"{seconds:.2f} s (25 %)"
    without = costs[1].model_copy(
        update={"measurements": {k: v for k, v in costs[1].measurements.items() if k != "recommend"}}
    )
    text = answer(pair(), [costs[0], without])
    assert "Every user" not in text
    assert by_first_column(read_tables(text)[0])["FND XS"]["Latency"].endswith("(25 %)")
    moved = costs[1].measurements["recommend"].model_copy(update={"session": "another"})
    elsewhere = costs[1].model_copy(update={"measurements": costs[1].measurements | {"recommend": moved}})
    assert "Every user" not in answer(pair(), [costs[0], elsewhere])


def smallest(*students) -> str:
    teacher = quality("Teacher", "teacher", scores=user_scores(0.8, seed=3))
    taught = {"objective": "fnd", "teacher": teacher.fit.trial}
    records = [
        quality(name, model, scores=user_scores(auc, seed=3), **(taught if name.startswith("FND") else {}))
        for name, model, auc in students
    ]
    found = [line for line in answer([teacher, *records]).splitlines() if "smallest network" in line]
    return found[0] if found else ""


def test_the_smallest_network_that_is_not_told_from_its_teacher():
    """Equal to the teacher or above it; XS is told from it, S is not, and M needs more."""
    text = smallest(
        ("N-pair XS", "student-xs", 0.7), ("FND S", "student-s", 0.8), ("N-pair M", "student-m", 0.85)
    )
    assert "is FND S (+0.00 [0.00, 0.00], one seed" in text
    assert "no teacher" not in text
    text = smallest(("N-pair XS", "student-xs", 0.85), ("FND S", "student-s", 0.8))
    assert "is N-pair XS, which needs no teacher (+5.00 [" in text
    assert "2.85M parameters, 4.3 %" in text
    text = smallest(("N-pair XS", "student-xs", 0.8), ("FND XS", "student-xs", 0.85))
    assert "is FND XS (+5.00 [" in text
    assert "of the same size, N-pair XS needs no teacher (+0.00 [" in text
    assert not smallest(("N-pair XS", "student-xs", 0.7), ("FND S", "student-s", 0.7))


@pytest.mark.parametrize(("late", "said"), [(2, False), (3, True), (4, True)])
def test_that_most_fits_may_not_have_converged_is_part_of_the_answer(late, said):
    """Of four; six epochs each."""
    records = [
        quality("N-pair XS", seed=seed, best_epoch=6 if seed < late else 5, scores=user_scores(0.8))
        for seed in range(4)
    ]
    assert (f"{late} of 4 fits kept their last epoch: they may not have converged" in answer(records)) == said


def test_more_than_the_teacher_has_is_not_kept():
    def said(records) -> str:
        return next(line for line in answer(records).splitlines() if "its parameters" in line)

    better = said(seeds([0.97, 0.97], []))
    assert better.startswith("- FND XS ranks better than Teacher (")
    assert "keeps" not in better
    assert said(seeds([0.99, 0.92], [])).startswith(
        "- On average FND XS ranks better than Teacher, but no claim"
    )
    assert said(pair(0.97)).startswith("- The weights of FND XS rank better than Teacher (")
    assert said(pair(0.8)).startswith("- FND XS keeps ")


def test_a_teacher_below_what_it_teaches_is_warned_of():
    weak = "Teacher is weaker than what it teaches: without a teacher N-pair XS ranks better (+"
    assert weak in answer([*pair(0.9), quality("N-pair XS", auc=0.97)])
    assert "weaker" not in answer([*pair(0.97), quality("N-pair XS", auc=0.9)])
    # What it does not teach says nothing of it.
    assert "weaker" not in answer([*pair(0.9), quality("N-pair S", "student-s", auc=0.97)])


def test_a_difference_whose_interval_holds_zero_is_hedged():
    assert "not distinguishable from zero" not in answer(pair(0.8))
    assert "not distinguishable from zero" in answer(pair(0.93))


def test_latencies_whose_intervals_overlap_are_hedged():
    def costs(student: float):
        return [cost("Teacher", "teacher", 0.02), cost("FND XS", latency=student)]

    assert "latencies overlap" in answer(pair(), costs(0.0199))
    assert "latencies overlap" not in answer(pair(), costs(0.01))


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


def seeds(student: list[float], baseline: list[float]):
    teachers = [quality("Teacher", "teacher", 0.93, seed=seed) for seed in (0, 1)]
    return [
        *teachers,
        *(
            quality("FND XS", auc=auc, objective="fnd", seed=seed, teacher=teachers[seed].fit.trial)
            for seed, auc in enumerate(student)
        ),
        *(quality("N-pair XS", auc=auc, seed=seed) for seed, auc in enumerate(baseline)),
    ]


def test_a_method_is_spoken_of_where_its_seeds_agree():
    text = answer(seeds([0.85, 0.9], [0.7, 0.75]))
    assert "The AUC of FND XS is above that of N-pair XS" in text
    assert "2 seeds, which agree" in text


def test_seeds_that_disagree_carry_no_claim():
    text = answer(seeds([0.7, 0.95], [0.75, 0.76]))
    assert "On average the AUC of FND XS is above that of N-pair XS" in text
    assert "no claim is made" in text
    assert "The AUC of FND XS is above" not in text


def test_the_leader_is_above_the_teacher_only_where_its_seeds_agree():
    def led(student: list[float]) -> str:
        records = seeds(student, [0.7, 0.7])
        return next(line for line in answer(records).splitlines() if "the highest AUC is" in line)

    assert "distinguishably above the teacher's" in led([0.97, 0.97])
    torn = led([0.99, 0.92])
    assert "distinguishably" not in torn
    assert "on average above the teacher's by +" in torn
    assert torn.endswith("no claim: 2 seeds, which do not agree.")


def test_the_leader_of_many_needs_more_than_a_small_p():
    """Every user but a few gains a little: enough for one comparison, not for the best of thirty."""
    gains = np.array([0.01 * step for step in range(1, 19)] + [-0.012 * step for step in range(1, 7)])
    base = user_scores(0.6, seed=3)
    better = base.model_copy(update={"auc": (np.array(base.auc) + gains).tolist()})
    teachers = [quality("Teacher", "teacher", scores=base, seed=seed) for seed in (0, 1)]

    def led(others: int) -> str:
        records = [*teachers]
        for seed in (0, 1):
            teacher = {"objective": "fnd", "seed": seed, "teacher": teachers[seed].fit.trial}
            records.append(quality("best", scores=better, **teacher))
            records += [quality(f"other {n}", scores=base, **teacher) for n in range(others)]
        return next(line for line in answer(records).splitlines() if "the highest AUC is" in line)

    assert "distinguishably above the teacher's (+" in led(1)
    many = led(29)
    assert "distinguishably" not in many
    assert ", above the teacher's by +" in many
    assert "no claim: it is the best of 30 (Holm p 0." in many


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


@pytest.mark.parametrize("other", [{"backbone": "resnet50"}, {"input_size": 224}])
def test_the_latency_of_another_network_is_not_this_rows(other):
    costs = [cost("Teacher", "teacher", 0.02), cost("FND XS", latency=0.005, **other)]
    row = by_first_column(read_tables(answer(pair(), costs))[0])["FND XS"]
    assert row["Latency"] == "–"


def test_a_variant_that_takes_as_long_as_its_fit_is_marked():
    """16.8 % beside 15.8 % looks slower, though the two times are not told apart."""
    records = pair()
    compressed = {"variant": "bf16", "trial": "bf16-on-random", "inputs": {"weights": "bf16"}}
    records.append(evaluation(records[1].fit, records[1].test, **compressed))

    def times(seconds: float) -> dict[str, str]:
        costs = [
            cost("Teacher", "teacher", 0.02),
            cost("FND XS", latency=0.0032),
            cost("FND XS", latency=seconds, variant="bf16", trial="bf16-cost"),
        ]
        text = answer(records, costs)
        assert ("Not told from the time of the fit it was made from" in text) == (seconds < 0.004)
        return {name: row["Latency"] for name, row in by_first_column(read_tables(text)[0]).items()}

    assert times(0.00322)["FND XS · bf16"].endswith(" (16 %)¹")
    assert times(0.00322)["FND XS"].endswith(" (16 %)")
    assert times(0.006)["FND XS · bf16"].endswith(" (30 %)")


def test_flags_of_a_latency_are_told_beside_it():
    costs = [cost("Teacher", "teacher", 0.02, flags=["shared processor (9%)"]), cost("FND XS")]
    assert "To be read with care: shared processor (9%)." in answer(pair(), costs)
    assert "To be read" not in answer(pair(), [cost("Teacher", "teacher", 0.02), cost("FND XS")])


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


def test_one_record_for_both_has_no_overlap_to_speak_of():
    teacher = quality("Teacher XS")
    records = [teacher, quality("FND XS", auc=0.8, objective="fnd", teacher=teacher.fit.trial)]
    text = answer(records, [cost("FND XS")])
    assert "100 % of its latency." in text
    assert "latencies overlap" not in text


def test_only_distilled_students_get_a_sentence_where_there_are_any():
    text = answer([*pair(), quality("BPR XS", auc=0.7, objective="bpr")])
    assert "BPR XS keeps" not in text


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


def test_missing_latency_is_said():
    text = answer(pair())
    assert "No latency was measured" in text
    assert by_first_column(read_tables(text)[0])["FND XS"]["Latency"] == "–"
    only_teacher = answer(pair(), [cost("Teacher", "teacher")])
    assert by_first_column(read_tables(only_teacher)[0])["FND XS"]["Latency"] == "–"


def test_a_latency_without_samples_is_missing():
    broken = cost("FND XS", measured={"latency": measurement(1.0, "s", 0)})
    assert "No latency was measured" in answer(pair(), [broken])


def test_every_setting_has_its_answer():
    text = answer([*pair(), *pair(setting="hard")[1:], *pair(setting="cold-5")[1:]])
    assert "**closet-24, random negatives, 24 users.**" in text
    assert "**closet-24, hard negatives (trained on random ones), 24 users.**" in text
    assert "**closet-24, cold-5 (trained on random negatives), 24 users.**" in text


def test_latencies_of_two_sessions_are_not_divided():
    costs = [
        cost("Teacher", "teacher", 0.02),
        cost("FND XS", latency=0.005, session="another", date="2026-11-26"),
    ]
    text = answer(pair(), costs)
    assert " of its latency" not in text
    assert "(25 %)" not in text
    assert by_first_column(read_tables(text)[0])["FND XS"]["Latency"] == "–"


def test_no_name_makes_a_teacher():
    """A report knows no method by its name."""
    text = answer([quality("Teacher", "teacher"), quality("N-pair XS")])
    assert "No teacher is among these records" in text
