"""The report of an audit in a browser, opened from a file with the network off."""

import pytest
from fixtures import audits
from fixtures.browsing import HOSTILE, asked_for

from aic_helpers.audits import auditing, reports

TIMES_MS = [5.0, 6.0] * 6


def model(base_ms, first_ms):
    return audits.raw([first_ms, *(base_ms + time for time in TIMES_MS)], flops=10.0, num_parameters=0.15)


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    """Models whose names try to run, each with a slow first image, and one with odd operations; returns the report."""
    folder = tmp_path_factory.mktemp("audit")
    raw = {name: model(place, 300.0) for place, name in enumerate(HOSTILE)}
    raw |= {"Odd": model(20, 26.0) | {"flops": 0.5}, "00_SPAN": model(21, 26.0)}
    track = audits.track(title=HOSTILE[0], notes=[HOSTILE[2]], source=HOSTILE[1], rules={})
    found = auditing.audit(audits.write(folder, raw), track)
    reports.publish(found, folder / "out")
    return folder / "out" / reports.REPORT


@pytest.mark.parametrize("width_px", [1280, 390])
def test_names_stay_texts_and_nothing_is_asked_for(show, page, width_px):
    seen = show(page, width_px=width_px)
    assert asked_for(seen) == [page.as_uri()]
    assert seen.page.evaluate("window.hits") == []
    assert seen.complaints == []
    assert seen.page.evaluate("document.documentElement.scrollWidth") == width_px
    assert seen.page.locator("tbody th.model").count() == len(HOSTILE) + 2
    assert seen.page.get_by_role("heading", name="Slow first image: 16 models").count() == 1


def test_columns_sort_by_their_numbers(show, page):
    seen = show(page)
    seen.page.get_by_role("button", name="by medians").click()
    cells = seen.page.locator("tbody tr td:nth-child(6)").all_inner_texts()
    medians = [float(text.split()[0]) for text in cells]
    assert medians == sorted(medians)
    assert len(set(medians)) == len(HOSTILE) + 2


def test_what_was_found_leads_to_its_rows(show, page):
    seen = show(page)
    seen.page.get_by_role("link", name="One by one").last.click()
    assert seen.page.locator("h3:target").inner_text() == "Figures disagree: 1 model"
