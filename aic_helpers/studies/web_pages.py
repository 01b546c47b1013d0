"""The raters' web page: server-rendered, one picture at a time, nothing asked of any other server."""

from __future__ import annotations

import errno
import logging
import socket
from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

from aic_helpers.core import installation
from aic_helpers.core.errors import InputError, in_words
from aic_helpers.core.project_paths import PACKAGE
from aic_helpers.studies.plans import Plan
from aic_helpers.studies.sittings import Due, RefusedError, Sitting, sitting
from aic_helpers.studies.stores import Store

if TYPE_CHECKING:
    from starlette.applications import Starlette
    from starlette.requests import Request
    from starlette.responses import Response

log = logging.getLogger(__name__)


TEMPLATES, STATIC = PACKAGE / "studies" / "templates", PACKAGE / "studies" / "static"

MOST_BODY_BYTES, MOST_AT_ONCE = 4096, 200

HEADERS = {
    "Content-Security-Policy": "default-src 'none'; img-src 'self' data:; style-src 'self'; script-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
}
KEPT = {"Cache-Control": "private, max-age=86400, immutable"}
"""A picture that was loaded ahead must not be asked for again."""


def application(folder: Path, plan: Plan, store: Store) -> Starlette:
    """Return the raters' pages of a study, as an ASGI application.

    ``/TOKEN/`` is what is due; ``vote``, ``back`` and ``begin`` take forms there, and ``picture/CODE/NUMBER`` is a
    picture. Nothing of a page, an address or a header says which model a picture is of.
    """
    from starlette.applications import Starlette
    from starlette.concurrency import run_in_threadpool
    from starlette.routing import Route

    pages = _Pages(folder, plan, store)

    def told(action: Any) -> Any:
        """Run an action outside the event loop: it waits for the disk."""

        async def endpoint(request: Request) -> Response:
            form = await _form(request) if request.method == "POST" else {}
            return await run_in_threadpool(pages.answer, action, request.path_params, form)

        return endpoint

    routes = [
        Route("/{token}/", told(pages.show), methods=["GET"]),
        Route("/{token}/begin", told(pages.begin), methods=["POST"]),
        Route("/{token}/vote", told(pages.vote), methods=["POST"]),
        Route("/{token}/back", told(pages.back), methods=["POST"]),
        Route("/{token}/picture/{code}/{number:int}", told(pages.picture), methods=["GET"]),
        Route("/static/{name}", told(pages.static), methods=["GET"]),
    ]
    return Starlette(routes=routes, exception_handlers={404: pages.nothing})


class _Pages:
    """What each address answers; an action gets the path's parameters and the form's fields."""

    def __init__(self, folder: Path, plan: Plan, store: Store) -> None:
        from jinja2 import Environment, FileSystemLoader, StrictUndefined

        self._folder, self._plan, self._store = folder, plan, store
        self._templates = Environment(
            loader=FileSystemLoader(TEMPLATES), autoescape=True, undefined=StrictUndefined, trim_blocks=True
        )

    def answer(self, action: Any, path: Mapping[str, Any], form: Mapping[str, str]) -> Response:
        try:
            response: Response = action(path, form)
            return response
        except RefusedError as refused:
            known = self._store.rater_of(str(path.get("token", ""))) is not None
            return self._page("rater_refused.html.j2", refused.status, words=str(refused), known=known)
        except InputError as error:  # the store: nothing was written. Where it lies is nobody's business out there.
            log.error("%s", error)
            words = (
                "expected the study to answer, found a fault on its side: nothing was taken; try again a little later"
            )
            return self._page("rater_refused.html.j2", 503, words=words, known=True)

    def show(self, path: Mapping[str, Any], form: Mapping[str, str]) -> Response:
        own = self._sitting(path)
        state = own.state
        due = own.due(state)
        if state.closed:
            raise RefusedError(410, "an open study", "a closed one", "nothing more can be sent; thank you")
        if due is None:
            return self._page("rater_done.html.j2", plan=self._plan)
        if not state.begun:
            counted = sum(one.role != "training" for one in own.showings)
            practices = len(own.showings) - counted
            return self._page("rater_begin.html.j2", plan=self._plan, counted=counted, practices=practices)
        return self._page("rater_due.html.j2", plan=self._plan, due=due, sizes=self._size(due))

    def begin(self, path: Mapping[str, Any], form: Mapping[str, str]) -> Response:
        self._sitting(path).begin(form.get("window", ""))
        return _see(path)

    def vote(self, path: Mapping[str, Any], form: Mapping[str, str]) -> Response:
        self._sitting(path).vote(form.get("picture", ""), form.get("answer"), form.get("viewed_ms"))
        return _see(path)

    def back(self, path: Mapping[str, Any], form: Mapping[str, str]) -> Response:
        self._sitting(path).back(form.get("picture", ""))
        return _see(path)

    def picture(self, path: Mapping[str, Any], form: Mapping[str, str]) -> Response:
        from starlette.responses import Response

        file = self._sitting(path).picture(path["code"], path["number"])
        try:
            content = file.read_bytes()
        except OSError:
            raise RefusedError(503, "a picture", "none", "tell the person who sent you the link") from None
        return Response(content, media_type="image/png", headers=HEADERS | KEPT)

    def static(self, path: Mapping[str, Any], form: Mapping[str, str]) -> Response:
        from starlette.responses import Response

        kinds = {"rater.css": "text/css", "rater.js": "text/javascript"}
        if path["name"] not in kinds:
            raise RefusedError(404, "a page of this study", "another address", "open the link that you were sent")
        content = (STATIC / path["name"]).read_bytes()
        return Response(content, media_type=kinds[path["name"]], headers=HEADERS)

    async def nothing(self, request: Request, error: Exception) -> Response:
        words = "expected the link of an invitation, found another address: open the link that you were sent"
        return self._page("rater_refused.html.j2", 404, words=words, known=False)

    def _sitting(self, path: Mapping[str, Any]) -> Sitting:
        return sitting(self._folder, self._plan, self._store, path["token"])

    def _size(self, due: Due) -> tuple[int, int]:
        photo = next(photo for photo in self._plan.photos if photo.name == due.showing.pictures[0][0])
        return photo.width_px, photo.height_px

    def _page(self, template: str, status: int = 200, **values: Any) -> Response:
        from starlette.responses import HTMLResponse

        return HTMLResponse(self._templates.get_template(template).render(**values), status, headers=HEADERS)


def serve(application: Starlette, listening: socket.socket) -> None:
    """Answer raters until Ctrl-C or SIGTERM."""
    import uvicorn

    # No access log: addresses hold the raters' tokens.
    config = uvicorn.Config(
        application, log_level="warning", access_log=False, limit_concurrency=MOST_AT_ONCE, server_header=False
    )
    uvicorn.Server(config).run(sockets=[listening])


def require_installed() -> None:
    """Refuse in one line where the extra is missing."""
    with installation.needed("study"):
        for name in ("starlette", "uvicorn"):
            import_module(name)


def listen(host: str, port: int) -> socket.socket:
    """Return a socket that listens; `InputError` where the address or the port can't be had."""
    try:
        family, kind, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        listening = socket.socket(family, kind)
    except OSError as error:
        raise InputError(f"an address to listen at, {host}", in_words(error), "name another with --host") from None
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind(address)
        listening.listen(128)
    except OSError as error:
        listening.close()
        if error.errno == errno.EADDRNOTAVAIL:
            raise InputError("an address of this machine", host, "name another with --host") from None
        raise InputError(f"a free port at {host}:{port}", in_words(error), "name another with --port") from None
    return listening


async def _form(request: Request) -> dict[str, str]:
    """Return the fields of a short form; of a longer one nothing."""
    body = b""
    async for piece in request.stream():
        body += piece
        if len(body) > MOST_BODY_BYTES:
            return {}
    fields = parse_qs(body.decode("utf-8", "replace"), max_num_fields=20) if body.count(b"&") < 20 else {}
    return {name: values[0] for name, values in fields.items()}


def _see(path: Mapping[str, Any]) -> Response:
    """Send the browser to what is due, so that loading the page anew sends no vote again."""
    from starlette.responses import RedirectResponse

    return RedirectResponse("./", 303, headers=HEADERS)
