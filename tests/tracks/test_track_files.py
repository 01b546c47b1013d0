"""Mistakes in a track's file: one line each, with the file, the place and the nearest right key or value."""

import pytest
from fixtures.browsing import HOSTILE

from aic_helpers.core.errors import InputError
from aic_helpers.tracks.catalogue import find_track, is_own, made

TITLE = 'title = "Ours"\n'

SMALLEST = TITLE + '[task]\nscale = 4\ninput = "small"\n'


@pytest.fixture
def mistake(tmp_path):
    """Give what a file's mistake is told as, without its place before it."""

    def told(content, name="ours.toml"):
        file = tmp_path / name
        file.write_bytes(content if isinstance(content, bytes) else content.encode())
        with pytest.raises(InputError) as caught:
            find_track(file)
        line = str(caught.value)
        assert line.isprintable()
        return line.removeprefix(f"in {file}: ").replace(str(tmp_path), "HERE")

    return told


def test_the_line_begins_with_the_file(tmp_path):
    (tmp_path / "ours.toml").write_text(TITLE + "[task]\nscale = 5")
    with pytest.raises(InputError) as caught:
        find_track(tmp_path / "ours.toml")
    expected = (
        f"in {tmp_path}/ours.toml: expected task.scale as a whole number from 1 to 4, found 5: see docs/tracks.md"
    )
    assert str(caught.value) == expected


def test_the_smallest_file_measures_what_gives_1280x720(tmp_path):
    (tmp_path / "ours.toml").write_text(SMALLEST)
    track = find_track(tmp_path / "ours.toml")
    assert is_own(track)
    assert (track.name, track.enlarges, track.measured.size, track.measured.macs_size) == (
        *("ours", 4),
        *((320, 180), (320, 180)),
    )
    assert made("ours", track.content) == track


def test_operations_are_counted_where_time_is_measured_unless_said_otherwise():
    track = made("ours", {"title": "Ours", "measured": {"size": [640, 480]}})
    assert track.measured.macs_size == (640, 480)
    track = made("ours", {"title": "Ours", "measured": {"size": [640, 480], "macs_size": [256, 256]}})
    assert track.measured.macs_size == (256, 256)


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (
            '[protocol]\ncolors = "y"',
            "expected a key of protocol (name, colour, border_px, round_output, metrics, ms_ssim, clip_for_ms_ssim), "
            "found protocol.colors: did you mean colour?",
        ),
        ("[protocoll]", "opinion), found protocoll: did you mean protocol?"),
        ("border_px = 4", "found border_px: did you mean protocol.border_px?"),
        ("[rules]\nscale = 4", "found rules.scale: did you mean task.scale?"),
        ("[task]\nnotes = []", "found task.notes: put it before the first table, so that it isn't one of task"),
        ("zzz = 4", "found zzz: leave it out"),
        (
            'name = "Ours"',
            "expected no name in a track's file, found name: name the file so, and say in title what people read",
        ),
    ],
)
def test_an_unknown_key_or_table(mistake, text, line):
    assert mistake(TITLE + text).endswith(line)


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ('[task]\nscale = "4"', 'expected task.scale as a whole number from 1 to 4, found "4": see docs/tracks.md'),
        (
            "[task]\nscale = 4",
            'expected input "own" at scale 1, and "small" or "enlarged" above, found scale 4 and input "own" in '
            "[task]: change one of them",
        ),
        (
            '[task]\nreduced_by = "matlab"',
            "expected a track, found \"matlab\" as task.reduced_by, not 'pillow_bicubic', 'matlab_bicubic' or 'given': "
            "did you mean matlab_bicubic?",
        ),
        ('[protocol]\ncolour = "yuv"', "found \"yuv\" as protocol.colour, not 'rgb' or 'y': see docs/tracks.md"),
        ("[protocol]\nborder_px = -1", "expected protocol.border_px as a whole number from 0 to 64, found -1: see"),
        ("[protocol]\nborder_px = 1.5", "expected protocol.border_px as a whole number from 0 to 64, found 1.5: see"),
        ('[protocol]\nround_output = "yes"', 'found "yes" as protocol.round_output, not true or false: see'),
        ('[protocol]\nmetrics = ["psrn"]', 'expected protocol.metrics of psnr, ssim, ms_ssim, found "psrn": did you'),
        (
            '[protocol]\nmetrics = ["lpips"]',
            'found "lpips": what isn\'t computed here is given as a number: see [quantities]',
        ),
        ('[protocol]\nmetrics = [["psnr"]]', 'expected protocol.metrics of psnr, ssim, ms_ssim, found ["psnr"]: did'),
        ('[protocol]\nmetrics = ["PSNR"]', 'found "PSNR": did you mean psnr?'),
        ('[protocol]\ncolour = "Y"', "found \"Y\" as protocol.colour, not 'rgb' or 'y': did you mean y?"),
        ('[protocol]\nmetrics = "psnr"', 'found "psnr" as protocol.metrics, not a list: see docs/tracks.md'),
        ('[protocol]\nmetrics = ["ssim"]', 'expected protocol.metrics as ["psnr"], ["psnr", "ssim"] or ["psnr", "ms_'),
        (
            '[protocol]\nms_ssim = "pooled"',
            'expected "ms_ssim" in protocol.metrics beside protocol.ms_ssim, found ["psnr"]: add the metric, or',
        ),
        (
            '[protocol]\nmetrics = ["psnr", "ms_ssim"]\nclip_for_ms_ssim = false',
            "expected protocol.round_output = false beside protocol.clip_for_ms_ssim = false, found true: 8 bits hold",
        ),
        ("[measured]\nsize = [8, 8]", "expected measured.size as [width, height] in px, both whole numbers from 16 to"),
        ("[measured]\nsize = [80]", "expected a track, found nothing at measured.size[1]: see docs/tracks.md"),
        ("[rules]\nmin_psnr_db = inf", "expected rules.min_psnr_db as a number above 0, found Infinity: see docs"),
        ("[rules]\nmax_parameters = 1e5", "expected rules.max_parameters as a whole number above 0, found 100000.0"),
        ('[rules]\nmin_psnr_db_by_set = { test = "x" }', 'found "x" as rules.min_psnr_db_by_set.test, not a number'),
        ("[baseline.published]\ntime = 3", "macs, parameters), found time: did you mean time_ms?"),
        ("[baseline.published]\ntime_ms = 0", "found 0 as baseline.published.time_ms, not above 0: see docs/tracks.md"),
        ('[baseline]\nmodel = "x.pb"', "expected baseline.model at HERE/x.pb, found nothing: check the path"),
        (
            '[opinion]\nin_place_of = "ssim"\nbase = 1\nper_grade = 1',
            "expected opinion.in_place_of as one of protocol.metrics (psnr), found ssim: name one of these",
        ),
        ("notes = [1]", "expected a track, found 1 as notes[0], not a text: see docs/tracks.md"),
        ('letter = "AB"', 'expected letter as one letter, found "AB": see docs/tracks.md'),
        (
            '[protocol]\nname = "pirm2018"',
            "expected protocol.name of its own, found pirm2018, whose choices are others: leave it out: the protocol "
            "is named by its choices then",
        ),
    ],
)
def test_a_value_of_the_wrong_kind_or_out_of_range(mistake, text, line):
    assert line in mistake(TITLE + text)


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ('[constants]\nC = "x"', 'expected a track, found "x" as constants.C, not a number: see docs/tracks.md'),
        ("[constants]\nC = nan", "found NaN as constants.C, not a finite number: see docs/tracks.md"),
        (f"[constants]\nC = 1{'0' * 400}", f"found 1{'0' * 39}... as constants.C, not a number: see docs/tracks.md"),
        (
            "[constants]\npsnr = 1",
            "expected a name of its own for each quantity and formula, found constants.psnr, and psnr is a quantity "
            "already: use another name",
        ),
        ("[constants]\nbaseline_psnr = 1", "found constants.baseline_psnr, and baseline_psnr is a quantity already"),
        ("[constants]\nexp = 1", "found constants.exp, and exp is a function already: use another name"),
        ('[quantities]\nq = "x"\n[constants]\nq = 1', "found constants.q, and q is a quantity already: use another"),
        ('[constants]\nq = 1\n[formulas]\nq = "1"', "found formulas.q, and q is a quantity already: use another name"),
        ('[constants]\n"a b" = 1', "expected names in constants (at most 40 letters, digits or _, first a letter, and"),
        ("[quantities]\nlpips = 1", "expected a track, found 1 as quantities.lpips, not a text: see docs/tracks.md"),
    ],
)
def test_quantities_and_constants(mistake, text, line):
    assert line in mistake(TITLE + text)


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (
            'A = "psrn"',
            "expected the name of a quantity, found 'psrn' at character 1 of formulas.A ('psrn'): did you mean psnr?",
        ),
        ('A = "psnr + __import__(1)"', "found '__import__' at character 8 of formulas.A ('psnr + __import__(1)'): "),
        ('A = "psnr.real"', "expected a formula, found '.' at character 5 of formulas.A ('psnr.real'): use numbers,"),
        (
            'A = "psnr / 0"',
            "expected a divisor other than 0, found 0 at character 6 of formulas.A ('psnr / 0'): change the formula",
        ),
        (
            'A = "9**9**9"',
            "expected a finite result of ** at character 2 of formulas.A ('9**9**9'), found none from 9 and "
            "3.8742e+08: check the formula and its quantities",
        ),
        ("A = 3", "expected a track, found 3 as formulas.A, not a text: see docs/tracks.md"),
        (
            'total = "psnr"\n[scores]\ntotl = "higher"',
            "expected a formula of each score, as formulas.totl, found scores.totl: did you mean total?",
        ),
        ('[scores]\nA = "psnr"', "found scores.A: write it in [formulas], and in [scores] which values are better"),
        ('A = "psnr"\n[scores]\nA = "up"', "expected higher or lower as scores.A, found 'up': say which values are"),
        ('A = "B"\nB = "A"', "expected formulas that don't use one another in a circle, found "),
    ],
)
def test_formulas_and_scores(mistake, text, line):
    assert line in mistake(TITLE + "[formulas]\n" + text)


@pytest.mark.parametrize(
    ("content", "line"),
    [
        (b"", "expected a track, found an empty file: start from one, as with aic track show classic_x4 --toml"),
        (b"# nothing", "expected a track, found an empty file: start from one, as with aic track show classic_x4"),
        (b"[task]", "expected a track, found nothing at title: see docs/tracks.md"),
        (b"title = ", "expected TOML, found something else (Invalid value (at end of document)): see docs"),
        (b'a = 1\ntitle "Ours"', "found something else (Expected '=' after a key in a key/value pair (at line 2, col"),
        (b'title = "\xe9"', "expected TOML, found a file that isn't text in UTF-8: see docs/tracks.md"),
        (b'title = "a\x1b"', "found something else (Illegal character '\\x1b' (at line 1, column 11)): see docs"),
        (b"<html>", "expected TOML, found something else (Invalid statement (at line 1, column 1)): see docs"),
        (b"a" + b".a" * 100_000 + b" = 1", "found something else (more than 64 levels in line 1): see docs/tracks.md"),
        (b"x" * 2_000_000, "expected TOML, of at most 1 MB, found 2.0 MB: see docs/tracks.md"),
    ],
)
def test_what_is_no_track_at_all(mistake, content, line):
    assert line in mistake(content)


def test_a_large_file_is_not_read(mistake, tmp_path):
    """100 MB, of which nothing is written."""
    with (tmp_path / "large.toml").open("wb") as file:
        file.truncate(100_000_000)
    with pytest.raises(InputError, match=r"of at most 1 MB, found 100\.0 MB"):
        find_track(tmp_path / "large.toml")


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("classic_x4.toml", "expected a track's file with a name of its own, found classic_x4, as a shipped"),
        ("Super-Resolution.toml", "found Super-Resolution, as a shipped track is called: rename it"),
        ("a.toml", "found a, as a shipped track is called: rename it"),
        ("our track.toml", "expected a file name of at most 60 letters, digits, _, - and dots, found 'our track': re"),
        (".toml", "expected a file name of at most 60 letters, digits, _, - and dots, found '.toml': rename it"),
        (f"{'x' * 61}.toml", "expected a file name of at most 60 letters, digits, _, - and dots, found 'xxx"),
    ],
)
def test_the_name_of_the_file(mistake, name, line):
    assert line in mistake(SMALLEST, name)


@pytest.mark.parametrize(
    ("typed", "line"),
    [
        ("x" * 5000, f"expected the name of a track, or a .toml file, found '{'x' * 60}...': aic track list names"),
        ("no/such.toml", "expected a track's file at no/such.toml, found nothing: check the path"),
        ("FOLDER.toml", "found a folder: check the path"),
    ],
)
def test_a_track_that_is_not_there(tmp_path, typed, line):
    (tmp_path / "FOLDER.toml").mkdir()
    with pytest.raises(InputError) as caught:
        find_track(typed.replace("FOLDER", f"{tmp_path}/FOLDER"))
    assert line in str(caught.value)


@pytest.mark.parametrize("text", [*HOSTILE, "a\x1b[31m", "a\nb", "x" * 501])
def test_hostile_texts_are_refused_or_kept_as_they_are(text):
    for content in (
        {"title": text},
        {"title": "Ours", "notes": [text]},
        {"title": "Ours", "source": text},
        {"title": "Ours", "quantities": {"lpips": text}},
        {"title": "Ours", "baseline": {"name": text}},
    ):
        if text.isprintable() and 0 < len(text) <= 120:
            assert made("ours", content).content == content
        elif not text.isprintable() or len(text) > 500:
            with pytest.raises(InputError) as caught:
                made("ours", content)
            assert str(caught.value).isprintable()
    for content in ({text: 1}, {"constants": {text: 1}}, {"formulas": {text: "1"}}, {"scores": {text: "higher"}}):
        with pytest.raises(InputError) as caught:
            made("ours", {"title": "Ours", **content})
        assert str(caught.value).isprintable()
        assert len(str(caught.value)) < 500


@pytest.mark.parametrize("name", ["psnr_db", "ms_ssim"])
@pytest.mark.parametrize("table", ["constants", "quantities"])
def test_what_tables_call_a_metric_is_no_name_of_ones_own(mistake, table, name):
    value = "1.0" if table == "constants" else '"of the sky"'
    found = f"{table}.{name}, and {name} is a quantity already"
    line = f"expected a name of its own for each quantity and formula, found {found}: use another name"
    assert mistake(f"{TITLE}[{table}]\n{name} = {value}") == line
