"""A result of a track of one's own: what its file said then, and what may be in it when it comes from a stranger."""

import json
from dataclasses import replace

import numpy as np
import pytest
from fixtures import run_folders

from aic_helpers.core import safe_files
from aic_helpers.core.errors import InputError
from aic_helpers.data.images import write_png
from aic_helpers.models import sources
from aic_helpers.runs import candidates, quantities, results, run_settings, schema
from aic_helpers.tracks import catalogue

TOML = """
title = "Mine"
[protocol]
metrics = ["psnr"]
border_px = {border_px}
[baseline]
model = "{model}"
[formulas]
S = "psnr + speedup"
[scores]
S = "higher"
"""

PROFILE = {**run_folders.empty(schema.Profile), "width_px": 1280, "height_px": 720, "time_ms": 10.0, "speedup": 2.0}


@pytest.fixture
def mine(tmp_path):
    """A run on a track of one's own, with metrics and a profile; and what writes the track's file anew."""
    (tmp_path / "base.pb").write_bytes(b"base")
    (tmp_path / "net.pb").write_bytes(b"net")
    for folder in ("input", "target"):
        write_png(tmp_path / "data" / folder / "a.png", np.zeros((16, 16, 3)))

    def track(border_px=0, model="base.pb"):
        file = tmp_path / "mine.toml"
        file.write_text(TOML.format(border_px=border_px, model=model))
        return str(file)

    settings = run_settings.settle(
        track(), str(tmp_path / "net.pb"), data=str(tmp_path / "data"), out=str(tmp_path / "run")
    )
    settings.folder.mkdir()
    settings.model_file.write_bytes(b"net")
    model = {"name": "net", "sha256": safe_files.sha256(settings.model_file)}
    label = settings.track.protocol.label
    for part, value in (
        ("model", model),
        ("metrics", {"psnr_db": 30.0, "images": 1, "protocol": label}),
        ("profile", PROFILE),
    ):
        results.write_part(settings, part, value, {})
    return settings, track


def again(settings, file):
    """Write the requirements, with which the scores are made anew, by the track's file as it is now."""
    return results.write_part(replace(settings, track=catalogue.find_track(file)), "requirements", [], {})


def test_the_same_file_keeps_what_was_measured(mine):
    settings, track = mine
    assert again(settings, track()).raw["scores"]["S"]["value"] == 32.0


def test_another_protocol_drops_the_metrics_and_their_score(mine):
    settings, track = mine
    result = again(settings, track(border_px=4))
    assert (result.raw["metrics"], result.raw["scores"]) == (None, None)
    assert result.raw["profile"]["speedup"] == 2.0


def test_another_baseline_drops_the_profile_and_its_score(mine):
    settings, track = mine
    result = again(settings, track(model="sample_sr_srcnn"))
    assert (result.raw["profile"], result.raw["scores"]) == (None, None)
    assert result.raw["metrics"]["psnr_db"] == 30.0


def test_a_run_by_another_version_of_the_file_is_shown_without_its_figures(mine, tmp_path):
    settings, track = mine
    dataset = replace(settings.dataset, track=catalogue.find_track(track(border_px=4)))
    (_, found), _ = candidates.find(dataset, [str(settings.folder)], tmp_path, lambda *_: None)
    assert (found.name, found.result, found.images) == ("net", None, None)


def altered(settings, **changes):
    path = settings.folder / "result.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))
    return results.read(settings.folder)


def test_a_result_holds_the_baselines_name_and_not_its_place(mine, tmp_path):
    settings, _ = mine
    text = (settings.folder / "result.json").read_text()
    assert '"model": "base.pb"' in text
    assert sources.baseline_pb(settings.track) == (tmp_path / "base.pb").resolve()
    track = quantities.track_of(results.read(settings.folder))
    with pytest.raises(InputError, match=r"the baseline base\.pb of the track mine, found its name alone: name"):
        sources.baseline_pb(track)


@pytest.mark.parametrize("model", ["/etc/passwd.pb", "../secret.pb", "evil.py:network", "a folder", "x" * 400])
def test_a_strangers_result_leads_to_no_file(mine, model):
    settings, _ = mine
    content = dict(settings.track.content) | {"baseline": {"model": model}}
    result = altered(settings, track_file=content)
    with pytest.raises(InputError, match=r"in the track mine: expected baseline\.model as "):
        quantities.track_of(result)


@pytest.mark.parametrize("name", ["../../etc/x", "ntire_esr_2026", "A", "a b", ""])
def test_a_strangers_track_has_a_name_of_its_own(mine, name):
    settings, _ = mine
    with pytest.raises(InputError, match=r"expected a (track's file with a name of its own|file name of at most 60)"):
        quantities.track_of(altered(settings, track=name))


def test_a_result_without_its_tracks_file_reads_no_file(mine, tmp_path):
    settings, track = mine
    result = altered(settings, track=track(), track_file={})
    with pytest.raises(InputError, match="expected a result of a track that is shipped, or with its file, found "):
        quantities.track_of(result)


def test_a_tracks_file_names_no_code(mine):
    _, track = mine
    for model in ("evil.py:network", "no_such_model"):
        with pytest.raises(InputError, match=r"expected baseline\.model as "):
            catalogue.find_track(track(model=model))


def test_a_link_to_a_shipped_file_is_the_shipped_track(tmp_path):
    link = tmp_path / "mine.toml"
    link.symlink_to(catalogue.SHIPPED / "classic_x4.toml")
    assert catalogue.find_track(link) is catalogue.TRACKS["classic_x4"]
