"""Which photographs are found in a folder, of which class, and what is said of the rest."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import numpy as np
import pytest
from outfitbench.datasets import Fault, InputError
from outfitbench.datasets.check import inspect_dataset
from outfitbench.datasets.photos import load_photos
from outfitbench.datasets.photos.classes import category_of, read_mapping
from outfitbench.datasets.photos.folder import find_photos
from outfitbench.datasets.photos.walk import PassedOver
from PIL import Image

from .snapped_photos import snap


def test_class_folders_are_found_at_any_depth(tmp_path: Path) -> None:
    for part in ("train", "more/validation"):
        snap(tmp_path / part, each=10)
    snap(tmp_path, ["dress", "Hat"], each=2)
    (tmp_path / "README.md").write_text("Photographs.")
    (tmp_path / "train" / "shoes" / "notes.txt").write_text("Shoes.")
    (tmp_path / "train" / "shoes" / ".hidden.jpg").write_bytes(b"?")
    (tmp_path / ".cache" / "gadget").mkdir(parents=True)
    (tmp_path / ".cache" / "gadget" / "x.jpg").write_bytes(b"?")
    photos = find_photos(tmp_path)
    assert np.bincount(photos.item_category).tolist() == [20, 20, 20]
    assert photos.left_out == {"Hat": 2, "dress": 2}
    assert photos.item_names[0] == "more/validation/T-Shirt/000.png"
    assert photos.paths[0] == tmp_path / photos.item_names[0]
    assert len(set(photos.item_names)) == 60


@pytest.mark.parametrize(
    ("name", "category"),
    [
        ("t-shirt", "top"),
        ("T_SHIRTS", "top"),
        ("Long sleeve", "top"),
        ("outwear", "top"),
        ("jeans", "bottom"),
        ("Pants", "bottom"),
        ("skirt", "bottom"),
        ("high heels", None),
        ("Heels", "shoe"),
        ("dresses", "none"),
        ("42", None),
    ],
)
def test_classes_are_known_by_their_usual_names(name: str, category: str | None) -> None:
    assert category_of(name, {}) == category


@pytest.mark.parametrize(
    ("file", "text"),
    [
        ("categories.toml", '"High Heels" = "shoe"\ndress = "top"\n'),
        ("categories.json", '{"High Heels": "shoe", "dress": "top"}'),
    ],
)
def test_a_mapping_goes_before_what_is_known(tmp_path: Path, file: str, text: str) -> None:
    snap(tmp_path, ["dress", "pants", "HIGH HEELS"])
    (tmp_path / file).write_text(text)
    assert np.bincount(find_photos(tmp_path).item_category).tolist() == [20, 20, 20]


@pytest.mark.parametrize(
    ("file", "text", "message"),
    [
        ("categories.toml", 'dress = "frock"', r"categories\.toml dress: found 'frock', expected one of top"),
        ("categories.toml", "dress = ", r"categories\.toml: found what cannot be read"),
        ("categories.json", '{"dress": 3}', r"categories\.json dress: found 3"),
        ("categories.json", '["dress"]', r"categories\.json: found something else"),
    ],
)
def test_a_broken_mapping_is_one_clear_line(tmp_path: Path, file: str, text: str, message: str) -> None:
    (tmp_path / file).write_text(text)
    with pytest.raises(InputError, match=message):
        read_mapping(tmp_path)


def test_a_misspelt_key_of_the_mapping_is_said_with_the_nearest_class(tmp_path: Path) -> None:
    root = snap(tmp_path, ["T-Shirt", "pants", "shoes"])
    (root / "categories.toml").write_text('T-Shrt = "top"\n"T-SHIRT" = "top"\n')
    (note,) = find_photos(root).notes
    assert note == "no class has the name 't-shrt' in the mapping of classes; nearest: t-shirt"


def test_a_check_says_what_is_left_out_and_what_lies_in_two_classes(tmp_path: Path, cache: Path) -> None:
    root = snap(tmp_path / "photos", ["shirt", "pants", "shoes", "dress"])
    shutil.copy(root / "shirt" / "000.png", root / "pants" / "a.png")
    shutil.copy(root / "shirt" / "000.png", root / "shirt" / "same class.png")
    shutil.copytree(root / "shirt", root / "test" / "Shirt")
    twice = "1 photograph lies in several classes with the same bytes (such as shirt/000.png and pants/a.png)"
    found = inspect_dataset("photos", root, cache=cache)
    assert (found.faults, found.notes) == ([], ["left out because they fit no slot: dress (20)", twice])
    assert load_photos(root, cache=cache).notes == (twice,)


def test_what_is_missing_is_said(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="found no photographs, expected images in a folder a class"):
        find_photos(tmp_path)
    snap(tmp_path, ["shirt", "pants"])
    with pytest.raises(InputError, match="found 0 photographs of category shoe, expected at least 13"):
        find_photos(tmp_path)


def test_an_unknown_class_is_answered_with_what_to_write(tmp_path: Path) -> None:
    snap(tmp_path, ["shirt", "pants", "shoes", "toaster"])
    with pytest.raises(
        InputError, match=r"found the class 'toaster', .*write \"toaster\" = .*categories\.toml"
    ):
        find_photos(tmp_path)


def test_all_faults_of_a_folder_can_be_collected(tmp_path: Path) -> None:
    snap(tmp_path, ["shirt", "toaster", "kettle"])
    faults: list[str] = []
    find_photos(tmp_path, lambda fault: faults.append(fault.found))
    assert faults == [
        "the class 'kettle'",
        "the class 'toaster'",
        "0 photographs of category bottom",
        "0 photographs of category shoe",
    ]


def test_a_name_that_is_not_utf8_is_a_fault_of_its_own(tmp_path: Path) -> None:
    root = snap(tmp_path)
    photo = next(root.rglob("*.png"))
    photo.rename(os.fsdecode(os.fsencode(photo.parent) + b"/caf\xe9.png"))
    found: list[Fault] = []
    find_photos(root, found.append)
    assert [str(fault) for fault in found] == [
        f"{photo.parent}: found the file name 'caf\\xe9.png', not UTF-8, expected a name in UTF-8; rename it"
    ]


def moved(folder: Path, to: Path) -> Path:
    """A folder that lies elsewhere, with a link in its place."""
    to.parent.mkdir(parents=True, exist_ok=True)
    folder.rename(to)
    folder.symlink_to(to)
    return folder


class TestLinks:
    @pytest.mark.parametrize("linked", [["T-Shirt"], ["T-Shirt", "Trousers", "shoes"]])
    def test_linked_class_folders_are_followed(self, tmp_path, linked):
        root = snap(tmp_path / "photos")
        plain = find_photos(root)
        for name in linked:
            moved(root / name, tmp_path / "elsewhere" / name)
        photos = find_photos(root)
        assert photos.item_names == plain.item_names
        assert [path.read_bytes() for path in photos.paths] == [path.read_bytes() for path in plain.paths]
        assert photos.notes == ()

    def test_links_into_a_hidden_store_are_followed(self, tmp_path):
        root = snap(tmp_path)
        moved(root / "shoes", root / ".store" / "a4f1")
        assert len(find_photos(root).paths) == 60

    def test_a_folder_is_read_once_whatever_leads_to_it(self, tmp_path):
        root = snap(tmp_path)
        (root / "sneakers").symlink_to(root / "shoes")
        (root / "boots").symlink_to(root / "shoes")
        photos = find_photos(root)
        assert len(photos.paths) == 60
        assert photos.notes == (
            "passed over in the folder of photographs: 2 second ways to a folder (such as boots)",
        )

    @pytest.mark.parametrize("target", [".", "..", "../.."])
    def test_loops_end(self, tmp_path, target):
        root = snap(tmp_path / "photos")
        (root / "shoes" / "again").symlink_to((root / "shoes" / target).resolve())
        photos = find_photos(root)
        assert len(photos.paths) == 60
        assert "(such as shoes/again)" in photos.notes[0]

    def test_links_to_each_other_end(self, tmp_path):
        root = snap(tmp_path / "photos")
        for here, there in (("a", "b"), ("b", "a")):
            (tmp_path / here).mkdir()
            (tmp_path / here / "on").symlink_to(tmp_path / there)
        (root / "more").symlink_to(tmp_path / "a")
        assert len(find_photos(root).paths) == 60


class TestWhatIsPassedOver:
    @pytest.mark.parametrize("name", ["x.jfif", "X.JPE", "photo", "photo.download", "x.tmp"])
    @pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
    def test_what_decodes_is_read_whatever_its_suffix(self, tmp_path, name, kind):
        root = snap(tmp_path)
        Image.new("RGB", (20, 20)).save(root / "shoes" / name, kind)
        photos = find_photos(root)
        assert f"shoes/{name}" in photos.item_names
        assert photos.notes == ()

    def test_the_rest_is_counted_by_kind_with_an_example(self, tmp_path, cache):
        root = snap(tmp_path)
        for name in ("1.heic", "2.HEIC"):
            (root / "shoes" / name).write_bytes(b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + bytes(90))
        (root / "shoes" / "BMW").write_text("BMW is no bitmap")
        (root / "README.md").write_text("Photographs.")
        (root / "categories.toml").write_text("")
        (root / "shoes" / "lost.png.lnk").symlink_to(root / "nowhere")
        os.mkfifo(root / "shoes" / "pipe")
        note = (
            "passed over in the folder of photographs: 1 .md (such as README.md), "
            "1 file without a suffix (such as shoes/BMW), 1 link to nothing (such as shoes/lost.png.lnk), "
            "1 special file (such as shoes/pipe), 2 .heic (such as shoes/1.heic)"
        )
        assert find_photos(root).notes == (note,)
        assert load_photos(root, cache=cache).notes == (note,)

    def test_a_class_of_nothing_else_is_said_where_it_is_missed(self, tmp_path):
        root = snap(tmp_path, ["shirt", "pants"])
        (root / "shoes").mkdir()
        (root / "shoes" / "1.heic").write_bytes(b"\0\0\0\x18ftypheic" + bytes(90))
        with pytest.raises(InputError, match=r"0 photographs of category shoe.* 1 \.heic \(such as shoes/1"):
            find_photos(root)

    @pytest.mark.parametrize("name", ["@eaDir", "@EADIR", "__MACOSX", ".thumbnails", "#recycle"])
    def test_what_tools_leave_behind_is_passed_over(self, tmp_path, name):
        root = snap(tmp_path)
        for place in (root, root / "shoes"):
            (place / name / "shoes").mkdir(parents=True)
            Image.new("RGB", (20, 20)).save(place / name / "shoes" / "thumb.jpg")
            Image.new("RGB", (20, 20)).save(place / name / "thumb.jpg")
        photos = find_photos(root)
        assert (len(photos.paths), photos.notes) == (60, ())

    @pytest.mark.parametrize("place", [".", "../photos", "shoes/.."])
    def test_a_stray_image_in_the_root_is_of_no_class(self, tmp_path, monkeypatch, place):
        root = snap(tmp_path / "photos")
        Image.new("RGB", (20, 20)).save(root / "overview.jpg")
        monkeypatch.chdir(root)
        photos = find_photos(Path(place))
        assert len(photos.paths) == 60
        assert "1 image in no class folder (such as overview.jpg)" in photos.notes[0]

    @pytest.mark.parametrize(("count", "said"), [(1, "1 image in"), (2, "2 images in")])
    def test_images_in_the_root_alone_are_said(self, tmp_path, count, said):
        for number in range(count):
            Image.new("RGB", (20, 20)).save(tmp_path / f"overview{number}.jpg")
        with pytest.raises(InputError, match=rf"no photographs, .* {said} no class folder"):
            find_photos(tmp_path)

    def test_every_kind_has_its_plural(self):
        passed = PassedOver()
        kinds = ["image in no class folder", "link to nothing", "special file", ".heic"]
        for kind in kinds * 2:
            passed.add(kind, "x")
        assert str(passed) == (
            "2 .heic (such as x), 2 images in no class folder (such as x), 2 links to nothing (such as x), "
            "2 special files (such as x)"
        )


COMPOSED, APART = "\u00e9charp\u00e9", "e\u0301charpe\u0301"


class TestNames:
    @pytest.mark.parametrize(("folder", "written"), [(COMPOSED, APART), (APART, COMPOSED)])
    def test_forms_of_one_name_are_one_class(self, tmp_path, folder, written):
        root = snap(tmp_path, ["shirt", "pants", folder])
        (root / "categories.toml").write_text(f'"{written.upper()}" = "shoe"\n', encoding="utf-8")
        photos = find_photos(root)
        assert np.bincount(photos.item_category).tolist() == [20, 20, 20]
        assert photos.item_names[-1].startswith(COMPOSED)
        assert photos.paths[-1].is_file()

    def test_two_folders_of_one_name_are_a_fault_that_names_both(self, tmp_path):
        root = snap(tmp_path, ["shirt", "pants", "shoes", COMPOSED, APART])
        (root / "categories.toml").write_text(f'"{COMPOSED}" = "none"\n', encoding="utf-8")
        if len(list(root.iterdir())) < 6:
            pytest.skip("this file system takes both names for one")
        with pytest.raises(InputError) as caught:
            find_photos(root)
        assert ascii(APART) in str(caught.value)
        assert ascii(COMPOSED) in str(caught.value)

    @pytest.mark.parametrize(
        ("text", "named"),
        [
            (f'"{COMPOSED}" = "top"\n"{APART}" = "none"\n', (ascii(COMPOSED), ascii(APART))),
            ('kilt = "top"\nKilt = "bottom"\n', ("'kilt'", "'Kilt'")),
        ],
    )
    def test_two_entries_of_one_class_are_a_fault_that_names_both(self, tmp_path, text, named):
        (tmp_path / "categories.toml").write_text(text, encoding="utf-8")
        with pytest.raises(InputError) as caught:
            read_mapping(tmp_path)
        assert all(name in str(caught.value) for name in named)

    def test_a_name_that_ends_in_a_space_is_quoted(self, tmp_path):
        root = snap(tmp_path, ["shirt", "pants", "shoes", "toaster "])
        with pytest.raises(InputError) as caught:
            find_photos(root)
        assert "/toaster ': found the class 'toaster '" in str(caught.value)

    @pytest.mark.parametrize(
        "name",
        ["\x1b[31mred", "a\nb", "del\x7f", "\u202egnp", "a\u2028b", 'quo"te', "back\\slash", "x" * 200],
    )
    def test_an_odd_name_is_one_harmless_line_and_what_it_says_to_write_works(self, tmp_path, name):
        root = snap(tmp_path, ["shirt", "pants", "shoes", name])
        with pytest.raises(InputError) as caught:
            find_photos(root)
        line = str(caught.value)
        assert line.isprintable()
        key = line.split("; write ")[1].split(" = ")[0]
        (root / "categories.toml").write_text(f'{key} = "none"\n', encoding="utf-8")
        assert find_photos(root).left_out == {name: 20}
        (root / "categories.toml").write_text(f'{key} = "frock"\n', encoding="utf-8")
        with pytest.raises(InputError) as caught:
            find_photos(root)
        assert str(caught.value).isprintable()

    def test_a_class_folder_that_is_not_utf8_is_a_fault_of_its_own(self, tmp_path):
        root = snap(tmp_path)
        (root / "shoes").rename(os.fsdecode(os.fsencode(root) + b"/caf\xe9"))
        found: list[Fault] = []
        find_photos(root, found.append)
        assert "found the file name 'caf\\xe9', not UTF-8" in str(found[0])
        assert all(str(fault).encode() for fault in found)

    def test_a_name_that_is_not_utf8_is_no_matter_where_nothing_is_read(self, tmp_path):
        root = snap(tmp_path)
        for name in (b"shoes/caf\xe9.txt", b"shoes/.caf\xe9.jpg"):
            Path(os.fsdecode(os.fsencode(root) + b"/" + name)).write_text("notes")
        photos = find_photos(root)
        assert len(photos.paths) == 60
        assert photos.notes[0].isprintable()
        assert "1 .txt (such as 'shoes/caf\\udce9.txt')" in photos.notes[0]

    def test_classes_left_out_are_said_in_one_harmless_line(self, tmp_path, cache):
        root = snap(tmp_path, ["shirt", "pants", "shoes", "dress\x1b", "hat "])
        origin = load_photos(root, cache=cache).origin
        assert origin.isprintable()
        assert "'hat ' (20)" in origin


def _tree_of(rng: np.random.Generator, root: Path) -> int:
    """A folder with links, forms, suffixes and odd names; gives the number of photographs of a class."""
    snap(root, each=13)
    photographs = 39
    for number in range(int(rng.integers(1, 8))):
        host = root / str(rng.choice(["shoes", "T-Shirt", "Trousers"]))
        name = str(rng.choice(["a", COMPOSED, "\u202eb", "c d", "E"])) + str(number)
        match rng.integers(6):
            case 0:
                Image.new("RGB", (8, 8)).save(host / f"{name}.{rng.choice(['jfif', 'JPG', 'x'])}", "JPEG")
                photographs += 1
            case 1:
                (host / f"{name}.{rng.choice(['txt', 'heic', 'mp4'])}").write_bytes(rng.bytes(30))
            case 2:
                (host / name).symlink_to(rng.choice([str(root), str(host), str(root / "nowhere")]))
            case 3:
                moved(host, root.parent / f"{root.name}-elsewhere" / name)
            case 4:
                (root / name).symlink_to(host)
            case 5:
                snap(root / str(rng.choice(["@eaDir", ".x", "__MACOSX"])), ["shoes"], each=1)
    return photographs


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(200))
def test_no_photograph_of_a_varied_folder_is_left_out_unsaid(tmp_path, seed):
    root = tmp_path / "photos"
    photographs = _tree_of(np.random.default_rng(seed), root)
    photos = find_photos(root)
    assert len(photos.paths) == len(set(photos.item_names)) == photographs
    files = sum(len(names) for names in photos.passed_over.found.values())
    listed = {path for path in root.rglob("*") if path.suffix in {".txt", ".heic", ".mp4"}}
    assert files >= len([path for path in listed if "@eaDir" not in str(path)])


@pytest.mark.skipif(os.geteuid() == 0, reason="the superuser reads every folder")
def test_a_folder_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    root = snap(tmp_path)
    closed = next(root.rglob("*.png")).parent
    closed.chmod(0)
    with pytest.raises(InputError, match="permission denied"):
        find_photos(root)
    closed.chmod(0o700)
