"""The sections on distillation, the dataset, the paper's own numbers and provenance."""

from __future__ import annotations

from outfitbench.reports import write_report
from outfitbench.reports.costs import cost_groups
from outfitbench.reports.dataset_section import dataset_section
from outfitbench.reports.distillation_section import distillation_section
from outfitbench.reports.grouping import comparison_tables
from outfitbench.reports.paper_results import published_section
from outfitbench.reports.provenance import provenance_section
from outfitbench.training.history import Distillation, Environment

from .made_records import cost, dataset, evaluation, fit, machine, quality, suite, user_scores
from .tables import by_first_column, read_tables


def distilled(**changes) -> str:
    teacher = quality("Teacher", "teacher")
    student = quality("FND XS", objective="fnd", teacher=teacher.fit.trial)
    assert student.fit.distillation is not None
    told = Distillation(**(student.fit.distillation.model_dump() | changes))
    student = quality("FND XS", objective="fnd", teacher=teacher.fit.trial, distillation=told)
    return distillation_section(comparison_tables([teacher, student]))


def test_distillation_in_numbers():
    scales, said = read_tables(distilled())
    assert list(scales[0].values())[2:] == ["Teacher", "0", "0.410", "2.40", "1.00", "1.02", "4.12", "3.50"]
    assert list(said[0].values()) == [
        "Teacher", "closet-24, random", "training", "0",
        "7.00", "56.00", "23.00", "31.00", "36.00", "6.00", "24.00",
    ]  # fmt: skip


def test_a_loss_at_all_ones_below_chance_is_marked():
    assert "**< chance**" not in distilled(mean_d=0.9)
    scales, _ = read_tables(distilled(all_ones_loss=2.16, mean_d=-0.5))
    assert (scales[0]["At all ones"], scales[0]["Mean d"]) == ("2.16 **< chance**", "−0.50")


def test_without_fnd_there_is_no_scale():
    (said,) = read_tables(
        distilled(alpha=None, alpha_relative=None, mean_d=None, all_ones_loss=None, chance_loss=None)
    )
    assert said[0]["Precision, %"] == "31.00"


def test_a_teacher_says_the_same_to_all_its_students():
    teacher = quality("Teacher", "teacher")
    students = [quality(name, objective="fnd", teacher=teacher.fit.trial) for name in ("A", "B")]
    scales, said = read_tables(distillation_section(comparison_tables([teacher, *students])))
    assert (len(scales), len(said)) == (2, 1)


def test_without_a_hidden_truth_there_is_no_precision():
    text = distilled(true_false_negative_share=None, true_base_rate=None, recall=None, softmax_mass=None)
    row = read_tables(text)[1][0]
    assert {row[f"{name}, %"] for name in ("Precision", "Recall", "Base rate", "Mass")} == {"–"}
    assert "hidden preference is not known" in text


def test_a_base_rate_alone_gives_no_precision():
    """No negative was called false, so there is nothing to be right about."""
    row = read_tables(distilled(true_false_negative_share=None, false_negative_share=0.0))[1][0]
    assert (row["Precision, %"], row["Base rate, %"]) == ("–", "6.00")


def test_a_teacher_without_a_record_is_named_by_its_trial():
    student = quality("FND XS", objective="fnd", teacher="0123456789abcdef")
    scales, said = read_tables(distillation_section(comparison_tables([student])))
    assert scales[0]["Teacher"] == said[0]["Teacher"] == "trial `01234567`"


def test_no_distillation_no_section():
    assert not distillation_section(comparison_tables([quality("N-pair")]))


def test_recipes_stand_once_each(tmp_path):
    recipe = {"learning_rate": 0.015, "batch_size": 32, "schedule": "cosine"}
    late = [
        quality("N-pair XS", seed=seed, best_epoch=6, description={"recipe": recipe, "seed": seed})
        for seed in (0, 1)
    ]
    page = write_report(late, tmp_path).read_text()
    (rows,) = [table for table in read_tables(page) if "Recipe" in table[0]]
    assert len(rows) == 1
    cells = (rows[0]["Learning rate"], rows[0]["Trained in"], rows[0]["Items"])
    assert cells == ("0.015", "cpu, fp32, 2 threads", "64 px")


def test_one_recipe_in_two_environments_is_one_line():
    environments = [
        Environment(device="cpu", precision="fp32", threads=threads, ranks=ranks)
        for threads, ranks in [(2, 1), (1, 2), (2, 1)]
    ]
    records = [quality("A", seed=seed, environment=ran) for seed, ran in enumerate(environments)]
    (rows,) = [
        table
        for table in read_tables(provenance_section([], comparison_tables(records), []))
        if "Recipe" in table[0]
    ]
    assert [row["Trained in"] for row in rows] == ["cpu, fp32, 1 thread, 2 processes; cpu, fp32, 2 threads"]


def test_dataset_statistics():
    (statistics,) = read_tables(dataset_section([dataset()]))
    column = {row[""]: row["closet-24"] for row in statistics}
    assert column["Items"] == "3,100 (1,100 top, 1,000 bottom, 1,000 shoe)"
    assert column["Outfits"] == "2,600 (1,800 train, 400 valid, 400 test)"


def test_datasets_stand_side_by_side():
    records = [dataset(), dataset(dataset="polyvore-630", image_size=None, feature_size=512)]
    sizes, statistics = read_tables(dataset_section(records))
    assert [list(row.values()) for row in sizes] == [
        ["closet-24", "24", "2,600", "3,100"],
        ["polyvore-630", "24", "2,600", "3,100"],
    ]
    images = next(row for row in statistics if row[""] == "Models see")
    assert images == {
        "": "Models see",
        "closet-24": "images of 64 × 64 pixels",
        "polyvore-630": "feature vectors of 512 numbers",
    }


def test_one_dataset_described_twice_keeps_both_descriptions():
    records = [dataset(), dataset(image_size=96)]
    (row,) = [row for row in read_tables(dataset_section(records))[1] if row[""] == "Models see"]
    assert list(row.values())[1:] == ["images of 64 × 64 pixels", "images of 96 × 96 pixels"]


def test_no_dataset_no_section():
    assert not dataset_section([])


def test_published_numbers_stand_beside_polyvore_only():
    assert not published_section(comparison_tables([quality("FND")]))
    text = published_section(comparison_tables([quality("FND", dataset="polyvore-630", setting="hard")]))
    (rows,) = read_tables(text)
    assert by_first_column(rows)["FND-CL"] == {"Published": "FND-CL", "AUC": "84.24", "NDCG": "69.99"}
    assert "Table 4" in text
    assert "Not measured here" in text
    assert "630 users (Table 4): what goes by that name here has 24 users, so it is another dataset." in text


def test_published_numbers_of_the_papers_size_need_no_caution():
    scores = user_scores(0.9, users=515, left_out=4)
    text = published_section(comparison_tables([quality("FND", dataset="polyvore-519", scores=scores)]))
    assert "519 users (Table 2):" in text
    assert "another dataset" not in text


def test_provenance_names_every_trial_cost_and_machine():
    other = machine(processor="Other CPU")
    qualities = [quality("A"), quality("B", machine=other)]
    costs = [cost("A", machine=other)]
    text = provenance_section([suite()], comparison_tables(qualities), cost_groups(costs))
    assert "outfitbench run demo" in text
    candidates, _, trained, evaluated, measured = read_tables(text)
    assert candidates[0]["Candidates"] == "`cafe-random`"
    assert [row["Fit"] for row in trained] == ["`a-random-0`", "`b-random-0`"]
    assert [row["Evaluation"] for row in evaluated] == ["`a-random-0-on-random`", "`b-random-0-on-random`"]
    assert trained[0]["Wall time"] == "train 120 s"
    assert evaluated[0]["Wall time"] == "evaluate 3 s"
    assert {row["Machine"] for row in trained} == {"1", "2"}
    assert measured[0]["Machine"] == trained[1]["Machine"]
    assert (measured[0]["Date"], measured[0]["Effort"]) == ("2026-11-25", "rounds 3")
    assert "torch 2.11.0" in text


def test_a_variant_takes_no_name_or_line_from_its_fit():
    trained = fit("FND XS")
    compressed = {"variant": "bf16", "trial": "bf16-on-random", "inputs": {"weights": "bf16"}}
    tables = comparison_tables(
        [evaluation(trained, user_scores(0.9)), evaluation(trained, user_scores(0.8), **compressed)]
    )
    costs = [cost("FND XS"), cost("FND XS", variant="bf16", trial="bf16-cost")]
    found = read_tables(provenance_section([], tables, cost_groups(costs)))
    recipes, trials, evaluations, measured = found[1:]
    assert [row["Recipe"] for row in recipes] == ["FND XS"]
    assert [row["Method"] for row in trials] == ["FND XS"]
    assert {row["Method"] for row in evaluations} == {"FND XS", "FND XS · bf16"}
    assert {row["Cost"]: row["Variant"] for row in measured} == {
        "`fnd-xs-torch-cpu`": "as trained",
        "`bf16-cost`": "bf16",
    }


def test_a_fit_of_which_only_a_variant_was_evaluated_goes_by_its_own_name():
    trained = fit("student-xs fnd")
    compressed = {"variant": "bf16", "trial": "bf16-on-random", "inputs": {"weights": "bf16"}}
    names = {trained.trial: "FND XS"}
    tables = comparison_tables([evaluation(trained, user_scores(0.8), **compressed)], names)
    trials = read_tables(provenance_section([], tables, [], names=names))[2]
    assert [row["Method"] for row in trials] == ["FND XS"]


def test_provenance_without_a_suite_says_so():
    assert "No record names the suite" in provenance_section([], comparison_tables([quality("A")]), [])


def test_features_are_no_pixels(tmp_path):
    records = [quality("A", input_kind="features", input_size=512, backbone="features")]
    text = provenance_section([], comparison_tables(records), [])
    row = next(table for table in read_tables(text) if "Recipe" in table[0])[0]
    assert row["Items"] == "512 features"
    assert " px" not in text
    assert "ugment" not in text


def test_a_fence_in_a_command_stays_in_its_block():
    text = provenance_section(
        [suite(command="run ```\n# injected\n\x1b````x")], comparison_tables([quality("A")]), []
    )
    fence, *inside = text.split("\n\n")[1].splitlines()
    assert fence == "`````sh"
    assert inside[-1] == "`````"
    assert inside[:-1] == ["run ```", "# injected", "\\x1b````x"]


def test_one_fit_evaluated_twice_is_distilled_once():
    teacher = quality("Teacher", "teacher")
    students = [
        quality("FND XS", objective="fnd", teacher=teacher.fit.trial, setting=setting)
        for setting in ("random", "hard")
    ]
    scales, said = read_tables(distillation_section(comparison_tables([teacher, *students])))
    assert len(scales) == len(said) == 1


def test_what_was_left_out_of_a_dataset_is_counted():
    odd = dataset().model_copy(
        update={"left_out": {"repeated rows of tuples_train_posi": 3}, "notes": ["2 .heic files | not read"]}
    )
    text = dataset_section([odd])
    assert "3 repeated rows of tuples" in text
    assert "2 .heic files" in text
    assert "nothing" not in text.partition("Reference")[0].split("Left out")[1].partition("\n")[0]
