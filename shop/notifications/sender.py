"""The way out: into a folder (file://) or to a mail server (smtp://). Called by the worker, outside any transaction."""

import smtplib
import ssl
from email.message import EmailMessage
from email.utils import format_datetime, formataddr
from pathlib import Path
from urllib.parse import unquote, urlsplit

from shop.core import clock
from shop.core.db import db, transaction
from shop.core.errors import EdgeFailed
from shop.core.policies import get_policy
from shop.core.runtime import settings
from shop.i18n.messages import gettext as _
from shop.notifications.models import Attachment, Letter
from shop.notifications.queries import list_attachments
from shop.notifications.render import Rendered, render

TIMEOUT_SECONDS = 10


def send_letter(letter_id: int) -> None:
    """Render and send a letter that was not sent yet, then note it. Raises EdgeFailed when the server does not take it.

    A worker that dies between sending and noting sends once more, under the same Message-ID.
    """
    letter = db.session.get(Letter, letter_id)
    if letter is None or letter.sent_at is not None:
        return
    rendered = render(letter)
    message = compose(letter, rendered, list_attachments(letter_id))
    name = f"{letter.public_id}.eml"
    # No connection to the database waits while the mail server thinks.
    db.session.rollback()
    error = _deliver(message, name)
    with transaction():
        kept = db.session.get_one(Letter, letter_id)
        kept.subject, kept.text, kept.html = rendered
        kept.error = error
        if error is None:
            kept.sent_at = clock.now()
    if error is not None:
        raise EdgeFailed(_("The mail server did not take the letter: %(error)s", error=error))


def compose(letter: Letter, rendered: Rendered, attachments: list[Attachment]) -> EmailMessage:
    """The message as it travels: text, HTML beside it, files."""
    operator = get_policy("operator")
    message = EmailMessage()
    message["From"] = formataddr((operator["name"], operator["email"]))
    message["To"] = letter.recipient
    message["Subject"] = rendered.subject
    message["Date"] = format_datetime(letter.created_at)
    message["Message-ID"] = f"<{letter.public_id}@{urlsplit(settings().base_url).hostname}>"
    # RFC 3834: no vacation notice answers a letter nobody typed.
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(rendered.text)
    message.add_alternative(rendered.html, subtype="html")
    for file in attachments:
        main, _slash, sub = file.media_type.partition(";")[0].partition("/")
        message.add_attachment(file.content, maintype=main, subtype=sub, filename=file.name)
    # Last: whoever sets or adds content moves the headers of content into its part.
    message["Content-Language"] = letter.language
    return message


def _deliver(message: EmailMessage, name: str) -> str | None:
    """None when it was taken, else why not."""
    folder = settings().mail_folder
    try:
        if folder is not None:
            _put_into(folder, name, message)
        else:
            _hand_to_server(settings().mail_url, message)
    except (OSError, smtplib.SMTPException) as error:
        return f"{type(error).__name__}: {error}"[:500]
    return None


def _put_into(folder: Path, name: str, message: EmailMessage) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    unfinished = folder / f"{name}.part"
    unfinished.write_bytes(message.as_bytes())
    unfinished.replace(folder / name)


def _hand_to_server(address: str, message: EmailMessage) -> None:
    """`smtp://[user:secret@]host[:port]`; encrypted where the server offers it, always before a secret is said."""
    parts = urlsplit(address)
    with smtplib.SMTP(parts.hostname or "localhost", parts.port or 25, timeout=TIMEOUT_SECONDS) as server:
        server.ehlo()
        if server.has_extn("starttls"):
            server.starttls(context=ssl.create_default_context())
        elif parts.username:
            raise smtplib.SMTPNotSupportedError("the server offers no encryption for the password")
        if parts.username:
            server.login(unquote(parts.username), unquote(parts.password or ""))
        server.send_message(message)
