"""Write data/NAME.toml: every file of a data folder with its size and SHA-256.

Usage: python scripts/make_manifest.py sample
       python scripts/make_manifest.py challenge --folder DIR
       python scripts/make_manifest.py training --folder DIR

For the challenge DIR is laid out like the repository aiff22/ai-challenge at COMMIT. Files of the challenge that DIR
lacks are listed by the id that git gives their content, as far as GIT_BLOBS knows it.

For training DIR has photos and their LICENCES.csv, with a row for each: file, author, licence, origin, processing (what
was done to it) and sha256. Photos that are nearly validation photos of the sample, or of the challenge where
AIC_CHALLENGE_DATA is set, are left out.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path

from aic_helpers.core.errors import InputError, require_file
from aic_helpers.core.project_paths import PROJECT
from aic_helpers.data import near_duplicates
from aic_helpers.data.images import SUFFIXES, list_images
from aic_helpers.data.manifests import digest

REPOSITORY = "aiff22/ai-challenge"
COMMIT = "6dc52ac4ebca74391fa24def015896c98dba5b4f"
HEADER = f"""# The data and the checkpoints of the challenge's own repository. Written by scripts/make_manifest.py.
# git_blob: the id that git gives a file's content, as the commit fixes it.
repository = "{REPOSITORY}"
commit = "{COMMIT}"
source = "https://raw.githubusercontent.com/{REPOSITORY}/{COMMIT}"
"""

CHALLENGE_FOLDERS = ("div2k", "dped", "models_pretrained")
GIT_BLOBS = {
    "div2k/original/2.png": "cb09a06cec02379d942ddf0c0544aab0632c96ee",
    "div2k/original/3.png": "c7400e94ca7cc854e47078b9e3aae92b9dc420dc",
    "div2k/original/5.png": "c7d4e0a8a7b810c79afe1f14a684292597f3c428",
    "div2k/original/7.png": "b23ab100b2db0838f01205d06945e4323ee59037",
}


TRAINING_HEADER = """# Photos to train on. Written by scripts/make_manifest.py.
# origin: where each was taken from; changes: what was done to it since. No address has just these files.
"""

TABLE = "LICENCES.csv"
COLUMNS = ("file", "author", "licence", "origin", "processing", "sha256")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("name", choices=["challenge", "sample", "training"])
    parser.add_argument("--folder", type=Path, help="needed for challenge and training; data/sample otherwise")
    parser.add_argument("--out", type=Path, help="the file to write  [default: data/NAME.toml]")
    arguments = parser.parse_args()
    if arguments.name != "sample" and not arguments.folder:
        parser.error(f"{arguments.name} needs --folder")
    out = arguments.out or PROJECT / "data" / f"{arguments.name}.toml"
    try:
        lines = manifest(arguments.name, arguments.folder)
    except InputError as error:
        print(f"make_manifest.py: {error}", file=sys.stderr)
        sys.exit(2)
    out.write_text("\n".join(lines) + "\n", encoding="utf-8")
    print(f"{out}: {sum('=' in line and line.startswith(chr(34)) for line in lines)} files")


def manifest(name: str, folder: Path | None) -> list[str]:
    if name == "challenge":
        return [HEADER, "[files]", *challenge(folder)]
    if name == "training":
        return [TRAINING_HEADER, "[files]", *training(folder)]
    own = folder or PROJECT / "data" / "sample"
    return ["# The files of data/sample. Written by scripts/make_manifest.py.", "", "[files]", *images(own)]


def challenge(folder: Path) -> Iterator[str]:
    held = {
        path.relative_to(folder).as_posix(): path
        for name in CHALLENGE_FOLDERS
        for path in (folder / name).rglob("*")
        if path.is_file()
    }
    for name in sorted({*held, *GIT_BLOBS}):
        yield line(name, held[name]) if name in held else f'{json.dumps(name)} = {{git_blob = "{GIT_BLOBS[name]}"}}'


def images(folder: Path) -> Iterator[str]:
    for path in sorted(folder.rglob("*")):
        if path.suffix in SUFFIXES:
            yield line(path.relative_to(folder).as_posix(), path)


def training(folder: Path) -> Iterator[str]:
    """Yield a line for each photo that is near no validation photo, and say which are left out."""
    photos = sorted(list_images(folder))
    rows = licences(folder / TABLE)
    check(photos, rows)
    near = {pair.photo: pair.validation for pair in near_duplicates.find(photos, validation_photos())}
    for path, other in near.items():
        print(f"left out: {path.name}, nearly the validation photo {other}")
    for path in photos:
        row = rows[path.name]
        if path not in near:
            credit = {"author": row["author"], "licence": row["licence"], "origin": row["origin"]}
            yield line(path.name, path, **credit, changes=row["processing"])


def licences(path: Path) -> dict[str, dict[str, str]]:
    """Return the rows of LICENCES.csv by file."""
    with require_file(path, "the photos' licences").open(encoding="utf-8", newline="") as file:
        table = csv.DictReader(file)
        if lacking := [name for name in COLUMNS if name not in (table.fieldnames or ())]:
            raise InputError(f"columns {', '.join(COLUMNS)} in {path}", f"no {', '.join(lacking)}", "add them")
        return {row["file"]: row for row in table}


def check(photos: list[Path], rows: dict[str, dict[str, str]]) -> None:
    """Raise `InputError` unless each photo has a row, each row a photo, an author and a licence, and both are one."""
    names = {path.name for path in photos}
    problems = [f"{name} without a row" for name in sorted(names - set(rows))]
    problems += [f"a row without a photo: {name}" for name in rows if name not in names]
    problems += [f"{name} without {key}" for name, row in rows.items() for key in COLUMNS if not row[key]]
    for path in photos:
        wanted, found = rows.get(path.name, {}).get("sha256"), digest(path, "sha256")
        if wanted and wanted != found:
            problems.append(f"{path.name} of sha256 {found}, {wanted} in its row")
    if problems:
        raise InputError(f"photos as {TABLE} has them", "; ".join(problems), f"mend {TABLE} or the photos")


def validation_photos() -> list[Path]:
    found = list_images(PROJECT / "data" / "sample" / "super_resolution" / "targets")
    if challenge_folder := os.environ.get("AIC_CHALLENGE_DATA"):
        found += list_images(Path(challenge_folder, "div2k", "original"))
    return found


def line(name: str, path: Path, **credit: str) -> str:
    """Return an entry; JSON's strings are TOML's too."""
    facts = {"bytes": path.stat().st_size, "sha256": digest(path, "sha256"), **credit}
    told = ", ".join(f"{key} = {json.dumps(value, ensure_ascii=False)}" for key, value in facts.items())
    return f"{json.dumps(name, ensure_ascii=False)} = {{{told}}}"


if __name__ == "__main__":
    main()
