"""The text of a link -> what is looked at."""

from urllib.parse import quote

import pytest
from fixtures.pirm2018 import METRICS

from aic_helpers.core.errors import InputError
from aic_helpers.dashboard.links import read_view
from aic_helpers.reporting import catalogues

AWKWARD = "a, b & <c> 100% é"
MADE = catalogues.catalogue(
    "Track",
    [{"name": name} for name in ("input", "target", "fast_sr", AWKWARD)],
    [catalogues.image(name, {}) for name in ("baby", AWKWARD)],
    models=["fast_sr", AWKWARD],
    metrics=METRICS,
)


def test_a_link_says_what_differs_from_the_start():
    text = "image=baby&panes=input,fast_sr,target&mode=slider&zoom=4&x=640&y=360&upright=false&times=16"
    assert read_view(text, MADE) == {
        "image": "baby",
        "panes": ["input", "fast_sr", "target"],
        "mode": "slider",
        "zoom": 4.0,
        "x": 640.0,
        "y": 360.0,
        "upright": False,
        "times": 16,
    }
    assert read_view("", MADE) == read_view("  ", MADE) == {}


@pytest.mark.parametrize(
    "before",
    ["#view=", "view=", "#view-2=", "http://localhost:8888/lab/tree/04.ipynb?token=a#view=", "file:///r.html#view="],
)
def test_it_may_be_pasted_with_what_stands_before_it(before):
    assert read_view(f"{before}image=baby&zoom=2\n", MADE) == {"image": "baby", "zoom": 2.0}
    assert read_view(before + quote("image=baby&zoom=2", safe=""), MADE) == {"image": "baby", "zoom": 2.0}


@pytest.mark.parametrize("name", ["input", "fast_sr", AWKWARD])
def test_error_maps_are_against_what_the_link_names(name):
    assert read_view(f"show=signed&against={quote(name)}", MADE) == {"show": "signed", "against": name}


def test_against_the_target_is_where_one_begins():
    assert read_view("against=target", MADE) == {"against": ""}


def test_names_with_any_letters_come_back():
    name = quote(quote(AWKWARD, safe=""), safe="")
    text = f"image={quote(AWKWARD)}&panes=input%2C{name}&sort=psnr_db%2C{name}%2C"
    assert read_view(text, MADE) == {
        "image": AWKWARD,
        "panes": ["input", AWKWARD],
        "sort": ["psnr_db", AWKWARD, ""],
    }


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("nonsense", r"expected the text of a link, such as image=baby&zoom=4, found nonsense: copy the link anew"),
        ("image=bady", r"expected an image of the data, found 'bady': did you mean baby\?"),
        (
            "image=your+photo%3A+camera.jpg&zoom=4",
            r"expected an image of the data in a link, found a photo of your own, camera.jpg: a link doesn't carry it: "
            r"take image= out of the link, and choose the photo again in the viewer",
        ),
        ("panes=input", r"expected 2 to 6 panes in a link, found 1: copy the link anew"),
        ("panes=input,fast", r"expected panes of what is compared, found 'fast': did you mean fast_sr\?"),
        ("zoom=a", r"expected zoom from 0 to 64 in a link, found 'a'"),
        ("zoom=nan", r"expected zoom from 0 to 64 in a link, found 'nan'"),
        ("x=-3", r"expected x from -1 to 1e\+06 in a link, found '-3'"),
        ("times=3", r"expected times in a link of 1, 2, 4, 8, 16, found '3'"),
        ("mode=slide", r"expected mode in a link of side, slider, blink, found 'slide': did you mean slider\?"),
        ("against=fast", r"expected what error maps are against, found 'fast': did you mean fast_sr\?"),
        ("sort=psnr_db", r"expected a sort of three parts in a link"),
        ("sort=psnr,fast_sr,", r"expected a metric to sort by, found 'psnr': did you mean psnr_db\?"),
        ("imag=baby", r"expected a link with image, panes, .*, found imag: did you mean image\?"),
    ],
)
def test_a_link_that_names_what_is_not_there_says_so(text, message):
    with pytest.raises(InputError, match=message):
        read_view(text, MADE)
