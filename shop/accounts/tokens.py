"""Keys to the API: made, found, revoked. Callers open the transaction."""

from sqlalchemy import select

from shop.accounts.models import Account, ApiToken
from shop.core import clock
from shop.core.db import db
from shop.core.errors import NotFound
from shop.core.ids import token, token_hash
from shop.core.policies import audit
from shop.i18n import gettext as _

# What searches for leaked secrets look for.
PREFIX = "shop_api_"


def create_token(account_id: int, name: str, *, actor: int | None = None) -> str:
    """A new key for an officer's account; the only time it can be read. Raises NotFound."""
    account = db.session.get(Account, account_id)
    if account is None or account.role != "staff":
        raise NotFound(_("There is no such account."), account_id=account_id)
    value = PREFIX + token()
    row = ApiToken(account_id=account_id, name=name, token_hash=token_hash(value), created_at=clock.now())
    db.session.add(row)
    db.session.flush()
    audit(actor, "create token", "api_token", row.id, name=name)
    return value


def find_token(value: str) -> ApiToken | None:
    """The key that is not revoked, of an account that is still open and still staff; or None."""
    return db.session.scalars(
        select(ApiToken)
        .join(Account, Account.id == ApiToken.account_id)
        .where(ApiToken.token_hash == token_hash(value), ApiToken.revoked_at.is_(None))
        .where(Account.archived_at.is_(None), Account.role == "staff")
    ).first()


def list_tokens(account_id: int) -> list[ApiToken]:
    """Keys of an account that still open, oldest first."""
    statement = select(ApiToken).where(ApiToken.account_id == account_id, ApiToken.revoked_at.is_(None))
    return list(db.session.scalars(statement.order_by(ApiToken.id)))


def revoke_token(token_id: int, *, actor: int | None) -> None:
    """From now on the key opens nothing. Raises NotFound."""
    row = db.session.get(ApiToken, token_id)
    if row is None:
        raise NotFound(_("There is no such key."), token_id=token_id)
    if row.revoked_at is None:
        row.revoked_at = clock.now()
        audit(actor, "revoke token", "api_token", token_id)
