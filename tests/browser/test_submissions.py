"""JupyterLab opens a copy of 06_submit in a browser; a team fills in the form, sees the checks, gets its e-mails."""

import nbformat
import pytest
from fixtures import labs, team_runs

from aic_helpers.core.project_paths import PROJECT
from aic_helpers.submissions import eml

pytestmark = pytest.mark.tensorflow

FIRST_MS, STEP_MS = 150_000, 60_000
"""How long to wait for the form, whose kernel starts, and for what follows."""

NAMELESS = """() => [...document.querySelectorAll('.aic-form :is(input, textarea, button)')]
  .filter((control) => !(control.labels?.[0]?.textContent || control.ariaLabel || control.title || control.innerText))
  .map((control) => control.outerHTML)"""

TEAM = "Pixel <b>Pirates</b> \U0001f3f4\u200d\u2620\ufe0f"


@pytest.fixture(scope="module")
def workplace(tmp_path_factory):
    """A folder with the notebook and a run; the team's folder will be `desk`."""
    folder = tmp_path_factory.mktemp("submit")
    team_runs.write(folder / "run")
    notebook = nbformat.read(PROJECT / "notebooks" / "06_submit.ipynb", as_version=4)
    notebook.cells[1].source += '\nrun = "run"\nout = "desk"'
    nbformat.write(notebook, folder / "06_submit.ipynb")
    return folder


@pytest.fixture(scope="module")
def page(workplace, browser):
    """The notebook with all its cells run."""
    page = browser.new_page(viewport={"width": 1400, "height": 1500})
    page.set_default_timeout(STEP_MS)
    with labs.serve(workplace) as address:
        labs.run_all_cells(page, address, "06_submit.ipynb", FIRST_MS)
        page.locator(".aic-form").wait_for(timeout=FIRST_MS)
        yield page
        page.close()


def fill(page, texts):
    for label, text in texts.items():
        page.locator(".aic-form").get_by_label(label, exact=True).fill(text)


def press(page, name, answer):
    """Press a button of the form and wait until it says so."""
    page.locator(".aic-form").get_by_role("button", name=name).click()
    page.locator(".aic-form").get_by_role("status").filter(has_text=answer).wait_for()


def rows(page):
    found = page.locator(".aic-form .aic-checks tr")
    return [row.locator("td, th").all_inner_texts() for row in found.all()]


def test_a_team_registers_checks_and_prepares(page, workplace):
    assert "BROKEN  registered" in page.locator(".jp-OutputArea-output").nth(1).inner_text()
    press(page, "Check", "8 of 9 checks passed.")
    assert rows(page)[0] == ["broken", "registered", "no team.json in desk\nregister the team: aic submit register"]

    fill(page, {"Team": TEAM, "Members, one a line": "Ada Lovelace, University of London\nAlan Turing, NPL"})
    fill(page, {"Your e-mail address": "team@uni.example", "The organiser's e-mail address": "desk@org.example"})
    press(page, "Register", "registration.eml")
    registered = eml.read_mail(workplace / "desk" / "registration.eml")
    assert (registered.content.team, registered.sent_by) == (TEAM, "team@uni.example")

    fill(page, {"Team ID": "17", "Link to the model": "my model"})
    press(page, "Check", "10 of 10 checks passed.")
    found = rows(page)
    assert [row[0] for row in found] == ["passed"] * 10
    assert found[0][2] == f"team {TEAM}"

    press(page, "Prepare", "expected an http or https link with a host, found my model")
    fill(page, {"Link to the model": "https://example.org/model.pb"})
    press(page, "Prepare", "Nothing was sent")
    (path,) = (workplace / "desk").glob("super_resolution_*.eml")
    assert str(path.name) in page.locator(".aic-form").get_by_role("status").inner_text()
    submitted = eml.read_mail(path).content
    assert (submitted.team, submitted.team_id, submitted.link) == (TEAM, 17, "https://example.org/model.pb")


def test_every_control_has_a_name(page):
    assert page.evaluate(NAMELESS) == []


@pytest.mark.parametrize("width_px", [390, 1400])
def test_it_fits(page, width_px):
    """With its list of files closed, as on a phone, JupyterLab leaves a cell all but its own edges."""
    page.evaluate("() => { window.jupyterapp.shell.collapseLeft() }")
    page.set_viewport_size({"width": width_px, "height": 1500})
    page.wait_for_function("(width) => document.querySelector('.aic-form').clientWidth > width / 2", arg=width_px)
    cell = page.locator(".jp-OutputArea-output:has(.aic-form)").bounding_box()
    for control in page.locator(".aic-form :is(input, textarea, button, table)").all():
        box = control.bounding_box()
        assert box["x"] >= cell["x"]
        assert box["x"] + box["width"] <= cell["x"] + cell["width"] + 1
