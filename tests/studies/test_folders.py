"""Studies in folders: made by running models on photos, forgotten, deleted; what is refused leaves nothing."""

import csv

import numpy as np
import pytest
from fixtures import hostile_graphs, small_studies, small_to_large
from fixtures.hostile_models import freeze, repeated_by_4
from fixtures.pirm2018 import round_trip
from PIL import Image

from aic_helpers.core.errors import InputError
from aic_helpers.data.images import read_rgb
from aic_helpers.studies import designs, folders
from aic_helpers.studies.orders import Showing

pytestmark = pytest.mark.tensorflow

SIDE_PX = (208, 240)
"""Height and width of a photo; larger than MS-SSIM needs."""


@pytest.fixture(scope="module")
def photos(tmp_path_factory):
    """A data folder of Track A with three photos."""
    folder = tmp_path_factory.mktemp("data")
    (folder / "HR").mkdir()
    rng = np.random.default_rng(4)
    for name in ("bridge", "garden", "street"):
        small = rng.integers(0, 256, (SIDE_PX[0] // 8, SIDE_PX[1] // 8, 3), dtype=np.uint8)
        Image.fromarray(small).resize(SIDE_PX[::-1], Image.Resampling.BICUBIC).save(folder / "HR" / f"{name}.png")
    return folder


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    """A frozen model that makes its input darker by a fifth."""
    path = tmp_path_factory.mktemp("models") / "darker.pb"
    path.write_bytes(hostile_graphs.content(hostile_graphs.good(0.8)))
    return path


def make(folder, runs, data, **design):
    settings = {"crop_px": 64, "raters": 4, "count": 2, "seed": 5} | design
    return designs.make_study(folder, "super_resolution", runs, str(data), designs.Design(**settings), lambda *_: None)


@pytest.fixture(scope="module")
def made(tmp_path_factory, photos, model):
    return make(tmp_path_factory.mktemp("made") / "study", [model], photos)


def test_the_baseline_and_a_hidden_reference_are_among_the_models(made):
    assert made.plan.model_names() == ["sample_sr_srcnn", "darker", "reference"]
    assert made.plan.baseline == "sample_sr_srcnn"


def test_pictures_are_the_outputs_on_one_part_of_the_photo(made, photos):
    for photo in made.plan.photos:
        assert (photo.width_px, photo.height_px) == (64, 64)
        rows = slice(photo.top_px, photo.top_px + 64)
        columns = slice(photo.left_px, photo.left_px + 64)
        target = read_rgb(photos / "HR" / f"{photo.name}.png")
        shown = {
            name: read_rgb(made.folder / "pictures" / made.plan.pictures[photo.name, name])
            for name in ("reference", "darker")
        }
        assert np.array_equal(shown["reference"], target[rows, columns])
        darker = round_trip(target)[rows, columns] * np.float32(0.8)
        assert np.abs(shown["darker"] - darker).max() <= 0.51


def test_crops_keep_off_the_edges(made):
    for photo in made.plan.photos:
        assert 16 <= photo.top_px <= SIDE_PX[0] - 64 - 16
        assert 16 <= photo.left_px <= SIDE_PX[1] - 64 - 16


def test_the_figures_are_of_the_whole_photos(made):
    with (made.folder / "figures.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 2 * 2
    darker, baseline = (
        [float(row["psnr_db"]) for row in rows if (row["model"] == "darker") is own] for own in (True, False)
    )
    assert max(darker) < min(baseline)


def test_who_sees_what_follows_from_the_seed(made, photos, model, tmp_path):
    again = make(tmp_path / "again", [model], photos)
    shown = [[one.pictures for one in own] for own in made.plan.raters.values()]
    assert shown == [[one.pictures for one in own] for own in again.plan.raters.values()]
    assert set(made.plan.pictures.values()).isdisjoint(again.plan.pictures.values())
    assert folders.tokens(made).values() != folders.tokens(again).values()


def test_each_rater_is_invited_with_a_token_of_their_own(made):
    tokens = folders.tokens(made)
    assert list(tokens) == list(made.plan.raters) == ["r1", "r2", "r3", "r4"]
    assert len(set(tokens.values())) == 4
    assert [made.store.rater_of(token) for token in tokens.values()] == list(tokens)


@pytest.mark.parametrize(("sign", "encoding"), [(",", "utf-8-sig"), (";", "utf-8-sig"), ("\t", "utf-16")])
def test_invitations_that_a_spreadsheet_saved_anew(tmp_path, sign, encoding):
    study = small_studies.make(tmp_path / "study")
    before = folders.tokens(study)
    file = study.folder / folders.INVITATIONS
    file.write_text(file.read_text("utf-8").replace(",", sign).replace("\n", "\r\n"), encoding)
    assert folders.tokens(study) == before


def test_practice_goes_from_the_target_to_the_lowest_psnr(made):
    first, second = made.plan.raters["r1"][:2]
    assert isinstance(first, Showing)
    assert [one.role for one in (first, second)] == ["training", "training"]
    assert [one.pictures[0][1] for one in (first, second)] == ["reference", "darker"]


def test_votes_of_each_rater_are_kept_below_the_limit(photos, model, tmp_path):
    study = make(tmp_path / "study", [model], photos, count=3, votes=6)
    counted = [[one for one in own if one.role == "counted"] for own in study.plan.raters.values()]
    assert {len(own) for own in counted} == {6}
    assert study.plan.power["votes_per_rater"] == 6


def test_chosen_photos_whole(photos, model, tmp_path):
    study = make(tmp_path / "study", [model], photos, photos=["street"], crop_px=0, reference=False)
    assert [(one.name, one.width_px, one.height_px) for one in study.plan.photos] == [("street", *SIDE_PX[::-1])]
    assert "reference" not in study.plan.model_names()
    assert len(list((study.folder / "pictures").iterdir())) >= len(study.plan.pictures) == 2


def test_the_same_model_twice_is_one(photos, model, tmp_path):
    (tmp_path / "copy.pb").write_bytes(model.read_bytes())
    study = make(tmp_path / "study", [model, tmp_path / "copy.pb"], photos)
    assert study.plan.model_names() == ["sample_sr_srcnn", "darker", "reference"]


def test_a_model_called_reference(photos, model, tmp_path):
    (tmp_path / "reference.pb").write_bytes(model.read_bytes())
    with pytest.raises(InputError, match=r"^expected models by other names than reference, found one in .*: rename"):
        make(tmp_path / "study", [tmp_path / "reference.pb"], photos)


@pytest.mark.parametrize(
    ("runs", "design", "message"),
    [
        ([], {}, r"^expected at least 2 models to compare, found only .*: name more runs with --run$"),
        (["nowhere/run"], {}, r"^expected the model nowhere/run, found none \(.*\): name another run$"),
        (["MODEL"], {"photos": ["moon"]}, r"^expected a photo of .*, found 'moon': name one such as bridge, garden"),
        (["MODEL"], {"photos": ["street", "street"]}, r"^expected each photo once, found street twice"),
        (["MODEL"], {"hd": True}, r"^expected HD images in .*, found none: leave out --hd"),
        (["MODEL"], {"method": "guess"}, r"^expected a method \(acr, pairs\), found 'guess'"),
        (["MODEL"], {"raters": 1}, r"^expected raters of 2 to 1000, found 1"),
        (["MODEL"], {"votes": 0}, r"^expected votes of 1 to 1000, found 0"),
        (["MODEL"], {"votes": 2}, r"^expected at least 3 votes a rater, for all of one photo, found 2: raise --votes$"),
        (["MODEL"], {"count": 3, "votes": 3, "raters": 2}, r"^expected raters who together see all 3 photos, found 2"),
        (["MODEL"], {"crop_px": 8}, r"^expected a crop of at least 64 px, or 0 for whole photos, found 8"),
        (["MODEL"], {"seed": -1}, r"^expected a seed of 0 to 2\^63 - 1, found -1"),
    ],
)
def test_refused_with_nothing_left(photos, model, tmp_path, runs, design, message):
    folder = tmp_path / "study"
    with pytest.raises(InputError, match=message):
        make(folder, [model if run == "MODEL" else run for run in runs], photos, **design)
    assert not folder.exists()


def test_a_model_whose_pictures_have_another_size(photos, tmp_path):
    graph = hostile_graphs.good()
    graph.node[2].op = "Conv2D"
    del graph.node[2].attr["T"], graph.node[2].input[:]
    hostile_graphs.constant(graph, "kernel", hostile_graphs.DT_FLOAT, [1.0], (3, 3, 3, 3))
    graph.node[2].input.extend(["input", "kernel"])
    graph.node[2].attr["T"].type = hostile_graphs.DT_FLOAT
    graph.node[2].attr["strides"].list.i.extend([1, 1, 1, 1])
    graph.node[2].attr["padding"].s = b"VALID"
    (tmp_path / "smaller.pb").write_bytes(hostile_graphs.content(graph))
    with pytest.raises(
        InputError, match=r"^expected a picture of smaller for \w+, found none \(the output is \(1, 206, 238"
    ):
        make(tmp_path / "study", [tmp_path / "smaller.pb"], photos)
    assert not (tmp_path / "study").exists()


def test_a_study_is_never_overwritten(made, photos, model):
    with pytest.raises(InputError, match=r"^expected a folder without a study at .*, found one: name another"):
        make(made.folder, [model], photos)
    assert folders.open_study(made.folder).plan == made.plan


def test_a_study_of_networks_that_enlarge_on_a_track_of_ones_own(tmp_path):
    (tmp_path / "mine.toml").write_text(small_to_large.TOML)
    for name, added in (("baseline", 0.0), ("net", 0.1)):
        freeze(lambda images, added=added: repeated_by_4(images) + added, tmp_path / f"{name}.pb")
    data = small_to_large.data(tmp_path / "data", "one", "two")
    design = designs.Design(crop_px=64, raters=4, count=2, seed=5)
    track = str(tmp_path / "mine.toml")
    made = designs.make_study(tmp_path / "study", track, [tmp_path / "net.pb"], str(data), design, lambda *_: None)
    (tmp_path / "mine.toml").unlink()  # the plan holds what the file said
    plan = folders.open_study(made.folder).plan
    assert plan.model_names() == ["baseline", "net", "reference"]
    assert (plan.track, plan.made_for.title) == ("mine", "Mine: four times as large")
    for photo in plan.photos:
        part = np.s_[photo.top_px : photo.top_px + 64, photo.left_px : photo.left_px + 64]
        large = small_to_large.target(seed=["one", "two"].index(photo.name))
        small = small_to_large.given_small(large)
        wanted = {
            "reference": large,
            "baseline": small_to_large.repeated(small),
            "net": small_to_large.repeated(small, 0.1),
        }
        for name, pixels in wanted.items():
            shown = read_rgb(made.folder / "pictures" / plan.pictures[photo.name, name])
            np.testing.assert_array_equal(shown, pixels[part])
    figures = folders.csv_tables.read(made.folder / folders.FIGURES, ("photo", "model"))
    assert list(figures.columns) == ["photo", "model", "psnr_db", "ssim"]
    assert figures["ssim"].notna().all()


def test_a_lost_picture(tmp_path):
    study = small_studies.make(tmp_path / "study")
    next((study.folder / "pictures").iterdir()).unlink()
    with pytest.raises(InputError, match=r"^expected 8 pictures in .*, found no [0-9a-f]{16}\.png: bring them back$"):
        folders.open_study(study.folder)


def test_forget_removes_one_rater_and_what_was_made_of_all(tmp_path):
    study = small_studies.make(tmp_path / "study")
    small_studies.vote_all(study, lambda rater, one: 3)
    (study.folder / "report.html").write_text("made of all votes")
    assert folders.forget(study, "r2") == len(study.plan.raters["r2"])
    assert {vote.rater for vote in study.store.votes()} == {"r1", "r3"}
    assert list(folders.tokens(study)) == ["r1", "r3"]
    assert not (study.folder / "report.html").exists()


def test_delete_takes_nothing_that_is_not_a_study(tmp_path):
    (tmp_path / "pictures").mkdir()
    for name in ("plan.json", "report.html", "pictures/holiday.png"):
        (tmp_path / name).write_text('{"my": "plan"}')
    with pytest.raises(InputError, match=r"^expected a study in .*, found none: name its folder with --study$"):
        folders.delete(tmp_path)
    assert sorted(path.name for path in tmp_path.rglob("*.*")) == ["holiday.png", "plan.json", "report.html"]


def test_a_damaged_study_can_be_deleted(tmp_path):
    study = small_studies.make(tmp_path / "study")
    (study.folder / "plan.json").write_text("{")
    (study.folder / "pictures" / "holiday.png").write_text("mine")
    folders.delete(study.folder)
    assert [path.name for path in study.folder.rglob("*.*")] == ["holiday.png"]


def test_delete_leaves_what_is_not_ours(tmp_path):
    study = small_studies.make(tmp_path / "study")
    (study.folder / "notes.txt").write_text("mine")
    folders.delete(study.folder)
    assert [path.name for path in study.folder.iterdir()] == ["notes.txt"]
