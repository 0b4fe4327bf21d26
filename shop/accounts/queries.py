"""Reads of accounts."""

from sqlalchemy import select

from shop.accounts.models import Account, Handle
from shop.core.db import db
from shop.core.errors import NotFound
from shop.i18n import gettext as _


def get_account(public_id: str) -> Account:
    """An account by its public id. Raises NotFound."""
    account = db.session.scalars(select(Account).where(Account.public_id == public_id)).first()
    if account is None:
        raise NotFound(_("There is no such account."), public_id=public_id)
    return account


def find_account_by_handle(value: str) -> Account | None:
    """The open account of a normalised handle (accounts.handles), or None."""
    statement = select(Account).join(Handle, Handle.account_id == Account.id).where(Handle.value == value)
    return db.session.scalars(statement.where(Account.archived_at.is_(None))).first()


def list_accounts(role: str | None = None) -> list[Account]:
    """Open accounts, by name."""
    statement = select(Account).where(Account.archived_at.is_(None)).order_by(Account.name, Account.id)
    return list(db.session.scalars(statement.where(Account.role == role) if role else statement))


def list_handles(account_id: int) -> list[Handle]:
    """The handles of an account, in the order they were given."""
    return list(db.session.scalars(select(Handle).where(Handle.account_id == account_id).order_by(Handle.id)))
