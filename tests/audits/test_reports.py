"""The report of an audit: what it says."""

import re

import pytest
from fixtures import audits

from aic_helpers.audits import auditing, reports, tables
from aic_helpers.core.errors import InputError

STEADY = [5.0, 6.0] * 6


def model(times_ms, macs=10.0):
    return audits.raw(times_ms, flops=macs, num_parameters=0.15)


RAW = {
    "00_SPAN": model([5.5, *STEADY]),
    "Cold": model([99.0, *STEADY]),
    **{f"Net {place}": model([place + 5.5, *(place + time for time in STEADY)]) for place in range(4)},
    "Odd": model([20.0, *[30.0] * 12], 1.0),
}


def audited(folder, content=RAW, **track):
    return auditing.audit(audits.write(folder, content), audits.track(**({"rules": {}} | track)))


def words(page):
    body = re.sub(r"<(script|style|svg).*?</\1>", "", page, flags=re.DOTALL)
    return re.sub(r" ([.;,:])", r"\1", " ".join(re.sub(r"<[^>]*>", " ", body).split()))


def test_it_says_what_was_found_and_links_to_it(tmp_path):
    page = reports.page(audited(tmp_path, notes=["C is deduced."], source="an example"))
    text = words(page)
    assert "Audit of raw.json" in text
    assert "The track's source: an example." in text
    assert "C is deduced." in text
    assert "Slow first image: 1 model: Cold. One by one" in text
    assert "Figures disagree: 1 model: Odd. One by one" in text
    assert re.search(r"Cold the first image of valid took 99\.0 ms, the median of the others 5\.50; without", text)
    assert set(re.findall(r'<a href="#([^"]*)"', page)) == set(re.findall(r'id="(kind-[^"]*)"', page))


def test_it_has_a_table_and_three_plots_with_words(tmp_path):
    page = reports.page(audited(tmp_path))
    assert page.count('<tr><th scope="row" class="model"') == len(RAW)
    labels = re.findall(r'role="img" aria-label="([^"]*)"', page)
    assert labels[0].startswith("Ranks by final: ")
    assert labels[1:] == [
        "The first image of valid, and the others: Cold 99 ms",
        "Operations over parameters; far off all others: Odd",
    ]


def test_where_nothing_is_wrong_it_says_so(tmp_path):
    text = words(
        reports.page(
            audited(tmp_path, "team,time_ms\nA,2\nB,3\n", **{"formulas": {"t": "time_ms"}, "scores": {"t": "lower"}})
        )
    )
    assert "No figure that doesn't hold." in text
    assert "One by one" not in text


def test_a_score_that_is_missing_is_told(tmp_path):
    formulas = {"t": "time_ms", "q": "psnr"}
    found = audited(tmp_path, "team,time_ms\nA,2\n", formulas=formulas, scores={"t": "lower", "q": "higher"})
    assert "There is no score q: no psnr." in words(reports.page(found))
    assert "score q: no psnr" in tables.lines(found)


def test_publishing_writes_both_and_keeps_off_a_persons_own_files(tmp_path):
    folder = tmp_path / "out"
    rows = reports.publish(audited(tmp_path), folder)
    assert [label for label, _ in rows] == ["table", "report"]
    assert sorted(file.name for file in folder.iterdir()) == ["audit.csv", "report.html"]
    own = tmp_path / "own"
    own.mkdir()
    (own / "audit.csv").write_text("mine")
    with pytest.raises(InputError, match=r"found audit\.csv without a report\.html: name another folder$"):
        reports.publish(audited(tmp_path), own)
    assert (own / "audit.csv").read_text() == "mine"
