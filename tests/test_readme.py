"""What the README and the pages of docs show is what happens."""

from __future__ import annotations

import json
import re
import shlex
from dataclasses import fields
from pathlib import Path
from typing import get_args, get_type_hints

import pytest
import torch
from outfitbench.cli.data import Data
from outfitbench.cli.encode import Encode
from outfitbench.cli.export import Export
from outfitbench.cli.main import main, parse
from outfitbench.cli.profile import Profile
from outfitbench.cli.recommend import Recommend
from outfitbench.cli.report import Report
from outfitbench.cli.run import Run
from outfitbench.cli.tune import Tune
from outfitbench.models import create_model
from outfitbench.suites.method_tables import load_methods
from outfitbench.suites.suite_file import load_suite

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
DOCS = [page.read_text(encoding="utf-8") for page in sorted(ROOT.glob("docs/*.md"))]
PLUGIN = "mean_of_items.py"


def blocks(language: str, *pages: str) -> list[str]:
    text = "\n".join(pages or (README,))
    return re.findall(rf"^```{language}\n(.*?)^```$", text, flags=re.DOTALL | re.MULTILINE)


CONSOLE = "".join(blocks("console", README, *DOCS))
COMMANDS = sorted(set(re.findall(r"^\$ outfitbench (.*?)(?: +#.*)?$", CONSOLE, flags=re.MULTILINE)))
(PLUGIN_SOURCE,) = (block for block in blocks("python") if "register_model(" in block)
SNIPPETS = [block for block in blocks("python") if block != PLUGIN_SOURCE]


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_is_one_that_the_command_line_takes(command):
    parsed = parse(shlex.split(command)).command
    if isinstance(parsed, Run) and not parsed.suite.endswith(".toml"):
        load_suite(parsed.suite, methods=parsed.methods)  # which refuses what the suite has not


@pytest.mark.parametrize("command", [Data, Run, Profile, Export, Encode, Recommend, Report, Tune])
def test_the_usage_shows_every_option_and_which_can_be_repeated(command):
    (usage,) = re.findall(r"^```\n(outfitbench list .*?)^```$", README, re.DOTALL | re.MULTILINE)
    name = command.__name__.lower()
    said = " ".join(
        part for part in re.split(r"^outfitbench ", usage, flags=re.MULTILINE) if part.startswith(name)
    )
    hints = get_type_hints(command, include_extras=True)
    for field in fields(command):
        kinds = {str(part) for part in get_args(hints[field.name])}
        if any("Positional" in kind for kind in kinds):
            continue
        option = f"--{field.name.replace('_', '-')}"
        shown = re.search(rf"{option}\b[^][\n]*(\]…)?", said)
        assert shown, f"{option} is missing"
        assert (shown[1] is not None) == any("Append" in kind for kind in kinds), option


@pytest.mark.usefixtures("own_registry", "in_the_small_world")
def test_the_plugin_and_its_suite_fit_together(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    Path(PLUGIN).write_text(PLUGIN_SOURCE)
    (suite,) = blocks("toml")
    Path("mine.toml").write_text(suite)
    assert load_suite(Path("mine.toml")).methods["mean-of-items"].objectives == {"margin": {"margin": 0.3}}
    assert main(["list", "models", "--plugin", PLUGIN]) == 0
    assert "mean-of-items" in capsys.readouterr().out
    model, categories = create_model("mean-of-items", num_users=2), torch.tensor([[0, 1, -1]])
    features = model.encode_items(torch.rand(3, 3, 64, 64), torch.tensor([0, 1, 2])).unsqueeze(0)
    assert torch.isfinite(model.score(torch.tensor([1]), features, categories)).all()
    run = ["run", "mine.toml", "--plugin", PLUGIN, "--epochs", "1", "--json", "--quiet", "--out", "out"]
    assert main(run) == 0
    assert "Mean of items" in {row["method"] for row in json.loads(capsys.readouterr().out)["quality"]}


def test_the_python_snippets_run(tmp_path, monkeypatch):
    """In order and in one namespace, as a reader would type them."""
    monkeypatch.chdir(tmp_path)
    names: dict[str, object] = {}
    for snippet in SNIPPETS:
        exec(snippet, names)
    assert len(names["auc"]) == len(names["ndcg"])
    for snippet in blocks("python", *DOCS):
        exec(snippet, {})


@pytest.mark.parametrize(
    "page", ["README.md", "CONTRIBUTING.md", *(f"docs/{page.name}" for page in ROOT.glob("docs/*.md"))]
)
def test_a_link_leads_somewhere(page):
    text = (ROOT / page).read_text(encoding="utf-8")
    for target in re.findall(r"\]\((?!https?:)([^)#]+)[^)]*\)", text):
        assert (ROOT / page).parent.joinpath(target).exists(), target


def test_every_method_stands_in_the_table_of_methods():
    page = (ROOT / "docs" / "methods.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| (`.*?) \|", page, flags=re.MULTILINE)
    assert sorted(key for row in rows for key in re.findall("`(.*?)`", row)) == sorted(load_methods())
