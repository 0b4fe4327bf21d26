"""The letters of a demonstration, as their readers would see them. Registered only where the database bears its mark."""

from typing import Any

from flask import Blueprint, Response, render_template, request, url_for

from shop.core.errors import NotFound
from shop.i18n.languages import LANGUAGES
from shop.i18n.messages import current_language
from shop.i18n.messages import gettext as _
from shop.notifications.models import Letter
from shop.notifications.queries import get_letter, list_attached_letters, list_attachments, list_letters
from shop.notifications.render import Rendered, render

blueprint = Blueprint("mail", __name__, url_prefix="/mail")

PAGE = 50
# The letter's own style and nothing else: no script, no address, no frame but ours around it.
BODY_POLICY = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'self'; sandbox allow-popups"


@blueprint.get("")
def index() -> str:
    """Newest first, 50 at a time; `to` is a part of the recipient's address."""
    recipient = request.args.get("to", "").strip()
    before = request.args.get("before", type=int)
    found = list_letters(recipient=recipient, before_id=before, limit=PAGE + 1)
    letters = found[:PAGE]
    here: dict[str, Any] = {"to": recipient or None}
    more = {**here, "before": letters[-1].id} if len(found) > PAGE else None
    return render_template(
        "demo/mail/index.html",
        letters=letters,
        subjects={letter.id: letter.subject or _as_read(letter).subject for letter in letters},
        attached=list_attached_letters(letter.id for letter in letters),
        recipient=recipient,
        older=url_for("demo.mail.index", **more, lang=current_language()) if more else "",
        alternates={code: url_for("demo.mail.index", **here, lang=code) for code in LANGUAGES},
        own_names={code: language.own_name for code, language in LANGUAGES.items()},
    )


@blueprint.get("/<public_id>")
def show(public_id: str) -> str:
    letter = get_letter(public_id)
    return render_template(
        "demo/mail/show.html",
        letter=letter,
        written=_as_read(letter),
        attachments=list_attachments(letter.id),
        alternates={code: url_for("demo.mail.show", public_id=public_id, lang=code) for code in LANGUAGES},
        letter_language=LANGUAGES[letter.language],
    )


@blueprint.get("/<public_id>/body")
def body(public_id: str) -> Response:
    """The HTML alone, for the frame of the page."""
    response = Response(_as_read(get_letter(public_id)).html, content_type="text/html; charset=utf-8")
    response.headers["Content-Security-Policy"] = BODY_POLICY
    return response


@blueprint.get("/<public_id>/files/<int:attachment_id>")
def file(public_id: str, attachment_id: int) -> Response:
    """A file that travels with the letter; always a download."""
    letter = get_letter(public_id)
    found = next((entry for entry in list_attachments(letter.id) if entry.id == attachment_id), None)
    if found is None:
        raise NotFound(_("There is no such file."))
    response = Response(found.content, content_type=found.media_type)
    response.headers.set("Content-Disposition", "attachment", filename=found.name)
    return response


def _as_read(letter: Letter) -> Rendered:
    """As it was sent, or as it will be."""
    if letter.html is None:
        return render(letter)
    return Rendered(letter.subject or "", letter.text or "", letter.html)
