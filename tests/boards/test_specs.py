"""A board's TOML file: what it stands for, and one line for each mistake in it."""

import os

import numpy as np
import pytest

from aic_helpers.boards.specs import read_spec
from aic_helpers.core.errors import InputError
from aic_helpers.data.images import write_png
from aic_helpers.profiling.timing import Limits


@pytest.fixture
def write(tmp_path):
    """Write a board file beside two frozen models and some data; returns its path."""
    for name in ("b", "a"):
        (tmp_path / "nets").mkdir(exist_ok=True)
        (tmp_path / "nets" / f"{name}.pb").write_bytes(b"net")
    (tmp_path / "net.py").write_text("def network(images): ...")
    for kind in ("input", "target"):
        write_png(tmp_path / "photos" / kind / "1.png", np.zeros((16, 16, 3)))

    def write(text):
        path = tmp_path / "spring.toml"
        path.write_text(text)
        return path

    return write


def test_a_model_stands_for_an_entry_on_each_track(write, tmp_path):
    spec = read_spec(write('models = ["nets/a.pb", "sample_sr_srcnn"]'), tmp_path / "out")
    assert (spec.name, spec.data, spec.limit, spec.profile, spec.reports) == ("spring", "sample", None, True, True)
    assert [(entry.name, entry.track) for entry in spec.entries] == [
        ("a", "super_resolution"),
        ("a", "enhancement"),
        ("sample_sr_srcnn", "super_resolution"),
    ]
    assert spec.entries[0].settings.folder == tmp_path / "out" / "super_resolution" / "a"


def test_globs_name_files_and_pretrained_models_in_order(write):
    spec = read_spec(write('tracks = ["enhancement"]\nmodels = ["nets/*.pb", "sample_*"]'))
    assert [entry.name for entry in spec.entries][:4] == ["a", "b", "sample_sr_srcnn", "sample_enhancement_srcnn"]
    assert spec.folder.parts[-3:] == ("runs", "boards", "spring")


def test_a_glob_leaves_out_what_a_system_left_there(write, tmp_path):
    (tmp_path / "nets" / "._a.pb").touch()
    spec = read_spec(write('tracks = ["enhancement"]\nmodels = ["nets/*.pb"]'))
    assert [entry.name for entry in spec.entries] == ["a", "b"]
    (tmp_path / "nets" / os.fsdecode(b"caf\xe9.pb")).touch()
    with pytest.raises(InputError, match=r"expected names in UTF-8, found .*caf\\udce9.pb: rename it in UTF-8"):
        read_spec(write('models = ["nets/*.pb"]'))


def test_an_absolute_glob_and_a_name_with_line_breaks(write, tmp_path):
    spec = read_spec(write(f'tracks = ["enhancement"]\nmodels = ["{tmp_path}/nets/?.pb"]'))
    assert [entry.name for entry in spec.entries] == ["a", "b"]
    spec = read_spec(write('models = [{ name = "two\\nlines", model = "nets/a.pb", track = "enhancement" }]'))
    assert [entry.name for entry in spec.entries] == ["two lines"]


def test_a_table_names_everything(write, tmp_path):
    text = """
    name = "our nets"
    data = "photos"     # a folder beside this file
    limit = 1
    profile = false
    time_budget_s = 20
    models = [{ name = "ours", model = "net.py:network", track = "enhancement" }]
    """
    spec = read_spec(write(text))
    (entry,) = spec.entries
    assert (spec.name, spec.limit, spec.profile, spec.folder.name) == ("our nets", 1, False, "our_nets")
    assert spec.limits == spec.first_limits == Limits(time_budget_s=20)
    assert (entry.name, entry.settings.source.name, entry.settings.source.function) == ("ours", "ours", "network")
    assert entry.settings.dataset.root == tmp_path / "photos"


def test_what_a_model_takes_and_gives(write):
    adapt = "{ range = 255, set = { is_training = false } }"
    spec = read_spec(write(f'models = [{{ model = "nets/a.pb", track = "enhancement", adapt = {adapt} }}]'))
    assert spec.entries[0].adapt == {"range": "255", "set": {"is_training": False}}


def test_a_model_stands_for_an_entry_in_each_precision(write, tmp_path):
    models = '["nets/a.pb", { model = "nets/b.pb", name = "bee", precisions = ["int8"] }]'
    text = f'tracks = ["enhancement"]\nprecisions = ["float32", "int8"]\nmodels = {models}'
    entries = read_spec(write(text), tmp_path / "out").entries
    assert [(entry.name, entry.adapt["precision"]) for entry in entries] == [
        ("a-float32", "float32"),
        ("a-int8", "int8"),
        ("bee-int8", "int8"),
    ]
    assert entries[2].settings.model_file == tmp_path / "out" / "enhancement" / "bee-int8" / "model.tflite"


def test_a_file_of_code_lies_beside_the_spec(write, tmp_path):
    (tmp_path / "layers.py").write_text("")
    (tmp_path / "nets" / "own.keras").write_text("")
    spec = read_spec(
        write('models = [{ model = "nets/own.keras", track = "enhancement", adapt = { code = "layers.py" } }]')
    )
    assert spec.entries[0].adapt == {"code": str(tmp_path / "layers.py")}


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("python3.11", "python3.11"),
        ("~/sr/bin/python", "{home}/sr/bin/python"),
        ("sr/bin/python", "{folder}/sr/bin/python"),
        ("/opt/sr/bin/python", "/opt/sr/bin/python"),
    ],
)
def test_an_interpreter_is_named_as_on_a_command_line(write, tmp_path, monkeypatch, typed, found):
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    (tmp_path / "net.py").write_text("import torch")
    (tmp_path / "net.pth").write_bytes(b"PK\x03\x04 as torch writes")
    model = (
        f'{{ model = "net.py:Net", checkpoint = "net.pth", track = "enhancement", adapt = {{ python = "{typed}" }} }}'
    )
    (entry,) = read_spec(write(f"models = [{model}]")).entries
    assert entry.adapt == {"python": found.format(home=tmp_path / "home", folder=tmp_path)}


def test_until_when_models_are_timed(write):
    models = 'models = ["sample_sr_srcnn"]'
    assert read_spec(write(models)).until == "interval"
    spec = read_spec(write(f'until = "decided"\ntime_budget_s = 20\n{models}'))
    assert (spec.until, spec.limits, spec.first_limits) == (
        "decided",
        Limits(time_budget_s=20),
        Limits(time_budget_s=20, max_repetitions=4),
    )
    assert read_spec(write(f'until = "decided"\n{models}'), until="interval").until == "interval"
    assert read_spec(write(models), until="decided").until == "decided"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("models = [", "spring.toml: expected TOML, found "),
        ("\x00", "spring.toml: expected TOML, found "),
        (
            'models = [{ model = "nets/a.pb", track = "sharpen" }]',
            "spring.toml: expected the name of a track, or a .toml file",
        ),
        ('model = ["nets/a.pb"]', "in the file, found model: did you mean models?"),
        ("zzz = 1", "in the file, found zzz: leave it out"),
        ('models = [{ modell = "nets/a.pb" }]', "found modell: did you mean model?"),
        ('models = [{ name = "a" }]', "expected model in every item of models, found"),
        (
            'models = [{ model = "nets/a.pb", adapt = { range = 254 } }]',
            "spring.toml: expected range of 1 or 255, found 254: take one of them",
        ),
        ("models = [1]", 'such as "sample_sr_srcnn" or { model = "net.py:network"'),
        ("models = []", "found none: list them, as in models = "),
        ('profile = "no"', "expected profile as true or false, found"),
        ("time_budget_s = true", "expected time_budget_s as a number of seconds, found"),
        (
            'time_budget_s = 0\nmodels = ["nets/a.pb"]',
            "spring.toml: expected a time budget above 0 s, at most 86400",
        ),
        (
            'until = "dcided"\nmodels = ["nets/a.pb"]',
            "spring.toml: expected until as interval or decided, found 'dcided': take one of them",
        ),
        ("until = 3", "expected until as interval or decided, found"),
        ('tracks = []\nmodels = ["nets/a.pb"]', "expected tracks as a list of tracks: names, or files, found"),
        (
            'models = [{ name = "..", model = "nets/a.pb" }]',
            "spring.toml: expected a name with a letter or a digit",
        ),
        ('name = "."\nmodels = ["nets/a.pb"]', "spring.toml: expected a name with a letter or a digit, found '.'"),
        (f'models = [{{ name = "{"n" * 300}", model = "nets/a.pb" }}]', "spring.toml: expected a name of at most 100"),
        (
            'tracks = ["enhancement"]\n'
            'models = [{ name = "a b", model = "nets/a.pb" }, { name = "a_b", model = "nets/b.pb" }]',
            "expected one model called a_b on enhancement, found",
        ),
        ("limit = true", "expected limit as a whole number, 0 for all images, found"),
        (
            'limit = -1\nmodels = ["nets/a.pb"]',
            "spring.toml: expected a limit of 0 (all) or more images, found -1",
        ),
        (
            'tracks = [1]\nmodels = ["nets/a.pb"]',
            "expected tracks as a list of tracks: names, or files, found 1: change",
        ),
        ('tracks = ["enhancment"]\nmodels = ["nets/a.pb"]', "did you mean enhancement?"),
        ('models = ["nets/*.keras"]', "expected a model that matches nets/*.keras, found none"),
        ('models = ["nets/c.pb"]', "expected a model at "),
        ('models = ["nets/a.pb", "nets/*.pb"]', "expected one model called a on super_resolution, found"),
        ('data = "nowhere"\nmodels = ["nets/a.pb"]', "spring.toml: expected data: sample, challenge, or a folder; at "),
    ],
)
def test_mistakes_are_told_in_one_line(write, text, expected):
    with pytest.raises(InputError) as error:
        read_spec(write(text))
    assert expected in str(error.value)
    assert str(error.value).count("spring.toml") == 1
    assert "\n" not in str(error.value)


def test_a_file_that_is_not_text(tmp_path):
    (tmp_path / "spring.toml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(InputError, match="found a file that isn't text in UTF-8: see aic board run --help"):
        read_spec(tmp_path / "spring.toml")


@pytest.mark.parametrize("place", ["spring.toml", "spring.toml/out"])
def test_a_file_where_the_folder_should_be(write, tmp_path, place):
    path = write('models = ["nets/a.pb"]')
    with pytest.raises(InputError, match=r"a folder for the board at .*spring.toml, found a file: name another with"):
        read_spec(path, tmp_path / place)


def test_no_file(tmp_path):
    with pytest.raises(InputError, match=r"expected a board file at .*, found nothing"):
        read_spec(tmp_path / "none.toml")
