"""JupyterLab opens a copy of 05_board in a browser: a row and a point open the images of their models."""

import json
import shutil

import nbformat
import numpy as np
import pytest
from fixtures import boards, labs
from fixtures.hostile_models import freeze

from aic_helpers.core.project_paths import PROJECT
from aic_helpers.data.images import write_png

pytestmark = pytest.mark.tensorflow

FIRST_MS, STEP_MS = 150_000, 60_000
"""How long to wait for the table, whose kernel starts, and for a viewer, whose models start."""

COLOURS = {"dusk": (100, 30, 30), "noon": (40, 90, 120)}

NETWORKS = {
    "same": lambda images: images + 0,
    "negative": lambda images: 1 - images,
    "dark": lambda images: images / 2,
}

QUALITY_DB = {"same": [30.0, 31.0], "negative": [29.0, 25.0], "dark": [26.0, 25.5]}
"""As the board has them. The viewer measures the images itself: `same` is perfect on both, so `dusk` is first."""

MIDDLES = """() => {
  const heads = [...document.querySelectorAll('.aic-viewer .aic-panes select')];
  const frames = [...document.querySelectorAll('.aic-viewer .aic-frame > canvas')];
  return Object.fromEntries(heads.map((head, place) => {
    const { width, height } = frames[place];
    if (!width || !height) return [head.value, null];
    const found = frames[place].getContext('2d').getImageData(width / 2, height / 2, 1, 1).data;
    return [head.value, [...found.slice(0, 3)]];
  }));
}"""
ARE_SHOWN = f"""(wished) => {{
  const found = ({MIDDLES})();
  return Object.entries(wished).every(([name, colour]) => String(found[name]) === String(colour));
}}"""


def add(board, name, data):
    """Write the run of a network into a board; returns its entry."""
    speedup = {"same": 3.0, "negative": 2.0, "dark": 1.5}[name]
    entry = boards.add(
        board, name, QUALITY_DB[name], [0.9, 0.9], speedup, (speedup - 0.1, speedup + 0.1),
        track="enhancement", names=list(COLOURS),
    )  # fmt: skip
    run = board / entry["folder"]
    boards.give_model(run, freeze(NETWORKS[name], board / f"{name}.pb").read_bytes())
    result = json.loads((run / "result.json").read_text("utf-8"))
    result["data"] = {"name": str(data), "note": ""}
    (run / "result.json").write_text(json.dumps(result), "utf-8")
    return entry


@pytest.fixture(scope="module")
def workplace(tmp_path_factory):
    """A folder with the notebook, two pairs of images, and a board of three networks, of which `same` leads."""
    folder = tmp_path_factory.mktemp("board-lab")
    for name, colour in COLOURS.items():
        for side in ("inputs", "targets"):
            write_png(folder / "data" / "enhancement" / side / f"{name}.png", np.full((120, 160, 3), colour, np.uint8))
    board = folder / "board"
    boards.plan(board, *[add(board, name, folder / "data") for name in NETWORKS], boards.named("gone", "enhancement"))
    notebook = nbformat.read(PROJECT / "notebooks" / "05_board.ipynb", as_version=4)
    notebook.cells[1].source += f'\nboard = {str(board)!r}\ntrack = "enhancement"'
    nbformat.write(notebook, folder / "05_board.ipynb")
    return folder


@pytest.fixture(scope="module")
def page(workplace, browser):
    """The notebook with all its cells run."""
    page = browser.new_page(viewport={"width": 1400, "height": 1500})
    page.set_default_timeout(STEP_MS)
    with labs.serve(workplace) as address:
        labs.run_all_cells(page, address, "05_board.ipynb", FIRST_MS)
        page.locator(".aic-standings .point").first.wait_for(timeout=FIRST_MS)
        yield page
        page.close()


def says(page, words):
    page.locator(".aic-standings [role=status]").filter(has_text=words).wait_for()


def shows(page, wished):
    """Wait until the middles of panes have these colours, by the panes' names."""
    page.wait_for_function(ARE_SHOWN, arg=wished, polling=100)


def outputs(image):
    """Return what the networks make of an image's colour."""
    colour = np.array(COLOURS[image])
    return {"same": colour.tolist(), "negative": (255 - colour).tolist()}


def test_a_row_opens_the_images_of_its_model_beside_the_leaders(page):
    page.locator(".aic-standings tbody tr", has_text="negative").locator("td").nth(4).click()
    says(page, "negative beside same, the leader by score A.")
    shows(page, outputs("dusk"))
    assert page.locator(".aic-standings tr.chosen bdi").all_inner_texts() == ["negative"]


def test_a_point_opens_another_in_its_place(page):
    page.get_by_role("button", name="dark: rank").locator("circle").click()
    says(page, "dark beside same, the leader by score A.")
    shows(page, {"dark": (np.array(COLOURS["dusk"]) / 2).tolist()})
    assert page.locator(".aic-viewer").count() == 1
    assert page.locator(".aic-standings tr.chosen bdi").all_inner_texts() == ["dark"]


def test_the_keyboard_opens_the_leader_beside_the_next(page):
    name = page.locator(".aic-standings tbody").get_by_role("button", name="same")
    name.focus()
    name.press("Enter")
    says(page, "same beside negative, the next by score A.")
    shows(page, outputs("dusk"))


def test_a_run_that_is_gone_is_a_sentence_and_the_table_stays(page, workplace):
    shutil.rmtree(workplace / "board" / "enhancement" / "dark")
    page.locator(".aic-standings tbody tr", has_text="dark").click()
    says(page, "Not opened: expected")
    assert page.locator(".aic-viewer").count() == 0
    page.locator(".aic-standings tbody tr", has_text="gone").click()
    says(page, "Not opened: expected a run of gone, found not run yet")
    page.locator(".aic-standings thead").get_by_role("button", name="speedup").click()
    page.locator(".aic-standings tbody tr", has_text="negative").click()
    shows(page, outputs("dusk"))
