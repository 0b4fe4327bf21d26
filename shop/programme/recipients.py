"""Who at a programme receives its reports."""

from sqlalchemy import select

from shop.core.db import db
from shop.core.emails import normal_email
from shop.core.errors import Conflict, Invalid, NotFound
from shop.core.policies import audit
from shop.i18n.languages import LANGUAGES
from shop.i18n.messages import gettext as _
from shop.programme.models import Programme, Recipient


def get_recipient(recipient_id: int) -> Recipient:
    """A recipient by id; raises NotFound."""
    recipient = db.session.get(Recipient, recipient_id)
    if recipient is None:
        raise NotFound(_("There is no such recipient."), recipient_id=recipient_id)
    return recipient


def add_recipient(programme_id: int, *, name: str, email: str, language: str, actor: int | None) -> Recipient:
    """Somebody to whom a month's report goes, in their language. Raises Invalid, NotFound, Conflict for a second time."""
    programme = db.session.get(Programme, programme_id)
    if programme is None:
        raise NotFound(_("There is no such programme."), programme_id=programme_id)
    fields: dict[str, str] = {}
    if not name.strip():
        fields["name"] = _("Enter the name of the recipient.")
    address = normal_email(email)
    if not address:
        fields["email"] = _("This is not an e-mail address.")
    if language not in LANGUAGES:
        fields["language"] = _("Choose a language from the list.")
    if fields:
        raise Invalid(_("The recipient cannot be added."), fields)
    known = select(Recipient.id).where(Recipient.programme_id == programme_id, Recipient.email == address)
    if db.session.execute(known).first() is not None:
        raise Conflict(_("This address receives the programme’s report already."), email=address)
    recipient = Recipient(programme_id=programme_id, name=name.strip(), email=address, language=language)
    db.session.add(recipient)
    db.session.flush()
    audit(actor, "add recipient", "programme", programme.code, email=address, language=language)
    return recipient
