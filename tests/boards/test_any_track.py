"""Boards of other tracks than PIRM 2018's: without scores, with scores of which less is better, of one's own files."""

import json

import numpy as np
import pandas as pd
import pytest
from fixtures import boards

from aic_helpers.boards import folders, plots, reports, specs, standings, tables, track_tables
from aic_helpers.boards.orders import orders_of
from aic_helpers.core.errors import InputError
from aic_helpers.data.images import write_png
from aic_helpers.tracks.catalogue import TRACKS, made

CLASSIC, ESR, MOBILE = TRACKS["classic_x4"], TRACKS["ntire_esr_2026"], TRACKS["mobile_ai_2022_x3"]

OWN = {
    "title": "Small and good",
    "protocol": {"border_px": 2, "metrics": ["psnr"]},
    "constants": {"millions": 1e6},
    "formulas": {"worth": "psnr - parameters / millions", "cost": "parameters / millions"},
    "scores": {"worth": "higher", "cost": "lower"},
}


def of(folder, *entries, **changed):
    return standings.standings(folders.open_board(boards.plan(folder, *entries, **changed)))


def add(folder, track, name, gain_db=0.0, **how):
    return boards.of_track(folder, track, name, gain_db, **how)


def test_a_track_without_scores_is_ranked_by_psnr(tmp_path):
    shown = of(tmp_path, add(tmp_path, CLASSIC, "worse"), add(tmp_path, CLASSIC, "better", 0.5, speedup=0.5))
    assert shown.table["name"].tolist() == ["better", "worse"]
    assert shown.table["rank_psnr_db"].tolist() == [1, 2]
    # Every image is 0.5 dB better, and a time counts for nothing.
    lead = shown.table.loc[0, ["lead_psnr_db", "lead_low_psnr_db", "lead_high_psnr_db"]].tolist()
    assert lead == pytest.approx([0.5, 0.5, 0.5])
    lines = tables.track_lines(shown, "classic_x4")
    assert lines[0] == "Classic super-resolution, x4, by PSNR"
    columns = [word.strip() for word in lines[1].split("  ") if word]
    assert columns == ["rank", "model", "PSNR", "to the next", "SSIM", "speedup", "time", "RAM"]
    assert lines[-1] == "best by PSNR: better with 28.17 dB, 0.50 dB ahead of the next: decided"


def test_the_front_of_speedups_is_of_one_runtime(tmp_path):
    # Ranks by PSNR take no times: rows of both runtimes have them.
    entries = [add(tmp_path, CLASSIC, "one"), add(tmp_path, CLASSIC, "two", -0.5, speedup=3.0)]
    entries.append(add(tmp_path, CLASSIC, "phone", 1.0, speedup=9.0, profile={"runtime": "litert"}))
    shown = of(tmp_path, *entries)
    lines = track_tables.track_table(shown, "classic_x4").lines
    assert [(line.name, line.kind, line.front.split()[:1]) for line in lines] == [
        ("phone", "elsewhere", []),
        ("one", "ranked", ["psnr_db"]),
        ("two", "ranked", ["psnr_db"]),
    ]
    dots = plots.pareto(shown.table, "psnr_db", CLASSIC).axes[0].lines
    assert [line.get_xdata().tolist() for line in dots if line.get_fillstyle() == "none"] == [[], [9.0]]
    page = reports.write_report(shown).read_text("utf-8")
    assert "Hollow dots were timed in another runtime than the others, and are no part of the front." in page
    assert "on the front: one at 2.00, two at 3.00" in page


def test_rows_of_three_runtimes_are_told_apart_and_none_beats_another(tmp_path):
    runtimes = ("tensorflow", "litert", "onnxruntime")
    entries = [
        add(tmp_path, TRACKS["super_resolution"], name, speedup=speed, profile={"runtime": name})
        for name, speed in zip(runtimes, (2.0, 3.0, 3.9), strict=True)
    ]
    shown = of(tmp_path, *entries)
    lines = track_tables.track_table(shown, "super_resolution").lines
    assert [(line.name, line.kind, line.runtime, line.is_ranked) for line in lines] == [
        ("tensorflow", "ranked", "TensorFlow", True),
        ("onnxruntime", "elsewhere", "ONNX Runtime", False),
        ("litert", "elsewhere", "LiteRT", False),
    ]
    text = tables.track_lines(shown, "super_resolution")
    assert [line.split("  ")[-1].strip() for line in text[1:5]] == ["runtime", "TensorFlow", "ONNX Runtime", "LiteRT"]
    told = "Track A was timed in LiteRT (litert), ONNX Runtime (onnxruntime) and TensorFlow (tensorflow): each"
    assert shown.notes[0].startswith(told)
    assert "Hollow dots were timed" in reports.write_report(shown).read_text("utf-8")


def test_without_times_a_track_without_scores_is_ranked_all_the_same(tmp_path):
    entry = add(tmp_path, CLASSIC, "net")
    file = tmp_path / "classic_x4" / "net" / "result.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | {"profile": None}))
    shown = of(tmp_path, entry, profile=False)
    assert shown.table["rank_psnr_db"].tolist() == [1]
    assert words(plots.pareto(shown.table, "ssim", CLASSIC)) == ["no model with quality and speedup"]


def words(figure):
    return [text.get_text() for text in figure.axes[0].texts if text.get_text()]


def test_only_columns_of_the_tracks_on_the_board(tmp_path):
    shown = of(tmp_path, add(tmp_path, CLASSIC, "net"))
    assert {"psnr_db", "ssim", "ssim_low", "rank_psnr_db"} <= {*shown.table.columns}
    assert not {"ms_ssim", "score_A", "score_psnr_db"} & {*shown.table.columns}
    assert standings.types([CLASSIC, TRACKS["enhancement"]]).keys() >= {"ssim", "ms_ssim", "score_A", "rank_psnr_db"}


def test_of_scores_of_which_less_is_better_the_lowest_is_first(tmp_path):
    # 9.83 G operations and 151 000 parameters are the baseline's: exp(2) each; twice as fast makes exp(1).
    light = {"macs": 9.83e9 / 2, "parameters": 75_500}
    entries = [add(tmp_path, ESR, "heavy", model={"macs": 9.83e9, "parameters": 151_000})]
    entries += [add(tmp_path, ESR, "light", model=light)]
    shown = of(tmp_path, *entries)
    table = shown.table.set_index("name")
    assert table["rank_score"].to_dict() == {"light": 1, "heavy": 2}
    assert table.loc["light", "score_score"] == pytest.approx(2.718281828)
    assert table.loc["heavy", "score_score"] == pytest.approx(0.8 * 2.718281828 + 0.2 * 7.389056099)
    assert table.loc["light", "lead_score"] == pytest.approx(0.2 * (7.389056099 - 2.718281828))
    # As fast as one another: by the time alone nobody is ahead, by operations and parameters light is for sure.
    assert table.loc["light", "against_next_flops"] == "decided"
    assert table["against_next_runtime"].dropna().tolist() == ["within noise"]
    heads = {column.key: column.first for column in track_tables.track_table(shown, "ntire_esr_2026").columns}
    assert (heads["score_score"], heads["psnr_db"], heads["macs"]) == ("ascending", "descending", "ascending")


def test_ranks_of_which_less_is_better_are_drawn_with_the_best_on_the_right(tmp_path):
    shown = of(tmp_path, add(tmp_path, ESR, "net"), add(tmp_path, ESR, "light", model={"macs": 1e8}))
    figure = plots.ranks(shown.table, shown.order("ntire_esr_2026", "flops"))
    low, high = figure.axes[0].get_xlim()
    assert low > high


def test_no_cap_is_drawn_where_a_track_has_none(tmp_path):
    shown = of(tmp_path, add(tmp_path, CLASSIC, "net"))
    assert words(plots.pareto(shown.table, "ssim", CLASSIC)) == ["fsrcnn_x4", "net"]
    assert 'data-cap=""' in track_tables.markup(track_tables.track_table(shown, "classic_x4"))


def test_scores_that_no_run_can_have_are_left_out_and_told(tmp_path):
    rows = of(tmp_path, add(tmp_path, TRACKS["ntire_esr_2024"], "net"))
    assert [order.name for order in rows.orders("ntire_esr_2024")] == ["flops", "params"]
    assert any("RLFN isn't at hand to be timed beside" in note for note in rows.notes)


def test_notes_of_a_track_are_told_with_its_ranks(tmp_path):
    notes = of(tmp_path, add(tmp_path, MOBILE, "net")).notes
    assert any(note.startswith("Mobile AI 2022") and "compare ratios of scores only" in note for note in notes)


def test_milliseconds_of_another_machine_give_no_rank(tmp_path):
    entries = [add(tmp_path, MOBILE, name) for name in ("one", "two", "far")]
    file = tmp_path / MOBILE.name / "far" / "result.json"
    file.write_text(file.read_text().replace("a processor", "another"))
    shown = of(tmp_path, *entries)
    table = shown.table.set_index("name")
    assert table["rank_score"].isna().to_dict() == {"one": False, "two": False, "far": True}
    assert table.loc["far", "lacks"].startswith("no rank by score: timed on another machine than what is")
    assert any(line.startswith("lacking: far: no rank by score") for line in tables.track_lines(shown, MOBILE.name))


@pytest.mark.parametrize(
    ("formula", "compares"),
    [
        ("psnr - time_ms / 10 + log2(speedup)", True),
        ("psnr - time_ms / 10 + log2(baseline_time_ms)", True),
        ("psnr - baseline_time_ms / 10", True),
        ("psnr - time_ms + speedup", True),
        ("psnr - time_ms", True),
        ("psnr - exp(2 * time_ms / baseline_time_ms)", False),
        ("psnr + log2(baseline_time_ms) - log2(time_ms)", False),
        ("psnr + speedup", False),
        ("psnr", False),
    ],
)
def test_a_score_compares_milliseconds_unless_longer_ones_leave_it_the_same(formula, compares):
    content = {"title": "Ours", "baseline": {"model": "fsrcnn_x4"}, "formulas": {"A": formula}}
    (order,) = orders_of(made("ours", content | {"scores": {"A": "higher"}}))
    assert order.compares_ms == compares


def test_a_score_that_only_some_runs_have_ranks_those(tmp_path):
    entries = [add(tmp_path, ESR, "timed"), add(tmp_path, ESR, "small", profile={"width_px": 640})]
    table = of(tmp_path, *entries).table.set_index("name")
    assert table["rank_score"].isna().to_dict() == {"timed": False, "small": True}
    assert table["rank_flops"].notna().all()
    assert table.loc["small", ["reason", "lacks"]].tolist() == [
        "",
        "no score, score runtime: timed at 640x320, not at 480x320",
    ]


def test_a_report_of_any_track(tmp_path):
    shown = of(tmp_path, add(tmp_path, CLASSIC, "net"), add(tmp_path, ESR, "small"))
    page = reports.write_report(shown).read_text("utf-8")
    assert "Best by PSNR: " in page
    assert "Best by score flops: " in page
    assert 'data-quality="SSIM"' in page
    assert "speed scores no more" not in page[: page.index("<script")]


@pytest.fixture
def own(tmp_path):
    """A track's file, beside it a model and pairs of photos."""
    file = tmp_path / "mine.toml"
    file.write_text(
        'title = "Small and good"\n[protocol]\nborder_px = 2\nmetrics = ["psnr"]\n[constants]\nmillions = 1e6\n'
        '[formulas]\nworth = "psnr - parameters / millions"\ncost = "parameters / millions"\n'
        '[scores]\nworth = "higher"\ncost = "lower"\n'
    )
    (tmp_path / "x.pb").write_bytes(b"a net")
    for name in ("target", "input"):
        write_png(tmp_path / "photos" / name / "0.png", np.full((32, 32, 3), 0.5))
    return file


def test_a_board_of_a_track_of_ones_own_is_read_without_the_file(tmp_path):
    track = made("mine", OWN)
    entries = [add(tmp_path, track, "net"), add(tmp_path, track, "large", 0.2, model={"parameters": 9_000_000})]
    shown = of(tmp_path, *entries, track_files={"mine": OWN})
    assert shown.table["rank_worth"].tolist() == [1, 2]
    assert shown.table["name"].tolist() == ["net", "large"]
    assert shown.table["score_cost"].tolist() == pytest.approx([0.069249, 9.0])
    assert tables.track_lines(shown, "mine")[0] == "Small and good, by score worth"
    with pytest.raises(InputError, match='expected a track that is shipped, or one in track_files, found "mine"'):
        of(tmp_path, *entries)


def test_single_runs_of_a_track_of_ones_own_are_a_board(tmp_path):
    add(tmp_path, made("mine", OWN), "net")
    board = folders.of_runs(tmp_path)
    assert [(name, track.title) for name, track in board.tracks.items()] == [("mine", "Small and good")]
    assert standings.standings(board).table["rank_worth"].tolist() == [1]


def test_a_spec_names_files_of_tracks_beside_it(tmp_path, own, monkeypatch):
    spec = tmp_path / "board.toml"
    spec.write_text('data = "photos"\ntracks = ["mine.toml"]\nmodels = ["x.pb"]')
    monkeypatch.chdir(tmp_path.parent)
    (entry,) = specs.read_spec(spec, tmp_path / "out").entries
    assert (entry.track, entry.settings.track.title) == ("mine", "Small and good")
    assert entry.settings.folder == tmp_path / "out" / "mine" / "x"


def test_a_pretrained_model_runs_on_the_listed_tracks_whose_networks_get_the_same(tmp_path):
    task = '[task]\nscale = 4\ninput = "small"\nreduced_by = "pillow_bicubic"\n'
    (tmp_path / "large.toml").write_text(f'title = "Ours"\n{task}')
    spec = tmp_path / "board.toml"
    spec.write_text('tracks = ["large.toml", "classic_x4", "enhancement"]\nmodels = ["fsrcnn_x4", "sample_*_srcnn"]')
    found = [(entry.name, entry.track) for entry in specs.read_spec(spec, tmp_path / "out").entries]
    assert found == [
        ("fsrcnn_x4", "large"),
        ("fsrcnn_x4", "classic_x4"),
        ("sample_sr_srcnn", "super_resolution"),
        ("sample_enhancement_srcnn", "enhancement"),
    ]


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (
            'tracks = ["classic_x4", "enhancement"]\nmodels = ["fsrcnn_x4", "sample_sr_srcnn"]',
            "expected a model for each of tracks, found none that runs on enhancement: add one, or leave it out",
        ),
        ('tracks = ["other.toml"]\nmodels = ["x.pb"]', "expected a track's file at "),
        ('tracks = ["classic_x5"]\nmodels = ["x.pb"]', "did you mean classic_x"),
        ('tracks = ["bad.toml"]\nmodels = ["x.pb"]', "bad.toml"),
    ],
)
def test_mistakes_in_a_specs_tracks_are_one_line(tmp_path, text, line):
    (tmp_path / "bad.toml").write_text("title = 3")
    (tmp_path / "board.toml").write_text(text)
    with pytest.raises(InputError, match=line) as error:
        specs.read_spec(tmp_path / "board.toml", tmp_path / "out")
    assert "\n" not in str(error.value)


def test_two_files_of_one_name_are_refused(tmp_path, own):
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "mine.toml").write_text(own.read_text().replace("border_px = 2", "border_px = 3"))
    spec = tmp_path / "board.toml"
    spec.write_text(
        'data = "photos"\nmodels = [{ name = "a", model = "x.pb", track = "mine.toml" }, '
        '{ name = "b", model = "x.pb", track = "b/mine.toml" }]'
    )
    with pytest.raises(InputError, match="expected one track called mine, found two files of that name: rename one"):
        specs.read_spec(spec, tmp_path / "out")


def test_the_table_of_any_board_survives_csv(tmp_path):
    shown = of(tmp_path, add(tmp_path, ESR, "net"), add(tmp_path, CLASSIC, "net"))
    tables.write_tables(shown)
    table = pd.read_csv(tmp_path / "board.csv")
    assert list(table.columns) == list(shown.table.columns)
    assert [order.name for order in orders_of(ESR)] == ["score", "runtime", "flops", "params"]
