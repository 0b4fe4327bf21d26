"""The double as a WSGI application: the API, the pay page and the controls."""

import json
from collections import Counter
from collections.abc import Callable
from datetime import datetime
from typing import Any, Protocol

from flask import Flask, Response, request

from shop.demo.double import api, control, elements, pages, payouts, timeline, verbs, webhooks
from shop.demo.double.errors import ApiError
from shop.demo.double.state import Endpoint, Send, State

EXTENSION = "stripe_double"


class Observer(Protocol):
    """Is shown every exchange of the API; `seen` counts them by operation, `violations` says what was wrong."""

    violations: list[str]
    seen: Counter[str]

    def __call__(self, exchange: api.Exchange) -> None: ...


def create_double(
    path: str | None,
    *,
    clock: Callable[[], datetime],
    seed: int = 1,
    webhook_url: str | None,
    webhook_secrets: list[str],
    observer: Observer | None = None,
    send: Send | None = None,
) -> Flask:
    """Make a double. `path` is a file for its state (None: memory only), `clock` gives aware times.

    `observer` is called with every Exchange of the API, and its violations can be read at `/_ctl/violations`. `send`
    carries webhooks instead of HTTP; an OSError counts as no answer. The seed of an existing file stays what it was.
    """
    app = Flask(__name__)
    state = State(path, clock, seed, Endpoint(webhook_url, tuple(webhook_secrets)))
    state.send = send
    app.extensions[EXTENSION] = state
    # A fault that closes the connection is an exception that must reach the server.
    app.config["PROPAGATE_EXCEPTIONS"] = True
    app.json.sort_keys = False  # type: ignore[attr-defined]
    pages.register(app, state)
    elements.register(app, state)
    _add_api(app, state, observer)
    _add_controls(app, state, observer)
    return app


def state_of(double: Flask) -> State:
    """What a double remembers, for tests that look inside."""
    state: State = double.extensions[EXTENSION]
    return state


def deliver_due(double: Flask, send: Send | None = None) -> int:
    """Do what time does by itself, then try the webhooks that are due; returns how many were tried.

    `send(url, body, headers) -> status` carries them this once.
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
        return _json(answer.body, answer.status, answer.headers, cut=control.spend(state, "truncate") is not None)

    @app.after_request
    def deliver_early(response: Response) -> Response:
        if control.value(state, "webhooks")["early"]:
            webhooks.deliver(state)
        return response


def _add_controls(app: Flask, state: State, observer: Observer | None) -> None:
    @app.get("/_ctl/violations")
    def list_violations() -> Response:
        if observer is None:
            return _json({"error": "No examiner watches this double."}, 404)
        return _json({"violations": observer.violations, "seen": observer.seen})

    @app.get("/_ctl/")
    def list_controls() -> Response:
        return _json({"controls": control.describe(state), "verbs": verbs.describe(state)})

    @app.post("/_ctl/<name>")
    def set_control(name: str) -> Response:
        names = [*control.CONTROLS, *verbs.VERBS]
        if name not in names:
            return _json({"error": f"There is no control {name}.", "controls": names}, 404)
        try:
            values = json.loads(request.get_data() or b"{}")
            if name in verbs.VERBS:
                return _json({name: verbs.act(state, name, values)})
            values = control.assign(state, name, values)
        except (ValueError, ApiError) as error:
            return _json({"error": str(error)}, 400)
        if name == "payouts":
            with state.transaction():
                payouts.schedule(state)
        return _json({name: values})


def _json(
    body: dict[str, Any], status: int = 200, headers: dict[str, str] | None = None, *, cut: bool = False
) -> Response:
    text = json.dumps(body)
    return Response(text[: len(text) // 2] if cut else text, status, headers, mimetype="application/json")
