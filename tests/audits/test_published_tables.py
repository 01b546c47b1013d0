"""Tables of published rows in CSV: what is read, and the one line that says what can't be."""

import numpy as np
import pytest
from fixtures import audits
from fixtures.browsing import HOSTILE

from aic_helpers.audits.published_tables import read_csv
from aic_helpers.core.errors import InputError


@pytest.fixture
def read(tmp_path):
    return lambda content, **track: read_csv(audits.write(tmp_path, content), audits.track(**track))


def test_columns_are_known_however_they_are_written(read):
    found = read(
        "Team,Time [ms],MACs_G,Parameters (M),PSNR valid,psnr_test,Final,Country\nA,7.5,9.83,0.151,26.9,27,7.1,x\n"
    )
    assert found.names == ["A"]
    assert {name: values[0] for name, values in found.figures.items()} == {
        "time_ms": 7.5,
        "macs": pytest.approx(9.83e9),
        "parameters": pytest.approx(151_000),
        "psnr": pytest.approx(26.95),
    }
    assert {name: figures["psnr"][0] for name, figures in found.by_set.items()} == {"valid": 26.9, "test": 27.0}
    assert (found.scores["final"][0], found.unread) == (7.1, ["Country"])


def test_half_of_the_last_digit_is_known_with_each_figure(read):
    found = read("team,time_ms,macs_g,parameters\nA,7.50,1.5,1.5e5\n")
    assert found.halves["time_ms"][0] == pytest.approx(0.005)
    assert found.halves["macs"][0] == pytest.approx(0.05e9)
    assert found.halves["parameters"][0] == pytest.approx(5000)


def test_given_quantities_and_ranks_are_columns_too(read):
    found = read("model,CLIP-IQA,rank_time_ms\nA,0.8,3\n", quantities={"clipiqa": "CLIP-IQA"})
    assert {name: values[0] for name, values in found.figures.items()} == {"clipiqa": 0.8, "rank_time_ms": 3.0}


@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_separators_quotes_and_a_byte_order_mark(read, separator):
    text = (
        separator.join(["team", "time_ms"])
        + "\r\n"
        + separator.join([f'"Pixel{separator} Pirates"', "7.5"])
        + "\r\n\r\n"
    )
    found = read(b"\xef\xbb\xbf" + text.encode())
    assert (found.names, found.figures["time_ms"][0]) == ([f"Pixel{separator.strip()} Pirates".strip()], 7.5)


def test_an_empty_cell_is_no_figure(read):
    assert np.isnan(read("team,time_ms\nA,\nB,7\n").figures["time_ms"][0])


def test_one_score_may_be_called_score(read):
    assert read("team,Score\nA,7\n").scores["final"][0] == 7


NUMBER = "expected a finite number in the column time_ms of B, found "
ALONE = ": write the number alone, with a point, and leave the cell empty where there is none"


@pytest.mark.parametrize(
    ("content", "line"),
    [
        ("", "expected a table at FILE, found an empty file: save it as CSV"),
        (" \n\n", "expected a table at FILE, found an empty file: save it as CSV"),
        (
            "team,time_ms\n",
            "expected rows of teams or models in FILE, found only the names of columns: add one row for each",
        ),
        (
            "tem,time_ms\nA,7\n",
            "expected a column team or model in FILE, found none among tem, time_ms: did you mean tem?",
        ),
        (
            "who,time_ms\nA,7\n",
            "expected a column team or model in FILE, found none among who, time_ms: name it so in the first line",
        ),
        ("team,time_ms\nA,7\nB,fast\n", f"{NUMBER}'fast'{ALONE}"),
        ("team,time_ms\nA,7\nB,7 ms\n", f"{NUMBER}'7 ms'{ALONE}"),
        ('team,time_ms\nA,7\nB,"7,5"\n', f"{NUMBER}'7,5'{ALONE}"),
        ("team,time_ms\nA,7\nB,nan\n", f"{NUMBER}'nan'{ALONE}"),
        ("team,time_ms\nA,7\nB,-inf\n", f"{NUMBER}'-inf'{ALONE}"),
        ("team,time_ms\nA,7\nB,1e999\n", f"{NUMBER}'1e999'{ALONE}"),
        ("team,time_ms\nA,7\nB,1_0\n", f"{NUMBER}'1_0'{ALONE}"),
        ("team,time_ms\nA,7\nB,\u0667\n", f"{NUMBER}'\u0667'{ALONE}"),
        ("team,time_ms\nA,7\nB,\x1b[31m\n", f"{NUMBER}'\\x1b[31m'{ALONE}"),
        (
            "team,time_ms\nA,0\n",
            "expected a number above 0 in the column time_ms of A, found 0: correct it, or leave the cell empty",
        ),
        ("team,time_ms\nA,7\n A ,8\n", "expected each team once in FILE, found A twice: leave one of its rows out"),
        (
            "team,time_ms\nA,7\n,8\n",
            "expected a name in each row of FILE, found an empty one: name the team or the model",
        ),
        ("team,macs,macs_g\nA,7,8\n", "expected each column once in FILE, found macs twice: leave one of them out"),
        (
            "team,time_ms\nA,7,8\n",
            "expected as many cells as columns, found 3 cells in line 2 of FILE, and 2 columns: "
            "put texts with a comma in quotes",
        ),
        (
            b"team,time_ms\n\xff\xfe\xfd,7\n",
            "expected a table in UTF-8 at FILE, found a file that isn't text in UTF-8: save it as CSV",
        ),
    ],
)
def test_what_is_wrong_is_one_line(read, tmp_path, content, line):
    with pytest.raises(InputError) as caught:
        read(content)
    assert str(caught.value) == line.replace("FILE", str(tmp_path / "rows.csv"))


def test_a_quote_that_is_never_closed_is_one_line(read):
    with pytest.raises(InputError, match=r"found something else in line 3 \(unexpected end of data\)"):
        read('team,time_ms\nA,7\n"B,8\n')


def test_names_from_outside_are_safe_in_a_line(read):
    rows = ['"{}",7'.format(text.replace('"', '""').encode("utf-8", "replace").decode()) for text in HOSTILE]
    found = read("team,time_ms\n" + "\n".join([*rows, '"\x1b]0;gone\x07 A",7']) + "\n")
    assert len(found.names) == len(HOSTILE) + 1
    assert all(name.isprintable() for name in found.names)
    assert found.names[-1] == "\\x1b]0;gone\\x07 A"
