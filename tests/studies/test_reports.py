"""What the report of a study shows of the pictures that raters saw."""

import json
import re

import pytest
from fixtures import small_studies
from fixtures.browsing import HOSTILE

from aic_helpers.core.safe_texts import printable
from aic_helpers.studies import folders, reports
from aic_helpers.studies.plans import REFERENCE

TRUTH = {"div2k_srcnn": 2.5, "the_good_one": 4.0, "the_bad_one": 1.5, REFERENCE: 4.6}


def written(study):
    """Return the page of a study, and what its viewer is told."""
    page = reports.write(study.folder, folders.analyse(study))[1].read_text("utf-8")
    return page, json.loads(re.search(r'<script type="application/json">(.*?)</script>', page)[1])


def test_graded_pictures_are_told_with_their_scores(tmp_path):
    study = small_studies.make(tmp_path / "study", raters=12)
    small_studies.vote_all(study, small_studies.grades(TRUTH))
    page, told = written(study)
    given = told["catalogue"]
    assert [metric["title"] for metric in given["metrics"]] == ["MOS", "PSNR", "MS-SSIM"]
    assert (given["baseline"], given["reference"], given["input"]) == ("div2k_srcnn", REFERENCE, "")
    assert told["view"]["panes"] == ["the_good_one", "div2k_srcnn", "the_bad_one", REFERENCE], "the best first"
    harbour = next(image for image in given["images"] if image["name"] == "harbour")
    good = harbour["figures"]["the_good_one"]
    assert harbour["words"] == f"The hidden reference: MOS {harbour['figures'][REFERENCE]['mos']:.2f}."
    assert 3.0 < good["mos"] <= 5.0
    assert good["psnr_db"] == 29.0
    assert f"<bdi>the_good_one</bdi>: MOS {good['mos']:.2f}, PSNR 29.00 dB, MS-SSIM 0.9600</figcaption>" in page
    assert page.count("data:image/webp") == 2 * 4


def test_pairs_have_pictures_and_no_scores(tmp_path):
    study = small_studies.make(tmp_path / "study", "pairs", raters=8, reference=False)
    small_studies.vote_all(study, small_studies.choices(TRUTH))
    page, told = written(study)
    assert (told["catalogue"]["metrics"], told["catalogue"]["reference"]) == ([], "")
    assert "<figcaption><bdi>the_bad_one</bdi></figcaption>" in page


@pytest.mark.parametrize("text", HOSTILE)
def test_names_end_no_script(tmp_path, text):
    text = printable(text)
    study = small_studies.make(tmp_path / "study", models=("div2k_srcnn", text), photos=(text, "market"))
    small_studies.vote_all(study, lambda rater, one: 3)
    page, told = written(study)
    assert text in [shown["name"] for shown in told["catalogue"]["shown"]]
    assert text in [image["name"] for image in told["catalogue"]["images"]]
    assert page.count("<script") == 2
