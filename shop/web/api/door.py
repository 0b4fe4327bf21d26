"""Assembles the API: who may come in, and what every answer says."""

from flask import Blueprint, Response, request

from shop.accounts.tokens import find_token
from shop.core.errors import ShopError
from shop.i18n.languages import negotiate
from shop.i18n.messages import gettext as _
from shop.web.api import openapi, reports
from shop.web.speech import speak


class Unauthorised(ShopError):
    """No key, or one that opens nothing."""

    status = 401


def make_door() -> Blueprint:
    """The API under /api. All but its description asks for a key."""
    door = Blueprint("api", __name__, url_prefix="/api")
    for part in (openapi, reports):
        door.register_blueprint(part.blueprint)
    door.before_request(_listen)
    door.before_request(_ask_for_key)
    door.after_request(_finish)
    return door


def _listen() -> None:
    speak(negotiate(request.headers.get("Accept-Language")))


def _ask_for_key() -> None:
    if request.endpoint == "api.openapi.show":
        return
    scheme, _space, value = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or find_token(value.strip()) is None:
        raise Unauthorised(_("Send a valid key in the header “Authorization: Bearer …”."))


def _finish(response: Response) -> Response:
    if response.status_code == 401:
        response.headers["WWW-Authenticate"] = 'Bearer realm="api"'
    response.headers["Cache-Control"] = "no-store"
    response.vary.update(("Accept-Language", "Authorization"))
    return response
