"""What an export leaves is served by a process that has onnxruntime, numpy and Pillow, none of ours."""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from outfitbench.bench import EngineError, Subject, export_onnx, load_export
from outfitbench.bench.deployment.card import Origin
from outfitbench.bench.deployment.deploy import deploy
from outfitbench.bench.engines.onnxruntime_engine import OnnxRuntimeEngine
from outfitbench.bench.engines.torch_engine import load_model
from outfitbench.bench.variants import make_variant
from outfitbench.datasets.images.decode import decode
from outfitbench.models import create_model
from PIL import Image

SERVE = """
import json, sys
from pathlib import Path
sys.path[:0] = sys.argv[1:3]
from graphs import Graphs
from recommend import rank
graphs, asked = Graphs(Path(sys.argv[2])), Path(sys.argv[3])
print(json.dumps([rank(graphs, request, asked.parent) for request in json.loads(asked.read_text())]))
assert not {"torch", "outfitbench"} & sys.modules.keys()
"""
ITEMS = {"wide.jpg": "top", "turned.jpg": "bottom", "clear.png": "shoe", "grey.png": "top", "red.png": "shoe"}
OUTFITS = [
    ["wide.jpg", "turned.jpg", "clear.png"],
    ["grey.png", "turned.jpg", "red.png"],
    ["wide.jpg", "grey.png", "red.png"],
]


@pytest.fixture(scope="module")
def bare_packages(tmp_path_factory) -> Path:
    """A folder of packages that holds those three alone, and what they load."""
    folder = tmp_path_factory.mktemp("packages")
    for name in ("numpy", "onnxruntime", "PIL"):
        package = Path(importlib.util.find_spec(name).origin).parent
        for found in (package, *package.parent.glob(f"{'pillow' if name == 'PIL' else name}.libs")):
            (folder / found.name).symlink_to(found)
    return folder


@pytest.fixture(scope="module")
def wardrobe(tmp_path_factory) -> Path:
    """Pictures that a careless reader gets wrong: lying on their side, see-through, grey, large."""
    folder = tmp_path_factory.mktemp("wardrobe")
    rng = np.random.default_rng(0)
    coarse = Image.fromarray(rng.integers(256, size=(6, 9, 4), dtype=np.uint8), "RGBA")
    big = coarse.resize((180, 120), Image.Resampling.BICUBIC)
    big.convert("RGB").save(folder / "wide.jpg", quality=90)
    exif = Image.Exif()
    exif[0x0112] = 6
    big.convert("RGB").save(folder / "turned.jpg", exif=exif)
    big.save(folder / "clear.png")
    big.convert("L").resize((31, 70)).save(folder / "grey.png")
    Image.new("P", (16, 16), 1).save(folder / "red.png")
    return folder


def served(bare_packages, folder, wardrobe, *requests):
    (wardrobe / "requests.json").write_text(json.dumps(requests))
    arguments = [bare_packages, folder, wardrobe / "requests.json"]
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", SERVE, *map(str, arguments)], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def ours(model, wardrobe, users, outfits):
    """(users, outfits): scores by PyTorch, from pictures that our own reader decodes."""
    categories = torch.tensor([("top", "bottom", "shoe").index(kind) for kind in ITEMS.values()])
    pictures = [decode((wardrobe / name).read_bytes(), name, 16) for name in ITEMS]
    row = {name: number for number, name in enumerate(ITEMS)}
    with torch.inference_mode():
        images = torch.from_numpy(np.stack(pictures)).permute(0, 3, 1, 2) / 255
        bank = model.encode_items(images, categories)
        scores = []
        for outfit in outfits:
            worn = torch.tensor([row[name] for name in outfit])
            asked = bank[worn][None], categories[worn][None]
            scores.append([model.score_among(torch.tensor([u]), *asked, bank).item() for u in users])
    return np.array(scores).T


def by_outfit(ranked):
    assert [score for score, _ in ranked] == sorted((score for score, _ in ranked), reverse=True)
    scores = {tuple(outfit): score for score, outfit in ranked}
    return [scores[tuple(outfit)] for outfit in OUTFITS]


@pytest.mark.parametrize("name", ["tiny", "tiny-banked"])
def test_a_stranger_gets_our_scores_for_known_users_and_for_new_ones(
    tiny_export, bare_packages, wardrobe, tmp_path, name
):
    torch.manual_seed(0)
    model = create_model(name, num_users=5).eval()
    made = tiny_export if name == "tiny" else export_onnx(model, tmp_path / "graphs", name=name)
    subject = Subject(model=name, num_users=5, export=made.folder)
    deploy(subject, tmp_path / "served", Origin(method=name))
    known = [OUTFITS[2], OUTFITS[0]]
    asked = {"items": ITEMS, "outfits": OUTFITS}
    found = served(
        bare_packages,
        tmp_path / "served",
        wardrobe,
        {**asked, "user": 3},
        {**asked, "known": known},
        {**asked, "user": 77, "known": known[:1]},
    )
    everyone = ours(model, wardrobe, range(5), OUTFITS)
    np.testing.assert_allclose(by_outfit(found[0]), everyone[3], atol=1e-5)
    for ranked, liked in ((found[1], known), (found[2], known[:1])):
        similarity = ours(model, wardrobe, range(5), liked).mean(1)  # Eq. 20
        near = (similarity > 0) | (similarity == similarity.max())  # Eq. 21
        np.testing.assert_allclose(by_outfit(ranked), everyone[near].mean(0), atol=1e-5)  # Eq. 22


def test_a_stranger_gets_the_scores_of_8_bit_graphs(
    headed_subject, small_closet, bare_packages, wardrobe, tmp_path
):
    made = make_variant("int8-static", headed_subject, tmp_path / "graphs", dataset=small_closet)
    card = deploy(made, tmp_path / "served", Origin(method="Headed", variant="int8-static"))
    assert card.serving.origin.variant == "int8-static"
    asked = {"user": 2, "items": ITEMS, "outfits": OUTFITS}
    (found,) = served(bare_packages, tmp_path / "served", wardrobe, asked)

    engine = OnnxRuntimeEngine(made, "cpu", 1)
    engine.load()
    pictures = np.stack([decode((wardrobe / name).read_bytes(), name, 16) for name in ITEMS])
    categories = np.array([("top", "bottom", "shoe").index(kind) for kind in ITEMS.values()])
    bank = engine.to_host(engine.encode_items(pictures, categories))
    worn = np.array([[list(ITEMS).index(name) for name in outfit] for outfit in OUTFITS])
    right = engine.score(np.full(len(worn), 2), bank[worn].reshape(-1, bank.shape[1]), categories[worn])
    np.testing.assert_allclose(by_outfit(found), right, atol=1e-5)
    whole = ours(load_model(headed_subject), wardrobe, [2], OUTFITS)[0]
    assert 1e-5 < np.abs(np.array(by_outfit(found)) - whole).max() < 0.1  # 8 bits, and not the fp32 graphs


def test_what_an_engine_does_is_nothing_to_export(headed_subject, tmp_path):
    made = make_variant("torch-bf16", headed_subject, tmp_path / "made")
    with pytest.raises(
        EngineError, match="variant torch-bf16: found what PyTorch does when it loads the weights"
    ):
        deploy(made, tmp_path / "served", Origin(method="Headed"))
    assert not (tmp_path / "served").exists()


@pytest.fixture(scope="module")
def deployed(tiny_export, tmp_path_factory) -> Path:
    out = tmp_path_factory.mktemp("deployed") / "tiny"
    deploy(Subject(model="tiny", num_users=5, export=tiny_export.folder), out, Origin(method="Tiny"))
    return out


def command(folder, request):
    return subprocess.run(
        [sys.executable, str(folder / "recommend.py"), str(request)], capture_output=True, text=True
    )


def test_the_command_prints_the_best_first_and_refuses_a_stranger_of_whom_nothing_is_known(
    deployed, wardrobe
):
    request = wardrobe / "one.json"
    request.write_text(json.dumps({"user": 0, "items": ITEMS, "outfits": OUTFITS}))
    done = command(deployed, request)
    scores = [float(line.split("\t")[0]) for line in done.stdout.splitlines()]
    assert (len(scores), scores) == (3, sorted(scores, reverse=True))
    request.write_text(json.dumps({"user": 5, "items": ITEMS, "outfits": OUTFITS}))
    done = command(deployed, request)
    assert (done.returncode, done.stdout) == (1, "")
    expected = '"user": found 5, expected one of 0 to 4, or "known": outfits that they like\n'
    assert done.stderr == expected


@pytest.mark.parametrize(
    ("wrong", "line"),
    [
        (
            {"items": {**ITEMS, "red.png": "hat"}},
            '"items", "red.png": found category \'hat\', expected one of top, bottom, shoe',
        ),
        (
            {"items": {**ITEMS, "no.png": "top"}},
            '"items": found no file "no.png" beside one.json, expected one',
        ),
        ({"outfits": []}, '"outfits": found none, or one without items, expected lists of items'),
        ({"outfits": [["no.png"]]}, '"outfits": found "no.png", expected names that stand in "items"'),
        ({"known": [["no.png"]]}, '"known": found "no.png", expected names that stand in "items"'),
    ],
)
def test_what_cannot_be_answered_is_refused_in_a_line(deployed, wardrobe, wrong, line):
    request = wardrobe / "one.json"
    request.write_text(json.dumps({"user": 0, "items": ITEMS, "outfits": OUTFITS, **wrong}))
    done = command(deployed, request)
    assert (done.returncode, done.stdout, done.stderr) == (1, "", line + "\n")


def test_a_file_that_holds_no_request_is_refused_in_a_line(deployed, tmp_path):
    broken = tmp_path / "broken.json"
    broken.write_text('{"user": 0, ')
    for request in (broken, tmp_path / "none.json"):
        done = command(deployed, request)
        assert (done.returncode, done.stdout) == (1, "")
        (line,) = done.stderr.splitlines()
        assert line.startswith(f"{request.name}: found no request (")


@pytest.mark.parametrize("written", ["[]", "3", '{"items": ["wide.jpg"]}', '{"outfits": []}'])
def test_what_has_no_items_by_name_is_refused_in_a_line(deployed, tmp_path, written):
    request = tmp_path / "request.json"
    request.write_text(written)
    done = command(deployed, request)
    assert (done.returncode, done.stdout) == (1, "")
    (line,) = done.stderr.splitlines()
    assert line.startswith('request.json: found no "items" by name, expected {"items": {"coat.jpg": "top"')


def test_without_a_request_it_says_how_it_is_called(deployed):
    script = [sys.executable, str(deployed / "recommend.py")]
    done = subprocess.run(script, capture_output=True, text=True)
    assert done.stderr == "expected one argument, the request: python recommend.py request.json\n"


def test_grey_of_16_bits_is_refused_and_not_clipped(deployed, wardrobe, tmp_path):
    Image.fromarray(np.full((9, 9), 40_000, np.uint16)).save(tmp_path / "deep.png")
    request = tmp_path / "request.json"
    request.write_text(json.dumps({"user": 0, "items": {"deep.png": "top"}, "outfits": [["deep.png"]]}))
    done = command(deployed, request)
    said = "deep.png: found a picture of more than 8 bits a sample, expected one of 8\n"
    assert (done.returncode, done.stdout, done.stderr) == (1, "", said)


@pytest.mark.parametrize(
    ("name", "refused"),
    [("type-aware", ""), ("lpae-u", '"user": found 77, expected one of 0 to 4\n')],
)
def test_items_may_be_vectors_and_a_stranger_is_whom_the_model_takes_for_one(tmp_path, name, refused):
    """One network knows no users, and the other cannot tell a new one's anchors from its graphs."""
    torch.manual_seed(0)
    model = create_model(name, num_users=5, input_kind="features", feature_size=12).eval()
    export_onnx(model, tmp_path / "graphs", name=name, input_size=12)
    subject = Subject(model=name, num_users=5, input_size=12, export=tmp_path / "graphs")
    deploy(subject, tmp_path / "served", Origin(method=name))
    vectors = np.random.default_rng(0).standard_normal((3, 12), dtype=np.float32)
    items = dict(zip(["a.npy", "b.npy", "c.npy"], ["top", "bottom", "shoe"], strict=True))
    for file, vector in zip(items, vectors, strict=True):
        np.save(tmp_path / file, vector)
    request = tmp_path / "request.json"

    def asked(user):
        request.write_text(json.dumps({"user": user, "items": items, "outfits": [list(items)]}))
        return command(tmp_path / "served", request)

    kinds = torch.arange(3)
    with torch.inference_mode():
        features = model.encode_items(torch.from_numpy(vectors), kinds)[None]
        right = model.score(torch.tensor([3]), features, kinds[None]).item()
    known, unknown = asked(3), asked(77)
    assert float(known.stdout.split("\t")[0]) == pytest.approx(right, abs=1e-5), known.stderr
    assert (unknown.stdout, unknown.stderr) == ("" if refused else known.stdout, refused)


def test_the_card_says_what_serving_takes(deployed, tiny_export):
    card = json.loads((deployed / "model.json").read_text())
    serving = card["serving"]
    assert serving["graphs"]["scorer.onnx"]["inputs"] == {
        "users": {"dtype": "int64", "shape": ["outfits"]},
        "features": {"dtype": "float32", "shape": ["outfits", "slots", 16]},
        "categories": {"dtype": "int64", "shape": ["outfits", "slots"]},
    }
    assert serving["graphs"]["encoder.onnx"]["inputs"]["images"]["shape"] == ["items", 3, 16, 16]
    assert (serving["categories"], serving["empty_slot"]) == (["top", "bottom", "shoe"], -1)
    assert "higher is better" in serving["score"]
    assert "Lanczos" in serving["preprocessing"]["resize"]
    assert "white" in serving["preprocessing"]["pad"]
    assert serving["new_users"] == {"strategy": "avg", "threshold": 0.0}
    again = load_export(deployed)
    assert again.files == tiny_export.files
    assert again.file_bytes == tiny_export.file_bytes, "the script is no part of the model"
