"""How many orders may be begun, and looked for.

Each that is begun holds stock and opens a page at Stripe, which a machine could do by the thousand.
"""

from datetime import timedelta

from shop.accounts.attempts import count_attempts, key_of, network_of
from shop.core.errors import TooMany
from shop.core.policies import get_policy
from shop.i18n.messages import gettext as _

WINDOW = timedelta(minutes=15)
# Orders looked up by number and e-mail address: of one number, and from one network.
LOOKS_PER_NUMBER, LOOKS_PER_NETWORK = 10, 30


def count_look(ip: str, number: str) -> None:
    """Count somebody who looks for an order by its number. Opens its own transaction; raises TooMany."""
    counted = (
        (key_of("look-number", number), LOOKS_PER_NUMBER),
        (key_of("look-network", network_of(ip)), LOOKS_PER_NETWORK),
    )
    if not count_attempts(counted, WINDOW):
        raise TooMany(_("Too many tries. Wait a quarter of an hour, or let us send you the link by e-mail."))


def count_asked_link(ip: str) -> None:
    """Count one who asks for the link to all orders of an address. Opens its own transaction; raises TooMany."""
    if not count_attempts([(key_of("link-network", network_of(ip)), LOOKS_PER_NETWORK)], WINDOW):
        raise TooMany(_("Too many tries. Wait a quarter of an hour."))


def count_order(ip: str, email: str) -> None:
    """Count an order about to be begun. Opens its own transaction.

    Raises TooMany past the policy `order_limits`: orders in a quarter of an hour from one network, for one e-mail
    address, and in the whole shop, so that many networks together cannot take all of its stock at once either.
    """
    limits = get_policy("order_limits")
    counted = (
        (key_of("order-network", network_of(ip)), limits["network"]),
        (key_of("order-email", email.strip().casefold()), limits["email"]),
        ("order-all", limits["all"]),
    )
    if not count_attempts(counted, WINDOW):
        raise TooMany(
            _("Too many orders are being begun at this moment. Nothing was charged: try again in a quarter of an hour.")
        )
