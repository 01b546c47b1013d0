"""Whose ranks longer timing may decide: by hand."""

from fixtures import boards

from aic_helpers.boards import decisions, folders

DB = [24.0, 28.0, 31.0]
SIMILAR = [0.95, 0.96, 0.97]


def add(board, name, gain_db=0.0, speedup=2.0, width=0.1, noise_db=0.0):
    psnr_db = [db + gain_db + sign * noise_db for db, sign in zip(DB, (-1, 0, 1), strict=True)]
    return boards.add(board, name, psnr_db, SIMILAR, speedup, (speedup - width, speedup + width))


def open_by_time(board, *entries):
    found = decisions.open_by_time(folders.open_board(boards.plan(board, *entries)))
    return sorted(name.removeprefix("super_resolution/") for name in found)


def test_two_close_ones_whose_images_agree_hang_on_their_times(tmp_path):
    # 0.02 dB are 0.08 by score A, 0.02 and 0.04 by B and C; the speeds are unsure by 0.14 and more.
    close = [add(tmp_path, "one", 0.02), add(tmp_path, "two")]
    assert open_by_time(tmp_path, *close, add(tmp_path, "far", -2.0)) == ["one", "two"]


def test_where_the_images_disagree_no_timing_decides(tmp_path):
    assert open_by_time(tmp_path, add(tmp_path, "one", 0.02, noise_db=0.5), add(tmp_path, "two")) == []


def test_where_a_speedup_may_lie_elsewhere_it_may_decide_what_the_images_alone_do_not(tmp_path):
    # By A the lead is 0.08, and 2.0 to either side of that for the images; the speeds may add up to 3.
    entries = [add(tmp_path, "one", 0.02, width=1.5, noise_db=0.5), add(tmp_path, "two", width=1.5)]
    assert open_by_time(tmp_path, *entries) == ["one", "two"]


def test_what_is_decided_stays_so(tmp_path):
    assert open_by_time(tmp_path, add(tmp_path, "one", 2.0), add(tmp_path, "two")) == []


def test_speed_past_the_cap_decides_nothing(tmp_path):
    fast = [add(tmp_path, "one", 0.02, speedup=6.0, width=1.0), add(tmp_path, "two", speedup=7.0, width=1.0)]
    assert open_by_time(tmp_path, *fast) == []


def test_where_only_the_first_may_be_slower_than_measured_that_end_counts(tmp_path):
    # Past 4 no speed counts. Ahead by 0.08 give or take 2.0 for the images; with the first at 1.0 it is 2.9 behind.
    entries = [add(tmp_path, "one", 0.02, 4.0, 3.0, noise_db=0.5), add(tmp_path, "two", speedup=4.0)]
    assert open_by_time(tmp_path, *entries) == ["one", "two"]


def test_where_only_the_second_may_be_slower_than_measured_that_end_counts(tmp_path):
    entries = [add(tmp_path, "one", 0.02, 4.0, noise_db=0.5), add(tmp_path, "two", speedup=4.0, width=3.0)]
    assert open_by_time(tmp_path, *entries) == ["one", "two"]


def test_one_of_three_scores_is_enough(tmp_path):
    # By A 2.0 less 1.6 of speed, by B 1.6 of speed less 0.5; by C 2.4 of speed less 1.0.
    entries = [add(tmp_path, "fine", 0.5, 2.0, 0.5), add(tmp_path, "fast", 0.0, 3.6, 0.5)]
    assert open_by_time(tmp_path, *entries) == ["fast", "fine"]


def test_models_without_a_rank_are_left_out(tmp_path):
    assert open_by_time(tmp_path, add(tmp_path, "one"), boards.named("later")) == []
