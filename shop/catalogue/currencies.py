"""What can be paid in: a dated decision of the operator, kept by each process. A piece is sold in those it has a price in."""

from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolExhausted

from shop.core import clock
from shop.core.db import db, writing
from shop.core.errors import Invalid
from shop.core.kept import kept
from shop.core.money import UnknownCurrency, exponent
from shop.core.outages import find_outage
from shop.core.policies import DEFAULTS, audit, decide_policy, get_policy
from shop.core.rates import find_rate
from shop.i18n.messages import gettext as _

POLICY = "currencies"
_last: list[tuple[str, ...]] = []


def list_currencies() -> tuple[str, ...]:
    """Codes in the order they are offered; the first is the one of an address that names none.

    While the database is away, those known last: a page that is kept needs nothing else.
    """
    try:
        found: tuple[str, ...] = kept((POLICY, clock.today()), lambda: tuple(get_policy(POLICY)))
    except (DBAPIError, PoolExhausted) as error:
        if find_outage(error) is None or writing():
            raise
        # Nothing more is read through a lost connection: the next statement takes another, or tells of the outage itself.
        db.session.rollback()
        return _last[0] if _last else tuple(DEFAULTS[POLICY])
    _last[:] = [found]
    return found


def default_currency() -> str:
    """The currency of an address that names none."""
    return list_currencies()[0]


def add_currency(code: str, *, actor: int | None) -> None:
    """Offer another currency from today; pieces are sold in it as they get prices. Inside a transaction.

    Raises Invalid for one whose digits are not known or that has no exchange rate to suggest prices with.
    """
    code = code.strip().upper()
    known = list(get_policy(POLICY))
    text = ""
    try:
        exponent(code)
    except UnknownCurrency:
        text = _("Enter the code of a currency Stripe takes, as in CHF.")
    if not text and code in known:
        text = _("This currency is offered already.")
    if not text and find_rate(code) is None:
        text = _("There is no exchange rate for this currency yet: import one first.")
    if text:
        raise Invalid(_("There is a problem"), {"code": text})
    decide_policy(POLICY, [*known, code], clock.today())
    audit(actor, "add currency", "currency", code)


def drop_currency(code: str, *, actor: int | None) -> None:
    """Offer a currency no more; prices and what was sold stay. Inside a transaction. Raises Invalid for the first."""
    known = list(get_policy(POLICY))
    if code not in known[1:]:
        raise Invalid(_("There is a problem"), {"code": _("The first currency is offered always.")})
    decide_policy(POLICY, [other for other in known if other != code], clock.today())
    audit(actor, "drop currency", "currency", code)
