"""The demonstration's own pages as one blueprint."""

from flask import Blueprint, request

from shop.i18n.languages import LANGUAGES, negotiate
from shop.web.demo import chairs, mail
from shop.web.speech import speak


def make_door() -> Blueprint:
    """A fresh blueprint named "demo" under /demo; the app registers it only in a demonstration."""
    door = Blueprint("demo", __name__, url_prefix="/demo")
    door.before_request(_speak)
    for page in (chairs, mail):
        door.register_blueprint(page.blueprint)
    return door


def _speak() -> None:
    """The visitor's language: the one asked for, or the browser's."""
    wanted = request.values.get("lang", "")
    speak(wanted if wanted in LANGUAGES else negotiate(request.headers.get("Accept-Language")))
