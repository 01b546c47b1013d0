"""Write data/NAME.toml: every file of a data folder with its size and SHA-256.

Usage: python scripts/make_manifest.py sample
       python scripts/make_manifest.py challenge --folder DIR

DIR is laid out like the repository aiff22/ai-challenge at COMMIT. Files of the challenge that DIR lacks are listed by
the id that git gives their content, as far as GIT_BLOBS knows it.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from pathlib import Path

from aic_helpers.core.project_paths import PROJECT
from aic_helpers.data.images import SUFFIXES
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


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("name", choices=["challenge", "sample"])
    parser.add_argument("--folder", type=Path, help="needed for challenge; data/sample otherwise")
    arguments = parser.parse_args()
    if arguments.name == "sample":
        folder = arguments.folder or PROJECT / "data" / "sample"
        lines = ["# The files of data/sample. Written by scripts/make_manifest.py.", "", "[files]", *images(folder)]
    elif arguments.folder:
        lines = [HEADER, "[files]", *challenge(arguments.folder)]
    else:
        parser.error("challenge needs --folder")
    out = PROJECT / "data" / f"{arguments.name}.toml"
    out.write_text("\n".join(lines) + "\n", encoding="utf-8")
    print(f"{out}: {sum('=' in line and line.startswith(chr(34)) for line in lines)} files")


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


def line(name: str, path: Path) -> str:
    return f'{json.dumps(name)} = {{bytes = {path.stat().st_size}, sha256 = "{digest(path, "sha256")}"}}'


if __name__ == "__main__":
    main()
