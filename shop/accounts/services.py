"""Writes of accounts: opening one, coming in, changing a secret."""

from datetime import timedelta

from sqlalchemy import delete, select

from shop.accounts.attempts import Limit, count_attempt, forget_attempts, key_of, network_of, window_start
from shop.accounts.errors import HandleInvalid, HandleTaken, TooManyAttempts, WrongSecret
from shop.accounts.handles import normalise_email, normalise_handle, normalise_phone
from shop.accounts.models import Account, Handle, WebSession
from shop.accounts.queries import find_account_by_handle
from shop.accounts.secrets import NOBODY, check_secret, hash_secret, matches
from shop.core import clock
from shop.core.db import db, transaction, writing
from shop.core.errors import NotFound
from shop.core.ids import public_id
from shop.core.policies import audit
from shop.i18n import gettext as _
from shop.i18n import ngettext
from shop.i18n.languages import LANGUAGES

# A PIN of six digits stands a thousand days of this; a village shares one address of its network.
HANDLE_LIMITS = (Limit(timedelta(minutes=15), 5), Limit(timedelta(days=1), 20))
IP_LIMITS = (Limit(timedelta(minutes=15), 60),)


def create_account(
    *,
    role: str,
    name: str,
    language: str,
    secret: str,
    phone: str | None = None,
    email: str | None = None,
    actor: int | None = None,
) -> Account:
    """Open an account of role artisan or staff with at least one handle.

    Raises HandleInvalid, HandleTaken, SecretTooWeak.
    """
    check_secret(role, secret)
    handles = [("phone", normalise_phone(phone))] if phone else []
    handles += [("email", normalise_email(email))] if email else []
    if not handles:
        text = _("An account needs a telephone number or an e-mail address.")
        raise HandleInvalid(text, {"phone": text})
    if language not in LANGUAGES:
        raise ValueError(f"not a language of this shop: {language!r}")
    taken = db.session.scalars(
        select(Handle.value).where(Handle.value.in_([value for _kind, value in handles]))
    ).first()
    if taken:
        raise HandleTaken(_("Another account has this telephone number or e-mail address."), value=taken)
    account = Account(
        public_id=public_id(),
        role=role,
        name=name.strip(),
        language=language,
        secret_hash=hash_secret(secret),
        created_at=clock.now(),
    )
    db.session.add(account)
    db.session.flush()
    db.session.add_all(Handle(account_id=account.id, kind=kind, value=value) for kind, value in handles)
    audit(actor, "open", "account", account.public_id, role=role)
    db.session.flush()
    return account


def authenticate(handle: str, secret: str, *, ip: str) -> Account:
    """The account a handle and secret belong to. Call outside a transaction: the count of tries commits by itself.

    An unknown handle takes as long as a wrong secret and gets the same answer. Raises WrongSecret, TooManyAttempts.
    """
    if writing():
        raise RuntimeError("a refused sign-in must still be counted: authenticate outside a transaction")
    try:
        _kind, value = normalise_handle(handle)
    except HandleInvalid:
        value = ""
    key = key_of("handle", value or handle.strip())
    _count(key, ip)
    account = find_account_by_handle(value) if value else None
    if not matches(account.secret_hash if account else NOBODY, secret) or account is None:
        raise WrongSecret(_("The number or the secret is not right. Try again."))
    with transaction():
        forget_attempts(key)
    return account


def _count(key: str, ip: str) -> None:
    counters = [(key, limit) for limit in HANDLE_LIMITS] + [
        (key_of("ip", network_of(ip)), limit) for limit in IP_LIMITS
    ]
    with transaction():
        passed = [(limit, count_attempt(counter, limit)) for counter, limit in counters]
    ends = [window_start(limit) + limit.window for limit, within in passed if not within]
    if ends:
        minutes = max(1, -int(-(max(ends) - clock.now()).total_seconds() // 60))
        raise TooManyAttempts(
            ngettext(
                "Too many tries. Wait %(num)s minute and try again.",
                "Too many tries. Wait %(num)s minutes and try again.",
                minutes,
            ),
            minutes=minutes,
        )


def change_secret(account_id: int, secret: str, *, actor: int | None) -> None:
    """A new PIN or password; every session of the account ends. The door has asked for the old one before.

    Raises SecretTooWeak, NotFound.
    """
    account = db.session.get(Account, account_id)
    if account is None:
        raise NotFound(_("There is no such account."), account_id=account_id)
    check_secret(account.role, secret)
    account.secret_hash = hash_secret(secret)
    db.session.execute(delete(WebSession).where(WebSession.account_id == account_id))
    audit(actor, "change secret", "account", account.public_id)


def choose_language(account_id: int, language: str) -> None:
    """The language an account reads, its letters too."""
    account = db.session.get(Account, account_id)
    if account is None or language not in LANGUAGES:
        raise NotFound(_("There is no such account."), account_id=account_id)
    account.language = language
