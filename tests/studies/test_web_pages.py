"""The raters' pages without a browser: what they say, what they refuse, and what they never say."""

import http.client
import re
import socket
import threading
from contextlib import closing

import pytest
from fixtures import small_studies
from fixtures.study_server import Server
from starlette.testclient import TestClient

from aic_helpers.core.errors import InputError
from aic_helpers.data.images import read_rgb
from aic_helpers.studies import folders, web_pages

RATER = small_studies.token("r1")


@pytest.fixture
def study(tmp_path):
    return small_studies.make(tmp_path / "study")


def client_of(study):
    application = web_pages.application(study.folder, study.plan, study.store)
    return TestClient(application, base_url="http://raters.example")


@pytest.fixture
def client(study):
    with client_of(study) as client:
        yield client


def code_on(page):
    return re.search(r'name="picture" value="([0-9a-f]{12})"', page.text)[1]


def begin(client, token=RATER):
    assert client.get(f"/{token}/").text.count("Begin") == 1
    return client.post(f"/{token}/begin", data={"window": "390x844@3"})


def vote(client, code, answer, token=RATER, **more):
    return client.post(f"/{token}/vote", data={"picture": code, "answer": answer, **more})


def test_a_whole_sitting_leaves_the_votes_that_were_given(client, study):
    page = begin(client)
    given = []
    while "That was all" not in page.text:
        given.append((code_on(page), 1 + len(given) % 5))
        page = vote(client, *given[-1], viewed_ms="1200")
    assert [(one.code, one.answer, one.viewed_ms) for one in study.store.votes()] == [(*one, 1200) for one in given]
    assert len(given) == len(study.plan.raters["r1"])
    assert study.store.windows() == {"r1": "390x844@3"}


def test_the_page_shows_the_picture_that_is_due(client, study, tmp_path):
    page = begin(client)
    shown = client.get(f"/{RATER}/picture/{code_on(page)}/0")
    assert shown.headers["content-type"] == "image/png"
    (tmp_path / "shown.png").write_bytes(shown.content)
    (photo, model), *_ = study.plan.raters["r1"][0].pictures
    assert read_rgb(tmp_path / "shown.png")[0, 0].tolist() == small_studies.colour(photo, model)
    assert 'width="80" height="60"' in page.text
    assert f"picture/{study.plan.raters['r1'][1].code}/0" in page.text  # loaded ahead


def everything(response):
    return response.text + str(response.url) + str(dict(response.headers))


@pytest.mark.parametrize("method", ["acr", "pairs"])
def test_nothing_says_which_model_a_picture_is_of(tmp_path, method):
    study = small_studies.make(tmp_path / "study", method)
    hidden = [
        *small_studies.MODELS,
        *small_studies.PHOTOS,
        *study.plan.pictures.values(),
        "reference",
        study.plan.study,
    ]
    with client_of(study) as client:
        page, said = begin(client), [client.get(f"/{RATER}/")]
        while "That was all" not in page.text:
            said += [page, client.get(f"/{RATER}/picture/{code_on(page)}/0")]
            page = vote(client, code_on(page), 1)
        said += [page, client.get("/static/rater.css"), client.get("/static/rater.js"), client.get("/plan.json")]
    assert len(said) > 15
    for response in said:
        found = [word for word in hidden if word in everything(response) or word.encode() in response.content]
        assert found == [], response.url


def test_a_picture_holds_pixels_and_nothing_else(study):
    """Chunks of a PNG in their order: header, data, end."""
    content = next((study.folder / "pictures").iterdir()).read_bytes()
    kinds, place = [], 8
    while place < len(content):
        size = int.from_bytes(content[place : place + 4], "big")
        kinds.append(content[place + 4 : place + 8])
        place += 12 + size
    assert dict.fromkeys(kinds) == dict.fromkeys([b"IHDR", b"IDAT", b"IEND"])


def test_nothing_is_asked_of_another_server(client):
    page = begin(client)
    addresses = re.findall(r'(?:src|href|action|data-next)="([^"]*)"', page.text)
    assert len(addresses) >= 5
    assert [one for one in addresses if "//" in one] == []
    policy = page.headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; img-src 'self' data:; style-src 'self'; script-src 'self'")
    assert (page.headers["referrer-policy"], page.headers["cache-control"]) == ("no-referrer", "no-store")


def test_the_same_vote_twice(client, study):
    code = code_on(begin(client))
    assert vote(client, code, 4).status_code == 200
    again = vote(client, code, 2)
    assert again.status_code == 409
    assert "found one that came before: it was not taken" in again.text
    assert [one.answer for one in study.store.votes()] == [4]
    assert 'href="./"' in again.text


def test_another_raters_token_writes_for_that_rater_alone(client, study):
    """A code of one rater with the token of another is no picture of theirs."""
    code = code_on(begin(client))
    response = vote(client, code, 4, small_studies.token("r2"))
    assert response.status_code == 404
    assert study.store.votes() == []


def test_nobodys_token(client, study):
    for answer in (client.get("/guess/"), vote(client, study.plan.raters["r1"][0].code, 4, "guess")):
        assert answer.status_code == 404
        assert "open the link that you were sent" in answer.text
    assert study.store.votes() == []


@pytest.mark.parametrize("code", ["0" * 12, "", "../../plan.json", "\x00", "x" * 3000])
def test_a_vote_for_an_image_that_is_not_in_the_plan(client, study, code):
    begin(client)
    assert vote(client, code, 4).status_code == 404
    assert study.store.votes() == []


@pytest.mark.parametrize("answer", ["0", "6", "", "4.5", "<b>", "5" * 1000])
def test_an_answer_that_there_is_not(client, study, answer):
    code = code_on(begin(client))
    response = vote(client, code, answer)
    assert response.status_code == 422
    assert "<b>" not in response.text.partition("<body")[2].replace("<b>5</b>", "")
    assert study.store.votes() == []


def test_an_old_page_after_the_study_closed(client, study):
    code = code_on(begin(client))
    vote(client, code, 4)
    old = study.plan.raters["r1"][1].code
    study.store.set_closed(True)
    for response in (
        vote(client, old, 5),
        client.get(f"/{RATER}/"),
        client.post(f"/{RATER}/back", data={"picture": old}),
    ):
        assert response.status_code == 410
        assert "found a closed one" in response.text
    assert [one.answer for one in study.store.votes()] == [4]


def test_back_by_one(client, study):
    first = code_on(begin(client))
    second = code_on(vote(client, first, 2))
    page = client.post(f"/{RATER}/back", data={"picture": second})
    assert code_on(page) == first
    assert "your answer was 2" in page.text
    vote(client, first, 5)
    assert [(one.answer, one.revision) for one in study.store.votes()] == [(5, 1)]


def test_a_form_that_is_too_long_is_no_form(client, study):
    code = code_on(begin(client))
    assert vote(client, code, 4, more="x" * 10_000).status_code == 404
    assert client.post(f"/{RATER}/vote", content="&".join(["a=1"] * 1000)).status_code == 404
    assert study.store.votes() == []


def test_other_addresses_and_methods(client):
    assert client.get("/").status_code == 404
    assert client.get("/static/plan.json").status_code == 404
    assert client.get(f"/{RATER}/vote").status_code == 405
    assert client.get(f"/{RATER}/picture/{'0' * 12}/0").status_code == 404
    assert client.get(f"/{RATER}/picture/x/../../plan.json").status_code == 404


def test_a_store_that_fails_is_told_and_nothing_is_lost(client, study):
    code = code_on(begin(client))
    store = study.folder / "votes.sqlite"
    content = store.read_bytes()
    store.write_bytes(b"damaged")
    answer = vote(client, code, 4)
    assert answer.status_code == 503
    assert "found a fault on its side: nothing was taken" in answer.text
    assert str(study.folder) not in answer.text
    store.write_bytes(content)
    assert vote(client, code, 4).status_code == 200


def test_a_picture_that_was_lost_is_told(client, study):
    code = code_on(begin(client))
    for picture in (study.folder / "pictures").iterdir():
        picture.unlink()
    answer = client.get(f"/{RATER}/picture/{code}/0")
    assert answer.status_code == 503
    assert "expected a picture, found none: tell the person who sent you the link" in answer.text


def test_a_port_in_use():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(
            InputError, match=rf"^expected a free port at 127\.0\.0\.1:{port}, found Address already in use"
        ):
            web_pages.listen("127.0.0.1", port)


class Rater(threading.Thread):
    """Votes as fast as it can, until everything is done or the server is gone; notes what was acknowledged."""

    def __init__(self, port, token, codes):
        super().__init__()
        self.port, self.token, self.codes, self.taken = port, token, codes, []

    def run(self):
        with closing(http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)) as connection:
            self.vote(connection)

    def vote(self, connection):
        for place, code in enumerate(self.codes):
            body = f"picture={code}&answer={1 + place % 5}"
            head = {"Content-Type": "application/x-www-form-urlencoded"}
            try:
                connection.request("POST", f"/{self.token}/vote", body, head)
                answer = connection.getresponse()
                answer.read()
            except (OSError, http.client.HTTPException):
                return
            if answer.status == 303:
                self.taken.append((code, 1 + place % 5))


def crowd(study, port, votes):
    codes = {
        rater: [one.code for one in shown if (rater, one.code) not in votes]
        for rater, shown in study.plan.raters.items()
    }
    threads = [Rater(port, small_studies.token(rater), own) for rater, own in codes.items()]
    for thread in threads:
        thread.start()
    return threads


def test_every_acknowledged_vote_survives_kill_9(tmp_path):
    """20 raters vote as fast as they can; the server is killed three times while they do, then they finish."""
    photos = [f"p{number}" for number in range(10)]
    study = small_studies.make(tmp_path / "study", raters=20, photos=photos)
    taken = {}
    for kill_after in (25, 150, 300, None):
        server = Server(study.folder)
        threads = crowd(study, server.port, taken)
        while kill_after is not None and sum(len(thread.taken) for thread in threads) < kill_after:
            threads[0].join(0.005)
        if kill_after is not None:
            server.kill()
        for thread in threads:
            thread.join()
        if kill_after is None:
            assert server.end()[0] == 0
        for (rater, _), thread in zip(study.plan.raters.items(), threads, strict=True):
            taken |= {(rater, code): answer for code, answer in thread.taken}
        stored = {(one.rater, one.code): (one.answer, one.revision) for one in study.store.votes()}
        assert {key: (answer, 0) for key, answer in taken.items()}.items() <= stored.items()
        unacknowledged = len(stored) - len(taken)
        assert 0 <= unacknowledged <= 20  # at most the one that each had in flight
        taken = {key: answer for key, (answer, _) in stored.items()}
    assert len(taken) == sum(len(shown) for shown in study.plan.raters.values())


def test_collect_says_where_and_ends_with_ctrl_c(tmp_path):
    study = small_studies.make(tmp_path / "study")
    server = Server(study.folder)
    with closing(http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)) as connection:
        connection.request("GET", "/")
        assert connection.getresponse().status == 404  # it is up
    code, out, err = server.end()
    links = [server.lines[0], *out.splitlines()]
    assert [line.split()[0] for line in links[:3]] == ["r1", "r2", "r3"]
    assert links[0].strip().endswith(f"http://127.0.0.1:{server.port}/{small_studies.token('r1')}/")
    assert (code, links[-1]) == (0, "0 votes, 0 of 3 raters done")
    assert err == "Ctrl-C ends the page; votes are kept.\n"


def test_only_what_ends_in_csv_is_written_over(tmp_path):
    study = small_studies.make(tmp_path / "study")
    with pytest.raises(InputError, match=r"^expected a file that ends in \.csv, found .*votes\.sqlite: name one"):
        folders.export(study, study.folder / "votes.sqlite")
    assert study.store.votes() == []


def test_export_writes_no_formula(tmp_path):
    name = "=cmd|' /C calc'!A0"
    study = small_studies.make(tmp_path / "study", models=("div2k_srcnn", name))
    small_studies.vote_all(study, lambda rater, one: 3)
    folders.export(study, tmp_path / "votes.csv")
    text = (tmp_path / "votes.csv").read_text()
    assert f"'{name}" in text
    assert f",{name}" not in text


def test_export_keeps_the_votes_and_nobodys_name(tmp_path):
    study = small_studies.make(tmp_path / "study", repeats=1)
    small_studies.vote_all(
        study, small_studies.grades({"div2k_srcnn": 2, "the_good_one": 4, "the_bad_one": 1, "reference": 5})
    )
    path = tmp_path / "out.csv"
    assert folders.export(study, path) == len(study.store.votes()) == 30
    text = path.read_text()
    assert not [word for word in ("r1", "r2", "token", "2026", study.plan.study) if word in text]
    rows = [line.split(",") for line in text.splitlines()[1:]]
    assert sorted((row[4], row[6]) for row in rows) == sorted(
        (one.pictures[0][1], str(vote.answer))
        for vote in study.store.votes()
        for one in study.plan.raters[vote.rater]
        if one.code == vote.code
    )
    assert {row[0] for row in rows} == {"1", "2", "3"}
