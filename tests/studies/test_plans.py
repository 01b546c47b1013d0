"""The plan's file: what is written is read, what is damaged is told in one line."""

import json
from dataclasses import replace

import pytest
from fixtures import small_studies

from aic_helpers.core.errors import InputError
from aic_helpers.studies import plans


@pytest.mark.parametrize("method", ["acr", "pairs"])
def test_it_is_read_as_it_was_written(tmp_path, method):
    plan = small_studies.plan(method)
    path = plans.write(plan, tmp_path)
    assert plans.read(tmp_path) == plan
    assert path.stat().st_mode & 0o777 == 0o600  # it says which picture is whose


OWN = {"title": "Mine", "protocol": {"metrics": ["psnr"]}}


def test_a_track_of_ones_own_is_in_the_plan(tmp_path):
    plans.write(replace(small_studies.plan(track="mine"), track_file=OWN), tmp_path)
    track = plans.read(tmp_path).made_for
    assert (track.name, track.title, track.protocol.columns) == ("mine", "Mine", ["psnr_db"])


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ({}, r'found "mine" as track: bring back'),
        ({**OWN, "titel": 1}, r"in the track mine: expected a key of the file .* did you mean title\?"),
    ],
)
def test_a_plan_whose_track_cannot_be_read(tmp_path, content, message):
    plans.write(replace(small_studies.plan(track="mine"), track_file=content), tmp_path)
    with pytest.raises(InputError, match=message):
        plans.read(tmp_path)


def test_no_study(tmp_path):
    with pytest.raises(
        InputError, match=r"^expected a study in .*, found no plan\.json: make one with: aic study new$"
    ):
        plans.read(tmp_path)


def changed(tmp_path, change):
    path = plans.write(small_studies.plan(), tmp_path)
    content = json.loads(path.read_text())
    change(content)
    path.write_text(json.dumps(content))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda content: content.update(schema=2), r"expected a plan of schema 1 in .*, found 2: use the workbench"),
        (lambda content: content.pop("photos"), r"expected the plan of a study in .*, found nothing at photos: bring"),
        (lambda content: content.update(track="x"), r'found "x" as track'),
        (lambda content: content.update(method="x"), r'found "x" as method'),
        (lambda content: content.update(photos=[]), r"found \[\] as photos"),
        (lambda content: content.update(raters={}), r"found {} as raters"),
        (lambda content: content.update(pictures=[3]), r"found \[3\] as pictures"),
        (lambda content: content["pictures"][0].append("x"), r"found \[\[.*\.\.\. as pictures"),
        (
            lambda content: content["pictures"][0].__setitem__(2, "../../etc/passwd"),
            r'found "../../etc/passwd" as pictures\.',
        ),
        (lambda content: content["pictures"][0].__setitem__(2, f"{'0' * 16}.png\n"), r'\.png\\n" as pictures\.'),
        (lambda content: content["pictures"].pop(), r"found a rater who sees a picture that isn't in it"),
        (lambda content: content["raters"]["r1"][0].pop("code"), r"found nothing at raters\.r1\[0\]\.code: bring"),
    ],
)
def test_damaged(tmp_path, change, message):
    changed(tmp_path, change)
    with pytest.raises(InputError, match=message):
        plans.read(tmp_path)


@pytest.mark.parametrize("text", ["", "{", "[]", "null", '"text"'])
def test_no_plan_at_all(tmp_path, text):
    (tmp_path / "plan.json").write_text(text)
    with pytest.raises(InputError, match=r"^expected (the plan of a study|a plan of schema 1) in "):
        plans.read(tmp_path)
