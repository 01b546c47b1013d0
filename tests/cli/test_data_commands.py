"""The photos to train on: how their list is made, and how the commands bring them by it."""

from __future__ import annotations

import csv
import importlib.util
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from fixtures.browsing import HOSTILE
from fixtures.sites import FOR_EVER, Fault, Site, serve
from PIL import Image as PillowImage

from aic_helpers.cli import main
from aic_helpers.core import project_paths
from aic_helpers.core.project_paths import CHECKOUT, PROJECT
from aic_helpers.core.safe_files import sha256
from aic_helpers.data import attribution, manifests
from aic_helpers.data.datasets import SAMPLE

Aic = Callable[..., tuple[int, str, str]]
NAMES = ("one.jpg", "two.jpg", "three it's.png")
COLUMNS = ("file", "author", "licence", "source", "origin", "processing", "width", "height", "sha256")


def write_photos(folder: Path) -> None:
    folder.mkdir(parents=True)
    for seed, name in enumerate(NAMES):
        noise = np.random.default_rng(seed).integers(0, 256, (6, 9, 3), dtype=np.uint8)
        PillowImage.fromarray(noise).resize((90, 60)).save(folder / name)


def write_table(folder: Path, **changes: dict[str, str]) -> None:
    """Write LICENCES.csv for the photos of a folder; `changes` are other values, by the stem of a file."""
    photos = sorted(path for path in folder.iterdir() if path.suffix in (".jpg", ".png"))
    with (folder / "LICENCES.csv").open("w", encoding="utf-8", newline="") as file:
        table = csv.DictWriter(file, COLUMNS)
        table.writeheader()
        for path in photos:
            row = {"file": path.name, "author": f"Maker of {path.stem}", "licence": "CC-BY-4.0", "source": "a site"}
            row |= {"origin": "a site: x.jpg", "processing": "stored as it is", "sha256": sha256(path)}
            table.writerow(row | changes.get(path.stem, {}))


@pytest.fixture(scope="module")
def script() -> ModuleType:
    spec = importlib.util.spec_from_file_location("make_manifest", PROJECT / "scripts" / "make_manifest.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


Make = Callable[[], tuple[int, str, str]]


@pytest.fixture
def make(script: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture) -> Make:
    """Call the script on the folder `given`; returns its status, stdout and stderr."""
    monkeypatch.delenv("AIC_CHALLENGE_DATA", raising=False)
    write_photos(tmp_path / "given")
    write_table(tmp_path / "given")
    out = tmp_path / "project" / "data" / "training.toml"
    out.parent.mkdir(parents=True)
    words = ["make_manifest.py", "training", "--folder", str(tmp_path / "given"), "--out", str(out)]

    def call() -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", words)
        try:
            script.main()
            status = 0
        except SystemExit as end:
            status = end.code
        return status, *capsys.readouterr()

    return call


def test_a_manifest_has_each_photo_with_its_maker(make: Make, tmp_path: Path) -> None:
    out = tmp_path / "project" / "data" / "training.toml"
    assert make() == (0, f"{out}: 3 files\n", "")
    manifest = manifests.read(out)
    assert (manifest.name, manifest.source) == ("training", None)
    assert [entry.path for entry in manifest.entries] == sorted(NAMES)
    credits = [entry.credit for entry in manifest.entries]
    makers = ["Maker of one", "Maker of three it's", "Maker of two"]
    assert credits == [manifests.Credit(maker, "CC-BY-4.0", "a site: x.jpg", "stored as it is") for maker in makers]
    assert {judged.state for judged in manifests.judge_all(tmp_path / "given", manifest)} == {"whole"}


def test_a_maker_may_have_any_name(make: Make, tmp_path: Path) -> None:
    text = "\n".join(text for text in HOSTILE if "\ud83d" not in text)  # which is no text
    write_table(tmp_path / "given", one={"author": text, "origin": f"{text}\\"})
    assert make()[0] == 0
    credit = manifests.read(tmp_path / "project" / "data" / "training.toml").entries[0].credit
    assert credit == manifests.Credit(text, "CC-BY-4.0", f"{text}\\", "stored as it is")


def test_photos_and_their_table_have_to_agree(make: Make, tmp_path: Path) -> None:
    given = tmp_path / "given"
    digests = {name: sha256(given / name) for name in NAMES}
    write_table(given, one={"sha256": digests["two.jpg"]}, two={"author": ""})
    (given / "four.jpg").write_bytes((given / "one.jpg").read_bytes())
    (given / "three it's.png").unlink()
    status, stdout, stderr = make()
    assert (status, stdout) == (2, "")
    assert stderr == (
        "make_manifest.py: expected photos as LICENCES.csv has them, found four.jpg without a row; a row without a "
        f"photo: three it's.png; two.jpg without author; one.jpg of sha256 {digests['one.jpg']}, "
        f"{digests['two.jpg']} in its row: mend LICENCES.csv or the photos\n"
    )
    assert not (tmp_path / "project" / "data" / "training.toml").exists()


@pytest.mark.parametrize(
    ("content", "found"),
    [
        (None, r"expected the photos' licences at .*LICENCES.csv, found nothing: check the path"),
        (
            "file,author\n",
            r"expected columns file, author, .* in .*, found no licence, origin, processing, sha256: add",
        ),
        ("", "found no file, author, licence, origin, processing, sha256: add them"),
    ],
)
def test_a_table_that_is_none(content: str | None, found: str, make: Make, tmp_path: Path) -> None:
    (tmp_path / "given" / "LICENCES.csv").unlink()
    if content is not None:
        (tmp_path / "given" / "LICENCES.csv").write_text(content)
    status, _, stderr = make()
    assert (status, stderr.count("\n")) == (2, 1)
    assert re.search(found, stderr)


def test_what_is_near_a_validation_photo_is_left_out_and_told(
    make: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given, challenge = tmp_path / "given", tmp_path / "challenge" / "div2k" / "original"
    target = SAMPLE / "super_resolution" / "targets" / "perched-osprey.png"
    with PillowImage.open(target) as photo:
        photo.resize((640, 360)).save(given / "bird.jpg")
    challenge.mkdir(parents=True)
    with PillowImage.open(SAMPLE / "training" / "casa-mila.jpg") as photo:
        photo.save(challenge / "0.png")
        photo.save(given / "house.jpg", quality=50)
    write_table(given)
    bird = f"left out: bird.jpg, nearly the validation photo {target}\n"
    house = f"left out: house.jpg, nearly the validation photo {challenge / '0.png'}\n"
    out = tmp_path / "project" / "data" / "training.toml"
    assert make() == (0, f"{bird}{out}: 4 files\n", "")
    monkeypatch.setenv("AIC_CHALLENGE_DATA", str(tmp_path / "challenge"))
    assert make() == (0, f"{bird}{house}{out}: 3 files\n", "")
    assert [entry.path for entry in manifests.read(out).entries] == sorted(NAMES)


@pytest.fixture
def aic(make: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture) -> Aic:
    """Call a command in a project whose training photos are the fixture's; returns its status, stdout and stderr."""
    make()
    monkeypatch.setattr(project_paths, "PROJECT", tmp_path / "project")
    (tmp_path / "it's mine").mkdir()
    monkeypatch.chdir(tmp_path / "it's mine")

    def call(*arguments: object) -> tuple[int, str, str]:
        status = main.status(["data", *map(str, arguments)])
        return status, *capsys.readouterr()

    return call


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    with serve(tmp_path / "given") as site:
        yield site


def owners(folder: Path) -> dict[str, str]:
    with (folder / attribution.FILE).open(encoding="utf-8", newline="") as file:
        return {row["files"]: row["author"] for row in csv.DictReader(file)}


OWNERS = {name: f"Maker of {Path(name).stem}" for name in NAMES}


def test_without_a_source_where_to_look_is_told(aic: Aic, tmp_path: Path) -> None:
    status, stdout, stderr = aic("fetch", "training")
    assert (status, stdout) == (2, "")
    assert stderr == (
        "aic: expected --from URL|DIR that has the files of training, found none: name one: no address has just these "
        f"files; {tmp_path}/project/data/training.toml says where each was taken from\n"
    )


def test_photos_come_from_a_folder_with_their_makers(aic: Aic, tmp_path: Path) -> None:
    place = tmp_path / "it's mine" / "data" / "training"
    after = "their makers are named in data/training/ATTRIBUTION.csv\naic train NAME --photos data/training\n"
    said = f"3 files in {place}, 3 of them fetched now\n{after}"
    assert aic("fetch", "training", "--from", tmp_path / "given") == (0, said, "")
    assert {path.name for path in place.iterdir()} == {*NAMES, attribution.FILE, ".fetch.lock"}
    assert owners(place) == OWNERS
    (place / attribution.FILE).unlink()
    assert aic("fetch", "training", "--from", "../given") == (0, said.replace("3 of", "0 of"), "")
    assert owners(place) == OWNERS
    table = f"training: {place}\nfolder  whole  missing  damaged\n.       3      0        0\n"
    assert aic("verify", "training") == (0, table, "")


def test_photos_come_from_a_server_into_another_folder(aic: Aic, site: Site, tmp_path: Path) -> None:
    there = tmp_path / "it's there"
    status, stdout, stderr = aic("fetch", "training", "--from", site.address, "--to", there)
    assert (status, stderr) == (0, "")
    assert stdout.splitlines()[-1] == f"aic train NAME --photos '{tmp_path}/it'\"'\"'s there'"
    assert sorted(path for path, _ in site.asked) == sorted(NAMES)
    assert owners(there) == OWNERS


def test_a_damaged_photo_is_named_and_the_others_have_their_makers(aic: Aic, site: Site, tmp_path: Path) -> None:
    site.faults["two.jpg"] = Fault(times=FOR_EVER, body=b"another photo")
    status, stdout, stderr = aic("fetch", "training", "--from", site.address)
    place = tmp_path / "it's mine" / "data" / "training"
    assert (status, stdout, stderr.count("\n")) == (2, "", 1)
    wanted = sha256(tmp_path / "given" / "two.jpg")
    assert stderr.startswith(
        f"aic: expected all 3 files of training at {site.address}, found 1 of another content (removed): two.jpg "
        f"expected sha256 {wanted}, found sha256 "
    )
    assert owners(place) == {name: maker for name, maker in OWNERS.items() if name != "two.jpg"}
    site.faults.clear()
    assert aic("fetch", "training", "--from", site.address)[0] == 0
    assert owners(place) == OWNERS


def test_a_source_that_has_none_leaves_nothing(aic: Aic, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    assert aic("fetch", "training", "--from", tmp_path / "empty")[0] == 2
    assert not (tmp_path / "it's mine" / "data" / "training").exists()


def test_verify_names_what_is_damaged_or_missing(aic: Aic, tmp_path: Path) -> None:
    place = tmp_path / "it's mine" / "data" / "training"
    status, _, stderr = aic("verify", "training")
    assert (status, stderr) == (
        2,
        f"aic: expected the training photos (data/training), found no folder {place}: call aic data fetch training "
        "--from URL|DIR\n",
    )
    aic("fetch", "training", "--from", tmp_path / "given")
    (place / "one.jpg").unlink()
    (place / "two.jpg").write_bytes(b"damaged")
    status, stdout, stderr = aic("verify", "training")
    assert (status, stderr) == (1, "")
    _, _, counts, one, two, remedy = stdout.splitlines()
    assert counts.split() == [".", "1", "1", "1"]
    assert (one, remedy) == ("missing  one.jpg", "-> aic data fetch training --from URL|DIR")
    assert two.startswith(f"damaged  two.jpg: expected sha256 {sha256(tmp_path / 'given' / 'two.jpg')}, found sha256 ")


def test_the_projects_manifest_names_a_maker_and_a_licence_of_each_photo() -> None:
    entries = manifests.read(PROJECT / "data" / "training.toml").entries
    assert len(entries) == 74
    credits = [entry.credit for entry in entries if entry.credit]
    assert len(credits) == 74
    assert all(credit.author and credit.origin and credit.changes for credit in credits)
    assert {credit.licence for credit in credits} == {"CC0-1.0", "CC-BY-3.0", "CC-BY-4.0", "public domain (NASA)"}
    assert {entry.kind for entry in entries} == {"sha256"}


def test_the_projects_manifest_names_no_photo_of_the_sample() -> None:
    with (SAMPLE / "ATTRIBUTION.csv").open(encoding="utf-8", newline="") as file:
        sample = {Path(row["made_from"]).stem for row in csv.DictReader(file)}
    assert len(sample) == 21
    entries = manifests.read(PROJECT / "data" / "training.toml").entries
    names = {Path(name).stem for entry in entries if entry.credit for name in (entry.path, entry.credit.origin)}
    assert not names & sample


def test_none_of_the_photos_is_in_the_repository_or_in_the_wheel(monkeypatch: pytest.MonkeyPatch) -> None:
    names = {entry.path for entry in manifests.read(PROJECT / "data" / "training.toml").entries}
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=CHECKOUT, capture_output=True, text=True, check=True).stdout
    assert not names & {Path(path).name for path in listed.split("\0")}
    text = (PROJECT / "setup.py").read_text("utf-8")
    patterns = re.findall(r'"([^"]+)"', text[text.index("CARRIED = (") : text.index(")", text.index("CARRIED = ("))])
    assert "data/*.toml" in patterns
    carried = [path for pattern in patterns for path in PROJECT.glob(pattern)]
    assert PROJECT / "data" / "training.toml" in carried
    assert not [path for path in carried if path.is_relative_to(PROJECT / "data" / "training")]
    assert not names & {path.name for path in carried}
