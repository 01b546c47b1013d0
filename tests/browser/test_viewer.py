"""The viewer's own tests run in a browser; and what it computes of pixels is what the package and scikit-image do."""

from __future__ import annotations

import base64
import functools
import http.server
import threading

import numpy as np
import pytest
from matplotlib import colormaps
from skimage.metrics import structural_similarity

from aic_helpers.core.project_paths import PROJECT
from aic_helpers.evaluation.metrics import psnr

FOLDER = PROJECT / "tests" / "viewer"
FILES = sorted(file.name for file in FOLDER.glob("*.test.js"))

LONGEST_MS = 180_000
"""For all of the JavaScript tests on a busy machine; they take ten seconds."""

PIXELS_OF = """const [width, height, ...encoded] = given;
  const [one, other] = encoded.map((text) => {
    const data = Uint8ClampedArray.from(atob(text), (character) => character.charCodeAt(0));
    return { data, width, height };
  });
  const pixels = await import("/aic_helpers/reporting/viewer/pixels.js");
"""


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture(scope="module")
def address():
    """The repository, served as anybody would who opens the tests by hand."""
    handler = functools.partial(Quiet, directory=PROJECT)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}/tests/viewer/"
        server.shutdown()
        thread.join()


@pytest.fixture(scope="module")
def page(address, browser):
    page = browser.new_page(viewport={"width": 1400, "height": 900})
    page.goto(address)
    page.wait_for_function("window.results", timeout=LONGEST_MS)
    yield page
    page.close()


@pytest.mark.parametrize("file", FILES)
def test_javascript(page, file):
    results = [result for result in page.evaluate("window.results") if result["file"] == file]
    assert len(results) > 1, f"{FOLDER / 'index.html'} doesn't run {file}"
    failures = [f"{result['name']}: {result['error']}" for result in results if result["error"]]
    assert not failures, "\n\n".join(failures)


def encoded(image):
    return base64.b64encode(np.dstack([image, np.full(image.shape[:2], 255, np.uint8)]).tobytes()).decode()


def computed(page, script, one, other):
    """Return what a script makes of two arrays, which it has as `one` and `other`, and the module as `pixels`."""
    height, width = one.shape[:2]
    given = [width, height, encoded(one), encoded(other)]
    return page.evaluate(f"async (given) => {{ {PIXELS_OF} return {script}; }}", given)


def noise(rng, shape):
    return rng.integers(0, 256, shape, dtype=np.uint8), rng.integers(0, 256, shape, dtype=np.uint8)


def photo_like(rng, shape):
    """A smooth image with edges, and the same darker and with noise."""
    rows, columns = (axis[..., None] for axis in np.mgrid[: shape[0], : shape[1]])
    waves = 120 + 60 * np.sin(rows / 9) + 50 * np.cos(columns / [5, 11, 17])
    image = np.where((rows // 16 + columns // 16) % 5 == 0, 250, waves)
    other = image + rng.normal(-6, 9, shape)
    return tuple(np.clip(np.rint(one), 0, 255).astype(np.uint8) for one in (image, other))


PAIRS = {
    f"{make.__name__} {width}x{height}": (make, (height, width, 3))
    for make in (noise, photo_like)
    for width, height in ((64, 48), (11, 11), (97, 12), (211, 160))
}


@pytest.fixture(params=PAIRS)
def pair(request):
    make, shape = PAIRS[request.param]
    return make(np.random.default_rng(7), shape)


def test_ssim_at_each_pixel_is_that_of_scikit_image(page, pair):
    one, other = pair
    found = np.array(computed(page, "Array.from(await pixels.structureValues(one, other))", one, other))
    values = found.reshape(one.shape[:2])
    mean, wished = similarity(one, other)
    fitting = (slice(5, -5), slice(5, -5))  # elsewhere scikit-image mirrors the image
    np.testing.assert_allclose(values[fitting], wished.mean(axis=2)[fitting], rtol=0, atol=1e-4)
    figures = computed(page, "await pixels.boxFigures(one, other, [0, 0, width, height])", one, other)
    assert figures["ssim"] == pytest.approx(mean, abs=1e-6)


def similarity(one, other):
    definition = {"gaussian_weights": True, "sigma": 1.5, "use_sample_covariance": False}
    return structural_similarity(one, other, data_range=255, channel_axis=2, full=True, **definition)


def test_psnr_of_a_box_is_that_of_the_metrics(page, pair):
    one, other = pair
    for left, top, width, height in ((0, 0, *one.shape[1::-1]), (3, 2, 7, 9), (10, 10, 1, 1)):
        box = np.s_[top : top + height, left : left + width]
        wished = psnr(one[box].astype(np.float64), other[box].astype(np.float64), data_range=255.0)
        script = f"(await pixels.boxFigures(one, other, [{left}, {top}, {width}, {height}])).psnr_db"
        assert computed(page, script, one, other) == pytest.approx(wished, abs=1e-9)


def test_an_error_map_has_infernos_colours(page, pair):
    """Interpolated between seventeen of matplotlib's, as they once were picked."""
    one, other = pair
    error = np.abs(one.astype(float) - other).mean(axis=2)
    for times in (1, 4, 16):
        look = f"{{show: 'absolute', channels: 'mean', times: {times}}}"
        found = computed(page, f"Array.from(pixels.differenceMap(one, other, {look}).data)", one, other)
        colours = np.array(found).reshape(*one.shape[:2], 4)[..., :3]
        np.testing.assert_array_equal(colours, inferno()[np.rint(np.clip(error * times, 0, 255)).astype(int)])


def inferno():
    picked = np.rint(colormaps["inferno"](np.linspace(0, 1, 17))[:, :3] * 255)
    places = np.linspace(0, 16, 256)
    channels = [np.interp(places, np.arange(17), picked[:, channel]) for channel in range(3)]
    return np.rint(np.stack(channels, axis=1)).astype(np.uint8)
