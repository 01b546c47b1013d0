"""Whatever of a checkpoint a person names leads to its prefix."""

import pytest

from aic_helpers.core.errors import InputError
from aic_helpers.weights.checkpoint_paths import checkpoint_prefix

PARTS = (".index", ".data-00000-of-00001", ".meta")


def write(folder, *names):
    folder.mkdir(exist_ok=True)
    for name in names:
        for part in PARTS:
            (folder / f"{name}{part}").touch()
    return folder


@pytest.mark.parametrize("part", ["", *PARTS])
def test_each_file_of_it(tmp_path, part):
    folder = write(tmp_path / "c", "model.ckpt-10", "model.ckpt-20")
    assert checkpoint_prefix(folder / f"model.ckpt-10{part}") == folder / "model.ckpt-10"


def test_a_folder_of_one(tmp_path):
    assert checkpoint_prefix(write(tmp_path / "c", "model")) == tmp_path / "c" / "model"


def test_the_checkpoint_file_of_a_folder_says_which(tmp_path):
    folder = write(tmp_path / "c", "m-1", "m-2")
    (folder / "checkpoint").write_text('model_checkpoint_path: "/elsewhere/m-1"\nall_model_checkpoint_paths: "m-2"\n')
    assert checkpoint_prefix(folder) == folder / "m-1"


@pytest.mark.parametrize("stale", [None, 'model_checkpoint_path: "m-9"\n', "nonsense"])
def test_a_folder_of_several_lists_them(tmp_path, stale):
    folder = write(tmp_path / "c", "m-1", "m-2")
    if stale:
        (folder / "checkpoint").write_text(stale)
    with pytest.raises(InputError, match=r"expected one checkpoint in .*c, .* found m-1, m-2: give .*c/m-2"):
        checkpoint_prefix(folder)


def test_the_variables_of_a_saved_model(tmp_path):
    write(tmp_path / "saved", "x").joinpath("variables").mkdir()
    write(tmp_path / "saved" / "variables", "variables")
    assert checkpoint_prefix(tmp_path / "saved") == tmp_path / "saved" / "variables" / "variables"


def test_a_folder_with_one_file_of_keras(tmp_path):
    (tmp_path / "net.weights.h5").touch()
    assert checkpoint_prefix(tmp_path) == tmp_path / "net.weights.h5"


def test_what_is_not_there(tmp_path):
    with pytest.raises(InputError, match=r"expected a checkpoint at .*none, found nothing: check the path"):
        checkpoint_prefix(tmp_path / "none")
    with pytest.raises(InputError, match=r"expected a checkpoint in .*, found none: give its prefix"):
        checkpoint_prefix(tmp_path)
    (tmp_path / "half.meta").touch()
    with pytest.raises(InputError, match=r"expected a checkpoint at .*half.meta, found no half.index beside it"):
        checkpoint_prefix(tmp_path / "half.meta")
