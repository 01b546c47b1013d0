"""What is shown of a run folder."""

import base64

import pytest
from fixtures import run_folders as made

from aic_helpers.core.errors import InputError
from aic_helpers.runs import run_folders


def test_everything_is_there(tmp_path):
    run = run_folders.open_run(made.write(tmp_path / "run"))
    assert run.folder == tmp_path / "run"
    assert run.problems == {}
    assert [len(run.tables[name]) for name in ("images", "timing", "growth", "examples")] == [5, 8, 5, 3]
    worst = run.examples[0]
    assert (worst.row["end"], worst.row["image"]) == ("worst", "a")
    assert set(worst.pictures) == {"input", "output", "target", "overview"}
    output = worst.pictures["output"]
    assert (output.width_px, output.height_px, output.problem) == (480, 360, "")
    assert base64.b64decode(output.base64) == (tmp_path / "run" / "example_worst_output.webp").read_bytes()


def test_names_of_images_stay_as_they_are(tmp_path):
    names = ("007", "NA", "1e3", " x", "null")
    run = run_folders.open_run(made.write(tmp_path / "run", names=names))
    assert tuple(run.tables["images"]["image"]) == names
    assert [example.row["image"] for example in run.examples] == ["007", "1e3", "null"]


def test_a_staged_folder_is_named_by_its_home(tmp_path):
    assert run_folders.open_run(made.write(tmp_path / "run" / ".partial-x")).folder == tmp_path / "run"


def test_a_result_without_its_model(tmp_path):
    folder = made.write(tmp_path / "run", made.result() | {"model": None})
    with pytest.raises(InputError, match=r"expected a track and a model in .*, found an incomplete result: make"):
        run_folders.open_run(folder)
