"""An audit in words and as CSV."""

import csv
import io

import numpy as np
import pytest
from fixtures import audits

from aic_helpers.audits import auditing, tables

HEAD = "model,psnr_valid,psnr_test,time_ms,macs,parameters,score"
ROWS = [
    "00_SPAN,26.94,27.01,8.00,10.00e9,150000,7.3891",
    '"=HYPERLINK(""x"")",26.94,27.01,4.00,10.00e9,150000,3.6524',
    "Low,26.80,27.01,2.00,10.00e9,150000,2.80",
]


@pytest.fixture
def audit(tmp_path):
    return auditing.audit(audits.write(tmp_path, "\n".join([HEAD, *ROWS]) + "\n"), audits.track(notes=["A note."]))


def test_lines(audit):
    lines = tables.lines(audit)
    assert lines[1] == "track     A challenge of efficiency (esr)"
    assert lines[2] == "baseline  00_SPAN, a row of the table"
    assert lines[3] == "rows      3, 2 of them ranked"
    assert lines[4] == "images    none, so no rank has an interval"
    at = lines.index("score final, lower is better")
    assert [line.split() for line in lines[at + 1 : at + 5]] == [
        ["rank", "model", "final", "published", "difference", "speedup"],
        ["1", '=HYPERLINK("x")', "3.6524", "3.6524", "0.0000", "2.000"],
        ["2", "00_SPAN", "7.3891", "7.3891", "0.0000", "1.000", "(the", "baseline)"],
        ["Low", "2.7968", "2.8000", "-0.0032", "4.000"],
    ]
    assert lines[at + 5] == "ranks: without single images none has an interval, and none is decided"
    assert lines[lines.index("below the floor: 1 model") + 1].startswith("Low  PSNR 26.8 dB on valid")
    assert lines[-1] == "A note."


def test_csv_has_every_figure_and_no_formula(audit):
    rows = list(csv.DictReader(io.StringIO(tables.as_csv(audit))))
    assert [row["model"] for row in rows] == ['\'=HYPERLINK("x")', "00_SPAN", "Low"]
    assert float(rows[1]["final"]) == audit.scores["final"].standing.values[0]
    assert [row["rank_final"] for row in rows] == ["1", "2", ""]
    assert [row["psnr_valid"] for row in rows] == ["26.94", "26.94", "26.8"]
    assert rows[2]["findings"] == "PSNR 26.8 dB on valid, the floor is 26.90: not ranked"


def test_columns_that_were_not_read_are_told(tmp_path):
    found = auditing.audit(audits.write(tmp_path, "team,time_ms,Country,=1\nA,2,x,y\n"), audits.timed())
    assert ("columns not read", "Country, =1") in tables.about_rows(found)


def test_ties_of_many_are_counted(tmp_path):
    times_ms = 20 + np.random.default_rng(3).standard_normal((6, 30))
    raw = {name: audits.raw(own.tolist()) for name, own in zip("ABCDEF", times_ms, strict=True)}
    found = auditing.audit(audits.write(tmp_path, raw), audits.timed())
    (ranks, *_) = tables.summary_rows(found, "time")
    assert ranks[1].startswith("0 of 5 are decided against the next; within noise: ")
    assert ranks[1].endswith("; and 7 more pairs")
    cells = {cell.head: cell.text for cell in tables.score_cells(found, "time")[0]}
    assert cells["to the next"].startswith("within noise (within noise of ")
    assert cells["to the next"].endswith(" and 2 more)")


def test_other_scores_stand_in_a_table_of_their_own(tmp_path):
    formulas = {"score": "time_ms", "sharp": "-psnr"}
    text = "team,time_ms,psnr,sharp\nA,2,30,-30\nB,3,31,\n"
    found = auditing.audit(
        audits.write(tmp_path, text),
        audits.timed(formulas=formulas, scores={"score": "lower", "sharp": "lower"}, baseline={}),
    )
    lines = tables.lines(found)
    at = lines.index("score, lower is better")
    assert [line.split() for line in lines[at + 1 : at + 4]] == [
        ["rank", "model", "score"],
        ["1", "A", "2.00"],
        ["2", "B", "3.00"],
    ]
    assert [line.split() for line in lines[at + 6 : at + 9]] == [
        ["model", "sharp"],
        ["A", "-30.00", "(rank", "2,", "published", "-30.00)"],
        ["B", "-31.00", "(rank", "1,", "published", "none)"],
    ]
