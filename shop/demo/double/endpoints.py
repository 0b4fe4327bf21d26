"""Where webhooks go, and with which secrets they are signed: several while one is being rotated.

The first endpoint is the one the double was started with; others are added, and its secrets rotated, by verbs. Both are
kept with the controls.
"""

from typing import Any

from shop.demo.double.state import Endpoint, State

ROTATED, ADDED = "secrets", "endpoints"


def active(state: State) -> tuple[str, ...]:
    """The secrets of the first endpoint that sign now, newest first."""
    rotated = _rotated(state)
    if not rotated:
        return state.endpoint.secrets
    now = state.now()
    return tuple(one["secret"] for one in rotated if one["until"] is None or one["until"] > now)


def rotate(state: State, secret: str, keep_seconds: int | None) -> None:
    """Sign with another secret; those before it go on for so many seconds, or until they are expired."""
    until = None if keep_seconds is None else state.now() + keep_seconds
    before = [one | {"until": until if one["until"] is None else one["until"]} for one in _listed(state)]
    _keep(state, [{"secret": secret, "until": None}, *(one for one in before if one["secret"] != secret)])


def expire(state: State, secret: str) -> None:
    """Sign no more with a secret."""
    _keep(state, [one for one in _listed(state) if one["secret"] != secret])


def find(state: State, url: str | None) -> Endpoint | None:
    """An endpoint by its address; None is the first one's. None where it is gone."""
    if url is None:
        return Endpoint(state.endpoint.url, active(state))
    return next((one for one in _added(state) if one.url == url), None)


def list_urls(state: State) -> list[str | None]:
    """The addresses every event goes to, None for the first one's."""
    first: list[str | None] = [] if state.endpoint.url is None else [None]
    return [*first, *(one.url for one in _added(state))]


def add(state: State, url: str, secret: str) -> None:
    """Send every event to another address too."""
    remove(state, url)
    kept = state.controls.get(ADDED, {}).get("list", [])
    state.set_control(ADDED, {"list": [*kept, {"url": url, "secret": secret}]})


def remove(state: State, url: str) -> None:
    """Send nothing more to an address that was added."""
    kept = state.controls.get(ADDED, {}).get("list", [])
    state.set_control(ADDED, {"list": [one for one in kept if one["url"] != url]})


def show(state: State) -> dict[str, Any]:
    """What can be told of them: no secret is shown whole."""
    first = find(state, None)
    return {
        str(one.url): ["…" + secret[-4:] for secret in one.secrets]
        for one in [*([first] if first and first.url else []), *_added(state)]
    }


def _added(state: State) -> list[Endpoint]:
    return [Endpoint(one["url"], (one["secret"],)) for one in state.controls.get(ADDED, {}).get("list", [])]


def _rotated(state: State) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = state.controls.get(ROTATED, {}).get("list", [])
    return found


def _listed(state: State) -> list[dict[str, Any]]:
    return _rotated(state) or [{"secret": secret, "until": None} for secret in state.endpoint.secrets]


def _keep(state: State, listed: list[dict[str, Any]]) -> None:
    state.set_control(ROTATED, {"list": listed})
