"""The plots of a board: what they say."""

import pytest
from fixtures import boards
from fixtures.pirm2018 import SUPER_RESOLUTION

from aic_helpers.boards import folders, plots, standings
from aic_helpers.boards.orders import orders_of
from aic_helpers.reporting.pareto_fronts import pareto_front

A, B, C = orders_of(SUPER_RESOLUTION)


@pytest.fixture(scope="module")
def tables(tmp_path_factory):
    """The rows of Track A of boards, by how many models they have."""
    found = {}
    for count in (0, 3, 60):
        shown = standings.standings(folders.open_board(boards.many(tmp_path_factory.mktemp("b"), count)))
        found[count] = standings.ordered(shown.table, "super_resolution", A)
    return found


def words(figure):
    return [text.get_text() for text in figure.axes[0].texts if text.get_text()]


@pytest.mark.parametrize("narrow", [True, False])
@pytest.mark.parametrize("quality", ["psnr_db", "ms_ssim"])
def test_few_models_are_all_named(tables, quality, narrow):
    figure = plots.pareto(tables[3], quality, SUPER_RESOLUTION, narrow=narrow)
    assert {"SRCNN", "score stops rising", "net_001", "net_002"} <= set(words(figure))
    assert len(words(figure)) == 5
    assert figure.axes[0].get_xscale() == "log"
    assert figure.axes[0].get_ylabel() == {"psnr_db": "PSNR (dB)", "ms_ssim": "MS-SSIM"}[quality]


def test_of_many_only_the_front_and_the_top_are_named(tables):
    figure = plots.pareto(tables[60], "psnr_db", SUPER_RESOLUTION)
    named = set(words(figure)) - {"SRCNN", "score stops rising"}
    ranked = tables[60][tables[60]["rank_A"].notna()]
    front = pareto_front(ranked, "speedup", "psnr_db")
    top = ranked[(ranked[["rank_A", "rank_B", "rank_C"]] <= plots.TOP).any(axis=1)]
    assert 5 < len(named) <= len(set(front["name"]) | set(top["name"]))
    assert named <= {plots.short(name) for name in {*front["name"], *top["name"]}}


def test_the_front_is_a_stair_without_those_that_break_a_rule(tables):
    table = tables[3].copy()
    table["speedup"], table["psnr_db"] = [1.0, 2.0, 4.0, None, None], [30.0, 29.0, 31.0, None, None]
    table.loc[table.index[2], ["rank_A", "rank_B", "rank_C", "rules_broken"]] = [None, None, None, "file size"]
    stair = next(
        line
        for line in plots.pareto(table, "psnr_db", SUPER_RESOLUTION).axes[0].lines
        if line.get_drawstyle() != "default"
    )
    assert (list(stair.get_xdata()), list(stair.get_ydata())) == ([1.0, 2.0], [30.0, 29.0])


def test_rows_of_other_runtimes_are_hollow_dots_though_no_score_ranks_them(tables):
    table, ranks = tables[3].copy(), ["rank_A", "rank_B", "rank_C"]
    table.loc[table.index[1], ["runtime", *ranks]] = ["LiteRT", None, None, None]
    table.loc[table.index[2], ["machine", *ranks]] = ["another", None, None, None]  # neither drawn nor named
    axes = plots.pareto(table, "psnr_db", SUPER_RESOLUTION).axes[0]
    (hollow,) = (line for line in axes.lines if line.get_marker() == "o" and line.get_fillstyle() == "none")
    assert hollow.get_xdata().tolist() == [table["speedup"].iloc[1]]
    named = {"SRCNN", "score stops rising", *map(plots.short, table["name"].iloc[:2])}
    assert set(words(axes.figure)) == named


def test_intervals_are_bars(tables):
    axes = plots.pareto(tables[3], "psnr_db", SUPER_RESOLUTION).axes[0]
    across, up = (collection.get_segments() for collection in axes.collections)
    ranked = tables[3][tables[3]["rank_A"].notna()]
    assert [segment[:, 0].tolist() for segment in across] == ranked[["speedup_low", "speedup_high"]].to_numpy().tolist()
    assert [segment[:, 1].tolist() for segment in up] == ranked[["psnr_db_low", "psnr_db_high"]].to_numpy().tolist()


def test_ranks_have_a_line_each_and_bands(tables):
    table = tables[3].copy()
    table["against_next_A"] = ["within noise", "decided", None, None, None]
    axes = plots.ranks(table, A).axes[0]
    assert [label.get_text().split("\N{EN SPACE}")[1] for label in axes.get_yticklabels()] == ["1", "2", "3"]
    assert [(band.get_y(), band.get_height()) for band in axes.patches] == [(2.0, 1.0)]
    assert [segment[0, 1] for segment in axes.collections[0].get_segments()] == [2.0]
    assert axes.lines[0].get_xdata() == pytest.approx(sorted(table["score_A"].dropna(), reverse=True))
    assert axes.get_xlim()[0] < axes.get_xlim()[1], "the best is not on the right"


def test_many_ranks_have_names_for_the_first(tables):
    axes = plots.ranks(tables[60], C, narrow=True).axes[0]
    ranked = int(tables[60]["rank_C"].notna().sum())
    labels = [label.get_text() for label in axes.get_yticklabels()]
    assert len(labels) == plots.NAMED_RANKS + 1
    assert labels[-1] == f"the other {ranked - plots.NAMED_RANKS}"
    assert len(axes.lines[0].get_xdata()) == ranked


def test_nothing_to_draw_is_said(tables):
    assert words(plots.pareto(tables[0], "psnr_db", SUPER_RESOLUTION)) == ["no model with quality and speedup"]
    assert words(plots.ranks(tables[0], B)) == ["no model is ranked by score B"]
