"""The double as a WSGI application: the API, the pay page and the controls."""

import json
from collections.abc import Callable
from datetime import datetime
from typing import Any

from flask import Flask, Response, request

from shop.demo.double import api, control, pages, timeline, webhooks
from shop.demo.double.state import Endpoint, State

Observer = Callable[[api.Exchange], None]
EXTENSION = "stripe_double"


def create_double(
    path: str | None,
    *,
    clock: Callable[[], datetime],
    seed: int = 1,
    webhook_url: str | None,
    webhook_secrets: list[str],
    observer: Observer | None = None,
) -> Flask:
    """Make a double. `path` is a file for its state (None: memory only), `clock` gives aware times.

    `observer` is called with every Exchange of the API. The seed of an existing file stays what it was.
    """
    app = Flask(__name__)
    state = State(path, clock, seed, Endpoint(webhook_url, tuple(webhook_secrets)))
    app.extensions[EXTENSION] = state
    # A fault that closes the connection is an exception that must reach the server.
    app.config["PROPAGATE_EXCEPTIONS"] = True
    app.json.sort_keys = False  # type: ignore[attr-defined]
    pages.register(app, state)
    _add_api(app, state, observer)
    _add_controls(app, state)
    return app


def state_of(double: Flask) -> State:
    """What a double remembers, for tests that look inside."""
    state: State = double.extensions[EXTENSION]
    return state


def deliver_due(double: Flask, send: webhooks.Send | None = None) -> int:
    """Do what time does by itself, then try the webhooks that are due; returns how many were tried.

    `send(url, body, headers) -> status` replaces HTTP; an OSError counts as no answer.
    """
    state = state_of(double)
    timeline.tick(state)
    return webhooks.deliver(state, send)


def _add_api(app: Flask, state: State, observer: Observer | None) -> None:
    @app.route("/v1/<path:_rest>", methods=["GET", "POST", "DELETE"])
    def call_api(_rest: str) -> Response:
        sent = request.get_data() if request.method == "POST" else request.query_string
        call = api.Call(
            request.method, request.path, sent.decode("utf-8", "replace"), dict(request.headers), request.host_url
        )
        answer = api.answer(state, call)
        if observer:
            observer(api.Exchange(call, answer))
        return _json(answer.body, answer.status, answer.headers)


def _add_controls(app: Flask, state: State) -> None:
    @app.get("/_ctl/")
    def list_controls() -> Response:
        return _json({"controls": control.describe(state)})

    @app.post("/_ctl/<name>")
    def set_control(name: str) -> Response:
        if name not in control.DEFAULTS:
            return _json({"error": f"There is no control {name}.", "controls": list(control.DEFAULTS)}, 404)
        try:
            values = control.assign(state, name, json.loads(request.get_data() or b"{}"))
        except ValueError as error:
            return _json({"error": str(error)}, 400)
        return _json({name: values})


def _json(body: dict[str, Any], status: int = 200, headers: dict[str, str] | None = None) -> Response:
    return Response(json.dumps(body), status, headers, mimetype="application/json")
